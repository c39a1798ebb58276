"""Faults of a node's kube-proxy and of what it leaves in conntrack."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, Lines, ToolEvidence
from engine.faults.networks import ALONE_BEFORE_ROUTING
from engine.faults.restarts import pods_of
from engine.faults.scene import DNS, IncidentScene, pod_of
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.trace import Request, Text

SOCKET = 40053


def _started(node: str) -> tuple[Lines, ...]:
    return tuple(((node, f"systemctl {verb} kube-proxy"),) for verb in ("start", "restart"))


def _stale(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    gone = pod_of(live, scene.of(scene.front)[0])
    assert gone is not None
    show = {
        Mode.IPTABLES: f"iptables-save | grep {scene.front}",
        Mode.IPVS: "ipvsadm -Ln",
        Mode.NFTABLES: "nft list ruleset",
    }[scene.mode]
    for node in scene.nodes:
        yield Case(
            (node,),
            ((node, "systemctl stop kube-proxy"), ("", f"kubectl delete pod {gone.name}")),
            (
                ToolEvidence(node, "systemctl status kube-proxy", r"inactive \(dead\)"),
                ToolEvidence(node, show, gone.ips[0].replace(".", r"\.") + r"\b"),
                ToolEvidence("", f"kubectl get endpoints {scene.front} --no-headers", rf"^(?!.*{gone.ips[0]}:)"),
            ),
            _started(node),
            (restart(scene, live, scene.other), ((node, "sysctl -w net.ipv4.ip_forward=1"),)),
        )


def _flushed(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        yield Case(
            (node,),
            (
                (node, "systemctl stop kube-proxy"),
                (node, "iptables -t nat -F PREROUTING"),
                (node, "iptables -t nat -F OUTPUT"),
            ),
            (
                ToolEvidence(node, "systemctl is-active kube-proxy", r"^inactive"),
                ToolEvidence(node, "iptables -t nat -S PREROUTING", r"^-P PREROUTING ACCEPT\n?$"),
            ),
            _started(node),
            (restart(scene, live, scene.front), restart(scene, live, DNS, "kube-system")),
        )


def with_socket(scene: IncidentScene, live: LiveCluster) -> LiveCluster:
    """A caller that asks CoreDNS from one and the same socket all the time."""
    pod = pods_of(scene, live, scene.caller)[0]
    request = Request(f"pod/default/{pod}", "svc/kube-system/kube-dns:53", "UDP", sport=SOCKET)
    return dataclasses.replace(live.walk(request)[1], traffic=(request,))


def _stale_entry(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    node = scene.nodes[0]
    held = next(one.view for one in live.state(node).connections if one.view.original.sport == SOCKET)
    gone = next(pod for pod in live.cluster.pods if held.reply.src in pod.ips)
    caller = pods_of(scene, live, scene.caller)[0]
    yield Case(
        (node, caller),
        (
            (node, "systemctl stop kube-proxy"),
            ("", f"kubectl delete pod {gone.name} -n kube-system"),
            (node, "systemctl start kube-proxy"),
        ),
        (
            ToolEvidence(node, "conntrack -L -p udp --dport 53", rf"src={gone.ips[0]} .*dport={SOCKET}"),
            ToolEvidence("", "kubectl get endpoints kube-dns -n kube-system --no-headers", rf"^(?!.*{gone.ips[0]}:)"),
        ),
        (
            ((node, "conntrack -D -p udp --dport 53"),),
            ((node, f"conntrack -D -p udp --reply-src {gone.ips[0]}"),),
            (("", f"kubectl delete pod {caller}"),),
        ),
        (
            (("", "kubectl rollout restart daemonset/kube-proxy -n kube-system"),),
            restart(scene, live, DNS, "kube-system"),
        ),
    )


FAULTS = (
    KnownFault(
        "kube-proxy-stale", 3,
        Text("kube-proxy does not run on one node: its rules still name a pod that is gone", "某个节点上的 kube-proxy 没有运行：规则里还是已经不存在的 Pod"),
        Text("on one node: kube-proxy and the rules it left", "在某个节点上：kube-proxy 以及它留下的规则"),
        Text("a pod of {front} was moved", "{front} 的一个 Pod 被重新调度"),
        (r"kube.?proxy", r"stop|stale|dead|down|not run|inactive|old|停|旧|过期|没有?运行|挂"), _stale,
    ),
    KnownFault(
        "nat-flushed", 3,
        Text("kube-proxy is stopped on one node and nothing in nat leads to its chains: no Service is translated there", "某个节点上的 kube-proxy 停止了，且 nat 表里跳转到它的规则被清空：那里的 Service 都不会做 DNAT"),
        Text("on one node: kube-proxy and its nat table", "在某个节点上：kube-proxy 和它的 nat 表"),
        Text("a firewall was reloaded on a node", "某个节点重载过防火墙"),
        (r"kube.?proxy|nat|iptables", r"stop|dead|down|not run|inactive|flush|empty|停|清空|没有?运行|挂"), _flushed,
        ALONE_BEFORE_ROUTING, (Mode.IPTABLES,),
    ),
    KnownFault(
        "udp-stale-conntrack", 4,
        Text("a conntrack entry still sends one UDP socket's packets to a CoreDNS pod that is gone", "conntrack 里的一条记录仍把某个 UDP 套接字的包发往已不存在的 CoreDNS Pod"),
        Text("on one node: its conntrack table", "在某个节点上：它的 conntrack 表"),
        Text("CoreDNS was rolled out anew while a kube-proxy was being upgraded", "升级 kube-proxy 期间重新发布了 CoreDNS"),
        (r"conntrack|nf_conntrack|连接跟踪",), _stale_entry, prepare=with_socket,
    ),
)  # fmt: skip
