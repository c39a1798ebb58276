"""Faults that live in one node's routes, devices and tunnels: what crosses nodes there fails, both ways."""

from __future__ import annotations

from collections.abc import Iterator

from engine.faults.interface import Case, FaultError, KnownFault, Line, Lines, ToolEvidence
from engine.faults.networks import BRIDGED, TUNNELLED
from engine.faults.restarts import all_proxies
from engine.faults.scene import IncidentScene, pod_of
from engine.faults.services import restart
from engine.network.devices import DeviceKind
from engine.network.routes import Route
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text


def _pairs(scene: IncidentScene) -> Iterator[tuple[str, str]]:
    """(the node that has the fault, another): pods of the application run on both of them or call from there."""
    yield from ((one, two) for one in scene.nodes for two in scene.nodes[:2] if one != two)


def _route(live: LiveCluster, node: str, prefix: str) -> Route:
    return next(route for route in live.fabric.host(node).table.routes if route.prefix == prefix)


def _added(live: LiveCluster, node: str, prefix: str, verb: str = "add") -> Line:
    route = _route(live, node, prefix)
    onlink = (
        " onlink" if live.fabric.host(node).devices[route.device].kind in (DeviceKind.VXLAN, DeviceKind.IPIP) else ""
    )
    return (node, f"ip route {verb} {prefix} via {route.via} dev {route.device}{onlink}")


def route_gone(node: str, prefix: str) -> Line:
    return (node, f"ip route del {prefix}")


def link_down(node: str, device: str) -> Line:
    return (node, f"ip link set {device} down")


def tunnel_of(live: LiveCluster, node: str) -> str:
    """The node's tunnel device. Raises FaultError where it has none."""
    devices = live.fabric.host(node).devices.values()
    found = next((device.name for device in devices if device.tunnel is not None), None)
    if found is None:
        raise FaultError(f"{node} has no tunnel device", zh=f"{node} 没有隧道设备")
    return found


def _restarts(scene: IncidentScene, live: LiveCluster) -> tuple[Lines, ...]:
    return (*all_proxies(), restart(scene, live, scene.front))


