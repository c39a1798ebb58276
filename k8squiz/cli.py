"""The command line: each command's options, and one call into k8squiz.commands, imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import click
import typer

from k8squiz import __version__
from k8squiz.clihelp import Command, Group, complaint, lang_of
from k8squiz.errors import QuizError
from k8squiz.i18n import Lang
from k8squiz.locale.help import COMMANDS, DESCRIPTION, LANG, VERSION
from k8squiz.sanitize import visible

Mode = Literal["iptables", "ipvs", "nftables"]
Protocol = Literal["tcp", "udp", "sctp"]
Family = Literal["ipv4", "ipv6"]

# --lang is read before anything else (i18n.detect); here it is only accepted and documented.
LangOption = Annotated[str | None, typer.Option("--lang", metavar="en|zh", help=LANG[0], show_default=False)]
SeedOption = Annotated[
    str | None, typer.Option("--seed", metavar="S", help="Draw by this seed: the same seed gives the same result.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ClusterArgument = Annotated[
    list[str], typer.Argument(metavar="CLUSTER...", help="Kubernetes YAML: files, folders, or - for standard input.")
]
ModeOption = Annotated[
    Mode | None,
    typer.Option(
        "--mode", metavar="MODE", help="iptables, ipvs or nftables (default: what KubeProxyConfiguration says)."
    ),
]

app = typer.Typer(cls=Group, help=DESCRIPTION[0], add_completion=False, rich_markup_mode=None, suggest_commands=False)
questions = typer.Typer(cls=Group, help=COMMANDS["questions"][0], rich_markup_mode=None, suggest_commands=False)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    lang: LangOption = None,
    version: Annotated[bool, typer.Option("--version", help=VERSION[0])] = False,
) -> None:
    if version:
        typer.echo(f"k8squiz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command(cls=Command, help=COMMANDS["practice"][0])
def practice(
    ctx: typer.Context,
    topic: Annotated[list[str] | None, typer.Option(metavar="T", help="Only this topic.")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=5, metavar="1-5", help="Only this level.")] = None,
    count: Annotated[int, typer.Option(min=1, metavar="N", help="How many questions.")] = 5,
    seed: SeedOption = None,
    question: Annotated[str | None, typer.Option(metavar="ID", help="This question and no other.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every question that fits, once.")] = False,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.practice import run

    return run(
        lang=lang_of(ctx),
        topics=tuple(topic or ()),
        level=level,
        count=count,
        seed=seed,
        question=question,
        every=every,
    )


@app.command(cls=Command, help=COMMANDS["explain"][0])
def explain(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="The topic; none lists them.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help="Take this part away and see what breaks.")
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Hop by hop, waiting for Enter.")] = False,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the story to FILE.html, FILE.svg or FILE.md.")
    ] = None,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.explain import run

    return run(lang=lang_of(ctx), topic=topic, without=tuple(without or ()), step=step, export=export)


@app.command(cls=Command, help=COMMANDS["trace"][0])
def trace(
    ctx: typer.Context,
    cluster: ClusterArgument,
    source: Annotated[
        str, typer.Option("--from", metavar="WHO", help="pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client.")
    ],
    destination: Annotated[
        str,
        typer.Option("--to", metavar="WHERE", help="svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port."),
    ],
    node: Annotated[str | None, typer.Option(metavar="N", help="The node a foreign packet arrives at.")] = None,
    proto: Annotated[Protocol, typer.Option(metavar="tcp|udp|sctp", help="The transport protocol.")] = "tcp",
    mode: ModeOption = None,
    seed: SeedOption = None,
    every: Annotated[bool, typer.Option("--all", help="Every way the packet can go, with its probability.")] = False,
    rules: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE=FILE", help="Walk through this iptables-save text on NODE instead."),
    ] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Say under each hop what happens there.")] = False,
    json: JsonOption = False,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.trace import Options, run

    options = Options(tuple(cluster), source, destination, node, proto, mode, seed, every, tuple(rules or ()))
    return run(options, lang=lang_of(ctx), notes=notes, json=json)


@app.command(cls=Command, help=COMMANDS["rules"][0])
def rules(
    ctx: typer.Context,
    cluster: ClusterArgument,
    node: Annotated[str, typer.Option(metavar="N", help="The node.")],
    mode: ModeOption = None,
    family: Annotated[Family, typer.Option(metavar="ipv4|ipv6", help="The address family.")] = "ipv4",
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.rules import run

    return run(tuple(cluster), node=node, mode=mode, family=family, lang=lang_of(ctx))


app.add_typer(questions, name="questions")


@questions.command("list", cls=Command, help="List the questions.")
def list_questions(
    ctx: typer.Context,
    topic: Annotated[list[str] | None, typer.Option(metavar="T", help="Only this topic.")] = None,
    level: Annotated[int | None, typer.Option(min=1, max=5, metavar="1-5", help="Only this level.")] = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.questions import list_questions as run

    return run(lang=lang_of(ctx), topics=tuple(topic or ()), level=level, json=json)


@questions.command("show", cls=Command, help="Draw a question and show it.")
def show_question(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(metavar="ID", help="The question's id.")],
    seed: SeedOption = None,
    answer: Annotated[bool, typer.Option("--answer", help="With the computed answer.")] = False,
    json: JsonOption = False,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.questions import show_question as run

    return run(question, lang=lang_of(ctx), seed=seed, answer=answer, json=json)


@questions.command("lint", cls=Command, help="Check questions over many seeds; exit code 1 on a finding.")
def lint_questions(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or folders (default: the whole bank).")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Over how many seeds to draw each.")] = 50,
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.questions import lint_questions as run

    return run(tuple(paths or ()), lang=lang_of(ctx), seeds=seeds)


@questions.command("new", cls=Command, help="Print a question file to start from.")
def new_question(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option(metavar="KIND", help="The kind of question.")] = "outcome",
    topic: Annotated[str, typer.Option(metavar="T", help="The topic.")] = "nodeport",
    lang: LangOption = None,
) -> int:
    from k8squiz.commands.questions import new_question as run

    return run(kind, topic, lang=lang_of(ctx))


@questions.command("schema", cls=Command, help="Print the JSON schema of question files.")
def question_schema(ctx: typer.Context, lang: LangOption = None) -> int:
    from k8squiz.commands.questions import question_schema as run

    return run(lang=lang_of(ctx))


def run(words: Sequence[str], lang: Lang) -> int:
    """Run a command; bad input becomes one message on stderr and 2. KeyboardInterrupt and BrokenPipeError pass."""
    try:
        code = typer.main.get_command(app).main(list(words), prog_name="k8squiz", standalone_mode=False, obj=lang)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _refuse(complaint(error, lang))
    except (click.Abort, EOFError):
        return 130
    except QuizError as error:
        return _refuse(str(error))
    except Exception as error:
        # The engine is imported by the commands that need it, not by every start.
        from engine.errors import EngineError

        if isinstance(error, EngineError):
            return _refuse(str(error))
        raise


def _refuse(message: str) -> int:
    sys.stdout.flush()
    print(f"k8squiz: {visible(message)}", file=sys.stderr)
    return 2
