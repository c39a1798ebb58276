"""rewrite: what are source and destination of the packet at these points?"""

from __future__ import annotations

from collections.abc import Mapping

from engine.packet import split_host_port
from engine.trace import Hop, Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import WORD, key, list_of, record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import AddressField
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.rewrite.points import RewritePoint, hop_at
from k8squiz.kinds.stages import STAGES
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.texts import bilingual
from k8squiz.world.world import World, host_name

# What an address counts that the request line gives: where nothing is rewritten, and beside one that is.
_GIVEN, _BESIDE = 0.25, 0.5
_FIELDS = {"src": Text("src", "源"), "dst": Text("dst", "目的")}


@dataclass(frozen=True, slots=True)
class RewriteAsk:
    on: str | None = key(WORD, None, "for")
    points: tuple[RewritePoint, ...] = key(list_of(record(RewritePoint), least=1, most=8))


class Rewrite(TypedKind[RewriteAsk]):
    about = Text("Fill in the addresses", "填写地址")
    example = "01-nodeport/nodeport-cross-node-rewrites"
    skeleton = 'ask:\n  points:\n    - at: {host: "{node1}", stage: nic}\n    - at: {host: "{pod-a}"}'
    seconds = 270
    ask = record(RewriteAsk)

    def task(self, world: World, ask: RewriteAsk) -> Task:
        """Two fields a point; one that is rewritten there counts in full. Raises QuizError where a point is on no hop,
        Ambiguous where the ways differ."""
        name = ask.on or world.first
        fields: list[AddressField] = []
        sent = outcomes_of(world, name)[0].hops[0]
        for number, point in enumerate(ask.points, 1):
            hops = {
                _values(hop, point): hop
                for hop in (hop_at(world, outcome, point) for outcome in outcomes_of(world, name))
            }
            if len(hops) != 1:
                raise Ambiguous(
                    f"{world.question.id}: the ways differ at point {number}: {sorted(hops)}",
                    f"{world.question.id}：各条路径在第 {number} 个观察点上不同：{sorted(hops)}",
                )
            ((values, hop),) = hops.items()
            row = bilingual(world, point.label) if point.label is not None else _label(hop, point)
            weights = _weights(sent, hop, point)
            for field, truth in zip(point.fields, values, strict=True):
                fields.append(AddressField(
                    f"{number}.{field}", _FIELDS[field], truth, world.question.aliases, point.ports,
                    weight=weights[field], row=row,
                ))  # fmt: skip
        return Task(world.question, tuple(fields))

    def why(self, world: World, ask: RewriteAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.rewrite.why import rewrite_causes

        return rewrite_causes(world, ask.on or world.first, ask.points, task, grade)


def _weights(sent: Hop, hop: Hop, point: RewritePoint) -> Mapping[str, float]:
    """What src and dst count at a point: less where they are as the request line gives them, turned round for an answer."""
    given = (sent.src, sent.dst) if point.of == "request" else (sent.dst, sent.src)
    changed = [
        point.outer or _text(a, point) != _text(b, point) for a, b in zip((hop.src, hop.dst), given, strict=True)
    ]
    kept = _BESIDE if any(changed) else _GIVEN
    return {field: 1.0 if new else kept for field, new in zip(_FIELDS, changed, strict=True)}


KIND = Rewrite()


def _values(hop: Hop, point: RewritePoint) -> tuple[str, ...]:
    if point.outer and hop.encapsulation is not None:
        return tuple(str(getattr(hop.encapsulation, field)) for field in point.fields)
    return tuple(_text(str(getattr(hop, field)), point) for field in point.fields)


def _text(endpoint: str, point: RewritePoint) -> str:
    return endpoint if point.ports else _host(endpoint)


def _label(hop: Hop, point: RewritePoint) -> Text:
    reply = point.of == "reply"
    place = f"{host_name(hop.host)} {hop.device}".strip()
    outer = (" (outer header)", "（外层头部）") if point.outer else ("", "")
    outcome = ("reply", "回程") if reply else ("request", "去程")
    return Text(
        f"{outcome[0]}, {_moment(hop, 'en', reply)} {place}{outer[0]}",
        f"{outcome[1]}，{_moment(hop, 'zh', reply)}{place}{outer[1]}",
    )


def _moment(hop: Hop, lang: str, reply: bool) -> str:
    # A server's answer leaves the socket that the request has arrived at.
    if reply and hop.n == 1:
        return "离开 " if lang == "zh" else "leaving"
    moment = STAGES[str(hop.stage)].moment or Text(f"{hop.stage} on", f"{hop.stage}，")
    return moment.zh if lang == "zh" else moment.en


def _host(endpoint: str) -> str:
    """An endpoint's address; an ICMP packet's has no port."""
    try:
        return split_host_port(endpoint)[0]
    except ValueError:
        return endpoint
