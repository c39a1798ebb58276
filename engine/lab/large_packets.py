"""Large packets in this kernel beside the engine: which come through, how long they are then, who tells their sender what."""

from __future__ import annotations

import dataclasses

from engine.errors import EngineError
from engine.fabric.fabric import Fabric
from engine.lab.drawn_sizes import SizeCase, ending
from engine.lab.live import Lab
from engine.lab.sized_sender import SentPackets, send_sized
from engine.lab.wire_sizes import forget_path_mtus, segments_as_on_a_wire
from engine.network.host import HostKind
from engine.packet import L4
from engine.trace import Outcome, Request, Text, Verdict
from engine.walk.locate import ResolvedRequest, locate
from engine.walk.outcomes import outcomes

_PATIENCE = (0.4, 1.2, 2.5)
_FIRST_PORT = 41_000


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedPacket:
    """One request of a case: what the kernel did and what the engine says; `end`: the kind of ending."""

    case: str
    request: Request
    kernel: str = ""
    engine: str = ""
    end: str = ""
    skipped: Text | None = None

    @property
    def agrees(self) -> bool:
        return self.kernel == self.engine


def verify_sizes(case: SizeCase) -> list[VerifiedPacket]:
    """Every request of a case in the kernel beside the engine."""
    try:
        fabric = case.fabric()
        with Lab(fabric) as lab:
            segments_as_on_a_wire(lab)
            return [_one(lab, case, request, number) for number, request in enumerate(case.requests)]
    except EngineError as error:
        said = Text(error.en, error.zh)
        return [VerifiedPacket(case.name, request, skipped=said) for request in case.requests]


def _one(lab: Lab, case: SizeCase, request: Request, number: int) -> VerifiedPacket:
    """What disagrees is tried again with more patience: a busy machine can be slow."""
    kernel = engine = end = ""
    for attempt, patience in enumerate(_PATIENCE):
        _forget(lab)
        sized = dataclasses.replace(request, sport=_FIRST_PORT + 100 * number + attempt)
        resolved = locate(lab.fabric, sized)
        found = outcomes(case.cluster, sized, case.mode, fabric=lab.fabric)
        lab.route_by(resolved, None)
        host = lab.fabric.host(resolved.host)
        source = resolved.src if host.kind is not HostKind.NODE else None
        own = _own_mtu(lab.fabric, resolved)
        seen = send_sized(lab.namespaces[resolved.host], resolved, source, own, patience)
        kernel = told(request, seen)
        said = {told(request, expected(outcome)): outcome for outcome in found}
        engine = kernel if kernel in said else " or ".join(said)
        outcome = said.get(kernel, found[0])
        end = ending(outcome)
        if kernel == engine:
            break
    return VerifiedPacket(case.name, request, kernel, engine, end)


def _forget(lab: Lab) -> None:
    """Of earlier requests no connection and no path MTU is left."""
    forget_path_mtus(lab)
    for name in lab.fabric.nodes:
        lab.namespaces[name].run("conntrack", "-F")


def _own_mtu(fabric: Fabric, resolved: ResolvedRequest) -> int:
    host = fabric.host(resolved.host)
    route = host.lookup(resolved.dst)
    return host.devices["lo" if route is None else route.device].mtu


def expected(outcome: Outcome) -> SentPackets:
    """What the engine says, as the kernel's sender would see it."""
    small = outcome.verdict is Verdict.DELIVERED
    return SentPackets(small, small and outcome.stalls is None, outcome.sent, outcome.learned)


def told(request: Request, seen: SentPackets) -> str:
    """In one line. How long a packet was that got lost the sender alone knows, and TCP does not say what it heard."""
    if not seen.small:
        return "nothing gets through"
    heard = (
        ""
        if request.l4 is L4.TCP
        else "".join(f"mtu {one.mtu} by {one.told_by or 'its own kernel'}, " for one in seen.learned)
    )
    return f"{heard}{seen.sent} bytes through" if seen.through else f"{heard}lost"
