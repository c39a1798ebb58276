"""What a question may ask of a look-up."""

from __future__ import annotations

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.errors import QuizError
from k8squiz.world.lookups import LOOKUP_FACTS, look_up_name
from k8squiz.world.predicates import holds, value_of
from k8squiz.world.world import World

# Namespace shop has the Service web; the pod that asks is in shop under this seed.
SEED = next(seed for seed in range(1, 20) if draw(find("names-across-namespaces"), seed).names["ns"] == "shop")
WORLD = World(draw(find("names-across-namespaces"), SEED))
POD, WEB = str(WORLD.question.names["pod-c"]), str(WORLD.question.names["web.ip"])

FACTS_OF_WEB = {
    "queries": 2,
    "names": 1,
    "asked_first": "web.shop.svc.cluster.local",
    "asked_last": "web.shop.svc.cluster.local",
    "result": WEB,
    "answers": 1,
    "found": True,
    "error": "",
    "seconds": 0,
}


# A name that nobody has, asked for with every search domain first.
FACTS_OF_NOBODY = {
    "names": 4,
    "asked_first": "nobody.shop.svc.cluster.local",
    "asked_last": "nobody",
    "result": "",
    "answers": 0,
    "found": False,
}


def test_the_facts_of_a_look_up() -> None:
    assert list(LOOKUP_FACTS) == list(FACTS_OF_WEB)


@pytest.mark.parametrize(
    ("asked", "name", "value"),
    [("web", *row) for row in FACTS_OF_WEB.items()] + [("nobody", *row) for row in FACTS_OF_NOBODY.items()],
)
def test_a_fact_of_a_look_up(asked: str, name: str, value: object) -> None:
    found = LOOKUP_FACTS[name](look_up_name({"from": POD, "name": asked}, WORLD, WORLD.first))
    assert (found, type(found)) == (value, type(value))


def test_it_is_a_predicate_and_a_value() -> None:
    assert holds({"lookup": {"from": POD, "name": "web", "found": True, "result": WEB}}, WORLD)
    assert not holds({"lookup": {"from": POD, "name": "nobody", "found": True}}, WORLD)
    assert value_of({"lookup": {"from": POD, "name": "nobody", "of": "names"}}, WORLD) == 4


REFUSED = [
    ({"from": "nobody", "name": "web", "found": True}, "pod"),
    ({"from": POD, "name": "web"}, "nothing is asked"),
    ({"from": POD, "name": "web", "fund": True}, "found"),
]


@pytest.mark.parametrize(("spec", "said"), REFUSED)
def test_what_cannot_be_asked(spec: dict[str, object], said: str) -> None:
    with pytest.raises(QuizError, match=said):
        holds({"lookup": spec}, WORLD)  # type: ignore[dict-item]
