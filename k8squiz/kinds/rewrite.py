"""rewrite: what are source and destination of the packet at these points?"""

from __future__ import annotations

from typing import Any

from engine.packet import split_host_port
from engine.trace import Hop, Text
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import AddressField
from k8squiz.kinds.interface import Task
from k8squiz.world.facts import hop_fact
from k8squiz.world.predicates import Ambiguous, match, outcomes_of
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World, direction_of, host_name

ABOUT = Text("Fill in the addresses", "填写地址")
_FIELDS = {"src": Text("src", "源"), "dst": Text("dst", "目的")}


def task(world: World) -> Task:
    """Two fields a point. Raises QuizError where a point is on no hop, Ambiguous where the ways differ."""
    name = str(world.question.ask.get("for", world.first))
    fields: list[AddressField] = []
    for number, point in enumerate(world.question.ask["points"], 1):
        hops = {_values(hop, point): hop for hop in _hops(world, name, point)}
        if len(hops) != 1:
            raise Ambiguous(
                f"{world.question.id}: the ways differ at point {number}: {sorted(hops)}",
                f"{world.question.id}：各条路径在第 {number} 个观察点上不同：{sorted(hops)}",
            )
        ((values, hop),) = hops.items()
        row = bilingual(world, point["label"]) if "label" in point else _label(hop, point)
        for field, truth in zip(_asked(point), values, strict=True):
            fields.append(AddressField(
                f"{number}.{field}", _FIELDS[field], truth, world.question.aliases, bool(point.get("ports", False)), row=row
            ))  # fmt: skip
    return Task(world.question, tuple(fields))


def _asked(point: dict[str, Any]) -> list[str]:
    return list(point.get("fields", ("src", "dst")))


def _hops(world: World, name: str, point: dict[str, Any]) -> list[Hop]:
    found = []
    for outcome in outcomes_of(world, name):
        fitting = [
            hop for hop in direction_of(outcome, str(point.get("of", "request")))
            if all(match(hop_fact(key, hop), value) for key, value in point["at"].items())
            and (not point.get("outer") or hop.encapsulation is not None)
        ]  # fmt: skip
        if not fitting:
            raise QuizError(
                f"{world.question.id}: no hop of the walk fits the point {point['at']}",
                f"{world.question.id}：路径上没有一跳符合观察点 {point['at']}",
            )
        found.append(fitting[0] if point.get("nth") == "first" else fitting[-1])
    return found


def _values(hop: Hop, point: dict[str, Any]) -> tuple[str, ...]:
    if point.get("outer") and hop.encapsulation is not None:
        return tuple(str(getattr(hop.encapsulation, field)) for field in _asked(point))
    texts = (str(getattr(hop, field)) for field in _asked(point))
    return tuple(text if point.get("ports") else split_host_port(text)[0] for text in texts)


def _label(hop: Hop, point: dict[str, Any]) -> Text:
    reply = point.get("of") == "reply"
    place = f"{host_name(hop.host)} {hop.device}".strip()
    outer = (" (outer header)", "（外层头部）") if point.get("outer") else ("", "")
    outcome = ("reply", "回程") if reply else ("request", "去程")
    return Text(
        f"{outcome[0]}, {_moment(hop, 'en', reply)} {place}{outer[0]}",
        f"{outcome[1]}，{_moment(hop, 'zh', reply)}{place}{outer[1]}",
    )


_MOMENTS = {
    "dnat": ("after DNAT on", "DNAT 之后，"), "snat": ("after SNAT on", "SNAT 之后，"),
    "nic": ("arriving at", "到达 "), "socket": ("arriving at", "到达 "), "wire": ("leaving", "离开 "),
    "connect": ("leaving", "离开 "), "encapsulate": ("into the tunnel at", "进入隧道，"),
    "decapsulate": ("out of the tunnel at", "离开隧道，"),
}  # fmt: skip


def _moment(hop: Hop, lang: str, reply: bool) -> str:
    # A server's answer leaves the socket that the request has arrived at.
    if reply and hop.n == 1:
        return "离开 " if lang == "zh" else "leaving"
    en, zh = _MOMENTS.get(str(hop.stage), (f"{hop.stage} on", f"{hop.stage}，"))
    return zh if lang == "zh" else en
