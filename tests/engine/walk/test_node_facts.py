"""What a Network document says of single nodes, of the network between them, and of what was there before the walk."""

from __future__ import annotations

import pytest

from engine import EngineError, ManifestError, Outcome, Request, load_cluster, outcomes
from engine.fabric.fabric import build_fabric
from engine.network.devices import DeviceKind

CLUSTER = """
apiVersion: v1
kind: Node
metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan, k8squiz.dev/addresses: 192.0.2.10}}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
apiVersion: v1
kind: Node
metadata: {name: node2, annotations: {flannel.alpha.coreos.com/backend-type: vxlan, k8squiz.dev/addresses: 192.0.2.11}}
spec: {podCIDR: 10.244.2.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {nodeName: node1, containers: [{ports: [{containerPort: 8080}]}]}
status: {podIP: 10.244.1.5}
---
apiVersion: v1
kind: Pod
metadata: {name: c, labels: {app: c}}
spec: {nodeName: node1, containers: [{ports: [{containerPort: 8080}]}]}
status: {podIP: 10.244.1.6}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: web}}
spec: {nodeName: node2, containers: [{ports: [{containerPort: 8080}, {containerPort: 8080, protocol: UDP, name: u}]}]}
status: {podIP: 10.244.2.8}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  selector: {app: web}
  ports: [{name: t, port: 80, targetPort: 8080, nodePort: 30080}, {name: u, port: 53, targetPort: 8080, protocol: UDP}]
---
apiVersion: v1
kind: Service
metadata: {name: own}
spec: {clusterIP: 10.96.0.11, selector: {app: a}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
CIDR
---
apiVersion: k8squiz.dev/v1
kind: Network
spec: {SPEC}
"""


def text(spec: str, cidr: str = "10.244.0.0/16") -> str:
    return CLUSTER.replace("CIDR\n---\napiVersion: k8s", f"clusterCIDR: {cidr}\n---\napiVersion: k8s").replace("SPEC", spec)  # fmt: skip


def walk(
    spec: str,
    source: str,
    destination: str,
    mode: str = "iptables",
    protocol: str = "TCP",
    cidr: str = "10.244.0.0/16",
) -> tuple[Outcome, ...]:
    return outcomes(load_cluster(text=text(spec, cidr)), Request(source, destination, protocol), mode)


def end(ways: tuple[Outcome, ...]) -> str:
    (way,) = ways
    return f"{way.verdict} {way.where.code} at {way.where.host}" if way.where else f"{way.verdict} {way.source_seen}"


ENTRY = "udp 17 29 src=10.244.1.5 dst=10.96.0.10 sport=54321 dport=53 [UNREPLIED] src=10.244.2.99 dst=10.244.1.5 sport=8080 dport=54321 mark=0 use=1"
# a fact of one node -> who asks whom, what becomes of it, and from where it still goes well
ROWS: dict[str, tuple[str, str, str, str, tuple[str, str]]] = {
    "ipForward": ("nodes: [{name: node1, ipForward: false}]", "pod/a", "svc/web:t", "LOST ip-forward-off at node1", ("pod/b", "svc/web:t")),
    "bridgeNfCallIptables": ("nodes: [{name: node1, bridgeNfCallIptables: false}]", "pod/c", "svc/own", "LOST wrong-reply-source at c", ("pod/b", "svc/own")),
    "hairpinMode": ("nodes: [{name: node1, hairpinMode: false}]", "pod/a", "svc/own", "LOST bridge-refuses-same-port at node1", ("pod/b", "svc/web:t")),
    "rpFilter": ("nodes: [{name: node1, rpFilter: 1, defaultRoute: eth1}]", "client", "192.168.1.10:30080", "LOST rp-filter at node1", ("client", "192.168.1.11:30080")),
    "rpFilter of a card": ("nodes: [{name: node1, defaultRoute: eth1, cards: [{name: eth0, rpFilter: 1}]}]", "client", "192.168.1.10:30080", "LOST rp-filter at node1", ("client", "192.0.2.10:30080")),
    "without": ("nodes: [{name: node1, without: [masquerade]}]", "client", "192.168.1.10:30080", "LOST wrong-reply-source at client", ("client", "192.168.1.11:30080")),
    "forwardPolicy": ("nodes: [{name: node2, forwardPolicy: DROP}], without: [cni-rules]", "pod/a", "svc/web:t", "DROP policy-drop at node2", ("pod/c", "svc/own")),
    "inputPolicy": ("nodes: [{name: node1, inputPolicy: DROP}]", "client", "192.168.1.10:10250", "DROP policy-drop at node1", ("client", "192.168.1.11:10250")),
    "a firewall between the nodes": ("underlayDrops: [{protocol: UDP, port: 8472}]", "pod/a", "svc/web:t", "LOST underlay-drop at node1", ("pod/a", "svc/own")),
    "in one direction": ("underlayDrops: [{port: 8472, from: node2, to: node1}]", "pod/a", "svc/web:t", "LOST underlay-drop at node2", ("pod/a", "svc/own")),
    "by another port": ("underlayDrops: [{protocol: TCP, port: 30080, to: node1}]", "client", "192.168.1.10:30080", "LOST underlay-drop at router", ("client", "192.168.1.11:30080")),
    "a connection of before": (f"nodes: [{{name: node1, conntrack: '{ENTRY}'}}]", "pod/a", "svc/web:u", "LOST no-neighbour at node2", ("pod/c", "svc/web:u")),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "source", "to", "expected", "well"), ROWS.values(), ids=ROWS)
