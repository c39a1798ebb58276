"""An incident: one case of a fault in a scene, or of two, drawn by a seed, and the cluster as those who are called find it."""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from collections.abc import Iterator, Mapping

from engine.cluster import Mode
from engine.errors import EngineError, quoted
from engine.faults.flows import FlowState, pod_named, requests, state_of, works
from engine.faults.herrings import DrawnHerring, draw_herrings, draw_loud
from engine.faults.interface import Case, FaultError, InjectedFault, KnownFault, Lines, inject, run_lines
from engine.faults.registry import MODULES, find_fault, names
from engine.faults.scene import DNS, IncidentScene, draw_scene, reconciled, restarted
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster

_MODES = (Mode.IPTABLES, Mode.IPTABLES, Mode.NFTABLES, Mode.IPVS)
# The level whose incidents have two faults, of two families, whose own levels are below and together at least as much; or one
# of these levels, behind a red herring that is loud.
EXPERT, _BEHIND_LOUD = 5, (3, 4)
_JOIN, _LOUD = "+", "red-herring"
# Pairs of faults, and pairs of their places, that are tried before it is given up.
_MOST_PAIRS, _MOST_PLACES = 60, 6


@dataclasses.dataclass(frozen=True)
class Incident:
    """`healthy` and `broken` are the cluster before and after; `baseline` says of each flow what became of it before,
    `failing` names those that no longer do; `herrings` stand in both."""

    faults: tuple[InjectedFault, ...]
    seed: str
    scene: IncidentScene
    healthy: LiveCluster
    broken: LiveCluster
    baseline: Mapping[str, FlowState]
    failing: tuple[str, ...]
    herrings: tuple[DrawnHerring, ...] = ()

    @property
    def fault(self) -> KnownFault:
        """The first of its faults; most incidents have one."""
        return self.faults[0].fault

    @property
    def case(self) -> Case:
        """The first fault's case."""
        return self.faults[0].case

    @property
    def name(self) -> str:
        """`FAULT`, `FAULT+FAULT`, or `FAULT+red-herring` where a loud one stands beside it."""
        loud = [_LOUD for one in self.herrings if one.loud]
        return _JOIN.join([*(one.fault.name for one in self.faults), *loud])

    @property
    def breaks(self) -> Lines:
        """The lines that brought all of it about."""
        return tuple(line for one in self.faults for line in one.case.breaks)

    @property
    def id(self) -> str:
        """`FAULT.SEED`, `FAULT+FAULT.SEED` or `FAULT+red-herring.SEED`: what draws it again."""
        return f"{self.name}.{self.seed}"


def draw_incident(fault: str | None = None, *, level: int | None = None, seed: int | str = 0) -> Incident:
    """The incident of a fault (`FAULT+FAULT`: of two at once, `FAULT+red-herring`: beside a loud one), or of any fault of a
    level, that the seed draws. Raises FaultError where there is none."""
    rng = random.Random(f"incident:{fault}:{level}:{seed}")
    if fault is not None:
        return _drawn(*named_faults(fault), str(seed))
    if level == EXPERT:
        return draw_pair(seed) if rng.random() < 0.5 else _draw_behind(rng, str(seed))
    fitting = [name for name in names() if level in (None, find_fault(name).level)]
    if not fitting:
        raise FaultError(
            f"no fault has level {level}; there are 1 to {EXPERT}",
            zh=f"没有等级为 {level} 的故障；等级从 1 到 {EXPERT}",
        )
    return _drawn(*named_faults(rng.choice(fitting)), str(seed))


def from_id(text: str) -> Incident:
    """The incident that an id draws. Raises FaultError."""
    name, dot, seed = text.partition(".")
    return _drawn(*named_faults(name), seed if dot else "0")


def named_faults(text: str) -> tuple[tuple[KnownFault, ...], bool]:
    """The faults that `FAULT`, `FAULT+FAULT` or `FAULT+red-herring` names, and whether a loud red herring stands beside. Raises
    FaultError."""
    words = text.split(_JOIN, 2)
    loud = len(words) == 2 and words[1] == _LOUD
    found = tuple(find_fault(name) for name in (words[:1] if loud else words))
    if len({one.name for one in found}) < len(found) or len(found) > 2:
        raise FaultError(f"{quoted(text)}: name two faults at most, and each once", zh=f"{quoted(text)}：最多两个故障，且不能相同")  # fmt: skip
    return found, loud


