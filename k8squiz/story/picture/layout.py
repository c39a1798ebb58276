"""The layout of a walk: hosts as lanes, a visit of a host as a block of steps, arrows between visits. Plain values.

Every printer reads this and nothing else, so that they cannot disagree about hosts, steps and rewrites.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.packet import Encapsulation, is_ipv6, split_host_port
from engine.trace import Direction, Hop, Outcome, Stage, Text, Verdict, Where
from engine.values import dataclass

if TYPE_CHECKING:
    from engine.fabric.fabric import Fabric


@dataclass(frozen=True, slots=True)
class Lane:
    """A host. `kind` is engine.network.host's node, pod, router or external; `address` the one by which others know it
    ("" where it has none of its own)."""

    host: str
    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class HeaderRewrite:
    """What a step did to the packet: `field` is src, dst, mark or outer; an outer header put on has no `before`, one
    taken off no `after`."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One hop. `number` counts as the hops of its direction do; `src`, `dst`, `mark` and `outer` stand as they are after
    it; `rule` is the line that decided, as iptables-save or nft prints it; `label` is what a badge calls its rewrites."""

    direction: Direction
    number: int
    device: str
    stage: Stage
    hook: str
    table: str
    chain: str
    rule: str
    note: Text
    src: str
    dst: str
    mark: int
    outer: Encapsulation | None
    rewrites: tuple[HeaderRewrite, ...]
    label: str


@dataclass(frozen=True, slots=True)
class WireArrow:
    """A packet on its way from one lane to the next: by a wire, or through a veth pair."""

    to: int
    src: str
    dst: str
    outer: Encapsulation | None


@dataclass(frozen=True, slots=True)
class HostVisit:
    """All that happens on one host before the packet leaves it; `leaves` is None where it does not."""

    lane: int
    direction: Direction
    steps: tuple[WalkStep, ...]
    leaves: WireArrow | None


@dataclass(frozen=True, slots=True)
class WalkLayout:
    """A whole walk. `died` and `stalls` are the engine's; `ways` says how many ways there were to go."""

    lanes: tuple[Lane, ...]
    visits: tuple[HostVisit, ...]
    probability: Fraction
    verdict: Verdict
    destination: str
    source_seen: str | None
    died: Where | None
    stalls: Where | None

    def steps(self) -> Iterator[WalkStep]:
        """All steps, there and back."""
        return itertools.chain.from_iterable(visit.steps for visit in self.visits)

    def of(self, direction: Direction) -> tuple[HostVisit, ...]:
        return tuple(visit for visit in self.visits if visit.direction is direction)

    @property
    def delivered(self) -> bool:
        return self.verdict is Verdict.DELIVERED


def lay_out(outcome: Outcome, fabric: Fabric) -> WalkLayout:
    """The layout of one outcome of a walk through `fabric`, which says what each host is."""
    there, back = _grouped(outcome.hops), _grouped(outcome.reply)
    names = list(dict.fromkeys(group[0].host for group in (*there, *back)))
    for where in (outcome.where, outcome.stalls):
        if where is not None and where.host and where.host not in names:
            names.append(where.host)
    spoken = _spoken(outcome)
    lanes = tuple(_lane(name, fabric, spoken) for name in names)
    visits = (
        *_visits(there, Direction.REQUEST, names, outcome),
        *_visits(back, Direction.REPLY, names, outcome),
    )
    return WalkLayout(
        lanes, visits, outcome.probability, outcome.verdict, outcome.destination, outcome.source_seen, outcome.where,
        outcome.stalls,
    )  # fmt: skip


def _grouped(hops: Sequence[Hop]) -> list[tuple[Hop, ...]]:
    return [tuple(group) for _, group in itertools.groupby(hops, key=lambda hop: hop.host)]


def _visits(
    groups: Sequence[Sequence[Hop]], direction: Direction, names: list[str], outcome: Outcome
) -> Iterator[HostVisit]:
    outer: Encapsulation | None = None
    for index, hops in enumerate(groups):
        steps = []
        for hop in hops:
            steps.append(_step(hop, direction, outer))
            outer = hop.encapsulation
        last = hops[-1]
        onward = groups[index + 1][0].host if index + 1 < len(groups) else _beyond(direction, last, outcome)
        arrow = None if onward is None else WireArrow(names.index(onward), last.src, last.dst, last.encapsulation)
        yield HostVisit(names.index(last.host), direction, tuple(steps), arrow)


