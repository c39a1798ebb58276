"""The flows of an incident's cluster: who may speak to whom, and whether it works now, whichever endpoint is drawn."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from engine.cluster import Pod
from engine.errors import EngineError, UnsupportedFeature
from engine.faults.scene import DNS, IncidentScene, pod_of
from engine.shell.live import LiveCluster
from engine.trace import Outcome, Request, Verdict
from engine.values import dataclass
from engine.walk.outcomes import bare_outcomes, outcomes

_CLIENT = "client"
# Bytes of an upload's packet before TCP cuts it into segments: more than any device here carries.
_UPLOAD = 16_000
# Services that are not called as the workload behind them.
_BEHIND = {"kube-dns": DNS}


class FlowState(enum.IntEnum):
    """What becomes of a flow. CONCEALED: it works, and a pod's packets come under another address than the pod's."""

    FAILS = 0
    WORKS = 1
    CONCEALED = 2

    def deviates(self, before: FlowState) -> bool:
        """Whether it does not do what it did `before`: works where it failed, fails, or hides now who calls."""
        return bool(self) != bool(before) or self > before


@dataclass(frozen=True, slots=True)
class Flow:
    """`caller` and `to` name both ends whatever a pod is called now: `checkout@node1`, `svc/checkout:80`, `node1:30080`.
    `upload`: the caller sends full segments once the connection stands."""

    caller: str
    to: str
    protocol: str = "TCP"
    upload: bool = False

    @property
    def name(self) -> str:
        about = "upload" if self.upload else self.protocol
        return f"{self.caller} -> {self.to}" + (f" ({about})" if about != "TCP" else "")


def matrix(scene: IncidentScene) -> tuple[Flow, ...]:
    """Every flow of the scene: pods and nodes to Services, pods and CoreDNS; a client of the outside to NodePorts. Where
    uploads are watched, those over TCP to Services and NodePorts once more, with full segments."""
    found = tuple(_matrix(scene))
    if not scene.uploads:
        return found
    large = (Flow(one.caller, one.to, upload=True) for one in found if one.protocol == "TCP" and "@" not in one.to)
    return (*found, *large)


def _matrix(scene: IncidentScene) -> Iterator[Flow]:
    front, other = f"svc/{scene.front}:80", f"svc/{scene.other}:80"
    servers = tuple(f"{one.who}:{scene.port}" for one in scene.of(scene.front))
    for one in scene.of(scene.caller):
        yield from (Flow(one.who, to) for to in (front, other, *servers))
        yield Flow(one.who, "dns", "UDP")
    for one in scene.of(scene.front):
        yield from (Flow(one.who, to) for to in (front, other))
    for node in scene.nodes:
        yield from (Flow(node, to) for to in (front, other, *servers))
        yield Flow(_CLIENT, f"{node}:{scene.node_port}")
    for one in scene.of(scene.front):
        if one.host_port:
            yield Flow(_CLIENT, f"{one.node}:{one.host_port}")
    for address in scene.second_cards:
        yield Flow(_CLIENT, f"{address}:{scene.node_port}")


def works(scene: IncidentScene, live: LiveCluster) -> dict[str, FlowState]:
    """For each flow by its name what becomes of it. Connections that go on by themselves (`live.traffic`) are flows too."""
    return {name: state_of(scene, live, request) for name, request in requests(scene, live).items()}


def requests(scene: IncidentScene, live: LiveCluster) -> dict[str, Request | None]:
    """Each flow by its name as it would be asked now; None where one of its ends is gone."""
    found = {flow.name: request_of(scene, live, flow) for flow in matrix(scene)}
    for request in live.traffic:
        # A socket is gone with its pod.
        if pod_named(live, request.source) is not None:
            found[traffic_name(request)] = request
    return found


def traffic_name(request: Request) -> str:
    """What a connection that goes on by itself is called among the flows."""
    return f"{request.source} -> {request.destination} ({request.protocol}, one socket)"


def request_of(scene: IncidentScene, live: LiveCluster, flow: Flow) -> Request | None:
    """The flow as it would be asked now; None where one of its ends is gone."""
    source = _end(scene, live, flow.caller)
    to, colon, port = flow.to.rpartition(":")
    if flow.to == "dns":
        destination: str | None = "svc/kube-system/kube-dns:53"
    elif flow.to.startswith("svc/") or to in scene.second_cards:
        destination = flow.to
    else:
        end = _end(scene, live, to)
        destination = None if end is None else f"{end}{colon}{port}"
    if source is None or destination is None:
        return None
    return Request(source, destination, flow.protocol, size=_UPLOAD if flow.upload else None)


def _end(scene: IncidentScene, live: LiveCluster, name: str) -> str | None:
    if name in scene.nodes:
        return f"node/{name}"
    if name == _CLIENT:
        return name
    template = next(one for one in scene.templates if one.who == name)
    pod: Pod | None = pod_of(live, template)
    return None if pod is None else f"pod/{pod.namespace}/{pod.name}"


def pod_named(live: LiveCluster, who: str) -> Pod | None:
    """The pod that `pod/NAMESPACE/NAME` names; None where it is gone."""
    return next((pod for pod in live.cluster.pods if who == f"pod/{pod.namespace}/{pod.name}"), None)


def state_of(scene: IncidentScene, live: LiveCluster, request: Request | None) -> FlowState:
    """What becomes of the request: it works where every way that it can go is delivered, stays so, and ends at a pod that it
    is meant for."""
    found = () if request is None else _endings(live, request)
    if request is None or not found or not all(_stands(one) for one in found):
        return FlowState.FAILS
    meant = {address for pod in _meant(scene, live, request.destination) for address in pod.ips}
    if not all(_address(one.destination) in meant for one in found):
        return FlowState.FAILS
    caller = pod_named(live, request.source)
    seen = {one.source_seen for one in found}
    return FlowState.WORKS if caller is None or seen <= {*caller.ips} else FlowState.CONCEALED


def _meant(scene: IncidentScene, live: LiveCluster, destination: str) -> Iterator[Pod]:
    """The pods that a request is meant for: the one that it names, or those of the workload behind the Service, or behind
    the NodePort, which is the front's."""
    kind, _, name = destination.rpartition(":")[0].partition("/")
    if kind == "pod":
        return (pod for pod in live.cluster.pods if f"{pod.namespace}/{pod.name}" == name)
    service = name.rpartition("/")[2] if kind == "svc" else scene.front
    workload = _BEHIND.get(service, service)
    return (pod for pod in live.cluster.pods if pod.name.rpartition("-")[0] == workload)


def _address(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def ways(live: LiveCluster, request: Request) -> tuple[Outcome, ...]:
    """The ways it can go now; none where it has no destination (its Service is deleted, its address unknown). Raises
    UnsupportedFeature where the cluster holds what the model does not know."""
    try:
        return outcomes(live.cluster, request, fabric=live.fabric)
    except UnsupportedFeature:
        raise
    except EngineError:
        return ()


def _endings(live: LiveCluster, request: Request) -> tuple[Outcome, ...]:
    """As ways, without hops; walked once in a cluster, of which the same is asked after each line."""
    found = live.endings.get(request)
    if found is None:
        try:
            found = live.endings[request] = bare_outcomes(live.fabric, request)
        except UnsupportedFeature:
            raise
        except EngineError:
            found = ()
    return found


def _stands(one: Outcome) -> bool:
    return one.verdict is Verdict.DELIVERED and one.stalls is None
