"""What is said at a pod's door, where network policies are asked, or nobody asks them."""

from __future__ import annotations

from engine.trace import Text


def judged(enforcer: str, pod: str, egress: bool, allowed: bool, reason: Text) -> Text:
    """A new connection at the pod's door. `reason` is the decision's own sentence."""
    what, what_zh = ("sends", "发出") if egress else ("gets", "收到")
    end, end_zh = ("passes", "放行") if allowed else ("ends here", "到此为止")
    return Text(
        f"{enforcer} judges what {pod} {what}; the packet {end}. {reason.en}",
        f"{enforcer} 按策略检查 {pod} {what_zh}的数据包：{end_zh}。{reason.zh}",
    )


def refused(enforcer: str, pod: str, egress: bool, rejects: bool, reason: Text) -> Text:
    """Why it ends there."""
    verb, verb_zh = ("rejects", "拒绝") if rejects else ("drops", "丢弃")
    what, what_zh = ("sends", "发出") if egress else ("would get", "应收到")
    return Text(
        f"{enforcer} {verb} what {pod} {what}: {reason.en}",
        f"{enforcer} {verb_zh} {pod} {what_zh}的数据包：{reason.zh}",
    )


def known_connection(enforcer: str, pod: str) -> Text:
    return Text(
        f"{enforcer} lets it pass at {pod}: conntrack knows the connection, so no policy is asked again.",
        f"{enforcer} 在 {pod} 处放行：conntrack 已有该连接，不再检查策略。",
    )


def icmp(enforcer: str) -> Text:
    return Text(
        f"What policies do with ICMP is left open by the API; {enforcer} is taken to let it pass by rules that name no port.",
        f"API 没有定义策略对 ICMP 的作用；这里认为 {enforcer} 只按没有写端口的规则放行。",
    )


def own_node(enforcer: str, pod: str) -> Text:
    return Text(
        f"{enforcer} does not judge what {pod}'s own node sends it, whatever the policies say.",
        f"{enforcer} 不检查 {pod} 所在节点发给它的数据包，无论策略怎么写。",
    )


def ping(enforcer: str, pod: str) -> Text:
    return Text(
        f"{enforcer} lets ICMP echo requests pass at {pod}, whatever the policies say.",
        f"{enforcer} 在 {pod} 处总是放行 ICMP echo 请求，无论策略怎么写。",
    )


def not_enforced(plugin: str, assumed: bool, pod: str, policies: tuple[str, ...]) -> Text:
    """Policies that nobody on the nodes enforces; `assumed`: the CNI itself is a guess."""
    who, who_zh = (f"{plugin}, which is assumed here,", f"（这里假定的）{plugin}") if assumed else (plugin, plugin)
    names = ", ".join(policies)
    about, about_zh = (f" ({pod}: {names})", f"（{pod}：{names}）") if names else ("", "")
    return Text(
        f"The cluster has network policies{about}, but {who} enforces none by itself: they stop nothing (a Network document's policyEnforcement can say who does).",
        f"集群有网络策略{about_zh}，但 {who_zh} 本身不执行网络策略：它们不会阻止任何流量（可用 Network 文档的 policyEnforcement 说明由谁执行）。",
    )


def by_rules_alone(enforcer: str, pod: str) -> Text:
    return Text(
        f"{pod} speaks to itself through its node, or to its own node: taken to be judged by the policies' rules like any"
        f" other traffic, as {enforcer}'s chains are written; the API leaves it open.",
        f"{pod} 经节点访问自身，或访问所在节点：按 {enforcer} 的链，与其他流量一样只看策略规则；API 对此没有定义。",
    )


def root_process(enforcer: str) -> Text:
    return Text(
        f"The node's process is taken to be root's, whose packets {enforcer} does not judge.",
        f"假定节点上的进程属于 root，{enforcer} 不检查它的数据包。",
    )


def cluster_policies(enforcer: str, ignored: bool) -> Text:
    if ignored:
        return Text(
            f"{enforcer} does not know ClusterNetworkPolicies: they stop nothing here.",
            f"{enforcer} 不支持 ClusterNetworkPolicy：它们在这里不起作用。",
        )
    return Text(
        f"ClusterNetworkPolicies are taken to be enforced too: not every release of {enforcer} knows them.",
        f"假定 ClusterNetworkPolicy 也被执行：并非 {enforcer} 的每个版本都支持。",
    )


def given_without(enforcer: str, node: str) -> Text:
    return Text(
        f"The rules given for {node} hold no chains of {enforcer}'s policies: they are decided from the manifests.",
        f"为 {node} 给出的规则中没有 {enforcer} 的策略链：策略按清单判断。",
    )


def bridged(enforcer: str, node: str) -> Text:
    return Text(
        f"bridge-nf-call-iptables is 0 on {node}: what pods of one node send each other by the bridge does not meet"
        f" {enforcer}'s rules, and no policy is asked.",
        f"{node} 上 bridge-nf-call-iptables 为 0：同节点 Pod 之间经网桥的流量不经过 {enforcer} 的规则，不检查策略。",
    )
