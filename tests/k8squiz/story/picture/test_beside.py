"""A walk beside a walk: what is folded, where the first difference is, what is told after it."""

from __future__ import annotations

import pytest

from engine.trace import Text
from k8squiz.story.picture.beside import AlikeRow, DifferentRow, beside
from k8squiz.story.picture.beside_lines import beside_lines
from k8squiz.terminal.width import width_of
from tests.k8squiz.story.picture.walks import WALKS, laid_out

NAMES = (Text("everything in place", "一切正常"), Text("without masquerade", "去掉 masquerade"))

NARROW = """\
A  everything in place
B  without masquerade
Request
  ≡ 13 hops alike
≠ The first difference
A │ 14 node1 cni0 snat
A │    [SNAT] src 10.244.1.5:54321 » 10.244.1.1:43962
A │    -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic
A │      requiring SNAT" -j MASQUERADE --random-fully
"""


def text(left: str, right: str, width: int) -> str:
    lines = beside_lines(beside(laid_out(left), laid_out(right)), NAMES, "en", width)
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


# left, right -> how many hops are alike before the first difference; where that is
FIRST: dict[tuple[str, str], tuple[int, str]] = {
    ("hairpin", "martian"): (13, "snat"),
    ("hairpin", "refused by the bridge"): (8, "bridge"),
    ("nodeport", "nftables"): (3, "prerouting"),
}


@pytest.mark.parametrize("pair", FIRST)
def test_the_first_difference(pair: tuple[str, str]) -> None:
    rows = [row for _, row in beside(laid_out(pair[0]), laid_out(pair[1])).rows]
    alike, different = rows[0], rows[1]
    assert isinstance(alike, AlikeRow) and isinstance(different, DifferentRow) and different.first
    assert (len(alike.steps), (different.left or different.right)[0].step.stage.value) == FIRST[pair]
    assert [row.first for row in rows if isinstance(row, DifferentRow)].count(True) == 1


def test_what_an_earlier_difference_left_behind_is_said_and_not_told_again() -> None:
    told = text("hairpin", "martian", 80)
    assert "hop alike, but for src 10.244.1.1:43962 | 10.244.1.5:54321" in told.replace("\n", " ")


def test_narrow_and_wide() -> None:
    assert text("hairpin", "martian", 80).startswith(NARROW)
    wide = text("hairpin", "martian", 130)
    assert " │ B nothing of the kind" in wide
    assert len(wide.splitlines()) < len(text("hairpin", "martian", 80).splitlines())


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_beside_itself_is_the_same(name: str) -> None:
    assert beside(laid_out(name), laid_out(name)).same
    assert "The two walks are the same." in text(name, name, 80)


@pytest.mark.parametrize("width", [60, 80, 109, 110, 160])
@pytest.mark.parametrize("pair", FIRST)
def test_no_line_is_wider_than_the_terminal(pair: tuple[str, str], width: int) -> None:
    assert max(map(width_of, text(*pair, width).splitlines())) <= width
