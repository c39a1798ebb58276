"""Two walks beside one another as a section of HTML: a table of two columns, what is alike folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.trace import Direction, Text
from k8squiz.story.picture.beside import AlikeRow, DifferentRow, PlacedStep, WalksBeside, runs
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.page import PageView, both, step_told
from k8squiz.story.picture.words import alike_text, ending_lines, run_text, verdict_line, word


def beside_section(pair: WalksBeside, names: tuple[Text, Text]) -> PageView:
    """The section, as a page of walks shows it."""
    return PageView(word("beside"), "".join(_section(pair, names)))


def _section(pair: WalksBeside, names: tuple[Text, Text]) -> Iterator[str]:
    heads = "".join(f"<th>{sign}: {both(name)}</th>" for sign, name in zip("AB", names, strict=True))
    yield f'<section class="beside"><table><thead><tr>{heads}</tr></thead><tbody>'
    told: Direction | None = None
    for direction, row in pair.rows:
        if direction is not told:
            yield f'<tr><th colspan="2">{both(word(direction.value))}</th></tr>'
            told = direction
        if isinstance(row, AlikeRow):
            yield f'<tr class="alike"><td colspan="2">≡ {both(alike_text(row))}</td></tr>'
        else:
            yield from _difference(row)
    ends = "".join(f"<td>{''.join(_end(each))}</td>" for each in (pair.left, pair.right))
    yield f'<tr><th colspan="2">{both(word("ending"))}</th></tr><tr>{ends}</tr></tbody></table>'
    yield f"{both(word('no difference'), 'p') if pair.same else ''}</section>"


def _difference(row: DifferentRow) -> Iterator[str]:
    if row.first:
        yield f'<tr><th colspan="2">≠ {both(word("first"))}</th></tr>'
    cells = "".join(f"<td>{_steps(steps, row.first)}</td>" for steps in (row.left, row.right))
    yield f"<tr{' class=first' if row.first else ''}>{cells}</tr>"


def _steps(steps: Sequence[PlacedStep], first: bool) -> str:
    if not steps:
        return both(word("nothing"), "p", "none")
    told = []
    for run in runs(steps, first):
        if len(run) > 1:
            told.append(f'<p class="none">… {both(run_text(run))}</p>')
        else:
            told.append(f'<div class="step">{step_told(run[0].step, run[0].host)}</div>')
    return "".join(told)


def _end(layout: WalkLayout) -> Iterator[str]:
    yield f"<p><b>{both(verdict_line(layout))}</b></p>"
    if layout.source_seen is not None:
        yield both(word("seen", address=layout.source_seen), "p")
    yield from (both(text, "p") for text in ending_lines(layout))
