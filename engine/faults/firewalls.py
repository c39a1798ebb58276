"""Faults that live in one node's rules: what somebody beside kube-proxy and the CNI wrote there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, Lines, ToolEvidence
from engine.faults.networks import EVERY, TUNNELLED, WITHOUT_ACCEPT
from engine.faults.restarts import all_proxies
from engine.faults.scene import DNS, IncidentScene
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.trace import Text

_IPTABLES = (Mode.IPTABLES,)


def _rule(
    scene: IncidentScene,
    live: LiveCluster,
    node: str,
    rule: str,
    pattern: str,
    *,
    table: str = "filter",
    chain: str = "FORWARD",
    wrong: tuple[Lines, ...] = (),
) -> Case:
    """One rule at the head of a chain; to be deleted by its words or by its number."""
    tool = "iptables" if table == "filter" else f"iptables -t {table}"
    return Case(
        (node,),
        ((node, f"{tool} -I {chain} 1 {rule}"),),
        (ToolEvidence(node, f"{tool} -S {chain}", pattern), ToolEvidence(node, "iptables-save", pattern)),
        (((node, f"{tool} -D {chain} {rule}"),), ((node, f"{tool} -D {chain} 1"),)),
        (*all_proxies(), restart(scene, live, scene.front), ((node, f"{tool} -P {chain} ACCEPT"),), *wrong),
    )


def _policy(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    pods = scene.pods_network(scene.nodes[0]).rpartition(".")[0].rpartition(".")[0] + ".0.0/16"
    for node in scene.nodes:
        accepted = ((node, f"iptables -I FORWARD -s {pods} -j ACCEPT"), (node, f"iptables -I FORWARD -d {pods} -j ACCEPT"))  # fmt: skip
        yield Case(
            (node,),
            ((node, "iptables -P FORWARD DROP"),),
            (ToolEvidence(node, "iptables -S FORWARD", r"-P FORWARD DROP"), ToolEvidence(node, "iptables -L FORWARD", r"Chain FORWARD \(policy DROP\b")),
            (((node, "iptables -P FORWARD ACCEPT"),), accepted),
            (*all_proxies(), restart(scene, live, scene.front), ((node, "iptables -P INPUT ACCEPT"),)),
        )  # fmt: skip


def _reject(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes[:2]:
        network = scene.pods_network(node)
        rule = f"-d {network} -j REJECT --reject-with icmp-host-prohibited"
        opened: Lines = ((node, "iptables -I FORWARD -j ACCEPT"),)
        yield _rule(scene, live, node, rule, rf"-A FORWARD -d {network} -j REJECT", wrong=(opened,))


def _port(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes[:2]:
        rule = f"-p tcp --dport {scene.port} -j DROP"
        yield _rule(scene, live, node, rule, rf"-A FORWARD .*--dport {scene.port} -j DROP")


def _dns(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        yield _rule(
            scene, live, node, "-p udp --dport 53 -j DROP", r"-A FORWARD .*--dport 53 -j DROP",
            wrong=(restart(scene, live, DNS, "kube-system"),),
        )  # fmt: skip


def _node_port(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        rule = f"-p tcp --dport {scene.node_port} -j DROP"
        pattern = rf"-A PREROUTING .*--dport {scene.node_port} -j DROP"
        opened: Lines = ((node, f"iptables -I INPUT -p tcp --dport {scene.node_port} -j ACCEPT"),)
        yield _rule(scene, live, node, rule, pattern, table="raw", chain="PREROUTING", wrong=(opened,))


def _tunnel(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        wrong: Lines = ((node, "iptables -I INPUT -p udp --dport 4789 -j ACCEPT"),)
        yield _rule(
            scene, live, node, "-p udp --dport 8472 -j DROP", r"-A INPUT .*--dport 8472 -j DROP", chain="INPUT", wrong=(wrong,)
        )  # fmt: skip


def _accepted_early(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        network = scene.pods_network(node)
        yield _rule(
            scene, live, node, f"-s {network} -j ACCEPT", rf"-A PREROUTING -s {network} -j ACCEPT", table="nat", chain="PREROUTING"
        )  # fmt: skip


_LIVES = Text("on one node: its iptables rules", "在某个节点上：它的 iptables 规则里")


def _fault(
    name: str,
    level: int,
    what: Text,
    trigger: Text,
    terms: tuple[str, ...],
    cases: Callable[[IncidentScene, LiveCluster], Iterator[Case]],
    plugins: tuple[str, ...] = EVERY,
    modes: tuple[Mode, ...] = (Mode.IPTABLES, Mode.IPVS),
) -> KnownFault:
    return KnownFault(name, level, what, _LIVES, trigger, terms, cases, plugins, modes)


FAULTS = (
    _fault(
        "forward-drop", 2,
        Text("the policy of FORWARD is DROP, and nothing accepts the pods' packets", "FORWARD 链的默认策略是 DROP，而没有规则放行 Pod 的数据包"),
        Text("Docker was installed on a node", "在某个节点上安装了 Docker"),
        (r"forward", r"drop|policy|丢弃|策略"), _policy, plugins=WITHOUT_ACCEPT,
    ),
    _fault(
        "leftover-reject", 2,
        Text("a firewall's rule rejects what is forwarded to the node's pods", "一条防火墙规则 REJECT 了转发给该节点 Pod 的流量"),
        Text("firewalld was switched on and off again on a node", "某个节点上开过又关掉 firewalld"),
        (r"reject|拒绝|(firewall|iptables|防火墙).*(rule|block|forward|left|规则|拦|挡|残留)|(rule|规则|拦|挡).*(firewall|iptables|防火墙)",), _reject,
    ),
    _fault(
        "app-port-dropped", 2,
        Text("a rule in FORWARD drops the application's port", "FORWARD 链里的一条规则丢弃了应用端口的流量"),
        Text("a port scan was answered by new rules on a node", "某个节点因端口扫描告警加了规则"),
        (r"drop|丢弃|丢包|block|拦|挡|(firewall|iptables|forward|防火墙).*(rule|port|规则|端口)|(rule|port|规则|端口).*(firewall|iptables|forward|防火墙)",), _port,
    ),
    _fault(
        "dns-blocked-on-node", 3,
        Text("a rule on one node drops UDP port 53 that it forwards", "某个节点上的规则丢弃了它转发的 UDP 53 端口流量"),
        Text("DNS to the outside was closed on a node", "某个节点禁止了对外的 DNS"),
        (r"drop|firewall|iptables|forward|防火墙|丢弃", r"dns|53"), _dns,
    ),
    _fault(
        "nodeport-blocked", 3,
        Text("a rule in the raw table drops the NodePort before it is translated", "raw 表里的一条规则在 DNAT 之前就丢弃了 NodePort 的流量"),
        Text("a node was hardened by a script", "某个节点被脚本加固过"),
        (r"node\W?port|节点端口|(?<![a-z])raw(?![a-z])|prerouting|(?<!\d)3\d{4}(?!\d)", r"drop|block|reject|firewall|iptables|rule|(?<![a-z])raw(?![a-z])|防火墙|丢弃|规则|拦|挡"), _node_port,
    ),
    _fault(
        "underlay-blocks-vxlan", 3,
        Text("a node drops UDP 8472, the tunnel's packets, on their way in", "某个节点丢弃了入站的 UDP 8472，也就是隧道的数据包"),
        Text("a node's INPUT chain was tightened", "收紧过某个节点的 INPUT 链"),
        (r"8472|vxlan|tunnel|隧道",), _tunnel, plugins=TUNNELLED,
    ),
    _fault(
        "nat-accepted-early", 4,
        Text("a rule in nat PREROUTING accepts the pods' packets before kube-proxy's chains: no DNAT", "nat 表 PREROUTING 里的规则在 kube-proxy 的链之前就 ACCEPT 了 Pod 的数据包：不做 DNAT"),
        Text("a VPN was set up on a node", "某个节点上配置了 VPN"),
        (r"nat|prerouting|dnat", r"accept|rule|iptables|规则|接受"), _accepted_early, modes=_IPTABLES,
    ),
)  # fmt: skip
