"""Typical wrong turns of one drawn question, and what each reveals: read off the task, the truth and the picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

from engine.trace import Text
from k8squiz.kinds.fields import AddressField, Field, MenuField, NumberField, OrderField
from k8squiz.kinds.interface import Task
from k8squiz.locale.report import WORDS

_MOST = 6


@dataclasses.dataclass(frozen=True)
class Turn:
    """What a candidate says, and what it reveals."""

    says: Text
    reveals: Text


def turns(task: Task) -> tuple[Turn, ...]:
    """The wrong turns worth listening for, at most six."""
    # One of each sort: two that reveal the same say nothing new.
    found: dict[str, Turn] = {}
    for field in task.fields:
        for turn in _turns(field):
            found.setdefault(turn.reveals.en, turn)
    return tuple(found.values())[:_MOST]


def _turns(field: Field) -> Iterator[Turn]:
    if isinstance(field, OrderField):
        yield from _order(field)
    elif isinstance(field, MenuField):
        yield from _menu(field)
    elif isinstance(field, AddressField):
        yield from _address(field)
    elif isinstance(field, NumberField):
        yield from _number(field)


def _said(key: str, **values: Text | str) -> Text:
    text = WORDS[key]

    def filled(lang: str) -> str:
        plain = {name: getattr(value, lang) if isinstance(value, Text) else value for name, value in values.items()}
        return str(getattr(text, lang)).format(**plain)

    return Text(filled("en"), filled("zh"))


# --- an order ---

# A step that does not happen, by its stage or chain: what naming it shows.
_STEPS = {
    "dnat": Text("Lets a second node translate again; the destination is a pod's already.", "让第二个节点再做一次转换；其实目的地址早已是 Pod 的。"),
    "snat": Text("Masquerades where nothing is marked, or on the wrong node.", "在没有打标记的地方、或在错误的节点上做 MASQUERADE。"),
    "input": Text("Has not seen that DNAT comes before routing: the packet is forwarded, not taken in.", "没有看出 DNAT 先于路由：数据包是被转发，而不是交给本机。"),
    "output": Text("Takes a forwarded packet for one the host sends itself.", "把被转发的数据包当成主机自己发出的。"),
    "forward": Text("Takes a packet for forwarded that the host sends or keeps.", "把主机自己发出或接收的数据包当成被转发的。"),
    "ipvs": Text("Mixes the modes: IPVS has no part in this one.", "混淆了代理模式：这里没有 IPVS。"),
    "encapsulate": Text("Has not asked whether this network tunnels, or whether the packet leaves the node at all.", "没有想过这个网络是否使用隧道，或者数据包是否离开节点。"),
    "decapsulate": Text("Takes off a header that nobody has put on.", "去掉了一个从未加上的外层头部。"),
    "bridge": Text("Bridges what is routed.", "把路由的数据包当成桥接。"),
}  # fmt: skip
_OTHER_STEP = Text("Names what could stand there in another cluster.", "说的是别的集群里才会出现的步骤。")
_EARLY = Text(
    "Knows the steps, not what each one needs from the one before.", "知道有哪些步骤，但不清楚每一步依赖前一步的什么。"
)


def _order(field: OrderField) -> Iterator[Turn]:
    for item in field.items:
        if item.key not in field.truth:
            stage = item.key.rsplit("/", 1)[-1].partition("#")[0]
            yield Turn(_said("no-step", option=item.text), _STEPS.get(stage, _OTHER_STEP))
    cards = {item.key: item for item in field.items}
    if len(field.truth) > 2:
        first, second = (cards[key].text for key in field.truth[1:3])
        said = Text(f"puts “{second.en}” before “{first.en}”", f"把“{second.zh}”放在“{first.zh}”之前")
        yield Turn(said, _EARLY)


# --- a menu ---

_ENDINGS = {
    ("delivered", "kept"): Text("Has not thought of the rule that masquerades this packet.", "没有想到会对这个数据包做 MASQUERADE 的规则。"),
    ("delivered", "rewritten"): Text("Masquerades everything; asks neither who calls nor which way.", "认为什么都会被 MASQUERADE，不问谁在访问、从哪里进来。"),
    ("delivered", "stopped"): Text("Stops thinking at DNAT and has not followed the packet to the end, and back.", "想到 DNAT 就停了，没有把数据包跟到终点，也没有跟回来。"),
    ("rejected", "dropped"): Text("Takes no local endpoint for no endpoint: REJECT is for what nobody can serve.", "把“没有本地端点”当成“没有端点”：REJECT 只用于没有人能服务的情况。"),
    ("dropped", "rejected"): Text("Takes no endpoint for no local endpoint: DROP is for what others could serve.", "把“没有端点”当成“没有本地端点”：DROP 用于别处还能服务的情况。"),
    ("stopped", "delivered"): Text("Applies a policy to a caller whom it does not bind.", "把策略用在了它并不约束的调用方身上。"),
    ("stopped", "stopped"): Text("Knows that it fails, not who ends it: a rule, the bridge, or the receiver.", "知道会失败，但不知道是谁终止了它：规则、网桥还是接收方。"),
}  # fmt: skip


def _menu(field: MenuField) -> Iterator[Turn]:
    truth = field.truth[0] if field.truth else ""
    schedulers = field.id == "schedulers"
    for item in field.items:
        right = item.key in field.truth
        if right and field.multiple:
            yield Turn(_said("leaves-out", option=item.text), _UNKNOWN if schedulers else _MISSED)
        elif not right:
            yield Turn(_said("picks", option=item.text), _OVERRATED if schedulers else _ending(item.key, truth))


_UNKNOWN = Text(
    "Does not know what this scheduler looks at when a connection comes.", "不知道连接到来时这个调度算法看的是什么。"
)
_OVERRATED = Text(
    "Expects more of it than it looks at: ask what it counts, weighs or hashes.",
    "高估了它：追问它到底在计数、加权还是哈希什么。",
)


_MISSED = Text(
    "Has not walked the packet that far: ask what happens to it there.", "没有把数据包跟到那一步：追问它在那里会怎样。"
)
_BELIEVED = Text(
    "Takes for a rule what holds in other clusters: ask on what it depends, and what it is here.",
    "把别的集群里才成立的情况当成规律：追问它取决于什么、在这里又是什么。",
)


def _ending(said: str, truth: str) -> Text:
    """What one ending instead of another reveals, or one statement of a menu of others."""
    ours, theirs = _sort(truth), _sort(said)
    if not ours or not theirs:
        return _BELIEVED
    if theirs == ours == "delivered":
        return _ENDINGS["delivered", said.removeprefix("delivered-")]
    if (theirs, ours) in _ENDINGS:
        return _ENDINGS[theirs, ours]
    return _ENDINGS[
        "delivered" if theirs == "delivered" else "stopped", "delivered" if ours == "delivered" else "stopped"
    ]


def _sort(code: str) -> str:
    return next((sort for sort in ("delivered", "rejected", "refused", "dropped", "lost") if code.startswith(sort)), "")


# --- an address ---

_DEVICES = (
    ("client", Text("Forgets that the source was rewritten on the way.", "忘记了源地址在途中被改写。")),
    ("/", Text("Has the wrong outgoing device in mind: ask for the route first.", "出口设备想错了：先问路由。")),
    (
        "",
        Text(
            "Believes that MASQUERADE always takes the node's InternalIP.",
            "以为 MASQUERADE 总是使用节点的 InternalIP。",
        ),
    ),
)


def _address(field: AddressField) -> Iterator[Turn]:
    plain = field.truth.rpartition(":")[0] if field.ports else field.truth
    named = {name: address for name, address in field.aliases.items() if not name.startswith("svc/")}
    bases = {name.partition("/")[0] for name in named if "/" in name}
    for kind, reveals in _DEVICES:
        for name, address in named.items():
            fits = name == "client" if kind == "client" else "/" in name if kind == "/" else name in bases
            if fits and address != plain:
                said = _said("answers", answer=f"{address} ({name})")
                row = field.row
                if row is not None:
                    said = Text(f"{row.en}, {field.label.en}: {said.en}", f"{row.zh}，{field.label.zh}：{said.zh}")
                yield Turn(said, reveals)
                break


# --- a number ---

_OTHER_SIDE = Text("Has worked out the other part: ask whose share it is.", "算成了另一部分的比例：追问这是谁的份额。")
_HALF = Text("Counts nodes instead of endpoints, or endpoints instead of nodes.", "按节点而不是端点计数，或者反过来。")
_TWICE = Text(
    "Counts something twice, both ways or on both nodes: ask what exactly is counted.",
    "把同一样东西数了两遍（往返各一次，或两个节点各一次）：追问到底在数什么。",
)


def _number(field: NumberField) -> Iterator[Turn]:
    truth = Fraction(field.truth)
    guesses = [(1 - truth, _OTHER_SIDE), (Fraction(1, 2), _HALF)] if field.percent else [(truth * 2, _TWICE)]
    for guess, reveals in guesses:
        if field.score(str(guess)) == 0.0:
            yield Turn(
                _said("answers", answer=Text(field.show(str(guess), False), field.show(str(guess), True))), reveals
            )
