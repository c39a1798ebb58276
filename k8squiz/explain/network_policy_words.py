"""The sentences of the story `network-policy`; figures come in."""

from __future__ import annotations

from engine.trace import Outcome, Text
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds
from k8squiz.story.endings import address, brief, reason

TITLE = Text("NetworkPolicy: a packet is judged at two doors", "NetworkPolicy：每个数据包检查两次")
SUMMARY = Text(
    "front calls http://api. Everything in namespace shop is denied but what three policies allow: names may be looked up, front may"
    " send to api, api may take from front. First comes a DNS query, then the request; each is judged where it leaves a pod and where it"
    " enters one.",
    "front 访问 http://api。命名空间 shop 默认全部拒绝，只有三条策略放行：允许查询 DNS，允许 front 发往 api，允许 api 接收 front 的请求。"
    "先有一次 DNS 查询，然后才是请求本身；每个数据包在离开一个 Pod 和进入另一个 Pod 时各被检查一次。",
)
WRITTEN = Text("The policies", "策略")
WRITTEN_TOLD = Text(
    "A pod that no policy selects is open. The first policy selects every pod of shop and allows nothing, so it isolates them both"
    " ways; the others only add. front and api each need a rule of their own for one connection.",
    "没有被任何策略选中的 Pod 不受限制。第一条策略选中 shop 的所有 Pod 而什么都不允许，因此双向隔离；其余策略只会增加放行。"
    "同一个连接，front 和 api 两端各需要一条规则。",
)
WRITTEN_CAPTION = Text("namespace shop", "命名空间 shop")
ASKED = Text("First a name", "先解析名称")
ASKED_CAPTION = Text("front -> kube-dns, UDP 53, hop by hop", "front -> kube-dns，UDP 53，逐跳")
TYPED = Text("and what front sees", "front 看到的结果")
CALLED = Text("Then the request, judged twice", "然后是请求，检查两次")
CALLED_CAPTION = Text("front -> Service api, hop by hop", "front -> Service api，逐跳")
STEPS = (
    Text("front asks the Service's address", "front 访问 Service 地址"),
    Text("DNAT comes first", "先做 DNAT"),
    Text("front's door: egress", "front 一侧：检查 egress"),
    Text("api's door: ingress", "api 一侧：检查 ingress"),
    Text("api accepts", "api 接受连接"),
    Text("The answer at api's door", "响应到 api 一侧"),
    Text("The answer at front's door", "响应到 front 一侧"),
    Text("front has its answer", "front 收到响应"),
)
EVERYBODY = Text("Who reaches whom", "谁能访问谁")
EVERYBODY_CAPTION = Text("each cell is a walk", "每格都是一次模拟")
EVERYBODY_HEADERS = (
    Text("from", "来源"),
    Text("api, TCP 8080", "api，TCP 8080"),
    Text("db, TCP 5432", "db，TCP 5432"),
    Text("kube-dns, UDP 53", "kube-dns，UDP 53"),
)
EVERYBODY_TOLD = Text(
    "batch/job has the label of front and is not front: a podSelector alone means the policy's own namespace. A node always reaches"
    " the pods that it runs, whatever policies say (the kubelet's probes need that); another node does not.",
    "batch/job 的标签与 front 相同，却不算 front：单独的 podSelector 只在策略自己的命名空间内有效。节点总能访问自己运行的 Pod，与策略无关"
    "（kubelet 的探针需要）；其他节点则不行。",
)
NODE_PORTS = Text("A client let in by its address", "按地址放行的客户端")
ASKS, VERDICT, HAPPENED = (
    Text("the client asks", "客户端访问"),
    Text("verdict", "结果"),
    Text("what happened", "发生了什么"),
)
NODE_PORTS_TOLD = Text(
    "A policy judges what arrives at the pod's door. At the pod's own node that is before SNAT, so the client's address is still"
    " there; from another node the packet comes masqueraded (externalTrafficPolicy Cluster). With policy Local the second way does not"
    " exist.",
    "策略检查的是即将进入 Pod 的数据包。在 Pod 自己的节点上，检查在 SNAT 之前，客户端地址还在；经过其他节点时，数据包已经做过 MASQUERADE"
    "（externalTrafficPolicy 为 Cluster）。策略为 Local 时不存在第二种路径。",
)
ENFORCERS = Text("Who enforces it", "由谁执行")
ENFORCERS_CAPTION = Text("batch/job -> Service api, which is not allowed", "batch/job -> Service api，不允许")
ENFORCED_BY = Text("enforced by", "执行者")
ENFORCERS_TOLD = Text(
    "The API server stores a policy whether or not anybody reads it. What a denied client hears is the plugin's choice: a DROP is a"
    " timeout, a REJECT is heard at once.",
    "无论有没有组件读取，API server 都会保存策略。被拒绝的客户端看到什么由插件决定：DROP 是超时，REJECT 则立即得知。",
)
BREAKS = Text("What breaks without each part", "缺了哪一部分会怎样")
BREAKS_CAPTION = Text("each cell is a walk", "每格都是一次模拟")
BREAKS_HEADERS = (
    Text("cluster", "集群"),
    Text("front looks up a name", "front 解析名称"),
    Text("front -> api", "front -> api"),
    Text("batch/job -> api", "batch/job -> api"),
    Text("batch/job -> db", "batch/job -> db"),
)
BREAKS_TOLD = Text(
    "Without the default deny the shop still looks closed from front's and api's side, for they have policies of their own; db has none"
    " for ingress, and takes from everybody.",
    "去掉默认拒绝后，从 front 和 api 看仍像是封闭的，因为它们各有自己的策略；db 没有 ingress 策略，于是谁都能访问。",
)
_PARTS = {
    "dns-rule": Text("no rule for DNS", "没有放行 DNS 的规则"),
    "egress-rule": Text("front may not send to api", "没有放行 front 发往 api"),
    "ingress-rule": Text("api may not take from front", "没有放行 api 接收 front"),
    "pod-port": Text("front's rule names the Service's port", "front 的规则写了 Service 的端口"),
    "default-deny": Text("no default deny", "没有默认拒绝"),
    "enforcement": Text("flannel: nobody enforces policies", "flannel：无人执行策略"),
}
POINTS = (
    Text(
        "Nothing selects the pod: open. Something selects it for a direction: closed in that direction but for what some rule allows."
        " Policies only add up; there is no deny rule and no order.",
        "没有策略选中 Pod：全通。有策略在某个方向选中它：该方向只通过规则放行的流量。策略只做并集，没有拒绝规则，也没有先后顺序。",
    ),
    Text(
        "Both ends must agree: the sender's egress and the receiver's ingress. Answers need no rule, conntrack knows them.",
        "两端都要放行：发送方的 egress 和接收方的 ingress。响应不需要规则，由 conntrack 识别。",
    ),
    Text(
        "Rules see pods and their ports, after DNAT: not the Service's address, not its port. (The API does not say so; all plugins"
        " that are walked here do it.)",
        "规则看到的是 DNAT 之后的 Pod 及其端口，不是 Service 的地址和端口（API 没有规定；这里模拟的插件都是如此）。",
    ),
    Text(
        "Default deny for egress needs a rule for DNS, UDP and TCP 53, or names fail while addresses work.",
        "egress 默认拒绝时必须放行 DNS（UDP 和 TCP 53），否则按地址能通、按名称不通。",
    ),
    Text(
        "Check that the CNI enforces policies at all: try one connection that must fail.",
        "先确认 CNI 真的执行策略：试一个应当失败的连接。",
    ),
)
FOLLOW_UPS = (
    Text("How do you forbid one namespace to reach another, when a NetworkPolicy has no deny rule?", "NetworkPolicy 没有拒绝规则，怎样禁止一个命名空间访问另一个？"),
    Text("Which source does a policy see when a pod calls itself through its Service?", "Pod 经 Service 访问自己时，策略看到的源地址是什么？"),
    Text("What do policies say of pods with hostNetwork, and who says it?", "对 hostNetwork 的 Pod，策略是否有效？由谁规定？"),
    Text("A connection is open when you add a policy that forbids it. What becomes of it with Calico, and with kube-router?", "连接建立之后才加上禁止它的策略：Calico 和 kube-router 各会怎样处理？"),
    Text("How does NodeLocal DNSCache change the DNS rule?", "用了 NodeLocal DNSCache，DNS 的放行规则要怎样改？"),
)  # fmt: skip


