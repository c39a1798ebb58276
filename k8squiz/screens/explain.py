"""A guided story on the screen: what each block looks like. Returns renderables; prints nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.locale.i18n import Lang, joined, listed, pick
from k8squiz.screens.heading import heading
from k8squiz.screens.picture import beside_view, picture_view
from k8squiz.screens.prose import Prose
from k8squiz.story.blocks import BesideWalk, Block, Claim, Grid, Holds, Paragraph, Rules, Section, Steps, Story, Walk
from k8squiz.story.picture.lines import Detail
from k8squiz.story.words import claims_word, mark_of, ruled, word


def story_view(story: Story, lang: Lang, without: frozenset[str] = frozenset()) -> RenderableType:
    """The whole story, top to bottom."""
    return Group(*(part for _, part in story_parts(story, lang, without)))


def story_parts(
    story: Story, lang: Lang, without: frozenset[str] = frozenset()
) -> Iterator[tuple[str, RenderableType]]:
    """The story in pieces: (name, renderable)."""
    yield "title", _opening(story, lang, without)
    for number, section in enumerate(story.sections, 1):
        yield f"section-{number}", section_view(section, lang)
    yield claims_word(story.claims), claims_view(story.claims, lang)
    yield "points", _list("points", story.points, lang)
    if story.spoken:
        yield "spoken", _spoken(story.spoken, lang)
    yield "follow-ups", _list("follow-ups", story.follow_ups, lang)
    yield "sources", _closing(story, lang)


def _opening(story: Story, lang: Lang, without: frozenset[str]) -> RenderableType:
    parts: list[RenderableType] = [Prose(pick(story.summary, lang))]
    if without:
        parts += [Styled(""), Prose(joined(word("without", lang), listed(sorted(without), lang), lang), style="alarm")]
    return Panel(
        Group(*parts), title=Styled(pick(story.title, lang), style="strong"), title_align="left", padding=(0, 1)
    )


def section_view(section: Section, lang: Lang) -> RenderableType:
    """A section: its heading and its blocks."""
    parts: list[RenderableType] = [heading(pick(section.title, lang))]
    parts += [block_view(block, lang) for block in section.blocks]
    return Group(*parts)


def block_view(block: Block, lang: Lang) -> RenderableType:
    """One block of a section."""
    match block:
        case Paragraph(text):
            return Padding(Prose(pick(text, lang)), (0, 0, 1, 0))
        case Walk(caption, _, layout):
            picture = picture_view(layout, lang, Detail.STAGES)
            return Group(Styled(pick(caption, lang), style="strong"), picture, Styled(""))
        case BesideWalk(caption, names, pair):
            return Group(Styled(pick(caption, lang), style="strong"), beside_view(pair, names, lang), Styled(""))
        case Rules(caption, lines):
            return Group(
                Styled(pick(caption, lang), style="caption"), *(_rule_line(line) for line in lines), Styled("")
            )
        case Grid():
            return _grid(block, lang)
        case Steps():
            return _steps(block, lang)


def _rule_line(line: str) -> RenderableType:
    return Padding(Styled(line, style="rule", overflow="fold"), (0, 0, 0, 2))


def _grid(grid: Grid, lang: Lang) -> RenderableType:
    table = Table(padding=(0, 1))
    for header in grid.headers:
        table.add_column(Styled(pick(header, lang)), overflow="fold")
    for row in grid.rows:
        table.add_row(*(Prose(pick(cell, lang)) for cell in row))
    return Padding(Group(Prose(pick(grid.caption, lang), style="caption"), table), (0, 0, 1, 0))


def _steps(steps: Steps, lang: Lang) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for number, step in enumerate(steps.steps, 1):
        seen = pick(step.seen, lang) if step.seen is not None else f"✗ {word('never', lang)}"
        title = Prose(pick(step.title, lang), style="strong")
        table.add_row(f"{number}.", Group(title, Prose(seen, style="" if step.seen is not None else "wrong")))
    return Padding(Group(table, Prose("→ " + pick(steps.caption, lang), style="strong")), (0, 0, 1, 0))


def claims_view(claims: tuple[Claim, ...], lang: Lang) -> RenderableType:
    """What people say, each with the computed truth under it."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for claim in claims:
        style = "right" if claim.holds is Holds.YES else "wrong"
        table.add_row(Styled(mark_of(claim), style=style), Prose(pick(claim.claim, lang), style="caption"))
        truth = Prose(pick(ruled(claim, claims), lang))
        table.add_row(Styled("✓", style="right"), Padding(truth, (0, 0, 1, 0)))
    return Group(heading(word(claims_word(claims), lang)), table)


def _spoken(paragraphs: tuple[Text, ...], lang: Lang) -> RenderableType:
    told = [Padding(Prose(pick(text, lang)), (0, 0, 1, 0)) for text in paragraphs]
    return Group(heading(word("spoken", lang)), *told)


def _list(key: str, texts: tuple[Text, ...], lang: Lang) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for text in texts:
        table.add_row("•", Prose(pick(text, lang)))
    return Group(heading(word(key, lang)), table)


def _closing(story: Story, lang: Lang) -> RenderableType:
    parts: list[RenderableType] = [_list("sources", tuple(Text(source, source) for source in story.sources), lang)]
    if story.without:
        commands = "\n".join(f"  k8squiz explain {story.topic} --without {part}" for part in story.without)
        parts += [Styled(""), Styled(f"{word('try', lang)}\n{commands}")]
    return Group(*parts)
