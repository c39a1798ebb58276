"""A walk as an HTML page that stands alone: stepped through by keys and buttons, in both languages, asking nobody for
anything. Without its script it is a drawing and a list of all steps, which is also what is printed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence

from engine.trace import Direction, Text
from engine.values import dataclass
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.drawing import inline_drawing
from k8squiz.story.picture.drawing_style import STYLE
from k8squiz.story.picture.layout import WalkLayout, WalkStep, outer_facts, outer_text
from k8squiz.story.picture.page_script import SCRIPT
from k8squiz.story.picture.page_style import BESIDE, PAGE
from k8squiz.story.picture.svg import plain
from k8squiz.story.picture.words import GLOSSES, ending_lines, rewrite_text, verdict_line, word

LANGS: tuple[Lang, ...] = ("en", "zh")
_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
# Our own script and nobody else's runs, whatever a name in a manifest says; nothing may be fetched or sent.
_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
)
_FIELDS = (("src", "source"), ("dst", "destination"), ("mark", "mark"), ("outer", "outer"))
_BUTTONS = (
    ("first", "|◄", Text("first step (Home)", "第一步（Home）")),
    ("back", "◄", Text("one step back (←)", "上一步（←）")),
    ("next", "►", Text("next step (→)", "下一步（→）")),
    ("last", "►|", Text("last step (End)", "最后一步（End）")),
    ("play", "", Text("play, pause (space)", "播放、暂停（空格）")),
    ("lang", "中 / EN", Text("the other language (L)", "切换语言（L）")),
)
_KEYS = Text(
    "to step, Home and End to the ends, space to play, L for 中文",
    "逐步查看，Home、End 跳到两端，空格播放，L 切换为 English",
)


@dataclass(frozen=True, slots=True)
class PageView:
    """One of the things a page shows: what it is called in the list, and its section of HTML."""

    name: Text
    section: str


def walk_page(title: Text, walks: Sequence[tuple[Text, WalkLayout]], lang: Lang, more: Sequence[PageView] = ()) -> str:
    """The page: each walk under its name, then what else there is to show (`more` first where it is given)."""
    views = [*more, *(PageView(name, "".join(_walk(layout))) for name, layout in walks)]
    return "\n".join(_page(title, views, lang)) + "\n"


def both(text: Text, tag: str = "span", classes: str = "") -> str:
    """A text in both languages, of which the page shows one."""
    named = f' class="{classes}"' if classes else ""
    if text.en == text.zh:
        return f"<{tag}{named}>{plain(text.en)}</{tag}>"
    return f'<{tag}{named} lang="en">{plain(text.en)}</{tag}><{tag}{named} lang="zh-CN">{plain(text.zh)}</{tag}>'


_PLAY = both(Text("play", "播放"), "span", "paused") + both(Text("pause", "暂停"), "span", "playing")


def _page(title: Text, views: Sequence[PageView], lang: Lang) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="{"en" if lang == "en" else "zh-CN"}" data-lang="{lang}">'
    yield f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f"<title>{plain(pick(title, lang))}</title><style>{BESIDE}{PAGE}{STYLE}</style></head>"
    yield f'<body><header><div class="top"><h1>{both(title)}</h1><div class="controls">'
    if len(views) > 1:
        options = "".join(
            f'<option value="{index}" data-en="{plain(view.name.en)}" data-zh="{plain(view.name.zh)}">{plain(pick(view.name, lang))}</option>'
            for index, view in enumerate(views)
        )
        yield f"<select>{options}</select>"
    for name, sign, told in _BUTTONS:
        hint = plain(pick(told, lang))
        yield f'<button type="button" data-do="{name}" title="{hint}" aria-label="{hint}">{sign or _PLAY}</button>'
        if name == "back":
            yield '<span class="count" aria-live="polite"></span>'
    yield '</div></div><dl class="packet">'
    for field, key in _FIELDS:
        yield f'<div data-field="{field}"><dt>{both(word(key))}</dt><dd class="mono"><del></del><ins></ins></dd></div>'
    yield f'<div data-field="where" class="where"><dt>{both(word("where"))}</dt><dd></dd></div>'
    yield "</dl></header><main>"
    yield from (view.section for view in views)
    yield f"</main><script>{SCRIPT}</script></body></html>"


def _walk(layout: WalkLayout) -> Iterator[str]:
    drawing = inline_drawing(layout, LANGS)
    walker = '<g class="walker"><circle r="12" class="tube-ring"/><circle r="7.5" class="dot"/></g></svg>'
    yield f'<section class="walk"><div class="drawing">{drawing.removesuffix("</svg>")}{walker}</div><div class="list">'
    for direction in (Direction.REQUEST, Direction.REPLY):
        visits = layout.of(direction)
        if not visits:
            continue
        yield both(word(direction.value), "h2")
        for visit in visits:
            lane = layout.lanes[visit.lane]
            yield f"<h3>{plain(lane.host)} <small class=mono>{plain(lane.address)}</small></h3><ol>"
            yield from (step_item(step, lane.host) for step in visit.steps)
            yield "</ol>"
    yield from _end(layout)
    yield f'<p class="keys"><kbd>←</kbd> <kbd>→</kbd> {both(_KEYS)}</p></div></section>'


def step_item(step: WalkStep, host: str) -> str:
    """One step of the list; what the packet's header says after it stands in its data."""
    outer = "" if step.outer is None else f"{outer_text(step.outer)} ({outer_facts(step.outer)})"
    where = " ".join(
        part for part in (host, step.device, step.hook or step.stage.value, step.table, step.chain) if part
    )
    mark = f"{step.mark:#x}" if step.mark else ""
    data = {
        "key": f"{step.direction.value}-{step.number}", "way": step.direction.value, "src": step.src, "dst": step.dst,
        "mark": mark, "outer": outer, "where": where,
    }  # fmt: skip
    written = " ".join(f'data-{name}="{plain(value)}"' for name, value in data.items())
    return f"<li {written}>{step_told(step)}</li>"


def step_told(step: WalkStep, host: str = "") -> str:
    """What there is to say of a step: its host (where it is named), its stage, its sentence, its rewrites, the rule that decided."""
    chain = f" {plain(step.chain)}" if step.chain else ""
    place = f'<span class="dev mono">{plain(f"{host} {step.device}".strip())}{chain}</span>'
    gloss = both(GLOSSES[step.stage], "small") + " " if step.stage in GLOSSES else ""
    parts = [f'<p class="what"><span class="n">{step.number}</span>{plain(step.stage.value)} {gloss}{place}</p>']
    parts.append(both(step.note, "p"))
    parts += [
        f'<span class="badge mono"><b>{plain(step.label)}</b>{plain(rewrite_text(rewrite))}</span>'
        for rewrite in step.rewrites
    ]
    if step.rule:
        parts.append(f'<code class="rule">{plain(step.rule)}</code>')
    return "".join(parts)


def _end(layout: WalkLayout) -> Iterator[str]:
    yield f'<div class="end{"" if layout.delivered else " no"}"><p><b>{both(verdict_line(layout))}</b></p>'
    if layout.source_seen is not None:
        yield both(word("seen", address=layout.source_seen), "p")
    yield from (both(text, "p") for text in ending_lines(layout))
    if layout.died is not None and layout.died.rule:
        yield f'<code class="rule">{plain(layout.died.rule)}</code>'
    yield "</div>"
