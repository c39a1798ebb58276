"""What is shown of a walk after a grade: a short picture first, every rule on demand, one's own walk beside the other."""

from __future__ import annotations

import io

import pytest
from rich.console import RenderableType

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.locale.i18n import Lang
from k8squiz.screens.reveal import details_view, own_view, reveal_view
from k8squiz.terminal.console import make_console
from k8squiz.terminal.width import width_of
from k8squiz.world.world import EditedRules, World


def world(name: str) -> World:
    return World(draw(find(name), "1"))


def shown(view: RenderableType, columns: int = 80) -> str:
    out = io.StringIO()
    make_console(width=columns, file=out).print(view)
    return out.getvalue()


# question -> (lines at most at 80 columns, what must stand there in English, in Chinese)
REVEALS: dict[str, tuple[int, list[str], list[str]]] = {
    "nodeport-forward-order": (27, ["The walk, computed", "[DNAT] dst 10.5.215.113:30963"], ["计算出的路径", "[SNAT] src"]),
    "what-local-changes": (75, ["The walk of before, computed", "≠ The first difference"], ["≠ 第一处不同"]),
}  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("name", REVEALS)
def test_a_short_picture_comes_first(name: str, columns: int) -> None:
    most, english, chinese = REVEALS[name]
    languages: dict[Lang, list[str]] = {"en": english, "zh": chinese}
    for lang, told in languages.items():
        text = shown(reveal_view(world(name), lang), columns)
        assert [line for line in told if line not in text] == []
        assert max(map(width_of, text.splitlines())) <= columns
        if columns == 80:
            assert len(text.splitlines()) <= most


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_details_have_each_rule_that_decided(lang: Lang) -> None:
    text = shown(details_view(world("nodeport-forward-order"), lang), 300)
    assert "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000" in text
    assert "-j MASQUERADE --random-fully" in text


def test_the_walk_of_ones_own_answer_stands_beside_the_one_that_was_wanted() -> None:
    question = draw(find("nodeport-forward-order"), "1")
    node = World(question).request(World(question).first).node or "node1"
    own = EditedRules(question, node, lambda text: text.replace("-j MASQUERADE --random-fully", "-j RETURN"))
    text = shown(own_view(World(question), own, World(question).first, "en"))
    assert (
        text.index("A  what was wanted") < text.index("B  what your answer does") < text.index("≠ The first difference")
    )
    assert "B │ = LOST" in text
