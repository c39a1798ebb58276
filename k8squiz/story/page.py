"""A story as one HTML page that loads nothing from anywhere: light, dark and on paper. Every foreign text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from engine.trace import Hop, Outcome, Text
from k8squiz.locale.i18n import Lang, joined, listed, pick
from k8squiz.story.blocks import BesideWalk, Block, Claim, Grid, Holds, Paragraph, Rules, Steps, Story, Walk
from k8squiz.story.endings import ending
from k8squiz.story.picture.beside_page import beside_section
from k8squiz.story.picture.drawing import inline_drawing
from k8squiz.story.picture.drawing_style import STYLE as DRAWING
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.page_style import BESIDE
from k8squiz.story.style import STYLE
from k8squiz.story.words import claims_word, mark_of, ruled, word
from k8squiz.terminal.sanitize import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_EXTRA = """
.grid { width: auto; max-width: 100%; }
figcaption { font-style: italic; color: var(--dim); }
.grid th, .grid td { padding-right: 1.4rem; }
.walk td:nth-child(-n+3) { white-space: nowrap; }
code { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; }
.steps li { margin: .35rem 0; } .steps p { margin: 0; }
.claims dt { margin-top: .9rem; font-style: italic; } .claims dd { margin: .2rem 0 0; }
@media print { details > summary { list-style: none; } .walk { font-size: 7pt; } }
"""
_THERE, _BACK = Text("Request", "请求"), Text("Reply", "响应")
_EACH = Text("Hop by hop, with the rule that decided", "逐跳查看，附起决定作用的规则")
_CODE = re.compile(r"`([^`]+)`")


def _plain(value: str) -> str:
    return escape(visible(value), quote=True)


def _prose(text: Text, lang: Lang) -> str:
    """A sentence; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", _plain(pick(text, lang)))


def story_page(story: Story, lang: Lang, without: frozenset[str] = frozenset()) -> str:
    """The whole story as one page."""
    return "\n".join(_page(story, lang, without)) + "\n"


def _page(story: Story, lang: Lang, without: frozenset[str]) -> Iterator[str]:
    title = _plain(pick(story.title, lang))
    yield "<!doctype html>"
    yield f'<html lang="{"zh-CN" if lang == "zh" else "en"}" data-lang="{lang}">'
    yield f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f"<title>{title}</title><style>{STYLE}{DRAWING}{BESIDE}{_EXTRA}</style></head>"
    yield f"<body><main><header><h1>{title}</h1><p>{_prose(story.summary, lang)}</p>"
    if without:
        yield f'<p class="standing part">{_plain(joined(word("without", lang), listed(sorted(without), lang), lang))}</p>'
    yield "</header>"
    for section in story.sections:
        yield f"<section><h2>{_prose(section.title, lang)}</h2>"
        for block in section.blocks:
            yield from _block(block, lang)
        yield "</section>"
    yield from _claims(story.claims, lang)
    yield f"<section><h2>{_plain(word('points', lang))}</h2>{_list(story.points, lang)}</section>"
    if story.spoken:
        told = "".join(f"<p>{_prose(text, lang)}</p>" for text in story.spoken)
        yield f"<section><h2>{_plain(word('spoken', lang))}</h2>{told}</section>"
    yield f"<section><h2>{_plain(word('follow-ups', lang))}</h2>{_list(story.follow_ups, lang)}</section>"
    sources = tuple(Text(source, source) for source in story.sources)
    yield f'<section class="facts"><h2>{_plain(word("sources", lang))}</h2>{_list(sources, lang)}</section>'
    yield f"<footer>k8squiz explain {_plain(story.topic)}</footer></main></body></html>"


def _claims(claims: tuple[Claim, ...], lang: Lang) -> Iterator[str]:
    yield f'<section><h2>{_plain(word(claims_word(claims), lang))}</h2><dl class="claims">'
    for claim in claims:
        kind = "right" if claim.holds is Holds.YES else "wrong"
        yield f'<dt><span class="{kind}">{mark_of(claim)}</span> {_prose(claim.claim, lang)}</dt>'
        yield f'<dd><span class="right">✓</span> {_prose(ruled(claim, claims), lang)}</dd>'
    yield "</dl></section>"


def _list(texts: Sequence[Text], lang: Lang) -> str:
    return "<ul>" + "".join(f"<li>{_prose(text, lang)}</li>" for text in texts) + "</ul>"


def _block(block: Block, lang: Lang) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield f"<p>{_prose(text, lang)}</p>"
        case Walk(caption, outcome, layout):
            yield from _walk(caption, outcome, layout, lang)
        case BesideWalk(caption, names, pair):
            yield f"<h3>{_prose(caption, lang)}</h3>{beside_section(pair, names).section}"
        case Rules(caption, lines):
            yield f'<p class="facts">{_prose(caption, lang)}</p><pre>{_plain(chr(10).join(lines))}</pre>'
        case Grid(caption, headers, rows):
            heads = "".join(f"<th>{_prose(header, lang)}</th>" for header in headers)
            yield f'<figure><figcaption>{_prose(caption, lang)}</figcaption><table class="grid"><tr>{heads}</tr>'
            for row in rows:
                yield "<tr>" + "".join(f"<td>{_prose(cell, lang)}</td>" for cell in row) + "</tr>"
            yield "</table></figure>"
        case Steps(caption, steps):
            yield '<ol class="steps">'
            for step in steps:
                seen = _prose(step.seen, lang) if step.seen is not None else '<span class="wrong">✗</span>'
                yield f"<li><b>{_prose(step.title, lang)}</b><p>{seen}</p></li>"
            yield f"</ol><p><b>→ {_prose(caption, lang)}</b></p>"


def _walk(caption: Text, outcome: Outcome, layout: WalkLayout, lang: Lang) -> Iterator[str]:
    yield f'<figure class="drawn">{inline_drawing(layout, (lang,), caption)}</figure>'
    yield f"<details><summary>{_prose(_EACH, lang)}</summary>"
    for title, hops in ((_THERE, outcome.hops), (_BACK, outcome.reply)):
        if hops:
            yield f'<p class="facts">{_plain(pick(title, lang))}</p><table class="walk">'
            yield from _hops(hops, lang)
            yield "</table>"
    yield f"<p><b>= {_prose(ending(outcome), lang)}</b></p></details>"


def _hops(hops: Sequence[Hop], lang: Lang) -> Iterator[str]:
    place = ""
    for hop in hops:
        here = f"{hop.host} {hop.device}".strip()
        told = [_prose(hop.note, lang)]
        told += [f"<code>{_plain(hop.rule)}</code>"] if hop.rule else []
        told += [f"<mark>{_plain(f'{change.field} {change.before} » {change.after}')}</mark>" for change in hop.changes]
        shown = "" if here == place else _plain(here)
        yield (
            f'<tr><td class="n">{hop.n}</td><td><b>{shown}</b></td><td>{_plain(str(hop.stage))}</td>'
            f"<td>{'<br>'.join(told)}</td></tr>"
        )
        place = here
