"""`k8squiz trace`: a packet through the user's own cluster, there and back, as text or JSON."""

from __future__ import annotations

from pathlib import Path

import engine
from engine.cluster import Cluster
from engine.fabric.fabric import Fabric, build_fabric
from engine.packet import family_of
from engine.trace import Outcome, Request, Text
from engine.values import dataclass
from engine.walk.locate import locate
from k8squiz.commands.input import read_cluster, read_rules, say_note, say_release, say_unknown_devices
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console, print_json

# The same command always shows the same way, unless another seed is asked for.
DEFAULT_SEED = "1"
# A way takes some 50 kB of a page.
MOST_WAYS = 50


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for; `rules` are NODE=FILE each."""

    paths: tuple[str, ...]
    source: str
    destination: str
    node: str | None = None
    protocol: str = "tcp"
    mode: str | None = None
    seed: str | None = None
    every: bool = False
    rules: tuple[str, ...] = ()
    release: str | None = None
    size: int | None = None

    @property
    def request(self) -> Request:
        return Request(self.source, self.destination, self.protocol.upper(), self.node, size=self.size)


@dataclass(frozen=True, slots=True)
class Shown:
    """How it is to be shown: each hop's sentence and rule; as JSON; as a picture; written to a file; beside another walk."""

    notes: bool = False
    json: bool = False
    picture: bool = False
    export: Path | None = None
    against: tuple[str, ...] = ()


def run(options: Options, lang: Lang, shown: Shown = Shown()) -> int:  # noqa: B008 - a frozen value
    """Walk the packet and show what became of it; 0 whether or not it was delivered: the trace is the answer."""
    _check(options, shown)
    fabric = fabric_of(options, read_cluster(options.paths, lang), lang)
    request = options.request
    outcomes = engine.outcomes(fabric.cluster, request, fabric.mode, seed=_seed(options), fabric=fabric)
    say_release(fabric.cluster, None, fabric.mode, options.release, lang)
    for text in dict.fromkeys(text for outcome in outcomes for text in outcome.assumed):
        say_note(text.en, text.zh, lang)
    if shown.json:
        from engine.walk.jsonform import trace_to_dict

        print_json(trace_to_dict(fabric.cluster, request, outcomes, fabric.mode, fabric))
    elif shown.against:
        from k8squiz.commands.against import show

        show(options, fabric, outcomes[0], shown, lang)
    elif shown.export is not None:
        _export(shown.export, fabric, request, outcomes, lang)
    else:
        _print(fabric, request, outcomes, lang, shown)
    return 0


def _check(options: Options, shown: Shown) -> None:
    """Raises QuizError for options that cannot go together, and for a file's name that says no format."""
    if shown.json and (shown.picture or shown.export is not None or shown.against):
        raise QuizError(
            "--json goes with neither --picture, --export nor --against",
            "--json 不能与 --picture、--export、--against 同时使用",
        )
    if shown.against and options.every:
        raise QuizError(
            "--against holds one way against another: leave --all out",
            "--against 对照的是一条路径与另一条：请去掉 --all",
        )
    if shown.export is not None:
        from k8squiz.story.picture.export import check_suffix

        check_suffix(shown.export)


def _seed(options: Options) -> str | None:
    if options.every:
        return None
    return options.seed if options.seed is not None else DEFAULT_SEED


def fabric_of(options: Options, cluster: Cluster, lang: Lang) -> Fabric:
    """The hosts of `cluster` in the mode and with the rules that were asked for."""
    mode = options.mode or cluster.proxy.effective_mode
    fabric = build_fabric(cluster, mode, release=options.release)
    if not options.rules:
        return fabric
    family = family_of(locate(fabric, options.request).dst)
    rulesets = read_rules(options.rules, family, lang)
    fabric = build_fabric(cluster, mode, rulesets, options.release)
    say_unknown_devices(fabric, rulesets, lang)
    return fabric


def asked_text(fabric: Fabric, request: Request) -> Text:
    """What was asked, in a line: protocol, both ends, mode."""
    from engine.walk.jsonform import request_to_dict
    from k8squiz.screens.trace import asked_line

    asked = request_to_dict(fabric.cluster, request, fabric.mode, fabric)
    return Text(asked_line(asked, "en"), asked_line(asked, "zh"))


def _export(path: Path, fabric: Fabric, request: Request, outcomes: tuple[Outcome, ...], lang: Lang) -> None:
    from k8squiz.commands.explain import write
    from k8squiz.story.picture.export import exported, way_name
    from k8squiz.story.picture.layout import lay_out

    total = len(outcomes)
    if total > MOST_WAYS:
        say_note(
            f"Only {MOST_WAYS} of {total} ways are written.", f"只写出 {total} 条可能路径中的 {MOST_WAYS} 条。", lang
        )
    walks = [
        (way_name(outcome, number, total), lay_out(outcome, fabric))
        for number, outcome in enumerate(outcomes[:MOST_WAYS], 1)
    ]
    write(path, exported(path.suffix, asked_text(fabric, request), walks, lang))


def _print(fabric: Fabric, request: Request, outcomes: tuple[Outcome, ...], lang: Lang, shown: Shown) -> None:
    from engine.walk.jsonform import request_to_dict
    from k8squiz.screens.trace import trace_view

    console = make_console()
    asked = request_to_dict(fabric.cluster, request, fabric.mode, fabric)
    if shown.picture:
        from k8squiz.screens.picture import pictures_view
        from k8squiz.story.picture.layout import lay_out

        layouts = [lay_out(outcome, fabric) for outcome in outcomes]
        console.print(pictures_view(asked_text(fabric, request), layouts, lang, shown.notes))
    else:
        console.print(trace_view(asked, outcomes, lang, console.width, shown.notes))
