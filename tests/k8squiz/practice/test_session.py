"""The session as a state machine, on the real bank and engine."""

from __future__ import annotations

import pytest

from k8squiz.bank.find import find, metas
from k8squiz.bank.question import QuestionMeta
from k8squiz.kinds.interface import REGISTRY
from k8squiz.practice.session import PracticeSession, PracticeState, plan


def meta(name: str, level: int = 1) -> QuestionMeta:
    return QuestionMeta(name, "nodeport", level, "choice", f"{name}.yaml")


KNOWN = [meta(name, level) for name, level in (("a", 3), ("b", 1), ("c", 2), ("d", 1))]


def test_a_plan_is_drawn_by_the_seed_easier_ones_first() -> None:
    assert plan(KNOWN, 3, "1") == plan(KNOWN, 3, "1")
    assert len({plan(KNOWN, 3, str(seed)) for seed in range(20)}) > 5
    for seed in range(20):
        drawn = plan(KNOWN, 4, str(seed))
        assert [item.level for item in drawn] == [1, 1, 2, 3]
        assert set(drawn) == set(KNOWN)


def test_a_plan_without_a_count_is_everything_once() -> None:
    assert sorted(item.id for item in plan(KNOWN, None, "7")) == ["a", "b", "c", "d"]


def test_a_plan_for_more_than_there_are_comes_round_again() -> None:
    drawn = [item.id for item in plan(KNOWN, 9, "7")]
    assert sorted(drawn.count(name) for name in "abcd") == [2, 2, 2, 3]


def session(*names: str, seed: str = "5") -> PracticeSession:
    return PracticeSession([find(name).meta for name in names], seed)


def truth(sitting: PracticeSession) -> dict[str, object]:
    return {field.id: field.truth for field in sitting.task.fields}


def test_the_true_answer_earns_everything() -> None:
    sitting = session("local-policy-ending", "hairpin-what-breaks")
    while sitting.state is not PracticeState.OVER:
        assert sitting.answer(truth(sitting)).score == 1.0
        sitting.next()
    summary = sitting.summary()
    assert (summary.points, summary.asked, summary.skipped, summary.weakest()) == (2.0, 2, 0, ())


def test_hints_cost_what_they_say_and_run_out() -> None:
    sitting = session("nodeport-forward-order")
    costs = []
    while sitting.hints_left:
        costs.append(sitting.next_hint_cost)
        assert sitting.hint() is not None
    assert sitting.hint() is None
    assert sitting.answer(truth(sitting)).score == pytest.approx(1.0 - sum(costs))


def test_skipping_earns_nothing_and_goes_on() -> None:
    sitting = session("local-policy-ending", "hairpin-what-breaks")
    sitting.skip()
    assert sitting.meta.id == "hairpin-what-breaks"
    sitting.answer({})
    sitting.next()
    summary = sitting.summary()
    assert (summary.points, summary.asked, summary.skipped) == (0.0, 2, 1)
    assert summary.weakest() == ("hairpin", "traffic-policy")


def test_what_does_not_fit_the_state_is_refused() -> None:
    sitting = session("local-policy-ending")
    with pytest.raises(RuntimeError):
        sitting.next()
    sitting.answer({})
    with pytest.raises(RuntimeError):
        sitting.answer({})
    with pytest.raises(RuntimeError):
        sitting.skip()
    sitting.quit()
    assert sitting.state is PracticeState.OVER


def test_the_same_question_twice_in_one_sitting_is_drawn_anew() -> None:
    sitting = session("local-policy-ending", "local-policy-ending")
    first = sitting.world.question.names
    sitting.skip()
    assert sitting.world.question.names != first


def test_one_question_by_its_seed_is_what_questions_show_draws() -> None:
    sitting = PracticeSession([find("local-policy-ending").meta], "5", exact=True)
    assert sitting.world.question.seed == "5"


def test_questions_of_every_kind_can_be_asked_and_answered() -> None:
    firsts = {meta.kind: meta for meta in reversed(metas())}
    assert set(firsts) == set(REGISTRY)
    sitting = PracticeSession(plan(list(firsts.values()), None, "1"), "1")
    while sitting.state is not PracticeState.OVER:
        assert sitting.answer(truth(sitting)).score == 1.0, sitting.meta.id
        sitting.next()