def node_ports(client: str) -> Text:
    return Text(
        f"the policy of api allows ipBlock {client}/32 alone; api runs on node2",
        f"api 的策略只放行 ipBlock {client}/32；api 运行在 node2",
    )


def asked(server: str) -> Text:
    return Text(
        f"Before any connection there is a query to {server}, port 53. It is DNATed to a CoreDNS pod and then judged like everything"
        " else: the rule has to name the pod of kube-system, not the Service's address.",
        f"建立连接之前，先有一次发往 {server} 端口 53 的查询。它被 DNAT 到某个 CoreDNS Pod，然后与其他流量一样接受检查：规则要写 kube-system "
        "里的 Pod，而不是 Service 的地址。",
    )


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def claim_default(stranger: Outcome) -> Claim:
    found = brief(stranger)
    return Claim(
        Text(
            "Without a NetworkPolicy pods of other namespaces are kept out.",
            "没有 NetworkPolicy 时，其他命名空间的 Pod 访问不了。",
        ),
        Text(
            f"Namespaces separate names, not packets: with no policy batch/job at api is {found.en}.",
            f"命名空间隔离的是名称，不是数据包：没有任何策略时，batch/job 访问 api 的结果是 {found.zh}。",
        ),
    )


def claim_dns(by_address: Outcome, lookup: Outcome) -> Claim:
    return Claim(
        Text(
            "An egress rule to the server is all that a client needs.", "客户端只要有一条到服务端的 egress 规则就够了。"
        ),
        Text(
            f"By address it is {by_address.verdict}; the look-up before it is {lookup.verdict}, so the application reports that the host"
            f" is unknown. {reason(lookup).en}",
            f"按地址访问是 {by_address.verdict}；而之前的 DNS 查询是 {lookup.verdict}，应用报告主机名无法解析。{reason(lookup).zh}",
        ),
        Holds.DEPENDS,
    )