def _draw_behind(rng: random.Random, seed: str) -> Incident:
    """One fault behind a loud red herring."""
    fitting = [name for name in names() if find_fault(name).level in _BEHIND_LOUD]
    return _drawn((find_fault(rng.choice(fitting)),), True, seed)


def draw_pair(seed: int | str) -> Incident:
    """Two faults of two families that fit together, whichever the seed draws first. Raises FaultError where none do."""
    rng, seed = random.Random(f"pair:{seed}"), str(seed)
    for _ in range(_MOST_PAIRS):
        first, second = rng.sample(names(), 2)
        if MODULES[first] != MODULES[second] and find_fault(first).level + find_fault(second).level >= EXPERT:
            try:
                return _drawn((find_fault(first), find_fault(second)), False, seed)
            except FaultError:
                continue
    raise FaultError(f"no two faults fit together with seed {seed}", zh=f"种子 {seed} 下没有能放在一起的两个故障")


def _drawn(faults: tuple[KnownFault, ...], loud: bool, seed: str) -> Incident:
    if any("\ud800" <= char <= "\udfff" for char in seed):
        raise FaultError(f"the seed {quoted(seed)} is no text", zh=f"种子 {quoted(seed)} 不是文本")
    name = _JOIN.join([*(one.name for one in faults), *([_LOUD] if loud else [])])
    rng = random.Random(f"{name}.{seed}")
    plugins = [one for one in faults[0].plugins if all(one in fault.plugins for fault in faults)]
    modes = [mode for mode in _MODES if all(mode in fault.modes for fault in faults)]
    if not plugins or not modes:
        raise FaultError(
            f"{name}: there is no network and mode that has both", zh=f"{name}：没有同时支持两者的网络和模式"
        )
    plugin, mode = rng.choice(plugins), rng.choice(modes)
    nodes = max(*(one.nodes for one in faults), rng.choice((2, 3, 3)))
    scene = draw_scene(
        f"{name}.{seed}",
        plugin,
        mode,
        nodes,
        any(one.strict for one in faults),
        uploads=any(one.uploads for one in faults),
        two_cards=any(one.two_cards for one in faults),
        host_port=max(one.host_port for one in faults),
    )
    healthy = LiveCluster(scene.cluster, mode, None, seed)
    for one in faults:
        healthy = healthy if one.prepare is None else one.prepare(scene, healthy)
    # Drawn by themselves, so that they change no other draw.
    level = EXPERT if len(faults) > 1 else faults[0].level
    drawn = random.Random(f"herrings:{name}.{seed}")
    herrings = draw_herrings(drawn, scene, level)
    herrings += (draw_loud(drawn, scene),) if loud else ()
    for herring in herrings:
        healthy = run_lines(healthy, herring.herring.lines(scene, herring.node))
    healthy = reconciled(scene, healthy) if loud else healthy
    baseline = works(scene, healthy)
    for cases in _places(rng, faults, scene, healthy):
        try:
            broken = healthy
            for case in cases:
                broken = inject(broken, case)
        except EngineError:
            if len(cases) == 1:
                raise
            # The one changed what the other needs.
            continue
        broken = reconciled(scene, broken)
        now = works(scene, broken)
        failing = tuple(flow for flow, worked in baseline.items() if worked and not now.get(flow, worked))
        injected = tuple(InjectedFault(*pair) for pair in zip(faults, cases, strict=True))
        incident = Incident(injected, seed, scene, healthy, broken, baseline, failing, herrings)
        if failing and (len(faults) == 1 or _apart(incident)):
            return incident
    raise FaultError(f"{name} breaks nothing with seed {seed}", zh=f"{name} 在种子 {seed} 下没有影响任何流量")


def _places(
    rng: random.Random, faults: tuple[KnownFault, ...], scene: IncidentScene, healthy: LiveCluster
) -> Iterator[tuple[Case, ...]]:
    """Where each of the faults can be, in an order that is drawn."""
    each = [list(fault.cases(scene, healthy)) for fault in faults]
    for cases in each:
        rng.shuffle(cases)
    if len(each) == 1:
        return ((case,) for case in each[0])
    return itertools.islice(itertools.product(*each), _MOST_PLACES)


