"""Why it is no other cause, and not elsewhere: the command that would print something else then."""

from __future__ import annotations

from engine.errors import EngineError
from engine.faults.placed import PLACED, FaultPlace
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Fault, FieldMark, Grade
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.evidence.fields import CAUSE_FIELD
from k8squiz.kinds.evidence.others import every_fault, prints, with_fault
from k8squiz.kinds.evidence.transcript import Printed, ShownCommand, printed
from k8squiz.world.world import World

_HARMLESS = Text("That would not break this connection.", "它不会影响这个连接。")
_SITS_AT = {
    FaultPlace.NODE: ("a node", "节点"),
    FaultPlace.POD: ("a pod", " Pod "),
    FaultPlace.SERVICE: ("a Service", " Service "),
}


def evidence_causes(world: World, shown: tuple[ShownCommand, ...], grade: Grade) -> tuple[Cause, ...]:
    """Of the cause: what would be printed with the one that was picked, and what gives the true one away. Of the place: what
    would be printed with the fault there."""
    fault = world.request(world.first).fault
    if fault is None:
        return ()
    told = printed(world.live(world.first), shown)
    gives_away = telling(world, shown, told)
    causes: list[Cause] = []
    for mark in grade.differences:
        about = _of_cause if mark.field == CAUSE_FIELD else _of_place
        causes += about(world, shown, told, mark, fault)
        if gives_away is not None and gives_away not in [cause.text for cause in causes]:
            part = fault.cause if mark.field == CAUSE_FIELD else None
            causes.append(Cause(mark.field, gives_away, part))
    return tuple(causes)


def _of_cause(
    world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], mark: FieldMark, fault: Fault
) -> list[Cause]:
    return [Cause(mark.field, instead(world, shown, told, picked), picked) for picked in mark.given or ()]


def _of_place(
    world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], mark: FieldMark, fault: Fault
) -> list[Cause]:
    if mark.given is None:
        return []
    elsewhere = Fault(fault.cause, str(mark.given))
    if elsewhere not in every_fault(world.cluster(world.first)):
        en, zh = _SITS_AT[PLACED[fault.cause].place]
        return [
            Cause(
                mark.field,
                Text(f"such a fault sits at {en}, not at {mark.given}", f"这种故障出在{zh}上，不会在 {mark.given}"),
            )
        ]
    found = prints(world.question, world.first, elsewhere, shown)
    return [Cause(mark.field, _HARMLESS if found is None else _otherwise(told, found, elsewhere.at) or _HARMLESS)]


def instead(world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], cause: str) -> Text:
    """What would be otherwise with that cause: the first command that prints something else, and what; or that the
    connection would work."""
    name = world.first
    fault = world.request(name).fault
    places = [other for other in every_fault(with_fault(world.question, None).cluster(name)) if other.cause == cause]
    for other in sorted(places, key=lambda other: fault is None or other.at != fault.at):
        otherwise = _otherwise(told, prints(world.question, name, other, shown) or (), other.at)
        if otherwise is not None:
            return otherwise
    return _HARMLESS


def _otherwise(told: tuple[Printed, ...], found: tuple[Printed, ...], at: str) -> Text | None:
    """The first command that would print something else with the fault `at` another place."""
    for ours, theirs in zip(told, found, strict=False):
        if ours.text != theirs.text:
            other = _other_line(ours.text, theirs.text)
            en, zh = ("lack", "没有") if other.lacks else ("print", "输出")
            return Text(
                f"With that at {at}, `{theirs.command}` would {en}: {other.line}",
                f"如果是它（{at}），`{theirs.command}` 会{zh}：{other.line_zh}",
            )
    return None


def telling(world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...]) -> Text | None:
    """What gives the fault away: the last command that prints something else on the sound cluster (questions show the
    symptom first, then what is looked into)."""
    try:
        sound = printed(with_fault(world.question, None).live(world.first), shown)
    except (EngineError, QuizError):
        return None
    differing = [(ours, theirs) for ours, theirs in zip(told, sound, strict=True) if ours.text != theirs.text]
    if not differing:
        return None
    ours, theirs = differing[-1]
    where, here = f"{ours.host}$ {ours.command}", _other_line(theirs.text, ours.text)
    if here.lacks:
        return Text(f"`{where}` lacks {here.line}", f"`{where}` 中没有 {here.line_zh}")
    there = _other_line(ours.text, theirs.text)
    if there.lacks:
        return Text(f"`{where}` prints {here.line}, which is too much", f"`{where}` 多输出了 {here.line_zh}")
    return Text(
        f"`{where}` prints {here.line}; were all well: {there.line}",
        f"`{where}` 输出 {here.line_zh}；一切正常时为：{there.line_zh}",
    )


@dataclass(frozen=True, slots=True)
class _OtherLine:
    """A line by which two outputs differ; `lacks`: it is missing."""

    text: str
    lacks: bool

    @property
    def line(self) -> str:
        return self.text or "(nothing)"

    @property
    def line_zh(self) -> str:
        return self.text or "（无）"


def _other_line(ours: str, theirs: str) -> _OtherLine:
    """The first line of `theirs` that `ours` has not; where there is none, the first that it lacks."""
    known, found = ours.splitlines(), theirs.splitlines()
    more = [line for line in found if line not in known]
    less = [line for line in known if line not in found]
    text, lacks = (more[0], False) if more else (less[0], True) if less and found else ("", False)
    return _OtherLine(" ".join(text.split()), lacks)
