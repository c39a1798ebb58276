"""practice and questions as a user meets them, through a pipe."""

from __future__ import annotations

import io
import json
import sys

import pytest

from k8squiz.__main__ import main
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.fields import Field
from k8squiz.kinds.interface import make_task
from k8squiz.locale.i18n import Lang
from k8squiz.screens import practice as keys
from k8squiz.screens.question import Titled
from k8squiz.terminal.console import make_console
from k8squiz.world.world import World


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, *words: str, width: int = 80
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("K8SQUIZ_LANG", raising=False)
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def truth(name: str, seed: str) -> list[str]:
    task = make_task(World(draw(find(name), seed)))
    return [field.show(field.truth, False).split(" (")[0] for field in task.fields]


QUESTIONS = [
    "nodeport-forward-order", "nodeport-cross-node-rewrites", "local-policy-ending", "hairpin-what-breaks",
    "first-packet-rule-cost", "endpoint-share", "reply-undoes-nat",
]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_truth_typed_in_scores_full(
    name: str, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = "\n".join(truth(name, "3")) + "\n"
    words = ("practice", "--question", name, "--seed", "3", "--lang", lang)
    code, out, err = run(monkeypatch, capsys, typed, *words)
    assert (code, err) == (0, "")
    assert ("Score 100%" if lang == "en" else "得分 100%") in out
    assert "✗" not in out
    assert "\x1b" not in out


def test_a_wrong_answer_shows_every_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ending, host, seen = truth("local-policy-ending", "3")
    code, out, _ = run(
        monkeypatch, capsys, f"{ending}\nnone\n{seen}\n", "practice", "--question", "local-policy-ending", "--seed", "3"
    )
    assert code == 0
    assert "~ Score 75%" in out
    assert out.count("✗") == 1
    assert host in out


def test_commands_while_answering(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed = "help\nhint\nhint\n\nnonsense\nback\nshow\nskip\n"
    words = ("practice", "--question", "local-policy-ending", "--seed", "3")
    code, out, _ = run(monkeypatch, capsys, typed, *words)
    assert code == 0
    assert out.count("Question 1/1") == 2
    for part in ("costs 10%", "no more hints", "'nonsense' is not on the list", "Skipped.", "Summary", "1 skipped"):
        assert part in out


@pytest.mark.parametrize("typed", ["", "quit\n", "hint\n"])
def test_the_end_of_input_and_quit_end_with_a_summary(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(monkeypatch, capsys, typed, "practice", "--seed", "3")
    assert (code, err) == (0, "")
    assert "No question was answered." in out
    assert "seed 3" in out


def test_ctrl_c_shows_the_summary_and_returns_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.StringIO):
        def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    assert main(["practice", "--seed", "3"]) == 130
    assert "No question was answered." in capsys.readouterr().out


def test_the_same_seed_prints_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("practice", "--seed", "9", "--count", "3")
    outputs = {run(monkeypatch, capsys, "skip\nskip\nskip\n", *words)[1] for _ in range(2)}
    assert len(outputs) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_terminal(
    width: int, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from k8squiz.terminal.width import width_of

    for name in QUESTIONS:
        words = ("questions", "show", name, "--seed", "2", "--answer", "--lang", lang)
        _, out, _ = run(monkeypatch, capsys, "", *words, width=width)
        assert max(width_of(line.rstrip()) for line in out.splitlines()) <= width


BAD = [
    (("practice", "--topic", "harpin"), "did you mean hairpin"),
    (("practice", "--question", "hairpin-what-brakes"), "did you mean hairpin-what-breaks"),
    (("practice", "--topic", "hairpin", "--level", "1", "--all"), ""),
    (("questions", "show", "nope"), "no such question"),
    (("questions", "new", "--kind", "essay"), "no such kind"),
    (("questions", "new", "--topic", "a/b"), "a topic is"),
    (("questions", "lint", "/nowhere"), "no such file"),
]


@pytest.mark.parametrize(("words", "message"), BAD)
def test_bad_input_is_one_message_and_2(
    words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(monkeypatch, capsys, "", *words)
    if not message and code == 0:
        pytest.skip("there is such a question by now")
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_questions_list_show_and_schema_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(monkeypatch, capsys, "", "questions", "list", "--json")
    assert {"id", "topic", "level", "kind", "themes", "trivia", "title"} == set(json.loads(out)[0])
    _, out, _ = run(monkeypatch, capsys, "", "questions", "show", "endpoint-share", "--seed", "3", "--json")
    shown = json.loads(out)
    assert "answer" not in shown
    assert shown["requests"][0]["cluster"].count("kind: EndpointSlice") == 1
    _, out, _ = run(monkeypatch, capsys, "", "questions", "show", "endpoint-share", "--seed", "3", "--json", "--answer")
    assert set(json.loads(out)["answer"]) == {"number"}
    _, out, _ = run(monkeypatch, capsys, "", "questions", "schema")
    assert json.loads(out)["title"] == "k8squiz question"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_questions_list_names_every_question(
    lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(monkeypatch, capsys, "", "questions", "list", "--lang", lang)
    for name in QUESTIONS:
        assert name in out


TITLES = [
    ("Short", True),
    ("One that would not stand beside all the rest on a line of eighty columns", False),
    ("一道标题很长的题：从节点端口到另一个节点上的 Pod，再沿原路返回客户端", False),
]


@pytest.mark.parametrize(("title", "beside"), TITLES)
def test_a_title_is_never_cut_off(title: str, beside: bool) -> None:
    out = io.StringIO()
    make_console(width=80, file=out).print(Titled(("Question 1/5", "1/5"), title, ("nodeport", "level 2")))
    rule, *below = (line.rstrip() for line in out.getvalue().strip().splitlines())
    assert "nodeport · level 2 ─" in rule
    assert (title in rule, title in below) == (beside, not beside)


def test_of_a_single_choice_only_what_was_or_should_be_picked_is_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("practice", "--question", "nobody-behind-the-service", "--seed", "3")
    (right,) = truth(*words[2::2])
    wrong = "A" if right != "A" else "B"
    _, out, _ = run(monkeypatch, capsys, f"{wrong}\n", *words)
    rows = [line.split() for line in out.split("Score")[1].splitlines() if "·" in line and len(line.split()) > 3]
    assert not [row for row in rows if row[0] == "✓"]
    assert sorted(row[3] for row in rows if row[0] == "✗") == sorted([wrong, right])


LINES = [
    ("hairpin-mend", "-t nat -I {chain} 1 -s {pod-a.ip}/32 -j ACCEPT", "Score 0%"),
    ("hairpin-mend", "-t nat -I {chain} 1 -s {pod-a.ip}/32 -j MASQUERADE", "? the kernel refuses it"),
    ("mend-the-policy", "spec.type: ClusterIP", "Score 0%"),
    ("mend-the-policy", "spec: null", "? the API server refuses it"),
    ("load-balancer-health-check", "3333%", "? a share lies between 0 and 1"),
    ("what-local-changes", "all", "Which are true? (all of them) · +"),
]


@pytest.mark.parametrize(("name", "line", "told"), LINES, ids=[f"{row[0]}: {row[1]}" for row in LINES])
def test_no_answer_ends_the_sitting(
    name: str, line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question = draw(find(name), "1")
    given = make_task(World(question)).fields[0].before.split("\n-N ")
    chain = given[1].split()[0] if len(given) > 1 else ""
    for key, value in {**question.names, "chain": chain}.items():
        line = line.replace("{" + key + "}", str(value))
    code, out, err = run(monkeypatch, capsys, f"{line}\nskip\n", "practice", "--question", name, "--seed", "1")
    assert (code, err) == (0, "")
    assert told in out
    assert "went wrong" not in out


class _Keys:
    """A keyboard that is at hand, with lines typed beforehand."""

    interactive = True

    def __init__(self, lines: list[str]) -> None:
        self._lines = iter(lines)

    def line(self, prompt: str, field: Field | None = None) -> str:
        return next(self._lines)

    def order(self, prompt: str, field: Field, lang: Lang) -> str:
        return next(self._lines)


def test_the_picture_comes_first_and_every_rule_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"
    shown = []
    for typed in ([""], ["w", ""]):
        monkeypatch.setattr(
            keys, "keyboard", lambda typed=typed: _Keys([*truth("nodeport-forward-order", "3"), *typed])
        )
        _, out, _ = run(
            monkeypatch, capsys, "", "practice", "--question", "nodeport-forward-order", "--seed", "3", width=200
        )
        shown.append(out)
    brief, whole = shown
    assert rule not in brief
    assert whole.count("The walk, computed") == brief.count("The walk, computed") + 1
    assert rule in whole


@pytest.mark.parametrize("typed", [["f", "skip", ""], ["f", "1/3", ""], ["f", "skip", "f", "", ""]], ids=" ".join)
def test_follow_ups_are_asked_and_may_be_left(
    typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keys, "keyboard", lambda: _Keys(["1/7", *typed]))
    code, out, _ = run(monkeypatch, capsys, "", "practice", "--question", "endpoint-share", "--seed", "2")
    assert code == 0
    assert "Now externalTrafficPolicy" in out or "externalTrafficPolicy Cluster" in out
    assert "went wrong" not in out
    # A follow-up counts nothing.
    assert "0.0 of 1 points" in out


def test_what_is_no_key_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(keys, "keyboard", lambda: _Keys(["1/7", "zz", "k", ""]))
    _, out, _ = run(monkeypatch, capsys, "", "practice", "--question", "endpoint-share", "--seed", "2")
    assert "? zz is none of these keys" in out
    assert "What an interviewer wants to hear" in out
