"""The sentences of the story `rollout`; figures come in."""

from __future__ import annotations

from engine.timeline import SigtermAnswer
from engine.trace import Text
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim

TITLE = Text("A rollout, moment by moment", "滚动更新，逐个时刻")
MOMENTS = Text("Who learns of it when", "谁在什么时候得知")
MOMENTS_CAPTION = Text(
    "computed from the pods' specification and the lags that were given", "由 Pod 的配置和给定的延迟计算得出"
)
SECONDS, WHAT, NEVER = Text("seconds", "秒"), Text("what happens", "发生了什么"), Text("never", "从不")
DRAWN = Text(
    "# takes connections, t the same while terminating, - takes none; = in the node's rules; x a request that may fail",
    "# 接受连接，t 正在终止但仍接受，- 不接受；= 在该节点的规则中；x 可能失败的请求",
)
WALK = Text("A connection right after the deletion", "删除之后紧接着的一个连接")
FATES = Text("What becomes of the requests", "各请求的结果")
FATES_CAPTION = Text(
    "each request is followed; failures are averages over all draws", "逐个跟踪每个请求；失败数是所有随机选择的平均值"
)
WHO, SENT = Text("requests", "请求"), Text("sent", "发出")
FAILED, WHY = Text("fail", "失败"), Text("the first reason", "首个原因")
NOBODY = Text("none fails", "没有失败")
CONNECTIONS = {
    "new": Text("short ones, a new connection each", "短请求，各用新连接"),
    "slow": Text("slow ones, three seconds each", "慢请求，各三秒"),
    "kept": Text("short ones over one kept connection", "短请求，共用一条保持的连接"),
}
KNOBS = Text("What each part is for", "每一部分的作用")
KNOBS_CAPTION = Text(
    "each row is a rollout of its own; how many requests fail", "每一行都是一次单独的滚动更新；失败的请求数"
)
ROLLOUT = Text("rollout", "滚动更新")
_PARTS = {
    "pre-stop": Text("no preStop", "没有 preStop"),
    "readiness-probe": Text("no readiness probe", "没有就绪探针"),
    "drain": Text("SIGTERM ends the process at once", "收到 SIGTERM 立即退出"),
    "surge": Text("maxSurge 0, maxUnavailable 1", "maxSurge 0，maxUnavailable 1"),
    "kube-proxy": Text("kube-proxy of node1 stopped before", "node1 的 kube-proxy 之前已停止"),
}
POINTS = (
    Text(
        "Deleting a pod starts two things that do not wait for each other: its process is told to end, and its endpoint"
        " leaves the rules, node by node.",
        "删除 Pod 会同时启动两件互不等待的事：通知进程退出，以及逐个节点把端点移出规则。",
    ),
    Text(
        "preStop makes the process wait for the rules; it protects new connections. Draining protects requests in flight."
        " One needs both, and both have to fit into terminationGracePeriodSeconds.",
        "preStop 让进程等规则更新，保护新连接；排空保护正在处理的请求。两者都需要，且总和要小于 terminationGracePeriodSeconds。",
    ),
    Text(
        "The readiness probe paces the rollout: without one new pods count before they listen.",
        "就绪探针控制更新的节奏：没有它，新 Pod 还没监听就被算作可用。",
    ),
    Text(
        "Rules decide at a connection's first packet. An open connection stays with its pod until that ends.",
        "规则只在连接的首包起作用。已建立的连接一直留在它的 Pod 上，直到 Pod 结束。",
    ),
    Text(
        "Every node is late in its own way; how long the slowest takes is what preStop has to outlast, a load balancer's"
        " health checks among them.",
        "各节点的延迟各不相同；preStop 要长于最慢的一个，负载均衡器的健康检查也算在内。",
    ),
)
FOLLOW_UPS = (
    Text("How would you find out how long preStop has to be?", "怎样得出 preStop 需要多长？"),
    Text("Why do 502s remain behind an Ingress controller that sends to pods directly?", "Ingress 控制器直接发往 Pod，为什么仍有 502？"),
    Text("What is different with externalTrafficPolicy Local and a load balancer?", "使用 externalTrafficPolicy Local 和负载均衡器时有何不同？"),
    Text("What does a client of a UDP Service see in the same rollout?", "同样的滚动更新中，UDP Service 的客户端会看到什么？"),
)  # fmt: skip


def summary(old: str, new: str, stays: str, to: str) -> Text:
    return Text(
        f"{old} is replaced by {new}; {stays} stays. Clients outside send requests to {to} all the time: new connections,"
        " slow requests, one connection that is kept. The new pod needs three seconds to listen and one more for its probe,"
        " the old one has a preStop of five and then drains; node1's kube-proxy is one and a half seconds behind, node2's"
        " three and a half.",
        f"{old} 被 {new} 替换；{stays} 保留。外部客户端不断向 {to} 发送请求：新连接、慢请求、一条保持的连接。新 Pod 要三秒才监听，"
        "再过一秒探针通过；旧 Pod 的 preStop 为五秒，然后排空；node1 的 kube-proxy 滞后一秒半，node2 的滞后三秒半。",
    )


def created(pod: str) -> Text:
    return Text(f"{pod} is created", f"创建 {pod}")


def listens(pod: str) -> Text:
    return Text(f"{pod}'s process listens", f"{pod} 的进程开始监听")


def ready(pod: str) -> Text:
    return Text(
        f"{pod} is Ready: an endpoint, available to the Deployment", f"{pod} 变为 Ready：成为端点，Deployment 认为可用"
    )


def deleted(pod: str) -> Text:
    return Text(
        f"{pod} is deleted: its endpoint is terminating, and its preStop begins",
        f"删除 {pod}：端点正在终止，preStop 开始",
    )


