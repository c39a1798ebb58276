"""The command line: each command's options, and one call into k8squiz.commands, imported when it is called."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import click
import typer

from k8squiz import __version__
from k8squiz.clihelp import Command, Group, complaint
from k8squiz.clioptions import (
    Clusters,
    Destination,
    Entry,
    Family,
    Json,
    Level,
    Mode,
    Paths,
    Seed,
    Source,
    Topics,
    one_of,
)  # fmt: skip
from k8squiz.errors import QuizError
from k8squiz.i18n import Lang, pick
from k8squiz.locale.help import COMMANDS, DESCRIPTION, VERSION
from k8squiz.sanitize import visible

app = typer.Typer(cls=Group, help=DESCRIPTION[0], add_completion=False, rich_markup_mode=None, suggest_commands=False)


@app.callback(invoke_without_command=True)
def _program(ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help=VERSION[0])] = False) -> None:
    if version:
        typer.echo(f"k8squiz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _command(name: str, group: typer.Typer = app, text: str = "") -> Callable[[Callable[..., int]], Callable[..., int]]:
    return group.command(name, cls=Command, help=text or COMMANDS[name][0])


def _group(name: str) -> typer.Typer:
    group = typer.Typer(cls=Group, help=COMMANDS[name][0], suggest_commands=False)
    app.add_typer(group, name=name)
    return group


@_command("practice")
def practice(
    ctx: typer.Context,
    topics: Topics = None,
    level: Level = None,
    count: Annotated[int, typer.Option("--count", min=1, metavar="N", help="How many questions.")] = 5,
    seed: Seed = None,
    question: Annotated[
        str | None,
        typer.Option("--question", metavar="ID", help="This question and no other; or a question file of your own."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every question that fits, once.")] = False,
    new: Annotated[
        int | None, typer.Option("--new", min=0, metavar="N", help="How many of them not seen before.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The interview's day (YYYY-MM-DD): plan towards it.")
    ] = None,
    cram: Annotated[bool, typer.Option("--cram", help="Weakest first, and reschedule nothing.")] = False,
) -> int:
    from k8squiz.commands.practice import Wish, run

    return run(ctx.obj, tuple(topics or ()), level, count, seed, question, every, Wish(new, until, cram))


@_command("explain")
def explain(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="The topic; none lists them.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="WHAT", help="Take this part away and see what breaks."),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Hop by hop, waiting for Enter.")] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the story to FILE.html, FILE.svg or FILE.md."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Have this machine's kernel do it (Linux).")] = False,
) -> int:
    from k8squiz.commands.explain import run

    return run(ctx.obj, topic, tuple(without or ()), step, export, live)


@_command("mock")
def mock(
    ctx: typer.Context,
    minutes: Annotated[
        int | None, typer.Option("--minutes", metavar="M", help="How long the interview lasts (default: 45).")
    ] = None,
    questions: Annotated[
        int | None,
        typer.Option("--questions", metavar="N", help="How many questions (default: what the time holds)."),
    ] = None,
    track: Annotated[
        str | None, typer.Option("--track", metavar="T", help="junior, senior or expert (default: senior).")
    ] = None,
    topics: Topics = None,
    seed: Seed = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interview that was interrupted.")] = False,
    interviewer: Annotated[
        Path | None,
        typer.Option("--interviewer", metavar="FILE.md", help="Write it as a script for a human interviewer instead."),
    ] = None,
) -> int:
    from k8squiz.commands.mock import run

    return run(ctx.obj, minutes, questions, track, tuple(topics or ()), seed, resume, interviewer)


@_command("report")
def report(
    ctx: typer.Context,
    session: Annotated[
        int | None, typer.Argument(metavar="[SESSION]", help="The interview's number (default: the latest).")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", click_type=one_of("md", "html", "json"), metavar="md|html|json", help="In this format."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to FILE.md, FILE.html or FILE.json.")
    ] = None,
) -> int:
    from k8squiz.commands.report import run

    return run(ctx.obj, session, form, out)


@_command("trace")
def trace(
    ctx: typer.Context,
    paths: Clusters,
    source: Source,
    destination: Destination,
    node: Entry = None,
    protocol: Annotated[
        str,
        typer.Option(
            "--proto",
            click_type=one_of("tcp", "udp", "sctp", case_sensitive=False),
            metavar="tcp|udp|sctp",
            help="The transport protocol.",
        ),
    ] = "tcp",
    mode: Mode = None,
    seed: Seed = None,
    every: Annotated[bool, typer.Option("--all", help="Every way the packet can go, with its probability.")] = False,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rules",
            metavar="NODE=FILE",
            help="Walk through this iptables-save text on NODE instead (or nft list ruleset).",
        ),
    ] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Say under each hop what happens there.")] = False,
    json: Json = False,
) -> int:
    from k8squiz.commands.trace import Options, run

    options = Options(tuple(paths), source, destination, node, protocol, mode, seed, every, tuple(rules or ()))
    return run(options, lang=ctx.obj, notes=notes, json=json)


@_command("rules")
def rules(
    ctx: typer.Context,
    paths: Clusters,
    node: Annotated[str, typer.Option("--node", metavar="N", help="The node.")],
    mode: Mode = None,
    family: Family = "ipv4",
) -> int:
    from k8squiz.commands.rules import run

    return run(tuple(paths), node, mode, family, ctx.obj)


@_command("scale")
def scale(
    ctx: typer.Context,
    services: Annotated[int, typer.Option("--services", metavar="N", help="How many Services.")] = 1000,
    endpoints: Annotated[int, typer.Option("--endpoints", metavar="M", help="How many endpoints each has.")] = 10,
    grow: Annotated[
        bool, typer.Option("--growth/--no-growth", help="How it grows from 10 to 10000 Services, too.")
    ] = True,
    measure: Annotated[
        bool, typer.Option("--measure", help="Time the real tools, in a network namespace of their own.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Draw the growth into FILE.svg.")
    ] = None,
    json: Json = False,
) -> int:
    from k8squiz.commands.scale import run

    return run(ctx.obj, services, endpoints, grow, measure, export, json)


@_command("schedulers")
def schedulers(
    ctx: typer.Context,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME|FILE", help="A scenario there is, or one in a YAML file.")
    ] = None,
    require: Annotated[
        str | None,
        typer.Option("--require", metavar="...", help="What to require, as in: stickiness >= 1, spread <= 2"),
    ] = None,
    metric: Annotated[str | None, typer.Option("--metric", metavar="NAME", help="The figure to draw.")] = None,
    seed: Seed = None,
    json: Json = False,
) -> int:
    from k8squiz.commands.schedulers import run

    return run(ctx.obj, scenario, require, metric, seed, json)


@_command("stats")
def stats(ctx: typer.Context, json: Json = False) -> int:
    from k8squiz.commands.stats import run

    return run(ctx.obj, json)


questions = _group("questions")


@_command("list", questions, "List the questions.")
def list_questions(ctx: typer.Context, topics: Topics = None, level: Level = None, json: Json = False) -> int:
    from k8squiz.commands.questions import list_questions as run

    return run(ctx.obj, tuple(topics or ()), level, json)


@_command("show", questions, "Draw a question and show it.")
def show_question(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(metavar="ID", help="The question's id, or a question file of your own.")],
    seed: Seed = None,
    answer: Annotated[bool, typer.Option("--answer", help="With the computed answer.")] = False,
    json: Json = False,
) -> int:
    from k8squiz.commands.questions import show_question as run

    return run(question, ctx.obj, seed, answer, json)


@_command("lint", questions, "Check questions over many seeds; exit code 1 on a finding.")
def lint_questions(
    ctx: typer.Context,
    paths: Paths = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Over how many seeds to draw each.")] = 50,
) -> int:
    from k8squiz.commands.questions import lint_questions as run

    return run(tuple(paths or ()), ctx.obj, seeds)


@_command("new", questions, "Print a question file to start from.")
def new_question(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="The kind of question.")] = "outcome",
    topic: Annotated[str, typer.Option("--topic", metavar="T", help="The topic.")] = "nodeport",
) -> int:
    from k8squiz.commands.questions import new_question as run

    return run(kind, topic, ctx.obj)


@_command("schema", questions, "Print the JSON schema of question files.")
def question_schema(ctx: typer.Context) -> int:
    from k8squiz.commands.questions import question_schema as run

    return run(ctx.obj)


data = _group("data")


@_command("export", data, "Write all your data as JSON.")
def data_export(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of printing.")
    ] = None,
) -> int:
    from k8squiz.commands.data import export

    return export(ctx.obj, out)


@_command("import", data, "Merge exported data into yours; the same file twice changes nothing.")
def data_import(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What data export wrote, or - for standard input.")],
) -> int:
    from k8squiz.commands.data import take_in

    return take_in(ctx.obj, file)


@_command("delete", data, "Delete all your data.")
def data_delete(ctx: typer.Context, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> int:
    from k8squiz.commands.data import delete

    return delete(ctx.obj, yes)


@_command("path", data, "Print where your data lies.")
def data_path(ctx: typer.Context) -> int:
    from k8squiz.commands.data import path

    return path(ctx.obj)


lab = _group("lab")


@_command("up", lab, "Build the cluster in network namespaces and leave it running.")
def lab_up(ctx: typer.Context, paths: Clusters, mode: Mode = None, family: Family = "ipv4") -> int:
    from k8squiz.commands.lab import up

    return up(tuple(paths), mode, family, ctx.obj)


@_command("run", lab, "Send one request on this kernel, beside what the engine says; exit code 1 where they disagree.")
def lab_run(
    ctx: typer.Context,
    paths: Clusters,
    source: Source,
    destination: Destination,
    node: Entry = None,
    protocol: Annotated[
        str,
        typer.Option(
            "--proto",
            click_type=one_of("tcp", "udp", case_sensitive=False),
            metavar="tcp|udp",
            help="The transport protocol.",
        ),
    ] = "tcp",
    mode: Mode = None,
) -> int:
    from k8squiz.commands.lab import run

    return run(tuple(paths), source, destination, node, protocol, mode, ctx.obj)


@_command("verify", lab, "Hold the engine against this kernel in many drawn clusters; exit code 1 on a disagreement.")
def lab_verify(
    ctx: typer.Context,
    cases: Annotated[int, typer.Option("--cases", min=0, metavar="N", help="How many requests to draw.")] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Draw by this number.")] = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, metavar="N", help="How many clusters at once.")
    ] = 4,
    fixed: Annotated[bool, typer.Option("--fixed/--no-fixed", help="The fixed, known paths first.")] = True,
    questions: Annotated[
        int,
        typer.Option("--questions", min=0, metavar="N", help="Every question's requests too, drawn N times."),
    ] = 0,
) -> int:
    from k8squiz.commands.lab import verify

    return verify(cases, seed, workers, fixed, questions, ctx.obj)


@_command("shell", lab, "A shell, or a command, inside a host of the lab that is up.")
def lab_shell(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST", help="A node, a pod, client or router.")],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="A command to run instead of a shell.")
    ] = None,
    name: Annotated[str | None, typer.Option("--lab", metavar="NAME", help="Which lab, where several are up.")] = None,
) -> int:
    from k8squiz.commands.lab import shell

    return shell(host, name, tuple(command or ()), ctx.obj)


@_command("down", lab, "End all labs that are up, and what killed ones left behind.")
def lab_down(ctx: typer.Context) -> int:
    from k8squiz.commands.lab import down

    return down(ctx.obj)


@functools.cache
def root(only: str | None = None) -> Group:
    """The command line as click runs it; with `only`, a command's name, without the others, which is made sooner."""
    chosen = typer.Typer(suggest_commands=False)
    chosen.info = app.info
    chosen.registered_callback = app.registered_callback
    chosen.registered_commands = [info for info in app.registered_commands if only in (None, info.name)]
    chosen.registered_groups = [info for info in app.registered_groups if only in (None, info.name)]
    group = typer.main.get_command(chosen)
    assert isinstance(group, Group)
    return group


def _asked_for(words: Sequence[str]) -> str | None:
    """The command that `words` begin with; None where only the whole command line can tell."""
    return words[0] if words and words[0] in COMMANDS else None


def run(words: Sequence[str], lang: Lang) -> int:
    """Run a command; bad input becomes one message on stderr and 2. KeyboardInterrupt and BrokenPipeError pass."""
    try:
        code = root(_asked_for(words)).main(list(words), prog_name="k8squiz", standalone_mode=False, obj=lang)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _refuse(complaint(error, lang))
    except (click.Abort, EOFError):
        return 130
    except QuizError as error:
        return _refuse(pick(error, lang))
    except Exception as error:
        # The engine is imported by the commands that need it, not by every start.
        from engine.errors import EngineError

        if isinstance(error, EngineError):
            return _refuse(pick(error, lang))
        raise


def _refuse(message: str) -> int:
    sys.stdout.flush()
    print(f"k8squiz: {visible(message)}", file=sys.stderr)
    return 2
