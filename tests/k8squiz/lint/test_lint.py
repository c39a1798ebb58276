"""What lint finds: a good question, spoiled in one way a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank.find import bank_folder
from k8squiz.errors import QuizError
from k8squiz.kinds.skeleton import skeleton
from k8squiz.lint.confirmed import literal_numbers
from k8squiz.lint.finding import Finding
from k8squiz.lint.lint import lint
from tests.breadth import breadth

GOOD = skeleton("outcome", "nodeport")
CHOICE = skeleton("choice", "nodeport")
ORDER = skeleton("hop-order", "nodeport")
SEEDS = 12


def findings(tmp_path: Path, text: str, name: str = "my-question.yaml", folder: str = "01-nodeport") -> list[Finding]:
    path = tmp_path / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return list(lint([tmp_path], SEEDS).findings)


@pytest.mark.parametrize("kind", ["outcome", "choice", "rewrite", "number"])
def test_a_skeleton_is_clean(kind: str, tmp_path: Path) -> None:
    # A rewrite at the pod fails where policy Local drops the packet: the skeleton's author has to see to that.
    text = skeleton(kind, "nodeport")
    if kind == "rewrite":
        text = text.replace("policy: {choice: [Cluster, Local]}", "policy: {choice: [Cluster]}")
        text = text.replace(
            "  - when: {not: {verdict: DELIVERED}}\n    en: Why it does not arrive.\n    zh: 为什么无法到达。\n", ""
        )
    assert findings(tmp_path, text) == []


TALK = skeleton("talk", "nodeport")
# What is spoiled in the terms of a talk, and what is said of it.
POOR_TERMS = {
    "none": ("    terms: {en: [why it], zh: [为什么]}\n", "", "a key point of a talk needs `terms`"),
    "one language": ("{en: [why it], zh: [为什么]}", "{en: [why it]}", "'zh' is missing"),
    "not in the model answer": ("[为什么]", "[路由]", "(explanation, zh) does not say, or not in this order: 路由"),
    "in another order": ("[why it]", "[it > why]", "(explanation, en) does not say, or not in this order: it > why"),
    "nothing but a bar": ("[why it]", '["|"]', "(explanation, en) does not say"),
    "no probe": ("    probe: {en: And why?, zh: 为什么？}\n", "", "no key point has a `probe`"),
}


def test_a_talk_s_skeleton_is_clean(tmp_path: Path) -> None:
    assert findings(tmp_path, TALK) == []


@pytest.mark.parametrize("name", POOR_TERMS)
def test_poor_terms(name: str, tmp_path: Path) -> None:
    before, after, said = POOR_TERMS[name]
    assert before in TALK
    text = TALK.replace(before, after)
    assert any(said in finding.message for finding in findings(tmp_path, text)), findings(tmp_path, text)


SPOILED = [
    (GOOD, "id: my-question", "id: other-question", 3, "the file must be named other-question.yaml"),
    (GOOD, "topic: nodeport", "topic: hairpin", 4, "lies in the folder of 'nodeport'"),
    (GOOD, "en: Why it arrives.", "en: Why it arrives at 8099.", 30, "8099 is not confirmed"),
    (GOOD, "en: Why it arrives.", "en: Why it {arives}.", 31, "no such placeholder: 'arives'"),
    (GOOD, "zh: 为什么能够到达。", "zh: It arrives here anyway.", 30, "is not in Chinese"),
    (GOOD, "en: Why it arrives.", "en: 为什么能够到达。", 30, "holds Chinese characters"),
    (GOOD, "en: Why it arrives.", "en: 'Why {web} arrives.'", 30, "different placeholders: web"),
    (GOOD, "en: Why it arrives.", 'en: "Why \\u202e it"', 30, "a terminal would obey"),
    (GOOD, "  - when: {verdict: DELIVERED}\n", "  - when: {verdict: REFUSED}\n", 29, "nothing is explained"),
    (GOOD, "endpoints: [pod-a]", "endpoints: {node1: 1, node2: 1}", 23, "ambiguous"),
    (GOOD, "from: client", "from: klient", 22, "no such role: 'klient'"),
    (GOOD, "to: web@node1", "to: web@node7", 22, "no such node: 'node7'"),
    (GOOD, "pod-a: \"{pod_node}\"", "pod-a: \"{set}\"", 13, "no such placeholder: 'set'"),
    (CHOICE, "when: {verdict: DROP}", "when: {verdict: {in: [DROP, DELIVERED]}}", 23, "options are right"),
    (CHOICE, "when: {verdict: DROP}", "when: {source_seen: '{node9.ip}'}", 28, "no such placeholder: 'node9.ip'"),
    (CHOICE, "{en: It is dropped., zh: 数据包被丢弃。}", "{en: It is delivered., zh: 数据包被丢弃。}", 23, "two options read the same"),
    (ORDER, "detail: stage", "only: [dnat, snat]", 23, "too short"),
    (ORDER, "detail: stage", "only: [dns]", 23, "is no question"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "line", "words"), SPOILED)
def test_what_is_found(text: str, old: str, new: str, line: int, words: str, tmp_path: Path) -> None:
    assert old in text
    found = [str(finding) for finding in findings(tmp_path, text.replace(old, new, 1))]
    assert any(words in finding for finding in found), found
    matching = next(finding for finding in found if words in finding)
    assert f"my-question.yaml:{line}: " in matching


def test_a_placeholder_in_a_parameters_text_is_not_filled(tmp_path: Path) -> None:
    params = "policy: {choice: [Cluster, Local]}\n  word: {choice: [{en: 'at {pod_node}', zh: '在 {pod_node}'}]}"
    text = GOOD.replace("policy: {choice: [Cluster, Local]}", params)
    text = text.replace("What is asked?", "What is asked {word}?").replace("问题是什么？", "{word}，问题是什么？")
    (finding,) = findings(tmp_path, text)
    assert "{pod_node} is left unfilled" in finding.message
    assert "{pod_node} 没有被替换" in finding.zh


def test_a_constant_answer_is_warned_of_but_passes(tmp_path: Path) -> None:
    text = GOOD.replace("choice: [Cluster, Local]", "choice: [Cluster]").replace(
        "choice: [node1, node2]", "choice: [node1]"
    )
    text = text.replace("parts: [ending, host]", "parts: [host]")
    (finding,) = findings(tmp_path, text)
    assert finding.warning
    assert "the same for all" in finding.message
    assert not lint([tmp_path], SEEDS).errors


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    findings(tmp_path, GOOD)
    found = findings(tmp_path, GOOD, folder="02-nodeport")
    assert [finding.message.startswith("the id 'my-question' is taken by") for finding in found] == [True]


def test_a_file_that_is_no_question_does_not_hide_the_others(tmp_path: Path) -> None:
    findings(tmp_path, GOOD.replace("level: 2", "level: 2\nlevel: 3"), name="a.yaml")
    found = findings(tmp_path, GOOD)
    assert len(found) == 1
    assert found[0].place.endswith("a.yaml:6")


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(QuizError, match="no such file"):
        lint([Path("/nowhere/at/all")])


NUMBERS = [
    ("since v1.28 and KEP-1669, RFC 7348, IPv4", []),
    ("port 8080 of 10.0.0.1:80", ["10.0.0.1:80"]),
    ("the mark 0x4000, 1/3 of them, 50 bytes", ["0x4000", "1/3", "50"]),
    ("{web.port} and {pods}", []),
    ("共 86 个端口", ["86"]),
    ("eth0, cni0, flannel.1, br_netfilter, node1", []),
]


@pytest.mark.parametrize(("text", "numbers"), NUMBERS)
def test_literal_numbers(text: str, numbers: list[str]) -> None:
    assert list(literal_numbers(text)) == numbers


def test_the_bank_is_clean() -> None:
    # A few seeds of each here; `k8squiz questions lint` draws fifty.
    report = lint([bank_folder()], breadth(2, most=50))
    assert [str(finding) for finding in report.errors] == []