def _beyond(direction: Direction, last: Hop, outcome: Outcome) -> str | None:
    """Where a packet was on its way to when it died before it did anything there."""
    where = outcome.where
    if where is None or where.direction is not direction or where.host == last.host or not where.host:
        return None
    return where.host


def _step(hop: Hop, direction: Direction, outer: Encapsulation | None) -> WalkStep:
    rewrites = [HeaderRewrite(change.field, change.before, change.after) for change in hop.changes]
    if hop.encapsulation != outer:
        rewrites.append(HeaderRewrite("outer", outer_text(outer), outer_text(hop.encapsulation)))
    return WalkStep(
        direction, hop.n, hop.device, hop.stage, hop.hook.value if hop.hook is not None else "", hop.table or "",
        hop.chain or "", hop.rule or "", hop.note, hop.src, hop.dst, hop.mark, hop.encapsulation, tuple(rewrites),
        _label(hop, outer),
    )  # fmt: skip


def _label(hop: Hop, outer: Encapsulation | None) -> str:
    """What a badge calls the step's rewrites: who did it."""
    if hop.encapsulation != outer:
        return f"+{hop.encapsulation.kind}" if hop.encapsulation is not None else f"-{outer.kind if outer else ''}"
    if hop.stage in (Stage.DNAT, Stage.SNAT, Stage.IPVS):
        return hop.stage.value.upper()
    if any(change.field in ("src", "dst") for change in hop.changes) and hop.rule is None:
        return "conntrack"
    return "mark" if hop.changes else ""


def outer_text(outer: Encapsulation | None) -> str:
    """An outer header in a line: `VXLAN 192.168.1.10 → 192.168.1.11`."""
    return "" if outer is None else f"{outer.kind} {outer.src} → {outer.dst}"


def outer_facts(outer: Encapsulation) -> str:
    """What else there is to say of an outer header: `UDP 8472, VNI 1, +50 B`."""
    told = [f"UDP {outer.dport}"] if outer.dport is not None else []
    told += [f"VNI {outer.vni}"] if outer.vni is not None else []
    return ", ".join((*told, f"+{outer.overhead} B"))


def _spoken(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """The addresses each end speaks from: of several, those are shown."""
    found: dict[str, tuple[str, ...]] = {}
    for hops in (outcome.hops, outcome.reply):
        for hop in hops[:1]:
            found[hop.host] = (*found.get(hop.host, ()), _address(hop.src))
        for hop in hops[-1:]:
            found[hop.host] = (*found.get(hop.host, ()), _address(hop.dst))
    return found


def _address(endpoint: str) -> str:
    try:
        return split_host_port(endpoint)[0]
    except ValueError:
        return endpoint


def _lane(name: str, fabric: Fabric, spoken: dict[str, tuple[str, ...]]) -> Lane:
    host = fabric.host(name)
    if host.kind == "router":
        return Lane(name, host.kind.value, "")
    node = fabric.nodes.get(name)
    own = node.internal_ips if node is not None else tuple(host.own)
    if not own:
        return Lane(name, host.kind.value, "")
    family = next((is_ipv6(address) for address in itertools.chain.from_iterable(spoken.values())), False)
    fitting = [address for address in own if is_ipv6(address) is family and not host.is_loopback(address)]
    said = [address for address in fitting if address in spoken.get(name, ())]
    return Lane(name, host.kind.value, next(iter((*said, *fitting, *own))))


def packet_text(src: str, dst: str) -> str:
    return f"{src} → {dst}"


def numbers(visit: HostVisit) -> str:
    """The numbers of a visit's steps: `3-19`, or `1`."""
    first, last = visit.steps[0].number, visit.steps[-1].number
    return f"{first}" if first == last else f"{first}-{last}"


def stage_names(visit: HostVisit) -> list[str]:
    """The stages of a visit in order, each run of one stage once."""
    return [stage.value for stage, _ in itertools.groupby(visit.steps, key=lambda step: step.stage)]
