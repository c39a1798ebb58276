"""The sentences of the story `dns`; figures come in."""

from __future__ import annotations

from engine.trace import Hop, Outcome, Text
from engine.values import dataclass
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds
from k8squiz.story.endings import reason

TITLE = Text("DNS: what one name costs, and who answers", "DNS：一个名称要查几次，由谁回答")
SUMMARY = Text(
    "front, of namespace shop, calls http://api. Its libc turns the name into queries by the rules of resolv.conf, each query goes to"
    " kube-dns' ClusterIP as any request to a Service does, and CoreDNS answers from what the API server holds. All figures come from"
    " models of glibc's and musl's resolvers that are held against recordings of the real ones.",
    "命名空间 shop 的 front 访问 http://api。它的 libc 按 resolv.conf 的规则把名称变成若干次查询，每次查询都像访问普通 Service 一样发往 kube-dns 的 "
    "ClusterIP，由 CoreDNS 按 API server 中的对象回答。所有数字都来自 glibc 与 musl 解析器的模型，已与真实解析器的记录比对。",
)
SETTINGS = Text("The pod's resolv.conf", "Pod 的 resolv.conf")
SETTINGS_TOLD = Text(
    "The kubelet writes it, by dnsPolicy and dnsConfig: the name server is kube-dns' ClusterIP, the search list begins with the pod's"
    " own namespace, and ndots:5 says that a name with fewer than five dots is first tried with each entry of the search list.",
    "由 kubelet 按 dnsPolicy 和 dnsConfig 生成：nameserver 是 kube-dns 的 ClusterIP，search 列表以 Pod 所在命名空间开头；"
    "ndots:5 表示名称中的点少于五个时，先依次拼上 search 列表的每一项去查。",
)
SHOWN = Text("in front", "在 front 中")
POLICIES_CAPTION = Text("what each dnsPolicy makes of two names (glibc)", "不同 dnsPolicy 下两个名称的结果（glibc）")
POLICY_NONE = Text("None, no search list", "None，没有 search 列表")
ASKED = Text("What one name costs", "一个名称要查几次")
ASKED_CAPTION = Text(
    "queries sent, A and AAAA each counted, and what came of them", "发出的查询数（A 与 AAAA 分别计数）及结果"
)
NAME, ANSWER = Text("name", "名称"), Text("answer", "回答")
LOG = Text(
    "example.org in front, query by query: type, name, answer (records)",
    "front 解析 example.org 的逐次查询：类型、名称、结果（记录数）",
)
ASKED_TOLD = Text(
    "Names outside cost most: every entry of the search list is missed first. A dot at the end says that the name is complete, and"
    " costs no search.",
    "集群外的名称最费：search 列表的每一项都要先落空一次。末尾加点表示名称已完整，不再走 search 列表。",
)
WAY = Text("The way of one query", "一次查询的路径")
WAY_CAPTION = Text(
    "front -> kube-dns, answered by coredns-2 on node2", "front -> kube-dns，由 node2 上的 coredns-2 回答"
)
STEPS = (
    Text("front sends to kube-dns' ClusterIP", "front 发往 kube-dns 的 ClusterIP"),
    Text("kube-proxy's rules pick a CoreDNS pod", "kube-proxy 的规则选中一个 CoreDNS Pod"),
    Text("node1 routes to it", "node1 查路由"),
    Text("It crosses to node2", "到达 node2"),
    Text("CoreDNS gets the query", "CoreDNS 收到查询"),
    Text("conntrack undoes the translation", "conntrack 还原转换"),
    Text("front has its answer", "front 收到响应"),
)
DOTS = Text("ndots, and which libc", "ndots 与 libc 的区别")
DOTS_CAPTION = Text("the same three names under other options", "同样三个名称，换不同的选项")
OPTION = Text("option, libc", "选项，libc")
DOTS_TOLD = Text(
    "With fewer dots wanted, a name with a dot is asked as it stands first. glibc then goes on through the search list; musl gives up at"
    " the first NXDOMAIN. So an image on Alpine loses `api.shop` where Debian only asks more.",
    "ndots 变小后，带点的名称会先按原样查询。glibc 落空后还会继续走 search 列表；musl 遇到第一个 NXDOMAIN 就放弃。所以 Alpine 镜像解析不了 "
    "`api.shop`，而 Debian 只是多查几次。",
)
RECORDS = Text("What CoreDNS answers", "CoreDNS 回答什么")
RECORDS_CAPTION = Text("computed from the cluster's objects", "由集群对象计算得出")
RECORDS_TOLD = Text(
    "A Service's name is its ClusterIP; a headless Service's name is its ready pods, and each pod that has a hostname has a name of its"
    " own; an ExternalName is a CNAME. SRV records exist for named ports alone.",
    "普通 Service 的名称对应 ClusterIP；无头服务的名称对应就绪的 Pod，设了 hostname 的 Pod 还有各自的名称；ExternalName 是 CNAME。"
    "SRV 记录只有命名端口才有。",
)
SILENT = Text("A name server that does not answer", "域名服务器没有响应")
SILENT_CAPTION = Text(
    "seconds for a look-up, the first of two name servers being dead", "两台域名服务器中第一台不响应时，一次解析的秒数"
)
RESOLVER = Text("libc, options", "libc，选项")
KEPT = Text("How long an old answer lives", "旧结果会保留多久")
KEPT_CAPTION = Text(
    "somebody asked a moment before the change; seconds until the new answer",
    "变更前一刻有人查询过；多少秒后才得到新结果",
)
CACHE = Text("caches", "缓存")
CHANGED, MADE = (
    Text("an address changes", "地址变更"),
    Text("a name is made (NXDOMAIN before)", "新建名称（之前为 NXDOMAIN）"),
)
CACHE_30 = Text("CoreDNS, cache 30", "CoreDNS，cache 30")
CACHE_DISABLED = Text(
    "CoreDNS, cache 30 with disable success and denial cluster.local",
    "CoreDNS，cache 30，并 disable success、denial cluster.local",
)
CACHE_NODE = Text("NodeLocal DNSCache before CoreDNS, cache 30", "NodeLocal DNSCache 加 CoreDNS，cache 30")
KEPT_TOLD = Text(
    "This is the servers' part alone; a JVM or a proxy may keep an answer for longer. A client that asks for a Service before it exists"
    " is told so again until the denial runs out.",
    "这只是服务端的部分；JVM 或代理可能缓存得更久。在 Service 创建之前就来查询的客户端，要等否定缓存过期才能得到结果。",
)
NODE_CACHE = Text("NodeLocal DNSCache", "NodeLocal DNSCache")
NODE_CACHE_WALK = Text("the same query, with the cache on the node", "同样的查询，节点上有缓存")
NODE_CACHE_CAPTION = Text("one query of front", "front 的一次查询")
NODE_CACHE_HEADERS = (
    Text("cluster", "集群"),
    Text("hosts passed", "经过的主机"),
    Text("DNAT", "DNAT"),
    Text("conntrack entries on node1", "node1 的 conntrack 表项"),
    Text("rules evaluated", "检查的规则数"),
)
PLAIN_DNS, NODE_LOCAL_DNS = Text("kube-dns", "kube-dns"), Text("with NodeLocal DNSCache", "加上 NodeLocal DNSCache")
YES, NO = Text("yes", "有"), Text("no", "无")
NODE_CACHE_TOLD = Text(
    "The node has kube-dns' address itself, and its NOTRACK rules take the query out of conntrack: no DNAT, no entry, nothing to race for."
    " What it does not hold it asks of CoreDNS over TCP, in connections that it keeps.",
    "节点自己拥有 kube-dns 的地址，NOTRACK 规则让查询不进入 conntrack：没有 DNAT、没有表项，也就没有竞争。缓存未命中时，它用保持的 TCP 连接去问 CoreDNS。",
)
BREAKS = Text("What breaks without each part", "缺了哪一部分会怎样")
BREAKS_CAPTION = Text(
    "the query as a walk, two names as musl looks them up", "查询本身的路径，以及 musl 解析两个名称的结果"
)
BREAKS_HEADERS = (
    Text("cluster", "集群"),
    Text("a query", "一次查询"),
    Text("api", "api"),
    Text("api.shop", "api.shop"),
)
SOME_FAIL, FAILS = Text("some fail", "部分失败"), Text("fails", "失败")
_PARTS = {
    "search-list": Text("no search list (dnsPolicy None)", "没有 search 列表（dnsPolicy 为 None）"),
    "ndots-5": Text("ndots:1", "ndots:1"),
    "path-to-node2": Text("the tunnel between the nodes is blocked", "节点之间的隧道被阻断"),
    "coredns-ready": Text("no CoreDNS pod is ready", "没有就绪的 CoreDNS Pod"),
}
POINTS = (
    Text(
        "resolv.conf is the kubelet's work: ClusterIP of kube-dns, search list of the namespace, ndots:5.",
        "resolv.conf 由 kubelet 生成：kube-dns 的 ClusterIP、按命名空间的 search 列表、ndots:5。",
    ),
    Text(
        "A query is a UDP packet to a Service: DNAT, conntrack, the tunnel, policies, all of it applies. Half of the queries lost is one of"
        " two CoreDNS pods that cannot be reached from this node.",
        "一次查询就是发往 Service 的一个 UDP 包：DNAT、conntrack、隧道、策略全都适用。丢一半查询，多半是本节点到两个 CoreDNS Pod 之一不通。",
    ),
    Text(
        "Look-ups of five seconds or a multiple are timeouts: a packet was lost, nothing is slow.",
        "五秒或其倍数的解析耗时是超时：丢了包，而不是慢。",
    ),
    Text(
        "Short names within the namespace, full names with a dot at the end for what is outside and asked often.",
        "命名空间内用短名称；经常访问的外部域名写全并在末尾加点。",
    ),
    Text(
        "Look in this order: cat /etc/resolv.conf, nslookup by the ClusterIP, then by each CoreDNS pod's own address, then CoreDNS' log.",
        "排查顺序：cat /etc/resolv.conf；用 ClusterIP 做 nslookup；再逐个用 CoreDNS Pod 的地址；最后看 CoreDNS 日志。",
    ),
)
FOLLOW_UPS = (
    Text("Why do hostNetwork pods not resolve Services, and which dnsPolicy do they need?", "hostNetwork 的 Pod 为什么解析不了 Service？应当用哪个 dnsPolicy？"),
    Text("Why does scaling CoreDNS not help against the five-second look-ups?", "扩容 CoreDNS 为什么解决不了五秒超时？"),
    Text("What does a client of a headless Service do when its pod is replaced?", "无头服务的 Pod 被替换后，客户端会怎样？"),
    Text("What does autopath do in CoreDNS, and what does it cost?", "CoreDNS 的 autopath 做什么？代价是什么？"),
    Text("How do you find out which pod asks most?", "怎样找出查询最多的 Pod？"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """What look-ups cost with everything in place."""

    server: str
    outside: int
    dotted: int
    short: int
    full: int
    dead: float


def found(queries: int, result: str) -> Text:
    return Text(f"{queries}: {result}", f"{queries} 次：{result}")


def told(queries: int, result: str) -> Text:
    return Text(f"{result} after {queries} queries", f"查询 {queries} 次，得到 {result}")


def seconds(value: float) -> Text:
    return Text(f"{value:g} s", f"{value:g} 秒")


def servers(libc: str, options: str) -> Text:
    told = f"{libc}{options}"
    return Text(told, told)


def silent(glibc: float, musl: float) -> Text:
    return Text(
        "glibc waits for the first server, with every name of the search list anew; musl asks all at once. With a single server that never"
        f" answers, the look-up of api fails after {glibc:g} s in glibc and {musl:g} s in musl. A Service without an endpoint is another"
        " thing: it rejects, and the client hears at once.",
        f"glibc 对 search 列表的每个名称都要重新等第一台服务器；musl 同时问所有服务器。只有一台且从不响应时，解析 api 在 glibc 中 {glibc:g} 秒后失败，"
        f"在 musl 中 {musl:g} 秒。Service 没有端点则是另一回事：它会 REJECT，客户端立即得知。",
    )


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def claim_full(name: str, figures: Figures) -> Claim:
    return Claim(
        Text("The full name of a Service is the cheapest.", "写 Service 的完整名称最省。"),
        Text(
            f"{name} has four dots, fewer than ndots:5, so it goes through the search list: {figures.full} queries, where `api` takes"
            f" {figures.short}. Only with a dot at the end is it asked as it stands.",
            f"{name} 只有四个点，少于 ndots:5，所以仍要走 search 列表：{figures.full} 次查询，而 `api` 只要 {figures.short} 次。末尾加点才会直接查询。",
        ),
    )


def claim_ndots(glibc: Text, musl: Text) -> Claim:
    return Claim(
        Text("ndots:1 makes look-ups cheaper and changes nothing else.", "ndots:1 只会让解析更省，没有别的影响。"),
        Text(
            f"Names outside, yes. `api.shop` gives {glibc.en} in glibc, and {musl.en} in musl.",
            f"对外部域名是这样。而 `api.shop` 在 glibc 中{glibc.zh}；在 musl 中{musl.zh}。",
        ),
        Holds.DEPENDS,
    )


def claim_second(glibc: float, musl: float) -> Claim:
    return Claim(
        Text("A second nameserver line makes DNS highly available.", "再写一行 nameserver，DNS 就高可用了。"),
        Text(
            f"With the first one dead, example.org takes {glibc:g} s in glibc (five for each name that it tries) and {musl:g} s in musl.",
            f"第一台失效时，example.org 在 glibc 中要 {glibc:g} 秒（每个尝试的名称五秒），在 musl 中为 {musl:g} 秒。",
        ),
        Holds.DEPENDS,
    )


def claim_down(refused: Outcome, waited: float) -> Claim:
    return Claim(
        Text("When CoreDNS is down, look-ups take five seconds.", "CoreDNS 挂了，解析会卡五秒。"),
        Text(
            f"No pod ready: {refused.verdict}, heard at once. {reason(refused).en} Pods that are ready and cannot be reached: the packet is lost,"
            f" and glibc gives up on api after {waited:g} s.",
            f"没有就绪的 Pod：{refused.verdict}，立即得知。{reason(refused).zh}Pod 就绪但网络不通：包丢了，glibc 在 {waited:g} 秒后放弃解析 api。",
        ),
        Holds.DEPENDS,
    )


def claim_service(entries: str, hop: Hop | None) -> Claim:
    chain = "" if hop is None or hop.chain is None else hop.chain
    return Claim(
        Text(
            "A query to kube-dns goes through kube-proxy's rules like any other request.",
            "发往 kube-dns 的查询与其他请求一样经过 kube-proxy 的规则。",
        ),
        Text(
            f"{chain} does its DNAT, and node1's conntrack has {entries} entry for it: a burst of look-ups fills the table like any UDP.",
            f"{chain} 对它做 DNAT，node1 的 conntrack 为它建立 {entries} 条表项：大量解析与其他 UDP 一样会占满表。",
        ),
        Holds.YES,
    )


def claim_headless(addresses: int, straight: Outcome) -> Claim:
    return Claim(
        Text("A headless Service balances the load by DNS.", "无头服务靠 DNS 做负载均衡。"),
        Text(
            f"DNS gives all ready addresses ({addresses} here) and the client picks, mostly once. There is no ClusterIP and no DNAT: the pod"
            f" saw {straight.source_seen}, at {straight.destination}, the address that was asked.",
            f"DNS 返回全部就绪地址（这里 {addresses} 个），由客户端选择，而且往往只选一次。没有 ClusterIP，也没有 DNAT：访问的就是 "
            f"{straight.destination}，Pod 看到的是 {straight.source_seen}。",
        ),
    )


def claim_policy(default: Text) -> Claim:
    return Claim(
        Text("dnsPolicy Default is the default.", "dnsPolicy 的默认值是 Default。"),
        Text(
            f"The default is ClusterFirst. Default means the node's own resolv.conf: `api` gives {default.en} there.",
            f"默认值是 ClusterFirst。Default 表示用节点自己的 resolv.conf：此时解析 `api`：{default.zh}。",
        ),
    )


def claim_race(tracked: str) -> Claim:
    return Claim(
        Text("The five-second race is a bug of CoreDNS.", "五秒超时是 CoreDNS 的缺陷。"),
        Text(
            "It is conntrack's: A and AAAA leave one socket at once, both meet DNAT before either entry is confirmed, and one is dropped"
            " (insert_failed). One packet is walked here, so the race itself is not computed (kubernetes issue 56903, as of November 2026). What is"
            f" computed is the cure: with NodeLocal DNSCache the query leaves {tracked} conntrack entries on node1.",
            "问题出在 conntrack：A 和 AAAA 从同一个 socket 同时发出，在表项确认之前都经过 DNAT，其中一个被丢弃（insert_failed）。"
            "这里一次只模拟一个包，所以竞争本身没有计算；出处是 Kubernetes issue 56903，截至 2026 年 11 月。计算出来的是解法："
            f"用 NodeLocal DNSCache 时，这次查询在 node1 上留下 {tracked} 条 conntrack 表项。",
        ),
    )


def spoken(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            f"The kubelet gives the pod a resolv.conf with kube-dns' ClusterIP, {figures.server}, three search entries, its own namespace"
            " first, and ndots:5. A name with fewer than five dots is tried with each entry before it is asked as it stands, each time for A"
            f" and AAAA: `api` takes {figures.short} queries, a name outside {figures.outside}, with a dot at the end {figures.dotted}.",
            f"kubelet 给 Pod 写好 resolv.conf：kube-dns 的 ClusterIP {figures.server}，三个 search 项，第一项是自己的命名空间，还有 ndots:5。"
            f"名称中的点少于五个时，先逐个拼 search 项再按原样查，每次都查 A 和 AAAA：`api` 要 {figures.short} 次，外部域名要 {figures.outside} 次，"
            f"末尾加点只要 {figures.dotted} 次。",
        ),
        Text(
            "Each query is UDP to a Service, so it is DNATed to one CoreDNS pod and has a conntrack entry. If look-ups take five seconds I think"
            " of a lost packet: a CoreDNS pod that this node cannot reach, a policy without a rule for port 53, or the conntrack race of A and"
            " AAAA. NodeLocal DNSCache removes DNAT and conntrack from the pod's query. And I ask which libc the image has, because musl treats"
            " ndots and several servers differently.",
            "每次查询都是发往 Service 的 UDP，会被 DNAT 到某个 CoreDNS Pod 并建立 conntrack 表项。解析耗时五秒，我首先想到丢包：本节点到某个 CoreDNS "
            "Pod 不通、策略没放行 53 端口，或 A 与 AAAA 的 conntrack 竞争。NodeLocal DNSCache 让 Pod 的查询不再经过 DNAT 和 conntrack。"
            "我还会问镜像用的是哪个 libc，因为 musl 对 ndots 和多个服务器的处理不同。",
        ),
    )
