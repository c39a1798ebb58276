"""Why so many requests fail, why those, and what each knob would have done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from engine.timeline.connections import Attempt, Fate
from engine.trace import Text
from k8squiz.bank.yaml_values import Yaml
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field
from k8squiz.kinds.timeline.drawing import seconds
from k8squiz.kinds.timeline.fields import FAILS, FAILURES, KNOB
from k8squiz.world.over_time import attempts, figure, form_of, port_use, table_use
from k8squiz.world.timeline_forms import PortsForm, TimelineForm
from k8squiz.world.world import World

_FATES = {
    Fate.REFUSED: Text("refused", "被拒绝"),
    Fate.NO_ANSWER: Text("without an answer", "无响应"),
    Fate.RESET: Text("cut off", "中断"),
    Fate.HANGS: Text("left hanging", "一直等待"),
}
# So many spans are told; the rest is counted.
_MOST = 3


def failure_cause(world: World, value: Yaml) -> Cause:
    """How the number comes about; `value` is what is asked instead of all failures (None: nothing else is)."""
    form = form_of(world.question)[1]
    asked = value.get("over_time") if isinstance(value, Mapping) else None
    asked = asked if isinstance(asked, Mapping) else {}
    if isinstance(form, TimelineForm):
        names = asked.get("connections")
        found = [a for a in attempts(world, form) if not isinstance(names, (list, tuple)) or a.connection in names]
        return Cause(FAILURES, _shares(found[-1]) if asked.get("of") == "share" else failures_told(found))
    if isinstance(form, PortsForm):
        use = port_use(form)
        return Cause(FAILURES, _used_up(Fraction(use.available), use.holds, use.runs_out_after, form.per_second))
    table = table_use(form)
    free = Fraction(table.most - table.standing, table.entries)
    return Cause(FAILURES, _used_up(free, Fraction(table.lasts), table.full_after, form.per_second))


def _used_up(free: Fraction, holds: Fraction, after: Fraction | None, per_second: int) -> Text:
    room, held = _number(free), _number(holds)
    if after is None:
        wanted = _number(per_second * holds)
        return Text(
            f"{per_second}/s held {held} s each are {wanted} at a time, and there is room for {room}: it is never used up",
            f"每秒 {per_second} 个、各占用 {held} s，同时占用 {wanted} 个，可用 {room} 个：不会用完",
        )
    return Text(
        f"room for {room} at {per_second}/s is used up after {_number(after)} s; each comes back {held} s after it was taken",
        f"可用 {room} 个，每秒用掉 {per_second} 个，{_number(after)} s 后用完；每个占用 {held} s 后才归还",
    )


def _number(value: Fraction) -> str:
    return f"{value.numerator}" if value.denominator == 1 else f"{float(value):.2f}".rstrip("0").rstrip(".")


def failures_told(found: Iterable[Attempt]) -> Text:
    """The failed requests by their reason: from when to when, how many on average."""
    spans: dict[tuple[str, str, str], list[tuple[int, Fraction]]] = {}
    for attempt in found:
        for chance in attempt.chances:
            if chance.fate is not Fate.ANSWERED:
                spans.setdefault((chance.fate, chance.why.en, chance.why.zh), []).append(
                    (attempt.at, chance.probability)
                )
    if not spans:
        return Text("no request fails: who is asked is there each time", "没有请求失败：每次被访问的 Pod 都在")
    ordered = sorted(spans.items(), key=lambda item: -sum((share for _, share in item[1]), Fraction(0)))
    told = [_span(Fate(key[0]), key[1], key[2], times) for key, times in ordered[:_MOST]]
    left = sum((share for _, times in ordered[_MOST:] for _, share in times), Fraction(0))
    en, zh = "; ".join(text.en for text in told), "；".join(text.zh for text in told)
    if left:
        en, zh = f"{en}; {_number(left)} more", f"{zh}；另有 {_number(left)} 个"
    return Text(en, zh)


def _shares(attempt: Attempt) -> Text:
    """Who answers one request, and how likely."""
    shares: dict[str, Fraction] = {}
    for chance in attempt.chances:
        name = (chance.pod or "-").rpartition("/")[2]
        shares[name] = shares.get(name, Fraction(0)) + chance.probability
    listed = ", ".join(f"{name} {share}" for name, share in sorted(shares.items()))
    return Text(f"at {seconds(attempt.at)}: {listed}", f"{seconds(attempt.at)} 时：{listed}")


def _span(fate: Fate, en: str, zh: str, times: list[tuple[int, Fraction]]) -> Text:
    when = seconds(times[0][0])
    until = "" if len(times) == 1 else f" - {seconds(times[-1][0])}"
    count = _number(sum((share for _, share in times), Fraction(0)))
    word = _FATES[fate]
    return Text(f"{when}{until}: {count} {word.en} ({en})", f"{when}{until}：{count} 个{word.zh}（{zh}）")


def connection_causes(world: World, field: Field, picked: Collection[str]) -> Iterable[Cause]:
    """Of every connection that was picked wrongly, or wrongly left out."""
    form = form_of(world.question)[1]
    assert isinstance(form, TimelineForm)
    for item in field.options:
        if (item.key in picked) is not (item.key in field.truth):
            own = [attempt for attempt in attempts(world, form) if attempt.connection == item.key]
            yield Cause(FAILS, failures_told(own), item.key)


def knob_causes(
    world: World, changes: list[Mapping[str, Yaml]], field: Field, picked: Collection[str]
) -> Iterable[Cause]:
    """What the knob that was picked leaves, and the best one."""
    without = figure(world, "failures", {})
    for item in field.options:
        if item.key in picked or item.key in field.truth:
            left = figure(world, "failures", changes[int(item.key)])
            yield Cause(
                KNOB,
                Text(
                    f"{_number(left)} fail with it, {_number(without)} as it is",
                    f"改后失败 {_number(left)} 个，现状 {_number(without)} 个",
                ),
                item.key,
            )
