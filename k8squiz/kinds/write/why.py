"""Why a cell of the table is not as it is wanted: the rule that decided, or the lack of one."""

from __future__ import annotations

from typing import cast

from engine.errors import EngineError
from engine.trace import Text
from k8squiz.bank.question import Grade
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.kinds.write.cells import Cell
from k8squiz.kinds.write.fields import WriteField
from k8squiz.world.evidence import evidence
from k8squiz.world.world import World

_MOST = 8


def write_causes(task: Task, grade: Grade) -> tuple[Cause, ...]:
    """How many cells are right, then a line for each that is not."""
    field, (mark,) = cast(WriteField, task.fields[0]), grade.marks
    if mark.given is None:
        return ()
    try:
        wrong, cells = field.wrong(mark.given), field.cells(mark.given)
    except (Unreadable, EngineError, QuizError):
        # The text is refused: what reads it has said why.
        return ()
    total = len(field.wanted)
    found = [
        Text(
            f"{total - len(wrong)} of {total} connections are as the table wants",
            f"{total} 条连接中有 {total - len(wrong)} 条符合表格",
        )
    ]
    world = field.world(mark.given)
    found += [_wrong(world, name, field.labels[name], field.wanted[name], cells[name]) for name in wrong[:_MOST]]
    if len(wrong) > _MOST:
        more = len(wrong) - _MOST
        found.append(Text(f"and {more} more", f"另有 {more} 条"))
    return tuple(Cause(field.id, text) for text in found)


def _other_way(world: World, name: str, label: str, wanted: Cell, found: Cell) -> Text:
    """It works in both, but others answer, or they see another address: who, and the hop that rewrites the source."""
    extra = ", ".join(one for one in found.reached if one not in wanted.reached)
    missing = ", ".join(one for one in wanted.reached if one not in found.reached)
    en = [f"{extra} must not answer"] * bool(extra) + [f"{missing} has to, and does not"] * bool(missing)
    zh = [f"{extra} 不该响应"] * bool(extra) + [f"{missing} 该响应却没有"] * bool(missing)
    if found.seen != wanted.seen:
        told = evidence({"source_kept": True}, world, name)
        en.append(
            f"({', '.join(found.seen)}) is seen instead of ({', '.join(wanted.seen)}): {told.en.removeprefix(name + ': ')}"
        )
        zh.append(
            f"服务端看到 ({', '.join(found.seen)})，应为 ({', '.join(wanted.seen)})：{told.zh.removeprefix(name + '：')}"
        )
    return Text(f"{label}: {'; '.join(en)}", f"{label}：{'；'.join(zh)}")


def _wrong(world: World, name: str, label: str, wanted: Cell, found: Cell) -> Text:
    told = found.told
    if found.works and wanted.works:
        return _other_way(world, name, label, wanted, found)
    if found.works:
        return Text(f"{label} works and must not. {told.en}", f"{label} 通了，但不该通。{told.zh}")
    if not wanted.works:
        return Text(f"{label} works now and then and must not. {told.en}", f"{label} 时通时不通，但不该通。{told.zh}")
    return Text(f"{label} has to work and does not. {told.en}", f"{label} 该通却不通。{told.zh}")
