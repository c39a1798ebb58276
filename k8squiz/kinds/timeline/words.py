"""What stands in the drawing of a timeline, in both languages. {braces} are filled with str.format by our own code."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

_WORDS: dict[str, Text] = {
    "seconds": Text("seconds", "秒"),
    "created": Text("created", "创建"),
    "deleted": Text("deleted", "删除"),
    "vanishes": Text("node loses power", "节点断电"),
    "unready": Text("unready", "未就绪"),
    "ready": Text("ready", "就绪"),
    "stops": Text("stops", "停止"),
    "starts": Text("starts", "启动"),
    "reuses": Text("every {every}, one connection", "每 {every} 一个请求，共用一个连接"),
    "each-own": Text("every {every}, each its own connection", "每 {every} 一个请求，各用新连接"),
    "one": Text("one request at {at}", "在 {at} 发一个请求"),
    "takes": Text("takes {time}", "每个耗时 {time}"),
    "max-age": Text("max age {time}", "连接最长 {time}"),
    "timeout": Text("client timeout {time}", "客户端超时 {time}"),
    "strategy": Text("strategy", "策略"),
    "listens": Text("listens after {time}", "{time} 后开始监听"),
    "no-probe": Text("no readiness probe", "没有就绪探针"),
    "probe": Text("probe passes {time} later", "再过 {time} 探针通过"),
    "no-pre-stop": Text("no preStop", "没有 preStop"),
    "sigterm-exits": Text("on SIGTERM exits", "收到 SIGTERM 立即退出"),
    "sigterm-drains": Text("on SIGTERM drains for up to {time}", "收到 SIGTERM 后处理完已有请求，最多 {time}"),
    "sigterm-ignores": Text("on SIGTERM ignores", "忽略 SIGTERM"),
    "pods": Text("pods", "Pod"),
    "lags": Text("lags", "延迟"),
    "on-node": Text("on {node} {time}", "{node} 上 {time}"),
    "checks": Text("health checks", "健康检查"),
    "every": Text("every {time}", "每 {time} 一次"),
    "unhealthy": Text("unhealthy after {count}", "失败 {count} 次判为不健康"),
    "healthy": Text("healthy after {count}", "成功 {count} 次判为健康"),
    "new": Text(
        "new connections: {count} per second, for {seconds} s, each open {lasts}",
        "新建连接：每秒 {count} 个，持续 {seconds} s，每个打开 {lasts}",
    ),
    "ports-masquerade": Text("ports: MASQUERADE on the node, 1024-65535", "端口：节点上的 MASQUERADE，1024-65535"),
    "ports-own": Text(
        "ports: the client's own, net.ipv4.ip_local_port_range 32768-60999;\n  then 60 s in TIME_WAIT",
        "端口：客户端自己的，net.ipv4.ip_local_port_range 32768-60999；\n  之后处于 TIME_WAIT 60 s",
    ),
    "node-addresses": Text("node addresses to masquerade to", "可用于 MASQUERADE 的节点地址"),
    "client-addresses": Text("client addresses", "客户端地址"),
    "destinations": Text(
        "destinations (address and port): {count}; {addresses}: {sources}",
        "目的（地址和端口）：{count} 个；{addresses}：{sources} 个",
    ),
    "standing": Text(
        "entries that stay (long connections, ASSURED): {count}", "一直存在的表项（长连接，ASSURED）：{count} 条"
    ),
    "entries-assured": Text(
        "each: {count} of this node's entries, ASSURED", "每个连接：占本节点 {count} 条表项，ASSURED"
    ),
    "entries-not-assured": Text(
        "each: {count} of this node's entries, not ASSURED (never answered)",
        "每个连接：占本节点 {count} 条表项，非 ASSURED（从未得到响应）",
    ),
}


def say(key: str, lang: Lang, **words: object) -> str:
    """The words of that key, filled in."""
    return pick(_WORDS[key], lang).format(**words)
