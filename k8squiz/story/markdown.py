"""A story as Markdown: the same blocks, for a wiki or a printout."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Text
from k8squiz.locale.i18n import Lang, joined, listed, pick
from k8squiz.story.blocks import BesideWalk, Block, Grid, Paragraph, Rules, Steps, Story, Walk
from k8squiz.story.picture.markdown import beside_block, walk_markdown
from k8squiz.story.picture.markdown import inline as _inline
from k8squiz.story.words import claims_word, mark_of, ruled, word


def story_markdown(story: Story, lang: Lang, without: frozenset[str] = frozenset()) -> str:
    """The whole story as CommonMark with tables."""
    return "\n".join(_lines(story, lang, without)).rstrip() + "\n"


def _lines(story: Story, lang: Lang, without: frozenset[str]) -> Iterator[str]:
    yield from (f"# {pick(story.title, lang)}", "", _inline(pick(story.summary, lang)), "")
    if without:
        yield from (f"**{joined(word('without', lang), listed(sorted(without), lang), lang)}**", "")
    for section in story.sections:
        yield from (f"## {_inline(pick(section.title, lang))}", "")
        for block in section.blocks:
            yield from _block(block, lang)
    yield from (f"## {word(claims_word(story.claims), lang)}", "")
    for claim in story.claims:
        truth = pick(ruled(claim, story.claims), lang)
        yield from (f"- **{mark_of(claim)} {_inline(pick(claim.claim, lang))}**", f"  ✓ {_inline(truth)}")
    yield from _listed("points", story.points, lang)
    if story.spoken:
        yield from ("", f"## {word('spoken', lang)}")
        yield from (line for text in story.spoken for line in ("", _inline(pick(text, lang))))
    yield from _listed("follow-ups", story.follow_ups, lang)
    yield from ("", f"## {word('sources', lang)}", "")
    yield from (f"- {_inline(source)}" for source in story.sources)


def _listed(key: str, texts: tuple[Text, ...], lang: Lang) -> Iterator[str]:
    yield from ("", f"## {word(key, lang)}", "")
    yield from (f"- {_inline(pick(text, lang))}" for text in texts)


def _block(block: Block, lang: Lang) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield from (_inline(pick(text, lang)), "")
        case Walk(caption, _, layout):
            yield from (f"**{_inline(pick(caption, lang))}**", "", *walk_markdown(layout, lang))
        case BesideWalk(caption, names, pair):
            yield from (f"**{_inline(pick(caption, lang))}**", "", *beside_block(pair, names, lang))
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


def _table(headers: tuple[Text, ...], rows: tuple[tuple[Text, ...], ...], lang: Lang) -> Iterator[str]:
    yield "| " + " | ".join(_inline(pick(header, lang)) for header in headers) + " |"
    yield "|" + " --- |" * len(headers)
    for row in rows:
        yield "| " + " | ".join(_inline(pick(cell, lang)) for cell in row) + " |"
    yield ""
