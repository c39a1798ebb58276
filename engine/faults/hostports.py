"""Faults of host ports: what portmap left of pods that are gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, ToolEvidence
from engine.faults.restarts import all_proxies
from engine.faults.scene import IncidentScene
from engine.faults.services import restart
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text

_HOST_PORT = 8443


def _stale(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """An entry of a pod that is gone stands before the one of the pod that has the port now."""
    for template in scene.of(scene.front):
        node = template.node
        sandbox = hashlib.sha256(f"{live.seed} {node}".encode()).hexdigest()
        chain, gone = f"CNI-DN-{sandbox[:21]}", scene.pods_network(node).replace(".0/24", ".2")
        nat = "iptables -t nat"
        entry = rf"-A CNI-HOSTPORT-DNAT .*--dports {_HOST_PORT} -j {chain}\n-A CNI-HOSTPORT-DNAT .*--dports {_HOST_PORT} -j CNI-DN-"
        entries = Shell(live).run(node, f"{nat} -S CNI-HOSTPORT-DNAT").stdout
        # As the conflist is called whose portmap it was.
        network = entries.partition('dnat name: \\"')[2].partition("\\")[0]
        named = f'-m comment --comment \'dnat name: "{network}" id: "{sandbox}"\''
        yield Case(
            (node,),
            (
                (node, f"{nat} -N {chain}"),
                (node, f"{nat} -A {chain} -p tcp -m tcp --dport {_HOST_PORT} -j DNAT --to-destination {gone}:{scene.port}"),
                (node, f"{nat} -I CNI-HOSTPORT-DNAT 1 -p tcp {named} -m multiport --dports {_HOST_PORT} -j {chain}"),
            ),
            (
                ToolEvidence(node, f"{nat} -S CNI-HOSTPORT-DNAT", entry),
                ToolEvidence(node, f"{nat} -S {chain}", rf"--to-destination {gone}:{scene.port}"),
                ToolEvidence("", "kubectl get pods -A -o wide", rf"^(?![\s\S]* {gone} )"),
            ),
            (
                ((node, f"{nat} -D CNI-HOSTPORT-DNAT 1"),),
                ((node, f"{nat} -D CNI-HOSTPORT-DNAT -p tcp {named} -m multiport --dports {_HOST_PORT} -j {chain}"), (node, f"{nat} -F {chain}"), (node, f"{nat} -X {chain}")),
            ),
            (*all_proxies(), restart(scene, live, scene.front), ((node, f"iptables -I INPUT -p tcp --dport {_HOST_PORT} -j ACCEPT"),)),
        )  # fmt: skip


FAULTS = (
    KnownFault(
        "hostport-stale-dnat", 4,
        Text("an entry of portmap's for a pod that is gone stands first: the host port leads to its old address", "portmap 为已不存在的 Pod 留下的规则排在最前：hostPort 仍指向它的旧地址"),
        Text("on one node: its nat table, chain CNI-HOSTPORT-DNAT", "在某个节点上：nat 表的 CNI-HOSTPORT-DNAT 链"),
        Text("containerd crashed on a node while {front} was rolled out", "{front} 发布期间，有个节点上的 containerd 崩溃过"),
        (r"host\W?port|portmap|cni-dn|主机端口",), _stale, modes=(Mode.IPTABLES, Mode.IPVS), host_port=_HOST_PORT,
    ),
)  # fmt: skip
