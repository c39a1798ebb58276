"""Host ports of pods that come and go on a node whose rules somebody has touched: portmap's, which no sync of kube-proxy writes."""

from __future__ import annotations

import pytest

from engine.cluster import Mode
from engine.faults.scene import draw_scene, reconciled
from engine.shell import Shell
from engine.shell.live import LiveCluster

SCENE = draw_scene("portmap", "flannel/vxlan", Mode.IPTABLES, 2, host_port=8443)
NODE = SCENE.nodes[0]
ENTRIES = "iptables -t nat -S CNI-HOSTPORT-DNAT | grep -o 'CNI-DN-[0-9a-f]*'"
LEFT = (
    "iptables -t nat -N CNI-DN-0dd",
    "iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 8443 -j CNI-DN-0dd",
)
TOUCHED = {
    "as the CNI wrote them": ((), False),
    "a rule of somebody's": (("iptables -t nat -I POSTROUTING -s 203.0.113.0/24 -j ACCEPT",), False),
    "an entry that was left": (LEFT, True),
}


@pytest.mark.parametrize(("lines", "left"), TOUCHED.values(), ids=TOUCHED)
def test_a_pod_made_anew_has_its_own_chain(lines: tuple[str, ...], left: bool) -> None:
    shell = Shell(LiveCluster(SCENE.cluster))
    before = shell.run(NODE, ENTRIES).stdout.split()
    for line in lines:
        shell = shell.run(NODE, line).shell
    pod = next(one for one in SCENE.cluster.pods if one.name.startswith(SCENE.front) and one.node_name == NODE)
    gone = shell.run("", f"kubectl delete pod {pod.name}").shell
    assert set(before).isdisjoint(gone.run(NODE, ENTRIES).stdout.split())
    again = Shell(reconciled(SCENE, gone.live))
    found = again.run(NODE, ENTRIES).stdout.split()
    assert ("CNI-DN-0dd" in found, len(found)) == (left, 1 + left)
    assert set(before).isdisjoint(found)
    reply = again.run("client", f"curl -s -m 2 {SCENE.addresses[NODE]}:8443")
    assert "server: " in reply.stdout