def claim_answers(outcome: Outcome, doors: int) -> Claim:
    return Claim(
        Text("The answer needs a rule of its own.", "响应也需要单独的规则。"),
        Text(
            f"api has no egress rule but DNS, and front no ingress rule at all; the answer passes {doors} doors all the same and the"
            f" connection is {outcome.verdict}. conntrack knows it: policies judge a connection's first packet.",
            f"api 除 DNS 外没有 egress 规则，front 完全没有 ingress 规则；响应照样经过 {doors} 个检查点，连接结果是 {outcome.verdict}。"
            "conntrack 已有这个连接的表项：策略只检查连接的首包。",
        ),
    )


def claim_service_port(port: int, target: int, outcome: Outcome) -> Claim:
    return Claim(
        Text("A rule names the port of the Service.", "规则里写 Service 的端口。"),
        Text(
            f"It names the pod's: DNAT comes before. With {port} instead of {target} in front's rule the request is {outcome.verdict}."
            f" {reason(outcome).en}",
            f"要写 Pod 的端口，因为 DNAT 在前。front 的规则把 {target} 写成 {port} 时，请求的结果是 {outcome.verdict}。{reason(outcome).zh}",
        ),
    )


def claim_one_end(outcome: Outcome) -> Claim:
    return Claim(
        Text("If front is allowed to send to api, it reaches api.", "允许 front 发往 api，它就能访问 api。"),
        Text(
            f"Only where api is not isolated, or lets it in too. Here, without api's rule: {outcome.verdict}. {reason(outcome).en}",
            f"前提是 api 没有被隔离，或者它也放行。这里去掉 api 的规则后：{outcome.verdict}。{reason(outcome).zh}",
        ),
        Holds.DEPENDS,
    )


def claim_adds(before: Outcome, after: Outcome) -> Claim:
    return Claim(
        Text("A second policy for the same pod narrows the first.", "同一个 Pod 的第二条策略会进一步收紧第一条。"),
        Text(
            f"It widens it. batch/job at api: {brief(before).en}; with one policy more, for namespace batch: {brief(after).en}.",
            f"是放宽。batch/job 访问 api：{brief(before).zh}；再加一条放行命名空间 batch 的策略后：{brief(after).zh}。",
        ),
    )