def sigterm(pod: str, answer: SigtermAnswer) -> Text:
    then = {
        SigtermAnswer.EXITS: Text("ends at once", "立即退出"),
        SigtermAnswer.DRAINS: Text("takes no new connections and drains", "不再接受新连接并开始排空"),
        SigtermAnswer.IGNORES: Text("does not notice", "没有反应"),
    }[answer]
    return Text(f"{pod} gets SIGTERM: its process {then.en}", f"{pod} 收到 SIGTERM：进程{then.zh}")


def leaves_rules(node: str, pod: str) -> Text:
    return Text(f"the rules of {node} no longer have {pod}", f"{node} 的规则不再包含 {pod}")


def ended(pod: str) -> Text:
    return Text(f"{pod}'s process has ended, its address is gone", f"{pod} 的进程结束，地址消失")


def walk_caption(at: int) -> Text:
    return Text(f"client -> node1's NodePort at {at / 1000:g} s", f"client -> node1 的 NodePort，{at / 1000:g} s 时")


def walked(at: int, pod: str, served: bool) -> Text:
    if served:
        return Text(
            f"At {at / 1000:g} s {pod} has been told to go, and node1's rules do not know yet: they send every third"
            " connection there. It is served, because preStop has the process wait.",
            f"{at / 1000:g} s 时 {pod} 已被要求退出，而 node1 的规则还不知道：三分之一的连接仍去往它。因为 preStop 让进程等待，"
            "连接得到了服务。",
        )
    return Text(
        f"At {at / 1000:g} s {pod} has been told to go, and node1's rules do not know yet: they send connections there that"
        " nobody serves any more.",
        f"{at / 1000:g} s 时 {pod} 已被要求退出，而 node1 的规则还不知道：去往它的连接已没有进程服务。",
    )


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def alone(pod: str, seconds: float) -> Text:
    return Text(
        f"maxSurge 0 loses no request here, but {pod} alone serves everything for {seconds:g} s: whether it can is not computed.",
        f"maxSurge 0 在这里没有丢请求，但有 {seconds:g} s 只有 {pod} 独自服务：它能否承受不在计算之内。",
    )


def claim_waits(pod: str, sigterm_at: float, node1: float, node2: float) -> Claim:
    return Claim(
        Text(
            "Kubernetes takes the pod out of the Service first and stops it then.",
            "Kubernetes 先把 Pod 移出 Service，再停止它。",
        ),
        Text(
            f"Nobody waits. Without preStop {pod} gets SIGTERM at {sigterm_at:g} s; the rules of node1 have it until {node1:g} s,"
            f" those of node2 until {node2:g} s.",
            f"没有谁等待。没有 preStop 时，{pod} 在 {sigterm_at:g} s 收到 SIGTERM；node1 的规则到 {node1:g} s 才移除它，node2 到 {node2:g} s。",
        ),
    )


def claim_probe(failed: str) -> Claim:
    return Claim(
        Text("With a readiness probe a rollout loses nothing.", "有就绪探针，滚动更新就不会丢请求。"),
        Text(
            f"The probe says when the new pod may be asked. It says nothing of the old one: with the probe and without preStop"
            f" {failed} new connections fail.",
            f"探针只说明新 Pod 何时可用，与旧 Pod 无关：有探针而没有 preStop 时，{failed} 个新连接失败。",
        ),
    )


def claim_grace(longer: str, before: str) -> Claim:
    return Claim(
        Text("A longer terminationGracePeriodSeconds is enough.", "把 terminationGracePeriodSeconds 调大就够了。"),
        Text(
            f"It is a limit and no wait: with two minutes and no preStop {longer} new connections fail, {before} with thirty seconds.",
            f"它是上限而不是等待：两分钟而没有 preStop 时失败 {longer} 个新连接，三十秒时 {before} 个。",
        ),
    )


def claim_cut(share: str, pod: str) -> Claim:
    return Claim(
        Text(
            "kube-proxy cuts the connections to an endpoint that it removes.", "kube-proxy 移除端点时会切断到它的连接。"
        ),
        Text(
            f"It removes rules, which are for first packets. With everything in place, after node1's rules have changed, the kept"
            f" connection is still {pod}'s with a chance of {share}, as it was all along.",
            f"它移除的是规则，而规则只管首包。一切正常时，node1 的规则更新之后，保持的连接仍有 {share} 的概率在 {pod} 上，与之前一样。",
        ),
    )


def claim_adds(squeezed: float, whole: float) -> Claim:
    return Claim(
        Text("preStop is added to the grace period.", "preStop 的时间加在宽限期之上。"),
        Text(
            f"It counts against it: with a preStop of twenty-eight seconds out of thirty the process is killed {squeezed:g} s after"
            f" SIGTERM, in the middle of its drain; with five it has its whole {whole:g} s.",
            f"它计入宽限期：三十秒中 preStop 占二十八秒时，进程在 SIGTERM 后 {squeezed:g} s 就被杀死，排空只做到一半；"
            f"preStop 为五秒时有完整的 {whole:g} s。",
        ),
    )


def claim_drain(new_drained: str, new_cut: str, slow_drained: str, slow_cut: str) -> Claim:
    return Claim(
        Text(
            "A process that handles SIGTERM gracefully needs no preStop.", "进程能优雅处理 SIGTERM，就不需要 preStop。"
        ),
        Text(
            f"Draining refuses new connections that the rules still send: {new_drained} fail with it, {new_cut} without. What it saves"
            f" are slow requests: {slow_drained} of them fail instead of {slow_cut}.",
            f"排空会拒绝规则仍在转发来的新连接：有排空时失败 {new_drained} 个，没有时 {new_cut} 个。它保住的是慢请求：失败 {slow_drained} 个，而不是 {slow_cut} 个。",
        ),
    )
