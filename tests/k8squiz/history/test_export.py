"""Data out and in again: nothing is lost, the same twice changes nothing, what goes on elsewhere grows, bad files keep nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8squiz.errors import QuizError
from k8squiz.history.due import retrievability, reviewed
from k8squiz.history.export import export_pieces, exported, take_in
from k8squiz.history.store import Review, Store, open_memory

NOW = 1_790_000_000.0
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
events = st.lists(
    st.tuples(
        st.sampled_from(["answered", "skipped"]),
        st.dictionaries(st.text(max_size=5).filter(lambda key: key != "at"), plain, max_size=3),
    ),
    max_size=4,
)


def filled(journals: list[list[tuple[str, Any]]], scores: list[float]) -> Store:
    store = open_memory()
    for number, journal in enumerate(journals):
        session = store.start("mock", str(number), "en", {"n": number}, NOW, uid=f"u{number}")
        for at, (kind, body) in enumerate(journal):
            store.append(session, kind, body, NOW + at)
        if number % 2:
            store.end(session, NOW + 99)
        else:
            store.save_draft(session, number, "节点 \x1b[31m", 5.0, NOW)
    for number, score in enumerate(scores):
        question, when = f"q{number % 3}", NOW + number * 86400
        store.save_review(
            Review(question, when, score, 3, str(number)), reviewed(store.cards().get(question), question, score, when)
        )
    return store


@given(st.lists(events, max_size=3), st.lists(st.floats(0, 1), max_size=5))
def test_out_and_in_again_is_the_same_and_twice_changes_nothing(
    journals: list[list[tuple[str, Any]]], scores: list[float]
) -> None:
    text = exported(filled(journals, scores))
    store = open_memory()
    take_in(store, text, "f")
    assert exported(store) == text
    assert take_in(store, text, "f") == (0, 0, 0)
    assert exported(store) == text


def test_two_machines_meet() -> None:
    ours, theirs = filled([[("answered", {"n": 1})]], [0.5]), filled([[("answered", {"n": 1})]], [0.5])
    theirs.append(1, "answered", {"n": 2}, NOW + 5)
    theirs.end(1, NOW + 6)
    theirs.start("mock", "x", "en", {}, NOW, uid="other")
    assert take_in(ours, exported(theirs), "f")[0] == 2
    assert [row.body for row in ours.events(1)] == [{"n": 1}, {"n": 2}]
    assert ours.sessions()[0].ended == NOW + 6
    assert ours.draft(1) is None
    assert take_in(theirs, exported(filled([[("answered", {"n": 1})]], [])), "f") == (0, 0, 0)
    assert [row.body for row in theirs.events(1)] == [{"n": 1}, {"n": 2}]


def test_a_journal_that_went_another_way_stays() -> None:
    ours, theirs = (
        filled([[("answered", {"n": 1})]], []),
        filled([[("answered", {"n": 7}), ("answered", {"n": 8})]], []),
    )
    assert take_in(ours, exported(theirs), "f") == (0, 0, 0)
    assert [row.body for row in ours.events(1)] == [{"n": 1}]


def test_an_export_is_json_that_a_terminal_may_be_shown() -> None:
    store = open_memory()
    session = store.start("mock", "1", "en", {}, NOW)
    store.append(session, "answered", {"line": "\x1b[2J\x9b31m\u202e\udcff节点"}, NOW)
    text = exported(store)
    assert json.loads(text)["sessions"][0]["events"][0]["body"] == {"line": "\x1b[2J\x9b31m\u202e?节点"}
    assert not set(text) & {"\x1b", "\x9b", "\u202e"}
    assert "节点" in text


CARD = json.loads(exported(filled([], [0.7])))["cards"][0]
STATES = [
    {"state": 9}, {"state": True}, {"step": None, "state": 1}, {"step": None, "state": 3}, {"stability": 0}, {"stability": None}, {"stability": "3"}, {"difficulty": 1e99}, {"step": -1},
    {"due": "2026-01-01T00:00:00"}, {"due": "9999-12-31T23:59:59+00:00"}, {"last_review": 7}, {"last_review": "x"}, {"card_id": 2**80},
]  # fmt: skip


@pytest.mark.parametrize("change", STATES, ids=str)
def test_a_card_that_fsrs_could_not_go_on_with(change: dict[str, Any]) -> None:
    card = {**CARD, "state": {**CARD["state"], **change}}
    store = open_memory()
    with pytest.raises(QuizError, match=rf"f: cards\[0\]\.state\.{next(iter(change))}: "):
        take_in(store, json.dumps({"format": "k8squiz-data", "version": 1, "cards": [card]}), "f")
    assert not store.cards()


@given(st.data())
def test_a_file_with_something_else_in_it_is_taken_or_refused(data: st.DataObject) -> None:
    """Whatever stands in one place: it is an error for a person, or data that can be worked with."""
    tree = json.loads(exported(filled([[("answered", {"n": 1})]], [0.7, 0.2])))
    node: Any = tree
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(plain | st.sampled_from([2**70, -1, 1e300, "\ud800", "9999-12-31T00:00:00+00:00"]))
        break
    store = open_memory()
    try:
        take_in(store, json.dumps(tree), "f")
    except QuizError as error:
        assert str(error).startswith("f:")
        assert exported(store) == exported(open_memory())
        return
    for card in store.cards().values():
        retrievability(card, NOW)
        reviewed(card, card.question, 1.0, NOW + 86400)
    json.loads(exported(store))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' + "9" * 5000 + "}", "\ufeff{}", "nul"])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(QuizError, match=r"^f:1: "):
        take_in(open_memory(), text, "f")


HOSTILE = Path(__file__).parents[2] / "hostile"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("import-card-without-step.json", r"cards\[0\]\.state\.step: "),
        ("import-plan-700-deep.json", r"sessions\[0\]\.plan: must be no more than 100 deep"),
    ],
)
def test_what_later_would_end_every_command_is_refused(name: str, place: str) -> None:
    store = open_memory()
    with pytest.raises(QuizError, match=place):
        take_in(store, (HOSTILE / name).read_text(encoding="utf-8"), "f")
    assert exported(store) == exported(open_memory())


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("text", "body"), (7, "body"), (None, "body"), ([1], "body"), ({"at": "soon"}, "body.at"), ({"at": None}, "body.at"),
        ({"at": 1e300}, "body.at"), ({"at": 1, "deep": json.loads("[" * 200 + "]" * 200)}, "body"),
    ],
    ids=str,
)  # fmt: skip
def test_an_event_that_no_journal_has(body: Any, place: str) -> None:
    session = {
        "uid": "u", "kind": "mock", "started": 1, "seed": "1", "lang": "en", "plan": {}, "ended": None,
        "events": [{"seq": 1, "at": 2, "kind": "shown", "body": body}],
    }  # fmt: skip
    with pytest.raises(QuizError, match=rf"f: sessions\[0\]\.events\[0\]\.{place}: "):
        take_in(open_memory(), json.dumps({"format": "k8squiz-data", "version": 1, "sessions": [session]}), "f")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none(number: str) -> None:
    text = (
        '{"format": "k8squiz-data", "version": 1, "sessions": [{"uid": "u", "kind": "mock", "started": 1, "seed": "1", '
    )
    text += f'"lang": "en", "plan": {{"n": {number}}}, "ended": null, "events": []}}]}}'
    with pytest.raises(QuizError, match="^f:"):
        take_in(open_memory(), text, "f")


def test_an_import_takes_time_in_step_with_its_sessions() -> None:
    """Statements that SQLite is asked, not seconds: as many for the last session as for the first."""
    asked = []
    for count in (50, 100):
        ours, statements = open_memory(), 0

        def count_one(_: str) -> None:
            nonlocal statements
            statements += 1

        text = exported(filled([[("answered", {"n": 1})]] * count, []))
        ours._db.set_trace_callback(count_one)
        assert take_in(ours, text, "f")[0] == count
        asked.append(statements)
    assert asked[1] < 2.2 * asked[0]


def test_an_export_is_made_piece_by_piece() -> None:
    store = filled([[("answered", {"n": 1})]] * 20, [0.5] * 20)
    pieces = list(export_pieces(store))
    assert len(pieces) > 40
    assert max(map(len, pieces)) < 1000
    assert json.loads("".join(pieces)) == json.loads(exported(store, indent=None))
