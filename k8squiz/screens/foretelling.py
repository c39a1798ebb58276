"""A walk told step by step, and the question what comes next. Returns renderables; prints nothing."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Hop, Text
from k8squiz.explain.foretelling import Foretelling, ForetoldStep, ForetoldWalk
from k8squiz.kinds.interface import letters
from k8squiz.locale.i18n import Lang, pick
from k8squiz.report.signs import CAUSE, RIGHT, WRONG
from k8squiz.screens.prose import Prose
from k8squiz.screens.walk import hop_rows, verdict_view
from k8squiz.terminal.sanitize import one_line

WORDS = {
    "walk": Text("Walk {number} of {total}: {caption}", "第 {number}/{total} 条路径：{caption}"),
    "hosts": Text("Hosts: {hosts}", "主机：{hosts}"),
    "next": Text("What comes next?", "接下来是什么？"),
    "packet": Text("packet", "数据包"),
    "right": Text("Yes.", "对。"),
    "wrong": Text("No: {why}.", "不对：{why}。"),
    "score": Text("Foretold: {right} of {asked}.", "预测正确 {right}/{asked}。"),
    "looked": Text("Looked up: {looked}.", "直接查看 {looked} 步。"),
    "whole": Text("The whole story: k8squiz explain {topic}", "完整讲解：k8squiz explain {topic}"),
}


def say(key: str, lang: Lang, **values: object) -> str:
    return pick(WORDS[key], lang).format(**values)


def walk_heading(told: ForetoldWalk, number: int, total: int, lang: Lang) -> RenderableType:
    """Which walk it is, and the hosts there are."""
    hosts = " · ".join(f"{lane.host} {lane.address}".strip() for lane in told.walk.layout.lanes)
    title = say("walk", lang, number=number, total=total, caption=pick(told.walk.caption, lang))
    return Group(
        Styled(""),
        Rule(Styled(title, style="strong"), align="left", style="quiet"),
        Prose(say("hosts", lang, hosts=hosts)),
    )


def step_view(told: ForetoldWalk, at: int, lang: Lang) -> RenderableType:
    """What happens in a step, hop by hop with the rules that decided, or how the walk ends."""
    step = told.steps[at]
    heading = Prose(f"{at + 1}/{len(told.steps)}  {pick(step.text, lang)}", "strong")
    if not step.hops:
        return Group(heading, verdict_view(told.walk.outcome, lang))
    parts: list[RenderableType] = [heading, hop_rows(step.hops, lang)]
    if at + 1 == len(told.steps):
        parts.append(verdict_view(told.walk.outcome, lang))
    return Group(*parts)


def question_view(told: ForetoldWalk, asked: Foretelling, lang: Lang) -> RenderableType:
    """The packet as it stands, and what may come next."""
    parts: list[RenderableType] = [Styled("")]
    hops = told.steps[asked.after].hops
    if hops:
        parts.append(_packet(hops[-1], lang))
    parts.append(Styled(say("next", lang), style="strong"))
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for letter, option in zip(letters(len(asked.options)), asked.options, strict=True):
        table.add_row(Styled(f" {letter}", style="strong"), Prose(pick(option.text, lang)))
    return Group(*parts, table)


def _packet(hop: Hop, lang: Lang) -> RenderableType:
    """What its header says now."""
    mark = f"  mark {hop.mark:#x}" if hop.mark else ""
    outer = hop.encapsulation
    tunnel = f"  [{outer.kind} {outer.src} → {outer.dst}]" if outer is not None else ""
    line = one_line(f"▸ {say('packet', lang)}  {hop.src} → {hop.dst}{mark}{tunnel}")
    return Styled(line, style="mark", overflow="fold")


def verdict_of(told: ForetoldWalk, asked: Foretelling, picked: ForetoldStep, lang: Lang) -> RenderableType:
    """Whether it was foretold, and why not."""
    if picked is asked.options[asked.truth]:
        return Styled(f"{RIGHT} {say('right', lang)}", style="right")
    why = pick(told.why_not(asked.after, picked), lang).rstrip(".。")
    return Group(
        Styled(f"{WRONG} {pick(picked.text, lang)}", style="wrong"),
        Prose(f"{CAUSE} {say('wrong', lang, why=why)}", "notice"),
    )


def score_view(right: int, asked: int, looked: int, topic: str, lang: Lang) -> RenderableType:
    """What was foretold of all that was asked."""
    parts = [say("score", lang, right=right, asked=asked)] if asked else []
    parts += [say("looked", lang, looked=looked)] if asked and looked else []
    between = "" if lang == "zh" else " "
    return Group(Styled(""), Styled(between.join(parts), style="strong"), Prose(say("whole", lang, topic=topic)))
