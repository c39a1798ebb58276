"""Whatever is wrong with a manifest, a request or a question file: it is taken, or refused by our own error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import EngineError, Request, compile_rules, load_cluster, outcomes, resolve
from engine.walk.jsonform import trace_to_dict
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import make_task
from k8squiz.world.texts import explanation, hints, key_points, prompt
from k8squiz.world.world import World

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "docs" / "examples" / "cluster.yaml"
QUESTIONS = sorted(path for path in (ROOT / "questions").glob("0*/*.yaml"))
MODES = ("iptables", "ipvs", "nftables")
WHO = ("client", "pod/pod-a", "node/node1", "10.244.1.5", "1.2.3.4:5")
WHERE = ("svc/web", "node/node1:30080", "10.96.0.10:80", "127.0.0.1:30080", "pod/pod-b:8080")
# What people write where something else belongs.
ODD: list[Any] = [
    None, True, 0, -1, 65536, 10**30, 1.5, float("inf"), "", "x", "None", "0.0.0.0", "::1", "1.2.3.4/0", "10.244.1.0/32", "10.96.0.10",
    "\x1b[31m", "a" * 300, "节点", "{x}", "{0}", "{}", "$x", [], {}, [None], [{}], [[]], {"a": 1}, "Local", "ipvs", "UDP", "1,2",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def damaged(data: st.DataObject, value: Any) -> Any:
    """`value` with something odd, something gone, or something from elsewhere in one or two of its places."""
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, 2), "how often")):
        known = list(places(value))
        *path, last = data.draw(st.sampled_from(known), "where")
        around = value
        for key in path:
            around = around[key]
        how = data.draw(st.sampled_from(["odd", "odd", "gone", "elsewhere"]), "how")
        if how == "gone":
            del around[last]
        elif how == "odd":
            around[last] = data.draw(st.sampled_from(ODD), "what")
        else:
            other = value
            for key in data.draw(st.sampled_from(known), "from where"):
                other = other[key]
            around[last] = copy.deepcopy(other)
    return value


_DOCUMENTS = list(yaml.safe_load_all(CLUSTER.read_text(encoding="utf-8")))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_damaged_cluster_is_walked_or_refused(data: st.DataObject) -> None:
    text = yaml.safe_dump_all(damaged(data, _DOCUMENTS), allow_unicode=True)
    request = Request(data.draw(st.sampled_from(WHO)), data.draw(st.sampled_from(WHERE)), "TCP", "node1")
    mode = data.draw(st.sampled_from(MODES))
    try:
        cluster = load_cluster(text=text)
        str(compile_rules(cluster, "node1", mode))
        assert sum(each.probability for each in resolve(cluster, "node1", request, mode=mode)) == 1
        ways = outcomes(cluster, request, mode=mode)
        assert sum(way.probability for way in ways) == 1
        json.dumps(trace_to_dict(cluster, request, ways, mode))
    except EngineError as error:
        assert str(error).isprintable() and error.zh.isprintable()


_WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([*WHO, *WHERE]),
    st.text(alphabet="podnesvc/wab-12.:[]%٣", max_size=20),
    st.builds("{}{}".format, st.sampled_from([*WHO, *WHERE]), st.text(alphabet=":/0189[]%x", max_size=8)),
)
_EXAMPLE = load_cluster([CLUSTER])


@settings(max_examples=150, deadline=None)
@given(_WORDS, _WORDS, st.one_of(st.none(), st.sampled_from(["node1", "node2"]), _WORDS), st.sampled_from(MODES))
def test_whatever_is_asked_is_answered_or_refused(source: str, destination: str, node: str | None, mode: str) -> None:
    request = Request(source, destination, "TCP", node)
    try:
        assert sum(way.probability for way in outcomes(_EXAMPLE, request, mode=mode)) == 1
    except EngineError as error:
        assert str(error).isprintable() and error.zh.isprintable()


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(QUESTIONS), st.integers(0, 9))
def test_a_damaged_question_is_asked_or_refused(data: st.DataObject, path: Path, seed: int) -> None:
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = yaml.safe_dump(damaged(data, whole), allow_unicode=True, sort_keys=False)
    try:
        world = World(draw(bank.parse_template(text, path), str(seed)))
        make_task(world)
        assert all(each.en and each.zh for each in (prompt(world), *explanation(world), *key_points(world)))
        hints(world)
    except (EngineError, QuizError) as error:
        assert str(error)
