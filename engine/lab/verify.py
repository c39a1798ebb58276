"""Scene after scene on the kernel and in the engine, several at once; what disagreed."""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from engine.cluster import Cluster
from engine.errors import EngineError, UnsupportedFeature
from engine.fabric.fabric import Fabric, build_fabric
from engine.fabric.hosts import CLIENT
from engine.lab.cases import ways_of
from engine.lab.compare import ComparedPoint, compare, nearest, points
from engine.lab.errors import NotInThisLab
from engine.lab.live import Lab, Observation
from engine.lab.parallel import in_processes
from engine.lab.scene import Scene, ending
from engine.network.host import HostKind
from engine.trace import Outcome, Request, Text
from engine.walk import load_balancer
from engine.walk.locate import ResolvedRequest, locate
from engine.walk.outcomes import outcomes

QUICK, PATIENT = 0.35, 2.5
_FIRST_PORT = 40001


@dataclasses.dataclass(frozen=True, slots=True)
class VerifiedCase:
    """One request in one scene: the differences (none where both agree), or why it was left out."""

    scene: Scene
    request: Request
    outcome: Outcome | None
    points: tuple[ComparedPoint, ...] = ()
    skipped: Text | None = None

    @property
    def differences(self) -> tuple[ComparedPoint, ...]:
        return tuple(point for point in self.points if not point.equal)


def run_scene(scene: Scene) -> list[VerifiedCase]:
    """Build the scene, send each request, compare."""
    fabric = build_fabric(scene.cluster, scene.mode)
    try:
        with Lab(fabric, scene.version) as lab:
            return [_one(lab, scene, request, number) for number, request in enumerate(scene.requests)]
    except (NotInThisLab, UnsupportedFeature) as error:
        return [VerifiedCase(scene, request, None, skipped=_said(error)) for request in scene.requests]


def _one(lab: Lab, scene: Scene, request: Request, number: int) -> VerifiedCase:
    try:
        for attempt, patience in enumerate((QUICK, PATIENT, PATIENT)):
            # A busy machine can be slow, and then what is left of an attempt disturbs the next.
            time.sleep(attempt * 0.5)
            expected, seen = measure(lab, scene, request, _FIRST_PORT + attempt * 1000 + number, patience)
            if not compare(lab.fabric, seen, expected):
                break
    except EngineError as error:
        return VerifiedCase(scene, request, None, skipped=_said(error))
    closest = nearest(lab.fabric, seen, expected)
    return VerifiedCase(scene, request, closest, points(lab.fabric, seen, closest))


def _said(error: EngineError) -> Text:
    return Text(error.en, error.zh)


def measure(
    lab: Lab, scene: Scene, request: Request, sport: int, timeout: float
) -> tuple[tuple[Outcome, ...], Observation]:
    """What the engine says of the request, sent from port `sport`, and what the kernel does."""
    ported = dataclasses.replace(request, sport=sport)
    expected = outcomes(scene.cluster, ported, scene.mode, fabric=lab.fabric)
    resolved = locate(lab.fabric, ported)
    arrival = arrival_of(lab.fabric, resolved, random.Random(f"{scene.seed} {request}"))
    return expected, lab.send(resolved, arrival, timeout)


def arrival_of(fabric: Fabric, resolved: ResolvedRequest, draw: random.Random) -> str | None:
    """The node that the router sends a foreign packet to: the request's, the load balancer's choice, the static
    route's; None where nobody sends it anywhere."""
    if fabric.host(resolved.host).kind is not HostKind.EXTERNAL:
        return None
    if resolved.node is not None:
        return resolved.node
    if resolved.dst in fabric.service_index.virtual_addresses:
        service = load_balancer.service_at(fabric, resolved.dst, resolved.protocol, resolved.dport)
        nodes = load_balancer.candidates(fabric, service, 4 if ":" not in resolved.dst else 6) if service else ()
        return draw.choice(nodes).name if nodes else None
    return fabric.cluster.network.service_cidr_via if resolved.host == CLIENT else None


def enough(scenes: Iterator[Scene], cases: int) -> Iterator[Scene]:
    """As many scenes as hold `cases` requests; the last is cut short."""
    left = cases
    for scene in scenes:
        if left <= 0:
            return
        yield dataclasses.replace(scene, requests=scene.requests[:left])
        left -= len(scene.requests)


_Bare = tuple[Request, Outcome | None, tuple[ComparedPoint, ...], Text | None]


def run_all(
    scenes: Iterable[Scene], workers: int = 4, tell: Callable[[VerifiedCase], None] | None = None
) -> list[VerifiedCase]:
    """All scenes, `workers` at a time (most of a scene is waiting). `tell` hears of each result as it comes."""
    inherited = list(scenes)

    def work(index: int) -> list[_Bare]:
        return [(r.request, r.outcome, r.points, r.skipped) for r in run_scene(inherited[index])]

    found: list[VerifiedCase] = []
    for scene, results in zip(inherited, in_processes(work, len(inherited), workers), strict=True):
        for bare in results:
            result = VerifiedCase(scene, *bare)
            found.append(result)
            if tell is not None:
                tell(result)
    return found


def spread(results: Iterable[VerifiedCase]) -> dict[str, Counter[str]]:
    """How the results spread: over modes, IP versions, networks, traffic policies, what decides beside kube-proxy's rules
    (engine.lab.cases.ways_of), broken parts, outcomes, endings."""
    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("mode", "ip", "cni", "policy", "way", "broken", "outcome", "ending")
    }
    for result in results:
        if result.outcome is None:
            continue
        scene = result.scene
        found["mode"][scene.mode] += 1
        found["ip"][f"IPv{scene.version}"] += 1
        found["cni"][f"{scene.cluster.cni.plugin} {scene.cluster.cni.backend}"] += 1
        found["policy"][_policy(scene, result.request)] += 1
        found["way"].update(ways_of(scene.cluster, result.request, result.outcome) or ("other",))
        found["broken"].update(_broken(scene.cluster) or ("nothing",))
        found["outcome"][result.outcome.verdict.value] += 1
        found["ending"][ending(result.outcome)] += 1
    return found


def _policy(scene: Scene, request: Request) -> str:
    """The traffic policies of the Service that a request goes to."""
    fabric = build_fabric(scene.cluster, scene.mode)
    resolved = locate(fabric, request)
    for service in scene.cluster.services:
        balanced = (entry.ip for entry in service.load_balancer_ingress)
        own = {*service.cluster_ips, *service.external_ips, *balanced}
        if resolved.dst in own or resolved.dport in {port.node_port for port in service.ports}:
            return f"external {service.external_traffic_policy}, internal {service.internal_traffic_policy}"
    return "no Service"


def _broken(cluster: Cluster) -> tuple[str, ...]:
    """What is missing in a cluster, or set otherwise than is usual."""
    facts = cluster.network
    found = [f"no {part}" for part in sorted(facts.without)]
    found += ["a route missing"] if facts.missing_routes else []
    found += [f"rp_filter {facts.rp_filter}"] if facts.rp_filter else []
    found += [] if facts.bridge_nf_call_iptables else ["no br_netfilter"]
    found += ["no hairpin-mode"] if facts.hairpin_mode is False else []
    return tuple(dict.fromkeys(found))
