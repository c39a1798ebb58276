"""The command line: each command's options, and one call into k8squiz.commands, imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from k8squiz import __version__
from k8squiz.clihelp import Command, Group, complaint
from k8squiz.errors import QuizError
from k8squiz.i18n import Lang, pick
from k8squiz.locale.help import COMMANDS, DESCRIPTION, LANG, VERSION
from k8squiz.sanitize import visible

# --lang is read before anything else (i18n.detect); here it is only accepted and documented.
_lang = click.option("--lang", metavar="en|zh", help=LANG[0], expose_value=False)
_seed = click.option("--seed", metavar="S", help="Draw by this seed: the same seed gives the same result.")
_json = click.option("--json", is_flag=True, help="Print JSON.")
_topics = click.option("--topic", "topics", multiple=True, metavar="T", help="Only this topic.")
_level = click.option("--level", type=click.IntRange(1, 5), metavar="1-5", help="Only this level.")
_clusters = click.argument("paths", nargs=-1, required=True, metavar="CLUSTER...")
_mode = click.option(
    "--mode",
    type=click.Choice(["iptables", "ipvs", "nftables"]),
    metavar="MODE",
    help="iptables, ipvs or nftables (default: what KubeProxyConfiguration says).",
)


@click.group(cls=Group, help=DESCRIPTION[0], invoke_without_command=True)
@_lang
@click.option("--version", is_flag=True, help=VERSION[0])
@click.pass_context
def root(ctx: click.Context, version: bool) -> None:
    if version:
        click.echo(f"k8squiz {__version__}")
        ctx.exit()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _command(name: str, group: click.Group = root, text: str = "") -> Callable[[Callable[..., Any]], click.Command]:
    """A command of `group`; its function gets the language first."""
    return lambda function: group.command(name, cls=Command, help=text or COMMANDS[name][0])(
        _lang(click.pass_obj(function))
    )


@_command("practice")
@_topics
@_level
@click.option("--count", type=click.IntRange(1), default=5, metavar="N", help="How many questions.")
@_seed
@click.option("--question", metavar="ID", help="This question and no other.")
@click.option("--all", "every", is_flag=True, help="Every question that fits, once.")
def practice(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.practice import run

    return run(lang=lang, **options)


@_command("explain")
@click.argument("topic", required=False, metavar="[TOPIC]")
@click.option("--without", multiple=True, metavar="WHAT", help="Take this part away and see what breaks.")
@click.option("--step", is_flag=True, help="Hop by hop, waiting for Enter.")
@click.option("--export", type=Path, metavar="FILE", help="Write the story to FILE.html, FILE.svg or FILE.md.")
def explain(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.explain import run

    return run(lang=lang, **options)


@_command("trace")
@_clusters
@click.option(
    "--from", "source", required=True, metavar="WHO", help="pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client."
)
@click.option(
    "--to",
    "destination",
    required=True,
    metavar="WHERE",
    help="svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port.",
)
@click.option("--node", metavar="N", help="The node a foreign packet arrives at.")
@click.option(
    "--proto",
    "protocol",
    type=click.Choice(["tcp", "udp", "sctp"], case_sensitive=False),
    default="tcp",
    metavar="tcp|udp|sctp",
    help="The transport protocol.",
)
@_mode
@_seed
@click.option("--all", "every", is_flag=True, help="Every way the packet can go, with its probability.")
@click.option(
    "--rules", multiple=True, metavar="NODE=FILE", help="Walk through this iptables-save text on NODE instead."
)
@click.option("--notes", is_flag=True, help="Say under each hop what happens there.")
@_json
def trace(lang: Lang, notes: bool, json: bool, **options: Any) -> int:
    from k8squiz.commands.trace import Options, run

    return run(Options(**options), lang=lang, notes=notes, json=json)


@_command("rules")
@_clusters
@click.option("--node", required=True, metavar="N", help="The node.")
@_mode
@click.option(
    "--family",
    type=click.Choice(["ipv4", "ipv6"]),
    default="ipv4",
    metavar="ipv4|ipv6",
    help="The address family.",
)
def rules(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.rules import run

    return run(lang=lang, **options)


@root.group("questions", cls=Group, no_args_is_help=False, help=COMMANDS["questions"][0])
@_lang
def questions() -> None:
    pass


@_command("list", questions, "List the questions.")
@_topics
@_level
@_json
def list_questions(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.questions import list_questions as run

    return run(lang=lang, **options)


@_command("show", questions, "Draw a question and show it.")
@click.argument("question", metavar="ID")
@_seed
@click.option("--answer", is_flag=True, help="With the computed answer.")
@_json
def show_question(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.questions import show_question as run

    return run(lang=lang, **options)


@_command("lint", questions, "Check questions over many seeds; exit code 1 on a finding.")
@click.argument("paths", nargs=-1, type=Path, metavar="[PATH]...")
@click.option("--seeds", type=click.IntRange(1), default=50, metavar="N", help="Over how many seeds to draw each.")
def lint_questions(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.questions import lint_questions as run

    return run(lang=lang, **options)


@_command("new", questions, "Print a question file to start from.")
@click.option("--kind", default="outcome", metavar="KIND", help="The kind of question.")
@click.option("--topic", default="nodeport", metavar="T", help="The topic.")
def new_question(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.questions import new_question as run

    return run(lang=lang, **options)


@_command("schema", questions, "Print the JSON schema of question files.")
def question_schema(lang: Lang) -> int:
    from k8squiz.commands.questions import question_schema as run

    return run(lang=lang)


@root.group("lab", cls=Group, no_args_is_help=False, help=COMMANDS["lab"][0])
@_lang
def lab() -> None:
    pass


_from = click.option(
    "--from", "source", required=True, metavar="WHO", help="pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client."
)
_to = click.option(
    "--to",
    "destination",
    required=True,
    metavar="WHERE",
    help="svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port.",
)
_protocol = click.option(
    "--proto",
    "protocol",
    type=click.Choice(["tcp", "udp"], case_sensitive=False),
    default="tcp",
    metavar="tcp|udp",
    help="The transport protocol.",
)


@_command("up", lab, "Build the cluster in network namespaces and leave it running.")
@_clusters
@_mode
@click.option(
    "--family", type=click.Choice(["ipv4", "ipv6"]), default="ipv4", metavar="ipv4|ipv6", help="The address family."
)
def lab_up(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.lab import up

    return up(lang=lang, **options)


@_command("run", lab, "Send one request on this kernel, beside what the engine says; exit code 1 where they disagree.")
@_clusters
@_from
@_to
@click.option("--node", metavar="N", help="The node a foreign packet arrives at.")
@_protocol
@_mode
def lab_run(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.lab import run

    return run(lang=lang, **options)


@_command("verify", lab, "Hold the engine against this kernel in many drawn clusters; exit code 1 on a disagreement.")
@click.option("--cases", type=click.IntRange(0), default=200, metavar="N", help="How many requests to draw.")
@click.option("--seed", type=int, default=1, metavar="S", help="Draw by this number.")
@click.option("--workers", type=click.IntRange(1, 64), default=4, metavar="N", help="How many clusters at once.")
@click.option("--fixed/--no-fixed", default=True, help="The fixed, known paths first.")
@click.option(
    "--questions", type=click.IntRange(0), default=0, metavar="N", help="Every question's requests too, drawn N times."
)
def lab_verify(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.lab import verify

    return verify(lang=lang, **options)


@_command("shell", lab, "A shell, or a command, inside a host of the lab that is up.")
@click.argument("host", metavar="HOST")
@click.argument("command", nargs=-1, metavar="[WORD]...")
@click.option("--lab", metavar="NAME", help="Which lab, where several are up.")
def lab_shell(lang: Lang, **options: Any) -> int:
    from k8squiz.commands.lab import shell

    return shell(lang=lang, **options)


@_command("down", lab, "End all labs that are up, and what killed ones left behind.")
def lab_down(lang: Lang) -> int:
    from k8squiz.commands.lab import down

    return down(lang=lang)


def run(words: Sequence[str], lang: Lang) -> int:
    """Run a command; bad input becomes one message on stderr and 2. KeyboardInterrupt and BrokenPipeError pass."""
    try:
        code = root.main(list(words), prog_name="k8squiz", standalone_mode=False, obj=lang)
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