def test_a_fact_of_one_node(spec: str, source: str, to: str, expected: str, well: tuple[str, str]) -> None:
    protocol = "UDP" if to.endswith(":u") else "TCP"
    assert end(walk(spec, source, to, protocol=protocol)) == expected
    assert walk("", source, to, protocol=protocol)[0].verdict == "DELIVERED"
    assert walk(spec, *well, protocol=protocol)[0].verdict == "DELIVERED"


@pytest.mark.parametrize(
    ("card", "seen"), [("eth0", "192.168.1.10"), ("eth1", "192.0.2.10")], ids=["eth0", "eth1"]
)  # kubernetes issue 101910: the source is chosen by the default route, before DNAT
def test_the_card_with_the_default_route(card: str, seen: str) -> None:
    spec = f"nodes: [{{name: node1, defaultRoute: {card}}}]"
    first = walk(spec, "node/node1", "svc/web:t", cidr="''")[0].hops[0]
    assert first.src.startswith(f"{seen}:")


def test_names_of_devices() -> None:
    spec = "nodes: [{name: node1, bridge: br0, mtu: 9000, cards: [{name: ens3, address: 192.168.1.10}, {name: ens4, address: 192.0.2.10, mtu: 1400}]}]"  # fmt: skip
    fabric = build_fabric(load_cluster(text=text(spec)), "iptables")
    devices = fabric.host("node1").devices
    cards = {d.name: d.mtu for d in devices.values() if d.kind in (DeviceKind.ETHERNET, DeviceKind.BRIDGE)}
    assert cards == {"ens3": 9000, "ens4": 1400, "br0": 8950}
    assert {"eth0", "cni0"} <= set(fabric.host("node2").devices)
    for source, to in (
        ("pod/a", "svc/web:t"),
        ("pod/b", "svc/own"),
        ("client", "192.168.1.10:30080"),
        ("pod/c", "svc/own"),
    ):
        (way,) = walk(spec, source, to)
        assert way.verdict == "DELIVERED"
        met = {hop.device for hop in (*way.hops, *way.reply) if hop.host == "node1"}
        assert not met & {"eth0", "cni0"}


@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
@pytest.mark.parametrize(("where", "source", "stale"), [("node", "pod/a", True), ("node", "pod/b", False), ("all", "pod/b", True)])  # fmt: skip
def test_a_kube_proxy_that_is_behind(mode: str, where: str, source: str, stale: bool) -> None:
    gone = "staleEndpoints: [{service: web, address: 10.244.2.99}]"
    spec = gone if where == "all" else f"nodes: [{{name: node1, {gone}}}]"
    ways = walk(spec, source, "svc/web:t", mode)
    fates = {way.destination: (way.verdict, str(way.probability)) for way in ways}
    assert fates["10.244.2.8:8080"] == ("DELIVERED", "1/2" if stale else "1")
    assert fates.get("10.244.2.99:8080") == (("LOST", "1/2") if stale else None)


def test_all_endpoints_gone_and_a_kube_proxy_behind() -> None:
    spec = "nodes: [{name: node1, staleEndpoints: [{service: default/web, address: 10.244.2.99}]}]"
    made = load_cluster(text=text(spec).replace("app: web}}\nspec: {nodeName", "app: x}}\nspec: {nodeName"))
    assert outcomes(made, Request("pod/a", "svc/web:t"))[0].verdict == "LOST"
    assert outcomes(made, Request("pod/b", "svc/web:t"))[0].verdict == "REJECT"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{nodes: [{name: nodex}]}", "nodes of the Network document names node 'nodex'"),
        ("{underlayDrops: [{to: nodex}]}", "underlayDrops of the Network document names node 'nodex'"),
        ("{nodes: [{name: node1}, {name: node1}]}", "'node1' is there twice"),
        ("{nodes: [{name: node1, rpfilter: 1}]}", "rpfilter is no field"),
        ("{nodes: [{rpFilter: 1}]}", "name is missing"),
        ("{nodes: [{name: node1, rpFilter: 3}]}", "must be between 0 and 2"),
        ("{nodes: [{name: node1, bridge: 'a b'}]}", "a device's name"),
        ("{nodes: [{name: node1, cards: [{name: x, address: x}]}]}", "must be an IP address"),
        ("{nodes: [{name: node1, defaultRoute: eth7}]}", "speaks of node1's card 'eth7'; it has eth0, eth1"),
        ("{nodes: [{name: node1, without: [x]}]}", "there is no part 'x'"),
        ("{nodes: [{name: node1, conntrack: 'tcp nonsense'}]}", "is no line of `conntrack -L`"),
        ("{underlayDrops: [{protocol: IPIP, port: 4}]}", "nothing that IPIP has"),
        ("{staleEndpoints: [{service: nope, address: 10.244.2.99}]}", "names Service default/nope"),
        ("{forwardPolicy: REJECT}", "must be one of ACCEPT, DROP"),
    ],
)
def test_what_is_wrong(spec: str, message: str) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        outcomes(load_cluster(text=text("").replace("spec: {}", f"spec: {spec}")), Request("node/node1", "svc/web:t"))
    if isinstance(caught.value, ManifestError):
        assert caught.value.line
    assert caught.value.zh != caught.value.en


@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
def test_a_forward_policy_in_every_mode(mode: str) -> None:
    spec = "nodes: [{name: node2, forwardPolicy: DROP}], without: [cni-rules]"
    assert end(walk(spec, "pod/a", "svc/web:t", mode)) == "DROP policy-drop at node2"
