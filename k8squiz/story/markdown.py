"""A story as Markdown: the same blocks, for a wiki or a printout."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Hop, Outcome, Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.blocks import Block, Grid, Paragraph, Rules, Steps, Story, Walk
from k8squiz.story.endings import ending
from k8squiz.story.words import word

_HOPS = (Text("#", "#"), Text("host", "主机"), Text("device", "设备"), Text("stage", "阶段"), Text("chain", "链"),
         Text("source", "源"), Text("destination", "目的"))  # fmt: skip
_THERE, _BACK = Text("Request", "请求"), Text("Reply", "应答")


def story_markdown(story: Story, lang: Lang, without: frozenset[str] = frozenset()) -> str:
    """The whole story as CommonMark with tables."""
    return "\n".join(_lines(story, lang, without)).rstrip() + "\n"


def _lines(story: Story, lang: Lang, without: frozenset[str]) -> Iterator[str]:
    yield from (f"# {pick(story.title, lang)}", "", _inline(pick(story.summary, lang)), "")
    if without:
        yield from (f"**{word('without', lang)}: {', '.join(sorted(without))}**", "")
    for section in story.sections:
        yield from (f"## {_inline(pick(section.title, lang))}", "")
        for block in section.blocks:
            yield from _block(block, lang)
    yield from (f"## {word('claims', lang)}", "")
    for claim in story.claims:
        yield from (f"- **✗ {_inline(pick(claim.claim, lang))}**", f"  ✓ {_inline(pick(claim.truth, lang))}")
    for key, texts in (("points", story.points), ("follow-ups", story.follow_ups)):
        yield from ("", f"## {word(key, lang)}", "")
        yield from (f"- {_inline(pick(text, lang))}" for text in texts)
    yield from ("", f"## {word('sources', lang)}", "")
    yield from (f"- {_inline(source)}" for source in story.sources)


def _block(block: Block, lang: Lang) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield from (_inline(pick(text, lang)), "")
        case Walk(caption, outcome):
            yield from (f"**{_inline(pick(caption, lang))}**", "", *_walk(outcome, lang))
        case Rules(caption, lines):
            yield from (f"*{_inline(pick(caption, lang))}*", "", "```", *lines, "```", "")
        case Grid(caption, headers, rows):
            yield from (f"*{_inline(pick(caption, lang))}*", "")
            yield from _table(headers, rows, lang)
        case Steps(caption, steps):
            for number, step in enumerate(steps, 1):
                seen = f": {_inline(pick(step.seen, lang))}" if step.seen is not None else " ✗"
                yield f"{number}. **{_inline(pick(step.title, lang))}**{seen}"
            yield from ("", _inline(pick(caption, lang)), "")


def _walk(outcome: Outcome, lang: Lang) -> Iterator[str]:
    for title, hops in ((_THERE, outcome.hops), (_BACK, outcome.reply)):
        if hops:
            yield from (pick(title, lang), "")
            yield from _table(_HOPS, tuple(_hop(hop) for hop in hops), lang)
    yield from (_inline(pick(ending(outcome), lang)), "")


def _hop(hop: Hop) -> tuple[Text, ...]:
    cells = (str(hop.n), hop.host, hop.device, str(hop.stage), hop.chain or str(hop.hook or ""), hop.src, hop.dst)
    return tuple(Text(cell, cell) for cell in cells)


def _table(headers: tuple[Text, ...], rows: tuple[tuple[Text, ...], ...], lang: Lang) -> Iterator[str]:
    yield "| " + " | ".join(_inline(pick(header, lang)) for header in headers) + " |"
    yield "|" + " --- |" * len(headers)
    for row in rows:
        yield "| " + " | ".join(_inline(pick(cell, lang)) for cell in row) + " |"
    yield ""


def _inline(text: str) -> str:
    """Text that Markdown shows as it is: no table cell, tag or heading can be smuggled in through a name."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
