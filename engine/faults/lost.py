"""Faults of what was taken away or set up anew: routes of a node and of its pods, networks beside, CoreDNS's pods, a NodePort."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, ToolEvidence
from engine.faults.networks import ENFORCING, TUNNELLED
from engine.faults.restarts import all_proxies
from engine.faults.scene import DNS, IncidentScene, pod_of
from engine.faults.services import json_patch, restart
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text

_BRIDGE = "br-5f1c9a3e7b20"


def _default(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        gateway = next(r.via for r in live.fabric.host(node).table.routes if r.prefix == "0.0.0.0/0")
        yield Case(
            (node,),
            ((node, "ip route del default"),),
            (
                ToolEvidence(node, "ip route", r"^(?![\s\S]*default)"),
                ToolEvidence(node, "ip route get 1.2.3.4", r"Network is unreachable"),
            ),
            tuple(((node, f"ip route {verb} default via {gateway} dev eth0"),) for verb in ("add", "replace")),
            (*all_proxies(), restart(scene, live, scene.front), ((node, "ip link set eth0 up"),)),
        )


def _overlap(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """A network of Docker's in half of another node's podCIDR: the longer prefix wins."""
    for node, other in ((one, two) for one in scene.nodes for two in scene.nodes[:2] if one != two):
        network = ipaddress.IPv4Network(scene.pods_network(other).replace("/24", "/25"))
        yield Case(
            (node, _BRIDGE),
            (
                (node, f"ip link add {_BRIDGE} type bridge"),
                (node, f"ip addr add {network[1]}/25 dev {_BRIDGE}"),
                (node, f"ip link set {_BRIDGE} up"),
            ),
            (
                ToolEvidence(node, "ip route", rf"{network} dev {_BRIDGE}"),
                ToolEvidence(node, f"ip route get {network[99]}", rf"dev {_BRIDGE}"),
            ),
            (
                ((node, f"ip link del {_BRIDGE}"),),
                ((node, f"ip addr del {network[1]}/25 dev {_BRIDGE}"),),
                ((node, f"ip link set {_BRIDGE} down"),),
            ),
            (*all_proxies(), restart(scene, live, scene.front)),
        )


def _pod_route(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for template in scene.of(scene.front):
        pod, node = pod_of(live, template), template.node
        assert pod is not None
        host = live.host_named(f"pod/{pod.namespace}/{pod.name}")
        port = next(d.name for d in live.fabric.host(node).devices.values() if d.peer == (host, "eth0"))
        address = pod.ips[0]
        yield Case(
            (node, pod.name),
            ((node, f"ip route del {address}"),),
            (
                ToolEvidence(node, f"ip route get {address}", rf"^(?!.*dev {port})"),
                ToolEvidence(node, f"ip route | grep -c '^{address} '", r"^0$"),
            ),
            (((node, f"ip route add {address} dev {port} scope link"),), (("", f"kubectl delete pod {pod.name}"),)),
            (*all_proxies(), ((node, f"ip link set {port} up"),)),
        )


def _no_dns_pods(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    count = len(scene.of(DNS))
    yield Case(
        ("coredns", "kube-dns"),
        (("", f"kubectl scale deployment {DNS} -n kube-system --replicas=0"),),
        (
            ToolEvidence("", f"kubectl get deployment {DNS} -n kube-system --no-headers", r"coredns +0/0"),
            ToolEvidence("", "kubectl get endpoints kube-dns -n kube-system --no-headers", "<none>"),
        ),
        (
            (("", f"kubectl scale deployment {DNS} -n kube-system --replicas={count}"),),
            (("", f"kubectl -n kube-system scale deploy/{DNS} --replicas={count + 1}"),),
        ),
        (*all_proxies(), (("", f"kubectl rollout restart deployment/{DNS} -n kube-system"),)),
    )


def _node_port(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    name, port = scene.front, scene.node_port
    other = 30000 + (port - 30000 + 997) % 2700
    back = [{"port": 80, "targetPort": scene.port, "nodePort": port}]
    yield Case(
        (name,),
        json_patch(name, "/spec/ports/0/nodePort", other),
        (
            ToolEvidence("", f"kubectl get svc {name} --no-headers", rf"80:{other}/TCP"),
            ToolEvidence("client", f"curl -m 3 {scene.addresses[scene.nodes[0]]}:{port}", r"Connection refused|Couldn't connect|Failed to connect"),
        ),
        (
            json_patch(name, "/spec/ports/0/nodePort", port),
            (("", f"kubectl patch svc {name} -p '{json.dumps({'spec': {'ports': back}})}'"),),
        ),
        (*all_proxies(), restart(scene, live, name)),
    )  # fmt: skip


def _neighbour(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """The tunnel does not know whose MAC address the other node's end has."""
    for node, other in ((one, two) for one in scene.nodes for two in scene.nodes[:2] if one != two):
        hop = scene.pods_network(other).removesuffix("/24")
        shown = Shell(live).run(node, "ip neigh show dev flannel.1").stdout.splitlines()
        mac = next(line.split()[2] for line in shown if line.startswith(f"{hop} "))
        yield Case(
            (node, other),
            ((node, f"ip neigh del {hop} dev flannel.1"),),
            (
                ToolEvidence(node, f"ip neigh show dev flannel.1 | grep -c '^{hop} lladdr'", r"^0$"),
                ToolEvidence(other, "ip link show flannel.1", rf"link/ether {mac}"),
            ),
            # Not `add`: as soon as a packet was meant for it there is an entry, INCOMPLETE and then FAILED.
            (((node, f"ip neigh replace {hop} lladdr {mac} dev flannel.1 nud permanent"),),),
            (*all_proxies(), restart(scene, live, scene.front), ((node, "ip link set flannel.1 up"),)),
        )


