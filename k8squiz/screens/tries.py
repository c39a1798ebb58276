"""A line that was tried, before it is handed in: what becomes of the connections with it. Returns renderables."""

from __future__ import annotations

from rich.console import Group, RenderableType

from engine.trace import Text
from k8squiz.bank.question import Answer
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, causes_of, kind
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import sign_of
from k8squiz.screens.causes import causes_view
from k8squiz.screens.picture import beside_view
from k8squiz.screens.prose import Prose
from k8squiz.story.picture.question import beside_own
from k8squiz.terminal.sanitize import one_line
from k8squiz.world.world import World

_NAMES = (Text(say("as-broken", "en"), say("as-broken", "zh")), Text(say("with-yours", "en"), say("with-yours", "zh")))


def try_view(world: World, task: Task, answer: Answer, lang: Lang) -> RenderableType:
    """How each request ends, why the goal is not met, and what the line changes of the walk; not what was wanted."""
    found = grade(task, answer)
    made = kind(world.question.meta.kind).brought_about(task, found)
    parts: list[RenderableType] = []
    for text, wanted in () if made is None else zip(made.endings, made.as_wanted, strict=True):
        sign, style = sign_of(float(wanted))
        parts.append(Prose(f"{sign} {one_line(pick(text, lang))}", style))
    parts += causes_view(causes_of(world, task, found), lang)
    pair = None if made is None else beside_own(made.found, made.own, world.first)
    if pair is not None:
        parts.append(
            Prose(say("changes-nothing", lang), "notice") if pair.same else beside_view(pair, _NAMES, lang, brief=True)
        )
    return Group(*parts)
