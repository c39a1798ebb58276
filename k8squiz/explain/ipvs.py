"""kube-proxy's ipvs mode: what stands on a node, which way a packet takes, who is masqueraded, what breaks."""

from __future__ import annotations

from engine import compile_rules
from engine.cluster import Mode
from engine.cost.sizes import NODES, synthetic_cluster
from engine.hooks import Hook
from engine.netfilter.ipvs import IpvsRuleset
from engine.trace import Outcome, Stage, Text
from k8squiz.explain.clusters import NODE_PORT, PODS, PORT, VIP, Shape
from k8squiz.explain.clusters import NODES as NODE_ADDRESSES
from k8squiz.explain.ipvs_words import FOLLOW_UPS, SOURCES, claims, points
from k8squiz.explain.releases import IPVS, releases_grid
from k8squiz.explain.walked import StoryCluster, first, last, step
from k8squiz.story.blocks import Grid, Paragraph, Rules, Section, Steps, Story, same
from k8squiz.story.endings import brief, ending
from k8squiz.world.release import RELEASE

WITHOUT = ("kube-ipvs0", "vs-conntrack", "masquerade", "ip_forward")
_ALL, _REMOTE, _LOCAL = Shape(), Shape(endpoints=("pod-b",)), Shape(endpoints=("pod-a",))
_NODE_PORT = f"{NODE_ADDRESSES['node1'][0]}:{NODE_PORT}"
_FEW, _MANY = 10, 500


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live traces."""
    world = StoryCluster(_ALL, without, Mode.IPVS)
    b = PODS["pod-b"][0]
    inside, outside = world.walk("pod/pod-a", "svc/web", to=b), world.walk("client", _NODE_PORT, to=b)
    return Story(
        topic="ipvs",
        title=Text(
            "kube-proxy's ipvs mode, from kube-ipvs0 to the pod", "kube-proxy 的 ipvs 模式：从 kube-ipvs0 到 Pod"
        ),
        summary=Text(
            f"{VIP}:{PORT} is a virtual server now, and three pods are its real servers. Which hook takes the packet, "
            "why does it get there, and what do iptables and ipset still have to do?",
            f"{VIP}:{PORT} 现在是一台虚拟服务器，三个 Pod 是它的真实服务器。数据包在哪个 hook 点被 IPVS 接管？为什么会走到那里？"
            "iptables 和 ipset 还要做什么？",
        ),
        sections=(
            _what_stands(world),
            _cluster_ip(world, inside),
            _node_port(world, outside),
            _who_is_masqueraded(),
            _what_breaks(),
            _still_iptables(),
            Section(Text("Where it stands", "现状"), (releases_grid(IPVS),)),
        ),
        claims=claims(),
        points=points(),
        follow_ups=FOLLOW_UPS,
        sources=SOURCES,
        without=WITHOUT,
    )


def ruleset(world: StoryCluster) -> IpvsRuleset:
    """What stands on node1."""
    compiled = compile_rules(world.cluster, "node1", Mode.IPVS)
    assert isinstance(compiled, IpvsRuleset)
    return compiled


# The sets that decide on the requests of this story: what being in one means.
_SETS: dict[str, Text] = {
    "KUBE-CLUSTER-IP": Text(
        "a ClusterIP and port: masqueraded unless a pod asks", "ClusterIP 与端口：不是 Pod 发起的就做 MASQUERADE"
    ),
    "KUBE-NODE-PORT-TCP": Text("a NodePort: masqueraded, unless it is in the next set", "NodePort：做 MASQUERADE，除非也在下一个集合中"),
    "KUBE-NODE-PORT-LOCAL-TCP": Text(
        "a NodePort with policy Local: not masqueraded", "策略为 Local 的 NodePort：不做 MASQUERADE"
    ),
    "KUBE-LOOP-BACK": Text("a local pod that reaches itself: masqueraded", "访问到自己的本地 Pod：做 MASQUERADE"),
    "KUBE-IPVS-IPS": Text(
        "an address of kube-ipvs0: what no Service has there is rejected", "kube-ipvs0 上的地址：没有 Service 的端口一律拒绝"
    ),
}  # fmt: skip


def _what_stands(world: StoryCluster) -> Section:
    compiled = ruleset(world)
    rows = tuple(
        (same(name), same("; ".join(_entries(compiled, name)) or "-"), meaning) for name, meaning in _SETS.items()
    )
    bound = ", ".join(compiled.dummy_addresses)
    return Section(
        Text("What stands on node1", "node1 上有什么"),
        (
            Rules(
                Text("ipvsadm-save -n: virtual servers, real servers", "ipvsadm-save -n：虚拟服务器与真实服务器"),
                world.rule_lines("node1", "-A -t", "-a -t"),
            ),
            Paragraph(
                Text(
                    f"-m is masquerading (NAT), the one way of forwarding that kube-proxy uses; -w 1 never differs. "
                    f"The dummy device kube-ipvs0 holds {bound}: with that, routing takes a packet to a ClusterIP for "
                    "the node's own. NodePorts need nothing there: they are on the node's own addresses.",
                    f"-m 即 masquerading（NAT），是 kube-proxy 唯一使用的转发方式；-w 1 处处相同。虚拟设备 kube-ipvs0 上绑定了 "
                    f"{bound}：这样路由才会把发往 ClusterIP 的数据包当作发给本机的。NodePort 用的就是节点自己的地址，不需要绑定。",
                )
            ),
            Grid(
                Text("ipsets, asked by the rules around it", "周围的规则所查询的 ipset"),
                (Text("set", "集合"), Text("holds", "内容"), Text("what being in it means", "在其中意味着什么")),
                rows,
            ),
        ),
    )


def _entries(compiled: IpvsRuleset, name: str) -> tuple[str, ...]:
    """The entries of an ipset as `ipset save` prints them."""
    prefix = f"add {name} "
    found = next((ipset for ipset in compiled.ipsets if ipset.name == name), None)
    return () if found is None else tuple(x.removeprefix(prefix) for x in found.save() if x.startswith(prefix))


def _cluster_ip(world: StoryCluster, outcome: Outcome) -> Section:
    there, back = outcome.hops, outcome.reply
    taken = next((n for n, hop in enumerate(there) if hop.stage is Stage.IPVS), len(there))
    path = (
        step(Text("PREROUTING: the ClusterIP is in a set; no DNAT", "PREROUTING：ClusterIP 在集合中；不做 DNAT"),
             last(there[:taken], Stage.PREROUTING)),
        step(Text("Routing: the address is on kube-ipvs0, so it is local", "路由：地址在 kube-ipvs0 上，属于本机"),
             last(there[:taken], Stage.ROUTING) if taken < len(there) else None),
        step(Text("INPUT: the filter lets Service ports pass", "INPUT：过滤规则放行 Service 的端口"), last(there, Stage.INPUT)),
        step(Text("IPVS at LOCAL_IN picks a real server", "IPVS 在 LOCAL_IN 处选择真实服务器"), first(there, Stage.IPVS)),
        step(Text("Routed once more", "再次路由"), first(there[taken:], Stage.ROUTING)),
        step(Text("POSTROUTING: KUBE-POSTROUTING", "POSTROUTING：KUBE-POSTROUTING"),
             last((hop for hop in there if hop.host == "node1"), Stage.POSTROUTING)),
        step(Text("The pod receives it", "Pod 收到请求"), first(there, Stage.SOCKET)),
        step(Text("The answer: IPVS at FORWARD gives the ClusterIP back", "响应：IPVS 在 FORWARD 处还原 ClusterIP"),
             first(back, Stage.IPVS, lambda hop: hop.hook is Hook.FORWARD)),
        step(Text("The client receives it", "客户端收到响应"), last(back[1:], Stage.SOCKET)),
    )  # fmt: skip
    return Section(
        Text("A pod asks the ClusterIP", "Pod 访问 ClusterIP"),
        (
            Steps(ending(outcome), path),
            world.told(_asked(f"pod-a -> {VIP}:{PORT}", outcome), outcome),
        ),
    )


def _node_port(world: StoryCluster, outcome: Outcome) -> Section:
    return Section(
        Text("A client asks a NodePort", "客户端访问 NodePort"),
        (world.told(_asked(f"client -> {_NODE_PORT}", outcome), outcome),),
    )


def _asked(who: str, outcome: Outcome) -> Text:
    """Who asks whom, and that pod-b was picked where it was."""
    if not outcome.destination.startswith(f"{PODS['pod-b'][0]}:"):
        return same(who)
    return Text(f"{who}, pod-b picked", f"{who}，选中 pod-b")


_REQUESTS: tuple[tuple[Text, Shape, str, str], ...] = (
    (Text("a client, NodePort, the pod on node2", "客户端，NodePort，Pod 在 node2"), _REMOTE, "client", _NODE_PORT),
    (Text("the same, policy Local, the pod on node1", "同上，策略 Local，Pod 在 node1"),
     Shape(endpoints=("pod-a",), external="Local"), "client", _NODE_PORT),
    (Text("the same, policy Local, the pod on node2", "同上，策略 Local，Pod 在 node2"),
     Shape(endpoints=("pod-b",), external="Local"), "client", _NODE_PORT),
    (Text("a pod, ClusterIP", "Pod，ClusterIP"), _REMOTE, "pod/pod-a", "svc/web"),
    (Text("the same, internal policy Local, the pod on node2", "同上，内部策略 Local，Pod 在 node2"),
     Shape(endpoints=("pod-b",), internal="Local"), "pod/pod-a", "svc/web"),
    (Text("the same, the Service of type ClusterIP", "同上，且 Service 为 ClusterIP 类型"),
     Shape(endpoints=("pod-b",), internal="Local", cluster_ip_only=True), "pod/pod-a", "svc/web"),
    (Text("a pod reaches itself (hairpin)", "Pod 访问到自己（hairpin）"), _LOCAL, "pod/pod-a", "svc/web"),
    (Text("a process on node1, ClusterIP", "node1 上的进程，ClusterIP"), _REMOTE, "node/node1", "svc/web"),
    (Text("the same, NodePort on 127.0.0.1", "同上，127.0.0.1 的 NodePort"), _REMOTE, "node/node1", f"127.0.0.1:{NODE_PORT}"),
    (Text(f"a pod, {VIP}:81, which no Service has", f"Pod，{VIP}:81，没有任何 Service 使用"), _REMOTE, "pod/pod-a", f"{VIP}:81"),
)  # fmt: skip


def _who_is_masqueraded() -> Section:
    rows = []
    for name, shape, source, destination in _REQUESTS:
        found = [StoryCluster(shape, mode=mode).walk(source, destination) for mode in (Mode.IPVS, Mode.IPTABLES)]
        rows.append((name, *(brief(outcome) for outcome in found)))
    own = StoryCluster(_REMOTE, mode=Mode.IPVS).walk("node/node1", "svc/web").hops[0]
    local = Shape(endpoints=("pod-b",), external="Local")
    alone = StoryCluster(local, frozenset({"cni-rules"}), Mode.IPVS).walk("client", _NODE_PORT)
    return Section(
        Text("Who is masqueraded, beside iptables mode", "谁被 MASQUERADE：与 iptables 模式对照"),
        (
            Grid(
                Text("each cell is a walk of its own", "每格都是一次单独的模拟"),
                (Text("who asks for what", "谁访问什么"), same("ipvs"), same("iptables")),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "The differences are ipvs mode's own. Where a Service can be reached from outside and a Local policy "
                    "finds no endpoint on the node, it hands out the other nodes' endpoints, and kube-proxy does not "
                    "masquerade. So a pod is served under internal policy Local after all; a Service of type ClusterIP has "
                    f"no such way out, its virtual server stays empty. The node's own process speaks from {own.src}, for "
                    "the address it asks is local; that is no pod's address, so it is masqueraded.",
                    "不同之处都是 ipvs 模式自己的行为。如果 Service 可以从集群外访问，而 Local 策略在本节点找不到端点，它会退回使用其他节点的端点，"
                    "而且 kube-proxy 不做 MASQUERADE。所以内部策略为 Local 时 Pod 照样得到服务；ClusterIP 类型的 Service 不会这样退回，"
                    f"虚拟服务器是空的。节点自己的进程以 {own.src} 为源，因为它访问的地址就在本机；这不是 Pod 的地址，所以做 MASQUERADE。",
                )
            ),
            Paragraph(
                Text(
                    "What then becomes of the client outside is up to the CNI. flannel masquerades what comes from no pod and "
                    "goes to another node's pod (FLANNEL-POSTRTG): the client is connected, and its address, which the policy "
                    "was to keep, is lost. A CNI that does not, as Calico, leaves the source alone; the pod answers past node1, "
                    f"the client hears from a stranger, and the connection ends {alone.verdict}.",
                    "之后外部客户端的结果取决于 CNI。flannel 会对来自非 Pod、去往其他节点 Pod 的流量做 MASQUERADE（FLANNEL-POSTRTG）："
                    "客户端连接成功，但策略本该保留的源地址丢失了。不这样做的 CNI（例如 Calico）不改源地址，Pod 的响应绕过 node1，"
                    f"客户端收到的响应来自它没有访问过的地址，连接以 {alone.verdict} 告终。",
                )
            ),
        ),
    )


_CASES: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset(), Text("everything in place", "一切正常")),
    (frozenset({"kube-ipvs0"}), Text("no addresses on kube-ipvs0", "kube-ipvs0 上没有地址")),
    (frozenset({"vs-conntrack"}), same("vs.conntrack=0")),
    (frozenset({"masquerade"}), Text("no MASQUERADE rules", "没有 MASQUERADE 规则")),
    (frozenset({"ip_forward"}), same("ip_forward=0")),
)


def _what_breaks() -> Section:
    rows = []
    for without, name in _CASES:
        asked = ((_REMOTE, "pod/pod-a", "svc/web"), (_REMOTE, "client", _NODE_PORT), (_LOCAL, "client", _NODE_PORT),
                 (_REMOTE, "node/node1", "svc/web"))  # fmt: skip
        rows.append((name, *(brief(StoryCluster(shape, without, Mode.IPVS).walk(who, to)) for shape, who, to in asked)))
    return Section(
        Text("What breaks without each part", "缺了哪一部分会怎样"),
        (
            Grid(
                Text("each cell is a walk of its own", "每格都是一次单独的模拟"),
                (
                    Text("on the nodes", "节点状况"),
                    Text("pod, ClusterIP, pod on node2", "Pod，ClusterIP，Pod 在 node2"),
                    Text("client, NodePort, pod on node2", "客户端，NodePort，Pod 在 node2"),
                    Text("the same, pod on node1", "同上，Pod 在 node1"),
                    Text("node1, ClusterIP, pod on node2", "node1，ClusterIP，Pod 在 node2"),
                ),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "With net.ipv4.vs.conntrack=0 IPVS takes its packets out of conntrack, and what conntrack does not know no "
                    "nat rule masquerades: what needs no masquerade goes on working, which makes it hard to find. "
                    "kube-proxy sets this sysctl and ip_forward to 1 itself in ipvs mode; what resets them afterwards "
                    "breaks it.",
                    "net.ipv4.vs.conntrack=0 时 IPVS 让数据包脱离 conntrack，而 conntrack 没有表项的包，任何 nat 规则都不会做 MASQUERADE："
                    "不需要 MASQUERADE 的流量照常，所以很难查。ipvs 模式的 kube-proxy 会自己把这个 sysctl 和 ip_forward 设为 1；"
                    "之后被别的东西改回去才会出问题。",
                )
            ),
        ),
    )


def _still_iptables() -> Section:
    rows = []
    for services in (_FEW, _MANY):
        compiled = compile_rules(synthetic_cluster(services, 2), NODES[0], Mode.IPVS, release=RELEASE)
        assert isinstance(compiled, IpvsRuleset)
        rules = sum(len(chain.rules) for table in compiled.tables.values() for chain in table.chains.values())
        entries = sum(len(ipset.entries) for ipset in compiled.ipsets)
        servers = sum(len(service.servers) for service in compiled.services)
        cells = (services, len(compiled.services), servers, len(compiled.dummy_addresses), entries, rules)
        rows.append(tuple(same(f"{cell:,}") for cell in cells))
    return Section(
        Text("What grows, and what does not", "什么会增长，什么不会"),
        (
            Grid(
                Text(
                    "ClusterIP Services of two pods each, compiled",
                    "每个 Service 两个 Pod，只有 ClusterIP，实际生成规则",
                ),
                (
                    same("Services"),
                    Text("virtual servers", "虚拟服务器"),
                    Text("real servers", "真实服务器"),
                    Text("addresses on kube-ipvs0", "kube-ipvs0 上的地址"),
                    Text("ipset entries", "ipset 元素"),
                    Text("iptables rules", "iptables 规则"),
                ),
                tuple(rows),
            ),
        ),
    )
