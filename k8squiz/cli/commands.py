"""The command line: each command's options, and one call into k8squiz.commands, imported when it is called."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click
import typer

from k8squiz.cli import groups  # noqa: F401 - adds its commands
from k8squiz.cli.app import app, command
from k8squiz.cli.help_layout import Group, complaint
from k8squiz.cli.options import (
    About,
    AQuestion,
    Destination,
    Entry,
    FamilyOrAll,
    Json,
    Level,
    LiveHosts,
    Mode,
    Release,
    Seed,
    SomeClusters,
    Source,
    TheTrack,
    Topics,
    asked,
    clusters,
    needed,
    one_of,
)  # fmt: skip
from k8squiz.errors import QuizError
from k8squiz.locale.help import COMMANDS
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.sanitize import visible


@command("practice")
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
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="What is new in no order: no placement the first time, no path after it.")
    ] = False,
    about: About = None,
    track: TheTrack = None,
    trivia: Annotated[
        bool, typer.Option("--trivia", help="Names, counts and constants that one looks up; not asked otherwise.")
    ] = False,
) -> int:
    from k8squiz.commands.practice import Wish, run
    from k8squiz.commands.practice_scope import Scope

    scope = Scope(tuple(topics or ()), level, tuple(about or ()), track, trivia)
    return run(ctx.obj, scope, count, seed, question, every, Wish(new, until, cram, shuffle))


@command("explain")
def explain(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="The topic; none lists them.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="WHAT", help="Take this part away and see what breaks."),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Step by step: say what comes next, then see it.")] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the story to FILE.html, FILE.svg or FILE.md."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Have this machine's kernel do it (Linux).")] = False,
    release: Release = None,
) -> int:
    from k8squiz.commands.explain import run

    return run(ctx.obj, topic, tuple(without or ()), step, export, live, release)


@command("mock")
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
        str | None,
        typer.Option(
            "--track", metavar="T", help="junior, senior, expert, cka or cn (default: senior); --list tells of each."
        ),
    ] = None,
    topics: Topics = None,
    seed: Seed = None,
    session: Annotated[
        int | None, typer.Argument(metavar="[N]", help="With --resume: which interview (default: the latest).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interview that is not finished.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List all interviews, which can be resumed, and the tracks.")
    ] = False,
    interviewer: Annotated[
        Path | None,
        typer.Option("--interviewer", metavar="FILE.md", help="Write it as a script for a human interviewer instead."),
    ] = None,
) -> int:
    from k8squiz.commands.mock import run

    return run(ctx.obj, minutes, questions, track, tuple(topics or ()), seed, resume, interviewer, session, listed)


@command("report")
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


@command("trace")
def trace(
    ctx: typer.Context,
    paths: SomeClusters = None,
    source: Source = None,
    destination: Destination = None,
    question: AQuestion = None,
    node: Entry = None,
    protocol: Annotated[
        str,
        typer.Option(
            "--proto",
            click_type=one_of("tcp", "udp", "sctp", "icmp", case_sensitive=False),
            metavar="tcp|udp|sctp|icmp",
            help="The protocol; icmp is an echo request.",
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
            help="Walk through what was saved on NODE (or in pod/NAME) instead: iptables-save, ipset save,"
            " ipvsadm-save -n, nft list ruleset; may be repeated.",
        ),
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Say under each hop what happens there, and by which rule.")
    ] = False,
    picture: Annotated[bool, typer.Option("--picture", help="Draw it: hosts as lanes, a line for each visit.")] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write it to FILE.html (to step through), FILE.svg or FILE.md."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="WHAT",
            help="Beside another walk: another FILE, mode=MODE, release=1.N, without=PART, external-policy=Local,"
            " internal-policy=Local; may be repeated.",
        ),
    ] = None,
    json: Json = False,
    release: Release = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            metavar="BYTES",
            help="How long a packet, with DF set, is sent once the connection stands: does it get through?",
        ),
    ] = None,
) -> int:
    from k8squiz.commands.trace import Options, Shown, run

    given = tuple(rules or ())
    one = asked(ctx, paths, question, seed, source, destination, node, protocol)
    # A question's seed draws the question; the way is drawn as always.
    way = seed if question is None else None
    options = Options(
        one.clusters, one.source, one.destination, one.node, one.protocol, mode, way, every, given, release, size
    )
    return run(options, ctx.obj, Shown(notes, json, picture, export, tuple(against or ())))


@command("rules")
def rules(
    ctx: typer.Context,
    paths: SomeClusters = None,
    node: Annotated[str | None, typer.Option("--node", metavar="N", help="The node.")] = None,
    question: AQuestion = None,
    seed: Seed = None,
    mode: Mode = None,
    family: FamilyOrAll = None,
    release: Release = None,
    every: Annotated[
        bool, typer.Option("--all", help="The node whole: what the CNI writes beside kube-proxy's rules, too.")
    ] = False,
) -> int:
    from k8squiz.commands.rules import run

    chosen = clusters(ctx, paths, question, seed)
    return run(chosen, needed(ctx, "node", node), mode, family, ctx.obj, release, every)


@command("shell")
def shell(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLUSTER... [HOST] [COMMAND]",
            help="Kubernetes YAML; then a node, pod/NAME or client, and a command to run there.",
        ),
    ] = None,
    question: AQuestion = None,
    mode: Mode = None,
    release: Release = None,
    seed: Seed = None,
    live: LiveHosts = False,
) -> int:
    from k8squiz.commands.shell import run

    if question is None:
        return run(tuple(needed(ctx, "words", words)), mode, release, seed, ctx.obj, live)
    return run((*clusters(ctx, None, question, seed), *(words or ())), mode, release, None, ctx.obj, live)


@command("incident")
def incident(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[INCIDENT]", help="FAULT.SEED of an incident that was drawn before.")
    ] = None,
    fault: Annotated[
        str | None, typer.Option("--fault", metavar="NAME", help="This fault; --list names them all.")
    ] = None,
    level: Level = None,
    seed: Seed = None,
    minutes: Annotated[
        int | None, typer.Option("--minutes", min=1, metavar="M", help="How long one has (default: no limit).")
    ] = None,
    script: Annotated[
        str | None,
        typer.Option("--script", metavar="FILE", help="Run the lines of FILE (or -) and print the grade as JSON."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the faults.")] = False,
    live: LiveHosts = False,
    interviewer: Annotated[
        Path | None,
        typer.Option("--interviewer", metavar="FILE.md", help="Write it as a sheet for a human interviewer instead."),
    ] = None,
    json: Json = False,
) -> int:
    from k8squiz.commands.incident import run

    return run(ctx.obj, name, fault, level, seed, minutes, script, listed, json, live, interviewer)


@command("scale")
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
    release: Release = None,
) -> int:
    from k8squiz.commands.scale import run

    return run(ctx.obj, services, endpoints, grow, measure, export, json, release)


@command("schedulers")
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


@command("stats")
def stats(
    ctx: typer.Context,
    json: Json = False,
    themes: Annotated[
        bool, typer.Option("--map", help="The themes of interviews, and which of them you know.")
    ] = False,
) -> int:
    from k8squiz.commands.stats import run

    return run(ctx.obj, json, themes)


@command("plan")
def plan(
    ctx: typer.Context,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The interview's day (YYYY-MM-DD): plan towards it.")
    ] = None,
    minutes: Annotated[
        int, typer.Option("--minutes", min=5, max=720, metavar="M", help="How long you have each day.")
    ] = 60,
    track: TheTrack = None,
    json: Json = False,
) -> int:
    from k8squiz.commands.plan import run

    return run(ctx.obj, needed(ctx, "until", until), minutes, track, json)


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
