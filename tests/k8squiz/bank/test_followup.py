"""Follow-ups: the same drawn cluster, one thing changed, a question of its own."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8squiz.bank.draw import draw
from k8squiz.bank.find import bank_folder, files, find, load, opened
from k8squiz.bank.followup import follow_ups, names
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import make_task
from k8squiz.lint.lint import lint
from k8squiz.practice.session import PracticeSession
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World

BOTH = {"en": "Same again?", "zh": "这次呢？"}
THEN: dict[str, Any] = {
    "id": "now-cluster", "kind": "outcome", "set": {"services.web.externalTrafficPolicy": "Cluster"},
    "ask": {"parts": ["ending", "seen"]}, "prompt": {"en": "Now the policy is Cluster.", "zh": "现在策略改为 Cluster。"},
    "explanation": {"en": "The server sees {seen}.", "zh": "服务端看到 {seen}。"},
    "key_points": [{"en": "Everybody is let in.", "zh": "谁都可以进来。"}],
}  # fmt: skip


def written(tmp_path: Path, *then: dict[str, Any]) -> Path:
    """local-policy-ending with these follow-ups, as a file of a bank of its own."""
    source = next(path for path in files(bank_folder()) if path.stem == "local-policy-ending")
    lines = source.read_text(encoding="utf-8").splitlines()
    kept = yaml.safe_load(source.read_text(encoding="utf-8"))
    kept.pop("then", None)
    kept["then"] = list(then)
    head = "\n".join(line for line in lines[:6] if not line.startswith("title"))
    body = {key: value for key, value in kept.items() if key not in ("format_version", "id", "topic", "level", "kind")}
    path = tmp_path / "02-traffic-policy" / "local-policy-ending.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + "\n" + yaml.safe_dump(body, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_it_is_drawn_as_its_parent_and_differs_in_what_is_set(tmp_path: Path) -> None:
    parent = load(written(tmp_path, THEN))
    (child,) = follow_ups(parent)
    assert (child.meta.id, child.meta.origin) == ("local-policy-ending/now-cluster", "local-policy-ending")
    for seed in range(5):
        before, after = draw(parent, seed), draw(child, seed)
        assert before.names == after.names
        assert before.aliases == after.aliases
        assert after.requests[0].changed == (("services.web.externalTrafficPolicy", "Cluster"),)
        old, new = before.requests[0].manifests, after.requests[0].manifests
        changed = [pair for pair in zip(old.splitlines(), new.splitlines(), strict=True) if pair[0] != pair[1]]
        assert changed == [("  externalTrafficPolicy: Local", "  externalTrafficPolicy: Cluster")]
        assert {way.verdict.value for way in outcomes_of(World(after), "request")} == {"DELIVERED"}


def test_it_takes_nothing_that_would_answer_its_parent(tmp_path: Path) -> None:
    (child,) = follow_ups(load(written(tmp_path, THEN)))
    assert not {"then", "followups", "hints"} & set(child.data)
    assert child.data["prompt"] == THEN["prompt"]
    assert [field.id for field in make_task(World(draw(child, 1))).fields] == ["ending", "seen"]


def test_params_requests_and_levels_may_be_its_own(tmp_path: Path) -> None:
    then = {
        **THEN, "level": 5, "params": {"who": {"choice": ["client"]}}, "requests": {"later": {"from": "{who}", "to": "web@node2"}},
    }  # fmt: skip
    parent = load(written(tmp_path, then))
    (child,) = follow_ups(parent)
    assert child.meta.level == 5
    drawn = draw(child, 3)
    assert [(ask.name, ask.source) for ask in drawn.requests] == [("later", "client")]
    assert {key: value for key, value in drawn.names.items() if not key.startswith("who")} == draw(parent, 3).names


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "a field that is not there": ({"promt": BOTH}, "promt"),
    "a kind that is not there": ({"kind": "riddle"}, "riddle"),
    "an ask of another kind": ({"ask": {"points": []}}, "points"),
    "a language missing": ({"prompt": {"en": "x"}}, "zh"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    change, said = WRONG[name]
    path = written(tmp_path, {**THEN, **change})
    with pytest.raises(QuizError) as error:
        load(path)
    place, _, message = error.value.en.removeprefix(f"{path}:").partition(":")
    assert int(place) > path.read_text(encoding="utf-8").splitlines().index("then:")
    assert said in message


def test_lint_draws_them_too(tmp_path: Path) -> None:
    path = written(tmp_path, THEN)
    assert lint([path], 12).errors == ()
    wrong = {**THEN, "explanation": {"en": "It takes 17 rules.", "zh": "需要 17 条规则。"}}
    (finding,) = lint([written(tmp_path, wrong)], 3).errors
    assert "17 is not confirmed" in finding.message
    assert int(finding.place.rsplit(":", 1)[1]) > path.read_text(encoding="utf-8").splitlines().index("then:")
    assert "two follow-ups" in lint([written(tmp_path, THEN, copy.deepcopy(THEN))], 2).errors[0].message


def every() -> list[str]:
    return [name for path in files(bank_folder()) for name in names(load(path))]


def test_each_of_the_bank_s_can_be_found_asked_and_answered() -> None:
    for name in every():
        template = find(name)
        sitting = PracticeSession([template.meta], "5", exact=True)
        assert sitting.answer({field.id: field.truth for field in sitting.task.fields}).score == 1.0, name


def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(QuizError, match="no such question: 'local-policy-ending/nonsense'"):
        find("local-policy-ending/nonsense")
    with pytest.raises(QuizError, match="no such question"):
        opened(find("local-policy-ending").meta.__class__("x/y", "nodeport", 1, "choice", str(files(bank_folder())[0])))