def _apart(incident: Incident) -> bool:
    """Whether two faults are two: what shows each is there, mending one leaves something broken, mending both nothing."""
    shell = Shell(incident.broken)
    for one in incident.faults:
        for seen in one.case.evidence:
            if not re.search(seen.pattern, shell.run(seen.host, seen.line).shown):
                return False
    try:
        halves = [cured(incident, incident.broken, lines) for one in incident.faults for lines in one.case.cures]
        whole_again = incident.broken
        for one in incident.faults:
            whole_again = cured(incident, whole_again, one.case.cures[0])
    except EngineError:
        return False
    return all(_deviates(incident, half) for half in halves) and not deviates(incident, whole_again)


def cured(incident: Incident, live: LiveCluster, lines: Lines) -> LiveCluster:
    """`live` after those lines and what the Deployments' controllers do. Raises EngineError where one of them fails."""
    return renewed(reconciled(incident.scene, run_lines(live, lines)))


def mended_beside(incident: Incident, live: LiveCluster, part: InjectedFault) -> tuple[bool, bool]:
    """Whether `part` is mended, and for good: every flow would do what it did before, now and later (lasting), were the
    other faults mended too."""
    for one in incident.faults:
        if one is not part:
            for line in one.case.cures[0]:
                # What somebody did already may fail the second time.
                live = Shell(live).run(*line).shell.live
    live = renewed(reconciled(incident.scene, live))
    now = not _deviates(incident, live)
    return now, now and not _deviates(incident, later(incident, live))


def step(scene: IncidentScene, live: LiveCluster, host: str, line: str) -> tuple[Reply, LiveCluster]:
    """What a line on a host answers, and the cluster after it: the Deployments' controllers have done their part, and what
    goes on by itself has gone on. Raises NoSuchObject for the host."""
    reply = Shell(live).run(host, line)
    return reply, renewed(reconciled(scene, reply.shell.live))


def renewed(live: LiveCluster) -> LiveCluster:
    """With the conntrack entries of the connections that go on by themselves used just now: they do not run out."""
    for request in live.traffic:
        if pod_named(live, request.source) is not None:
            outcome, after = live.walk(request)
            live = after.remembering(outcome.conntrack) if outcome.conntrack else after
    return live


def deviating(incident: Incident, live: LiveCluster) -> tuple[str, ...]:
    """The flows that do not do what they did before the fault: fail, come through where they should not, or hide who calls."""
    now = works(incident.scene, live)
    return tuple(name for name, before in incident.baseline.items() if now.get(name, before).deviates(before))


def deviates(incident: Incident, live: LiveCluster) -> bool:
    """Whether any flow deviates, now or later (lasting): as soon as one is found, those that failed first."""
    return _deviates(incident, live) or _deviates(incident, later(incident, live))


def _deviates(incident: Incident, live: LiveCluster) -> bool:
    asked = requests(incident.scene, live)
    first = {name: asked[name] for name in incident.failing if name in asked}
    return any(
        state_of(incident.scene, live, request).deviates(incident.baseline.get(name, FlowState.WORKS))
        for name, request in {**first, **asked}.items()
    )


def lasting(incident: Incident, live: LiveCluster) -> tuple[str, ...]:
    """The flows that deviate once every kube-proxy has synced, the pods of the application have been made anew and no client is
    remembered any more."""
    return deviating(incident, later(incident, live))


def later(incident: Incident, live: LiveCluster) -> LiveCluster:
    """The cluster once every kube-proxy has synced and the pods of the application, CoreDNS's and one caller have been made
    anew, a node that is cordoned taking them again. Session affinity's time has run out by then: a client whose endpoint works hides one that does not."""
    scene = incident.scene
    live = dataclasses.replace(live.synced(scene.nodes).without_memory(), cordoned=frozenset())
    for template in (*scene.of(scene.front), *scene.of(DNS), *scene.of(scene.caller)[:1]):
        live = restarted(scene, live, template)
    return live
