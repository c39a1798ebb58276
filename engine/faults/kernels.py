"""Faults that live in a node's kernel: sysctls, bridge ports."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, Line, Lines, ToolEvidence
from engine.faults.networks import BRIDGED
from engine.faults.restarts import all_proxies
from engine.faults.scene import IncidentScene, pod_of
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.trace import Text


def sysctl_off(node: str, name: str) -> Line:
    return (node, f"sysctl -w {name}=0")


def hairpin_off(node: str, port: str) -> Line:
    return (node, f"bridge link set dev {port} hairpin off")


def _sysctl(scene: IncidentScene, live: LiveCluster, name: str, nodes: tuple[str, ...]) -> Iterator[Case]:
    path = "/proc/sys/" + name.replace(".", "/")
    for node in nodes:
        yield Case(
            (node,),
            (sysctl_off(node, name),),
            (ToolEvidence(node, f"sysctl {name}", rf"{name} = 0"), ToolEvidence(node, f"cat {path}", r"^0$")),
            (((node, f"sysctl -w {name}=1"),), ((node, f"echo 1 > {path}"),)),
            (*all_proxies(), restart(scene, live, scene.front)),
        )


def _forwarding(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    return _sysctl(scene, live, "net.ipv4.ip_forward", scene.nodes)


def _br_netfilter(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    return _sysctl(scene, live, "net.bridge.bridge-nf-call-iptables", scene.nodes[:2])


def _hairpin(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for template in scene.of(scene.front):
        pod = pod_of(live, template)
        assert pod is not None
        host, node = live.host_named(f"pod/{pod.namespace}/{pod.name}"), template.node
        port = next(d.name for d in live.fabric.host(node).devices.values() if d.peer == (host, "eth0"))
        path = f"/sys/class/net/{port}/brport/hairpin_mode"
        cures: tuple[Lines, ...] = (
            ((node, f"bridge link set dev {port} hairpin on"),),
            ((node, f"echo 1 > {path}"),),
        )
        yield Case(
            (node, pod.name),
            (hairpin_off(node, port),),
            (
                ToolEvidence(node, f"cat {path}", r"^0$"),
                ToolEvidence(node, f"bridge -d link show dev {port}", r"hairpin off"),
            ),
            cures,
            all_proxies(),
        )


def _rp_filter(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """For all devices, or for the second card alone: the kernel takes the greater of the two (IN_DEV_MAXCONF)."""
    client = live.cluster.network.client_address
    for node, address in zip(scene.nodes, scene.second_cards, strict=True):
        card = next(
            d.name for d in live.fabric.host(node).devices.values() if any(a.address == address for a in d.addresses)
        )
        names = {of: f"net.ipv4.conf.{of}.rp_filter" for of in ("all", card)}
        for of, other in ((of, other) for of in names for other in names if of != other):
            # What is 0 already stays so.
            spared = ((node, f"sysctl -w {names[other]}=0"),)
            yield Case(
                (node,),
                ((node, f"sysctl -w {names[of]}=1"),),
                (
                    ToolEvidence(node, f"sysctl {names[of]}", r"rp_filter = 1"),
                    ToolEvidence(node, f"ip route get {address} from {client} iif {card}", r"Invalid cross-device link|Invalid argument"),
                    ToolEvidence(node, f"ip route get {client}", r"dev eth0"),
                    ToolEvidence("client", f"curl -m 3 {address}:{scene.node_port}", r"timed out"),
                ),
                (
                    ((node, f"sysctl -w {names[of]}=2"),),
                    ((node, f"sysctl -w {names[of]}=0"),),
                    ((node, f"sysctl -w {names[other]}=2"),),
                ),
                (*all_proxies(), restart(scene, live, scene.front), spared, ((node, f"iptables -I INPUT -i {card} -j ACCEPT"),)),
            )  # fmt: skip


_LIVES = Text("on one node: a sysctl of its kernel", "在某个节点上：内核的一个 sysctl")

FAULTS = (
    KnownFault(
        "ip-forward-off", 2,
        Text("net.ipv4.ip_forward is 0: the node routes nothing between its devices", "net.ipv4.ip_forward 为 0：该节点不在网卡之间转发"), _LIVES,
        Text("a node was hardened by a security baseline", "某个节点按安全基线做过加固"),
        (r"ip.?forward|forwarding|转发",), _forwarding,
    ),
    KnownFault(
        "br-netfilter-off", 3,
        Text("bridge-nf-call-iptables is 0: answers that stay on the bridge are not translated back", "bridge-nf-call-iptables 为 0：留在网桥上的响应不会被反向转换"), _LIVES,
        Text("a node was rebooted with a new kernel", "某个节点换了新内核并重启"),
        (r"bridge.?nf|br.?netfilter|bridge-nf-call-iptables",), _br_netfilter, plugins=BRIDGED,
    ),
    KnownFault(
        "hairpin-off", 3,
        Text("hairpin mode is off on a pod's bridge port: the pod cannot reach itself by its own Service", "Pod 的网桥端口关闭了 hairpin：Pod 无法通过自己的 Service 访问自己"),
        Text("on one node: a port of the bridge cni0", "在某个节点上：网桥 cni0 的一个端口"),
        Text("somebody tuned the bridge of a node", "有人调过某个节点的网桥"),
        (r"hairpin|发夹",), _hairpin, plugins=BRIDGED,
    ),
    KnownFault(
        "rp-filter-strict", 4,
        Text("rp_filter is strict on a node with two cards: what comes by the second card is dropped, since the answer would leave by the first", "有两块网卡的节点上 rp_filter 为严格模式：从第二块网卡进来的包被丢弃，因为回程会走第一块网卡"), _LIVES,
        Text("a node's kernel settings were set back to the distribution's", "有个节点的内核参数恢复成了发行版默认值"),
        # By kube-proxy's default nftables mode answers NodePorts by the first card alone.
        (r"rp.?filter|reverse.?path|反向路径|逆向路径",), _rp_filter, modes=(Mode.IPTABLES, Mode.IPVS), two_cards=True,
    ),
)  # fmt: skip
