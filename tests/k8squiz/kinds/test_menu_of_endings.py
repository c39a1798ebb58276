"""The menu of endings is told from what the candidate is shown, never from how it ends."""

from __future__ import annotations

import dataclasses

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.interface import make_task
from k8squiz.kinds.outcome.endings import ENDINGS, offered
from k8squiz.kinds.outcome.parts import EndingField
from k8squiz.world.world import World
from tests.k8squiz.fakes import DELIVERED, world
from tests.k8squiz.kinds.test_kinds import lost

ALWAYS = {
    "delivered-kept", "delivered-rewritten", "rejected", "refused", "dropped-no-local-endpoints", "lost-wrong-reply",
    "lost-nowhere",
}  # fmt: skip
POD = {"lost-bridge", "lost-martian"}
# Question, seed, what its menu holds beside those that any may have.
MENUS = [
    ("nodeport-without-masquerade", "1", set[str]()),
    ("hairpin-ending", "1", POD),
    ("nodeport-by-loopback", "2", {"dropped-otherwise"}),
    ("source-ranges", "1", {"dropped-source-ranges"}),
    ("who-counts-as-a-pod", "24", {"lost-martian"}),  # Calico has no bridge
]


def menu(question: str, seed: str) -> EndingField:
    field = next(field for field in make_task(World(draw(find(question), seed))).fields if field.id == "ending")
    assert isinstance(field, EndingField)
    return field


@pytest.mark.parametrize(("question", "seed", "besides"), MENUS)
def test_a_menu_holds_what_is_possible(question: str, seed: str, besides: set[str]) -> None:
    assert {item.key for item in menu(question, seed).items} == ALWAYS | besides


@pytest.mark.parametrize("question", ["hairpin-ending", "neighbour-on-the-bridge", "published-before-ready"])
def test_it_is_the_same_however_it_ends(question: str) -> None:
    menus = [menu(question, str(seed)) for seed in range(1, 13)]
    assert len({field.truth for field in menus}) > 1
    assert len({frozenset(item.key for item in field.items) for field in menus}) == 1


@pytest.mark.parametrize(("rp_filter", "listed"), [(0, False), (1, True), (2, True)])
def test_who_filters_by_the_reverse_path_may_lose_by_it(
    rp_filter: int, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(draw(find("hairpin-ending"), "1"))
    cluster = of.cluster(of.first)
    filtering = dataclasses.replace(cluster, network=dataclasses.replace(cluster.network, rp_filter=rp_filter))
    monkeypatch.setattr(World, "cluster", lambda self, name: filtering)
    found = offered(of, of.first)
    assert ("lost-rp-filter" in found, "lost-otherwise" in found) == (listed, False)


def test_an_ending_that_nothing_lets_expect_is_a_flaw() -> None:
    for way, foreseen in ((DELIVERED, True), (lost("clash"), False)):
        (field,) = make_task(world(way, kind="outcome", ask={"parts": ["ending"]})).fields
        assert isinstance(field, EndingField)
        assert field.foreseen is foreseen
        assert len(list(field.flaws())) == (0 if foreseen else 1)
        assert {item.key for item in field.items} <= set(ENDINGS)