def _missing(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node, other in _pairs(scene):
        prefix = scene.pods_network(other)
        probe = prefix.replace(".0/24", ".99")
        yield Case(
            (node,),
            (route_gone(node, prefix),),
            (ToolEvidence(node, f"ip route get {probe}", r"via \S+\.1 dev eth0"), ToolEvidence(node, f"ip route | grep -c {prefix}", r"^0$")),
            ((_added(live, node, prefix),), (_added(live, node, prefix, "replace"),)),
            _restarts(scene, live),
        )  # fmt: skip


def _blackhole(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node, other in _pairs(scene):
        prefix = scene.pods_network(other)
        probe = prefix.replace(".0/24", ".99")
        yield Case(
            (node,),
            ((node, f"ip route replace blackhole {prefix}"),),
            (
                ToolEvidence(node, "ip route", rf"blackhole {prefix}"),
                ToolEvidence(node, f"ip route get {probe}", r"Invalid argument"),
            ),
            (
                (_added(live, node, prefix, "replace"),),
                ((node, f"ip route del blackhole {prefix}"), _added(live, node, prefix)),
            ),
            (*_restarts(scene, live), ((node, f"ip route del blackhole {prefix}"),)),
        )


def _static(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node, other in _pairs(scene):
        narrow = scene.pods_network(other).replace("/24", "/25")
        gateway = next(r.via for r in live.fabric.host(node).table.routes if r.prefix == "0.0.0.0/0")
        yield Case(
            (node,),
            ((node, f"ip route add {narrow} via {gateway} dev eth0"),),
            (
                ToolEvidence(node, "ip route", rf"{narrow} via {gateway} dev eth0"),
                ToolEvidence(node, f"ip route get {narrow.replace('.0/25', '.99')}", rf"via {gateway} dev eth0"),
            ),
            (((node, f"ip route del {narrow}"),), ((node, f"ip route del {narrow} via {gateway}"),)),
            _restarts(scene, live),
        )


def _bridge_down(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        yield Case(
            (node,),
            (link_down(node, "cni0"),),
            (
                ToolEvidence(node, "ip link show cni0", r"state DOWN"),
                ToolEvidence(node, "ip route", r"^(?![\s\S]*dev cni0)"),
            ),
            (((node, "ip link set cni0 up"),), ((node, "ip link set dev cni0 up"),)),
            _restarts(scene, live),
        )


def _bridge_address(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        gateway = scene.pods_network(node).replace(".0/24", ".1")
        yield Case(
            (node,),
            ((node, f"ip addr del {gateway}/24 dev cni0"),),
            (
                ToolEvidence(node, "ip addr show cni0", r"^(?![\s\S]*inet )"),
                ToolEvidence(node, "ip route", r"^(?![\s\S]*dev cni0)"),
            ),
            (((node, f"ip addr add {gateway}/24 dev cni0"),),),
            (*_restarts(scene, live), ((node, "ip link set cni0 up"),)),
        )


def _tunnel_down(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        others = [scene.pods_network(one) for one in scene.nodes if one != node]
        up = (node, "ip link set flannel.1 up")
        shown = Shell(live).run(node, "ip neigh show dev flannel.1").stdout.splitlines()
        # flannel wrote them once: a device that goes down loses its neighbours, permanent ones too.
        known = tuple(
            (node, f"ip neigh replace {hop} lladdr {mac} dev flannel.1 nud permanent")
            for hop, _, mac, *_ in map(str.split, shown)
        )
        yield Case(
            (node,),
            (link_down(node, tunnel_of(live, node)),),
            (ToolEvidence(node, "ip link show flannel.1", r"state DOWN"), ToolEvidence(node, "ip route", r"^(?![\s\S]*flannel)"), ToolEvidence(node, "ip neigh show dev flannel.1", r"^(?![\s\S]*PERMANENT)")),
            ((up, *(_added(live, node, prefix) for prefix in others), *known),),
            (*_restarts(scene, live), (up,), (up, *(_added(live, node, prefix) for prefix in others))),
        )  # fmt: skip


def _fdb(live: LiveCluster, node: str, outer: str) -> str:
    """The MAC address that the node's forwarding entry for a node's address has."""
    shown = Shell(live).run(node, "bridge fdb show dev flannel.1").stdout
    return next(line.split()[0] for line in shown.splitlines() if f"dst {outer} " in line)


def _fdb_missing(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node, other in _pairs(scene):
        outer = scene.addresses[other]
        mac = _fdb(live, node, outer)
        yield Case(
            (node,),
            ((node, f"bridge fdb del {mac} dev flannel.1 dst {outer}"),),
            (ToolEvidence(node, f"bridge fdb show dev flannel.1 | grep -c 'dst {outer} '", r"^0$"),),
            tuple(((node, f"bridge fdb {verb} {mac} dev flannel.1 dst {outer}"),) for verb in ("append", "add")),
            (*_restarts(scene, live), ((node, "ip link set flannel.1 up"),)),
        )


def _fdb_wrong(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node, other in _pairs(scene):
        outer = scene.addresses[other]
        wrong = outer.rpartition(".")[0] + ".200"
        mac = _fdb(live, node, outer)
        yield Case(
            (node, other),
            ((node, f"bridge fdb replace {mac} dev flannel.1 dst {wrong}"),),
            (
                ToolEvidence(node, "bridge fdb show dev flannel.1", rf"dst {wrong} "),
                ToolEvidence("", "kubectl get nodes -o wide", rf"{other} .*{outer}"),
            ),
            (((node, f"bridge fdb replace {mac} dev flannel.1 dst {outer}"),),),
            (*_restarts(scene, live), ((node, "ip link set flannel.1 up"),)),
        )


def _port_down(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for template in scene.of(scene.front):
        pod = pod_of(live, template)
        assert pod is not None
        host = live.host_named(f"pod/{pod.namespace}/{pod.name}")
        device = next(d for d in live.fabric.host(template.node).devices.values() if d.peer == (host, "eth0"))
        port, up = device.name, (template.node, f"ip link set {device.name} up")
        # Where the pods are routed, the route to the pod's address went with the link.
        routed: Lines = () if device.master else ((template.node, f"ip route add {pod.ips[0]} dev {port} scope link"),)
        yield Case(
            (template.node, pod.name),
            (link_down(template.node, port),),
            (ToolEvidence(template.node, f"ip link show {port}", r"state DOWN"),),
            ((up, *routed), (("", f"kubectl delete pod {pod.name}"),)),
            all_proxies(),
        )


_ONE_NODE = Text("on one node: its kernel's routing table", "在某个节点上：内核的路由表里")
_DEVICE = Text("on one node: a network device", "在某个节点上：一个网络设备")

# What a diagnosis calls a route (PREROUTING is none), and a device that is down.
_ROUTE = r"(?<![a-z])rout(?:e|es|ing|ed)(?![a-z])|路由"
_DOWN = r"down|关闭|关了|未启用|没(有)?(起|启)|禁用|disabled"

FAULTS = (
    KnownFault(
        "missing-pod-route", 2,
        Text("a node has no route to another node's podCIDR", "某节点缺少到另一节点 podCIDR 的路由"), _ONE_NODE,
        Text("a node was drained, rebooted and taken back", "有个节点被 drain、重启后重新加入"),
        (_ROUTE, r"miss|(?<![a-z])no(?![a-z])|gone|lack|lost|remov|delet|without|absent|cidr|subnet|/\d\d|缺|没有|丢|删|少|网段"), _missing,
    ),
    KnownFault(
        "blackhole-route", 3,
        Text("a node's route to another node's podCIDR is a blackhole", "某节点到另一节点 podCIDR 的路由是 blackhole"), _ONE_NODE,
        Text("a node got its podCIDR back after a move", "有个节点迁移后拿回了原来的 podCIDR"),
        (rf"black\s?-?hole|黑洞|({_ROUTE}).*(wrong|bad|drop|discard|null|错|丢)|(wrong|bad|null|错误的).*({_ROUTE})",), _blackhole,
    ),
    KnownFault(
        "stale-static-route", 4,
        Text("a longer static route takes half of another node's podCIDR to the default gateway", "一条更长前缀的静态路由把另一节点 podCIDR 的一半送往默认网关"), _ONE_NODE,
        Text("static routes were set for a migration", "为一次迁移加过静态路由"),
        (_ROUTE, r"static|stale|left|old|long|specific|prefix|half|/\d\d|gateway|wrong|default|静态|残留|旧|更长|前缀|一半|网关|错"), _static,
    ),
    KnownFault(
        "bridge-down", 1,
        Text("the pods' bridge cni0 is down", "Pod 的网桥 cni0 处于 down 状态"), _DEVICE,
        Text("a node's network service was restarted", "重启过某个节点的网络服务"),
        (r"cni0|bridge|网桥", _DOWN), _bridge_down, plugins=BRIDGED,
    ),
    KnownFault(
        "bridge-address-gone", 3,
        Text("the pods' bridge cni0 has lost its address, the pods' gateway", "Pod 的网桥 cni0 丢了地址，也就是 Pod 的网关"), _DEVICE,
        Text("systemd-networkd was upgraded on a node", "有个节点升级了 systemd-networkd"),
        (r"cni0|bridge|gateway|网桥|网关", r"address|gateway|\bip\b|地址|网关"), _bridge_address, plugins=BRIDGED,
    ),
    KnownFault(
        "tunnel-down", 2,
        Text("the tunnel device flannel.1 is down, and its routes and neighbour entries are gone with it", "隧道设备 flannel.1 处于 down 状态，它的路由和邻居表项也随之消失"), _DEVICE,
        Text("a node's network service was restarted", "重启过某个节点的网络服务"),
        (r"flannel\.?1?|vxlan|tunnel|隧道", _DOWN), _tunnel_down, plugins=TUNNELLED,
    ),
    KnownFault(
        "vxlan-fdb-missing", 4,
        Text("the tunnel device flannel.1 has no forwarding entry for another node: the tunnel does not know where to send", "隧道设备 flannel.1 缺少到另一节点的 FDB 表项：隧道不知道发往哪里"), _DEVICE,
        Text("a node was replaced under the same name", "有个节点被同名机器替换"),
        (r"fdb|forwarding (entry|database|table)|vtep|转发表|表项",), _fdb_missing, plugins=TUNNELLED,
    ),
    KnownFault(
        "vxlan-fdb-wrong", 4,
        Text("the tunnel device flannel.1 has a forwarding entry for another node with an address that no node has", "隧道设备 flannel.1 的 FDB 表项把发往另一节点的流量送到了一个没有节点拥有的地址"), _DEVICE,
        Text("a node got a new address", "有个节点换了地址"),
        (r"fdb|forwarding (entry|database|table)|vtep|public.?ip|outer|转发表|表项|外层",), _fdb_wrong, plugins=TUNNELLED,
    ),
    KnownFault(
        "pod-link-down", 3,
        Text("the node's end of one pod's veth pair is down", "某个 Pod 的 veth 在节点侧处于 down 状态"), _DEVICE,
        Text("somebody looked into a node's devices", "有人检查过某个节点的网络设备"),
        (r"veth|cali|link|interface|device|网卡|接口|设备", _DOWN), _port_down,
    ),
)  # fmt: skip