def claim_dash(both_job: Text, both_db: Text, either_job: Text, either_db: Text) -> Claim:
    return Claim(
        Text(
            "namespaceSelector and podSelector under one `from` mean both.",
            "同一个 `from` 下的 namespaceSelector 和 podSelector 表示同时满足。",
        ),
        Text(
            f"In one item they do: namespace batch and role db gives {both_job.en} for batch/job, {both_db.en} for shop/db. As two items,"
            f" a dash more, either is enough: {either_job.en} and {either_db.en}.",
            f"写在同一项里才是：要求命名空间 batch 且 role 为 db，则 batch/job 为 {both_job.zh}，shop/db 为 {both_db.zh}。"
            f"多一个短横线变成两项，就是满足其一即可：{either_job.zh}；{either_db.zh}。",
        ),
        Holds.DEPENDS,
    )


def claim_refused(calico: Outcome, router: Outcome, nobody: Outcome) -> Claim:
    return Claim(
        Text("A denied client gets a timeout.", "被策略拒绝的客户端会超时。"),
        Text(
            f"Calico: {calico.verdict}, a timeout. kube-router: {router.verdict}, connection refused at once. Where nobody enforces:"
            f" {nobody.verdict}.",
            f"Calico：{calico.verdict}，超时。kube-router：{router.verdict}，立即得到 connection refused。无人执行时：{nobody.verdict}。",
        ),
        Holds.DEPENDS,
    )


def claim_client(client: str, own: Outcome, other: Outcome) -> Claim:
    seen = address(own.source_seen or "")
    return Claim(
        Text(
            "An ipBlock of the client's address lets it in by the NodePort.",
            "ipBlock 写上客户端地址，它就能从 NodePort 进来。",
        ),
        Text(
            f"At the pod's own node: {own.verdict} (the door saw {client}, before SNAT; the pod then sees {seen}). By another node:"
            f" {other.verdict}, for it has been masqueraded there.",
            f"访问 Pod 所在节点：{own.verdict}（检查时看到的是 SNAT 之前的 {client}；Pod 随后看到的是 {seen}）。经其他节点：{other.verdict}，"
            "因为在那里已经做了 MASQUERADE。",
        ),
        Holds.DEPENDS,
    )


def claim_probes(own: Outcome, other: Outcome) -> Claim:
    return Claim(
        Text("The kubelet's probes need a rule.", "kubelet 的探针需要放行规则。"),
        Text(
            f"They come from the pod's own node, which is always let in: node2 at api is {own.verdict}. node1 is another node:"
            f" {other.verdict}.",
            f"探针来自 Pod 自己的节点，总能进入：node2 访问 api 的结果是 {own.verdict}。node1 是其他节点：{other.verdict}。",
        ),
    )


def spoken(service: str, port: int, served: str) -> tuple[Text, ...]:
    return (
        Text(
            "A policy selects pods and says for each direction who may talk to them. As soon as one policy selects a pod for ingress or"
            " egress, that direction is closed except for what the rules of all its policies together allow. For one connection the"
            " sender's egress and the receiver's ingress both have to let it pass; the answer passes by conntrack.",
            "策略先选中 Pod，再按方向说明谁可以与它通信。只要有一条策略在 ingress 或 egress 方向选中了 Pod，这个方向就关闭，只放行所有策略规则的并集。"
            "一个连接要同时满足发送方的 egress 和接收方的 ingress；响应由 conntrack 放行。",
        ),
        Text(
            f"It is judged after DNAT: front asks {service}:{port}, and the rules see {served}. So I write labels and the pod's port. I"
            " allow DNS first, because otherwise everything looks like an unknown host. A client from outside is seen as itself only on"
            " the pod's own node. And I test with one connection that must fail, since a CNI such as flannel alone enforces nothing.",
            f"检查在 DNAT 之后：front 访问 {service}:{port}，规则看到的是 {served}。所以我写标签和 Pod 的端口。先放行 DNS，否则什么都表现为主机名无法解析。"
            "集群外的客户端只有在 Pod 自己的节点上才以本来的地址出现。最后用一个应当失败的连接来验证，因为像 flannel 这样的 CNI 本身不执行策略。",
        ),
    )
