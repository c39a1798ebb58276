"""`k8squiz trace`: a packet through the user's own cluster, there and back, as text or JSON."""

from __future__ import annotations

import engine
from engine.fabric.fabric import Fabric, build_fabric
from engine.packet import family_of
from engine.trace import Outcome, Request
from engine.values import dataclass
from engine.walk.locate import locate
from k8squiz.commands.input import read_cluster, read_rules, say_note, say_release, say_unknown_devices
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console, print_json

# The same command always shows the same way, unless another seed is asked for.
DEFAULT_SEED = "1"


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


def run(options: Options, lang: Lang, notes: bool = False, json: bool = False) -> int:
    """Walk the packet and print what became of it; 0 whether or not it was delivered: the trace is the answer."""
    fabric = _fabric(options, lang)
    request = options.request
    outcomes = engine.outcomes(fabric.cluster, request, fabric.mode, seed=_seed(options), fabric=fabric)
    say_release(fabric.cluster, None, fabric.mode, options.release, lang)
    for text in dict.fromkeys(text for outcome in outcomes for text in outcome.assumed):
        say_note(text.en, text.zh, lang)
    if json:
        from engine.walk.jsonform import trace_to_dict

        print_json(trace_to_dict(fabric.cluster, request, outcomes, fabric.mode, fabric))
    else:
        _print(fabric, request, outcomes, lang, notes)
    return 0


def _seed(options: Options) -> str | None:
    if options.every:
        return None
    return options.seed if options.seed is not None else DEFAULT_SEED


def _fabric(options: Options, lang: Lang) -> Fabric:
    cluster = read_cluster(options.paths, lang)
    mode = options.mode or cluster.proxy.effective_mode
    fabric = build_fabric(cluster, mode, release=options.release)
    if not options.rules:
        return fabric
    family = family_of(locate(fabric, options.request).dst)
    rulesets = read_rules(options.rules, family, lang)
    fabric = build_fabric(cluster, mode, rulesets, options.release)
    say_unknown_devices(fabric, rulesets, lang)
    return fabric


def _print(fabric: Fabric, request: Request, outcomes: tuple[Outcome, ...], lang: Lang, notes: bool) -> None:
    from engine.walk.jsonform import request_to_dict
    from k8squiz.screens.trace import trace_view

    console = make_console()
    asked = request_to_dict(fabric.cluster, request, fabric.mode, fabric)
    console.print(trace_view(asked, outcomes, lang, console.width, notes))