def _no_masquerade(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        rule = f"POSTROUTING -p tcp --dport {scene.port} -j ACCEPT"
        pattern = rf"-A POSTROUTING -p tcp -m tcp --dport {scene.port} -j ACCEPT"
        yield Case(
            (node,),
            ((node, f"iptables -t nat -I {rule}"),),
            (
                ToolEvidence(node, "iptables -t nat -S POSTROUTING", pattern),
                ToolEvidence(node, "iptables-save -t nat", pattern),
            ),
            (((node, f"iptables -t nat -D {rule}"),), ((node, "iptables -t nat -D POSTROUTING 1"),)),
            (*all_proxies(), restart(scene, live, scene.front), ((node, "iptables -t nat -P POSTROUTING ACCEPT"),)),
        )


_SERVICE = Text("in the Service, on the API server", "在 API server 上的 Service 对象里")
_ROUTES = Text("on one node: its kernel's routing table", "在某个节点上：内核的路由表里")

FAULTS = (
    KnownFault(
        "default-route-gone", 2,
        Text("a node has no default route: answers to the outside do not leave it", "某节点没有默认路由：发往外部的响应出不去"), _ROUTES,
        Text("a node's DHCP lease was renewed", "有个节点的 DHCP 租约续约了"),
        (r"default.{0,12}(route|gateway)|(route|gateway).{0,20}(default|internet|outside|world|0\.0\.0\.0)|默认路由|默认网关",), _default,
    ),
    KnownFault(
        "overlapping-network", 3,
        Text("a bridge of Docker's has a network that lies in another node's podCIDR: the longer prefix takes the packets", "Docker 的网桥所用的网段落在另一节点的 podCIDR 内：更长的前缀抢走了数据包"),
        Text("on one node: a bridge that is not the CNI's", "在某个节点上：一个不属于 CNI 的网桥"),
        Text("a test with docker compose was run on a node", "有人在某个节点上跑过 docker compose 测试"),
        (r"overlap|docker|br-5f1c|conflict|重叠|冲突|覆盖",), _overlap,
    ),
    KnownFault(
        "pod-route-gone", 3,
        Text("a node has no route to one of its own pods", "某节点缺少到自己某个 Pod 的路由"), _ROUTES,
        Text("systemd-networkd was restarted on a node", "有个节点重启过 systemd-networkd"),
        (r"(?<![a-z])rout(e|es|ing|ed)(?![a-z])|路由", r"pod|\bcali|veth|/32|interface|网卡"), _pod_route, plugins=ENFORCING,
    ),
    KnownFault(
        "dns-scaled-down", 1,
        Text("CoreDNS was scaled to 0 replicas: nobody answers names", "CoreDNS 被缩容到 0 个副本：没有 Pod 响应域名查询"),
        Text("in the Deployment coredns of kube-system", "在 kube-system 的 Deployment coredns 里"),
        Text("unused Deployments were scaled down", "缩容了一批闲置的 Deployment"),
        (r"scale|replica|缩容|副本|\bno\b.{0,12}(dns|pod)|(dns|pod).{0,20}(\bno\b|not run|gone|缺|没有)|没有.{0,12}(dns|pod)",), _no_dns_pods,
    ),
    KnownFault(
        "nodeport-changed", 1,
        Text("the Service's nodePort is another one than its clients use", "Service 的 nodePort 变成了另一个端口，而客户端仍用原来的"), _SERVICE,
        Text("{front} was installed anew", "重新安装了 {front}"),
        (r"node\W?port|节点端口",), _node_port,
    ),
    KnownFault(
        "vxlan-neigh-missing", 4,
        Text("the tunnel device flannel.1 has no neighbour entry for another node's end: no MAC address to send to", "隧道设备 flannel.1 缺少另一节点那一端的邻居表项：不知道发往哪个 MAC 地址"),
        Text("on one node: a neighbour entry of flannel.1", "在某个节点上：flannel.1 的一条邻居表项"),
        Text("the neighbour tables of a node were tidied up by a script", "某个节点的邻居表被脚本清理过"),
        (r"neigh|arp|\bmac\b|vtep|邻居",), _neighbour, plugins=TUNNELLED,
    ),
    KnownFault(
        "masquerade-bypassed", 4,
        Text("a rule in nat POSTROUTING accepts the application's packets before kube-proxy's: what has to be masqueraded is not", "nat 表 POSTROUTING 里的规则在 kube-proxy 之前就 ACCEPT 了应用的数据包：该做 MASQUERADE 的没有做"),
        Text("on one node: its iptables rules", "在某个节点上：它的 iptables 规则里"),
        Text("the servers were to see the clients' addresses", "想让服务端看到客户端的真实地址"),
        (r"masquerad|snat|postrouting|源地址转换",), _no_masquerade,
        # In nftables mode kube-proxy has a chain of its own at the hook, which this one does not end.
        modes=(Mode.IPTABLES, Mode.IPVS),
    ),
)  # fmt: skip
