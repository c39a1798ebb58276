"""The words of a picture, the same in a terminal, in a drawing and on a page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from engine.fabric.chains import short
from engine.trace import Direction, Stage, Text, Verdict, Where
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.beside import AlikeRow, PlacedStep
from k8squiz.story.picture.layout import HeaderRewrite, WalkLayout

WORDS = {
    "request": Text("Request", "请求"),
    "reply": Text("Reply", "响应"),
    "in": Text("in", "封装于"),
    "parts": Text("your answer parts here: {hop} {stage}", "你的回答从这里岔开：{hop} {stage}"),
    "seen": Text("the server sees {address}", "服务端看到的对端：{address}"),
    "stalls": Text("connected, but the client's next packet dies at {place}", "连接已建立，但客户端的下一个包在 {place} 丢失"),
    "stalls back": Text("connected, but what the server then sends dies at {place}", "连接已建立，但服务器随后发送的数据在 {place} 丢失"),
    "source": Text("source", "源地址"),
    "destination": Text("destination", "目的地址"),
    "mark": Text("mark", "标记"),
    "outer": Text("outer header", "外层头部"),
    "alike": Text("{count} hops alike", "{count} 跳相同"),
    "alike one": Text("1 hop alike", "1 跳相同"),
    "carried": Text("but for {what}", "只是 {what}"),
    "first": Text("The first difference", "第一处不同"),
    "nothing": Text("nothing of the kind", "没有这一步"),
    "no difference": Text("The two walks are the same.", "两条路径完全相同。"),
    "ending": Text("How they end", "结果"),
    "beside": Text("side by side", "并排对照"),
    "where": Text("where", "位置"),
}  # fmt: skip

VERDICTS = {
    Verdict.DELIVERED: Text("answered from the address spoken to", "从所访问的地址收到响应"),
    Verdict.REJECT: Text("a rule rejects it: the client hears of it at once", "被规则拒绝：客户端立即得知"),
    Verdict.DROP: Text("a rule drops it: the client times out", "被规则丢弃：客户端超时"),
    Verdict.REFUSED: Text("it arrives where nobody listens: RST", "到达后无人监听：RST"),
    Verdict.LOST: Text("lost on the way: the client times out", "在途中丢失：客户端超时"),
}

KINDS = {
    "node": Text("node", "节点"),
    "pod": Text("pod", "Pod"),
    "router": Text("router", "路由器"),
    "external": Text("outside the cluster", "集群外"),
}

# What the stages' words mean that do not say it themselves.
GLOSSES = {
    Stage.DNS: Text("name lookup", "域名解析"),
    Stage.CONNECT: Text("the client sends", "发起连接"),
    Stage.NIC: Text("network card", "网卡收包"),
    Stage.ROUTING: Text("which way out", "路由决策"),
    Stage.POLICY: Text("network policy", "网络策略"),
    Stage.ENCAPSULATE: Text("an outer header put on", "封装外层头部"),
    Stage.WIRE: Text("onto the wire", "发到线路上"),
    Stage.DECAPSULATE: Text("the outer header taken off", "解封装"),
    Stage.BRIDGE: Text("layer 2", "网桥，二层转发"),
    Stage.VETH: Text("the pod's door", "veth 对，Pod 的出入口"),
    Stage.SOCKET: Text("the program", "套接字，应用程序"),
}


def word(key: str, **values: object) -> Text:
    """One of the words, filled in, in both languages."""
    found = WORDS[key]
    return Text(found.en.format(**values), found.zh.format(**values)) if values else found


def say(key: str, lang: Lang, **values: object) -> str:
    """One of the words, filled in."""
    return pick(word(key, **values), lang)


def rewrite_text(rewrite: HeaderRewrite) -> str:
    """`dst 10.96.0.10:80 » 10.244.2.8:8080`; an outer header that is put on, or taken off, stands alone."""
    change = " » ".join(part for part in (rewrite.before, rewrite.after) if part)
    return f"{rewrite.field} {change}" if rewrite.field in ("src", "dst") else change


def place_of(where: Where) -> str:
    """Where it died, in a line: host, hook, table, chain."""
    return " ".join(part for part in (where.host, where.hook, where.table, where.chain) if part)


def alike_text(row: AlikeRow) -> Text:
    """`9 hops alike, but for src A | B`"""
    count = len(row.steps)
    told = word("alike", count=count) if count > 1 else WORDS["alike one"]
    if not row.carried:
        return told
    what = "; ".join(f"{field} {left} | {right}" for field, left, right in row.carried)
    but = word("carried", what=what)
    return Text(f"{told.en}, {but.en}", f"{told.zh}，{but.zh}")


def run_text(run: Sequence[PlacedStep]) -> Text:
    """`4 hops: node1 FORWARD › KUBE-FORWARD; pod-b socket`: chains where there are, else stages."""
    told = []
    for host, steps in itertools.groupby(run, key=lambda placed: placed.host):
        names = [short(each.step.chain) if each.step.chain else each.step.stage.value for each in steps]
        told.append(f"{host} {' › '.join(names)}")
    count = len(run)
    return Text(f"{count} hops: {'; '.join(told)}", f"{count} 跳：{'；'.join(told)}")


def verdict_line(layout: WalkLayout) -> Text:
    """`DELIVERED 10.244.2.8:8080: delivered, and answered from the address spoken to`"""
    head = f"{layout.verdict.value} {layout.destination}"
    said = VERDICTS[layout.verdict]
    return Text(f"{head}: {said.en}", f"{head}：{said.zh}")


def ending_lines(layout: WalkLayout) -> Iterator[Text]:
    """What there is to say beside the verdict, in sentences: where and why it died, what dies after it."""
    if layout.died is not None:
        yield sentence(layout.died.reason)
    if layout.stalls is not None:
        key = "stalls back" if layout.stalls.direction is Direction.REPLY else "stalls"
        yield word(key, place=place_of(layout.stalls))
        yield sentence(layout.stalls.reason)


def sentence(text: Text) -> Text:
    """The text as a sentence of its own."""
    en, zh = text.en.rstrip("."), text.zh.rstrip("。")
    return Text(f"{en}.", f"{zh}。")
