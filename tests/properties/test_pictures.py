"""Whatever cluster is drawn: the layout holds the walk, and the three printers say the same of it."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import EngineError, outcomes
from engine.fabric.fabric import build_fabric
from k8squiz.story.picture.beside import AlikeRow, DifferentRow, beside
from k8squiz.story.picture.layout import lay_out
from k8squiz.story.picture.lines import Detail, picture_lines
from k8squiz.terminal.width import width_of
from tests.breadth import breadth
from tests.k8squiz.story.picture.read_back import (
    by_the_drawing,
    by_the_layout,
    by_the_page,
    by_the_terminal,
    off_the_sheet,
)
from tests.strategies import clusters, requests

MODES = ("iptables", "ipvs", "nftables")
_WAYS = 3  # of each request


@given(st.data())
@settings(
    max_examples=breadth(30), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_the_printers_agree(data: st.DataObject) -> None:
    cluster, mode = data.draw(clusters()), data.draw(st.sampled_from(MODES))
    request = data.draw(requests(cluster))
    try:
        fabric = build_fabric(cluster, mode)
        ways = outcomes(cluster, request, mode, fabric=fabric)
    except EngineError:
        return
    layouts = []
    for outcome in ways[:_WAYS]:
        layout = lay_out(outcome, fabric)
        layouts.append(layout)
        told = by_the_layout(layout)
        assert [number for way, number in told.steps if way == "request"] == [hop.n for hop in outcome.hops]
        assert [number for way, number in told.steps if way == "reply"] == [hop.n for hop in outcome.reply]
        assert set(told.hosts) >= {hop.host for hop in (*outcome.hops, *outcome.reply)}
        assert [text for label, text in told.rewrites if label[0] not in "+-"] == [
            f"{change.field} {change.before} » {change.after}" if change.field != "mark" else f"{change.before} » {change.after}"
            for hop in (*outcome.hops, *outcome.reply) for change in hop.changes
        ]  # fmt: skip
        assert off_the_sheet(layout) == []
        assert by_the_terminal(layout) == by_the_drawing(layout) == by_the_page(layout) == told
        for width, detail in itertools.product((60, 80, 120), Detail):
            for line in picture_lines(layout, "zh", width, detail):
                assert width_of("".join(span.text for span in line)) <= width
    for left, right in itertools.product(layouts, layouts):
        pair = beside(left, right)
        assert pair.same or left is not right
        rows = [row for _, row in pair.rows]
        ours = sum(len(row.steps if isinstance(row, AlikeRow) else row.left) for row in rows)
        theirs = sum(len(row.steps if isinstance(row, AlikeRow) else row.right) for row in rows)
        assert (ours, theirs) == (len(list(left.steps())), len(list(right.steps())))
        assert sum(row.first for row in rows if isinstance(row, DifferentRow)) == any(
            isinstance(row, DifferentRow) for row in rows
        )
