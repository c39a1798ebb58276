"""What is misspelt in a question file is refused when the file is read, or drawn, with the line it stands on; also where
this draw would not show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import bank_folder, load
from k8squiz.bank.followup import follow_ups
from k8squiz.errors import QuizError
from k8squiz.world.facts import CONNTRACK_FACTS, FACTS, HOP_FACTS, WORDS
from tests.rows import named

QUESTION = (bank_folder() / "04-hairpin" / "hairpin-what-breaks.yaml").read_text(encoding="utf-8")
# What stands in the question, what it is misspelt as, and what is said of it.
MISSPELT = {
    "a fact": ("when: {verdict: DELIVERED}", "when: {verdikt: DELIVERED}", "did you mean 'verdict'?"),
    "a comparison": (
        'when: {source_seen: "{pod-a.ip}"}', 'when: {source_seen: {equals: "{pod-a.ip}"}}', "equals: no such field",
    ),
    "a comparison of two figures": ("eq, true]", "equals, true]", "'equals' is not allowed; one of eq, ne"),
    "a verdict": ("{verdict: LOST, direction: reply}", "{verdict: LSOT, direction: reply}", "did you mean 'LOST'?"),
    "a direction": ("{verdict: LOST, direction: reply}", "{verdict: LOST, direction: back}", "'back' is not allowed"),
    "a reason": ("when: {code: bridge-refuses-same-port}", "when: {code: bridge-refuses}", "bridge-refuses-same-port"),
    "a reason among others": (
        "when: {code: bridge-refuses-same-port}", "when: {code: {in: [rp-filter, rp-fliter]}}", "did you mean 'rp-filter'?",
    ),
    "a reason that is not": ("when: {code: bridge-refuses-same-port}", "when: {code: {ne: rp}}", "'rp' is not allowed"),
    "a stage": ("passes: {stage: dnat}", "passes: {stage: dnatt}", "did you mean 'dnat'?"),
    "a hook where it died": (
        "{verdict: LOST, direction: reply}", "{verdict: LOST, died_at: FOREWARD}", "did you mean 'FORWARD'?",
    ),
    "a hook": ("passes: {stage: dnat}", "passes: {hook: PREROUTE}", "did you mean 'PREROUTING'?"),
    "a name in a predicate": ('{source_seen: "{pod-a.ip}"}', '{source_seen: "{pod-b.ip}"}', "did you mean pod-a.ip"),
    "a name in an option": ("sees {pod-a.ip} as its", "sees {pod-b.ip} as its", "did you mean pod-a.ip"),
    "a name in the prompt": ("{pod-a} connects", "{pod-b} connects", "no such placeholder: 'pod-b'"),
    "a name in a hint": ("en: Ask where", "en: Ask {me} where", "no such placeholder: 'me'"),
    "a name in an explanation": ("masqueraded to {node1.cni0}.", "masqueraded to {node1.cni}.", "did you mean node1.cni0"),
    "a name in a key point": ("It is the request that", "It is {it} that", "no such placeholder: 'it'"),
    "a brace in a key point": ("It is the request that", "It is { that", "double it"),
    "a name in what may be asked next": ("en: Who sets", "en: Who of {us} sets", "no such placeholder: 'us'"),
    "a name in a follow-up's explanation": (
        "The bridge may send the frame", "The {switch} may send the frame", "no such placeholder: 'switch'",
    ),
}  # fmt: skip


def read_and_draw(file: Path) -> None:
    template = load(file)
    for each in (template, *follow_ups(template)):
        draw(each, 1)


@pytest.mark.parametrize(("said", "misspelt", "message"), named(MISSPELT))
def test_a_misspelt_word_is_refused_where_it_stands(tmp_path: Path, said: str, misspelt: str, message: str) -> None:
    before, _, behind = QUESTION.partition(said)
    assert behind
    file = tmp_path / "hairpin-what-breaks.yaml"
    file.write_text(f"{before}{misspelt}{behind}", encoding="utf-8")
    with pytest.raises(QuizError) as told:
        read_and_draw(file)
    line = before.count("\n") + 1
    # A text of many lines stands where its key is.
    places = (f"{file}:{line}:", f"{file}:{line - 1}:")
    assert str(told.value).startswith(places), str(told.value)
    assert message in str(told.value)


def test_whose_words_are_told() -> None:
    """Each is a fact of a way, a hop or a conntrack entry."""
    assert set(WORDS) <= {*FACTS, *HOP_FACTS, *CONNTRACK_FACTS}


def test_a_list_that_was_drawn_is_no_pod(tmp_path: Path) -> None:
    file = tmp_path / "04-hairpin" / "mine.yaml"
    file.parent.mkdir()
    text = QUESTION.replace("params:\n", "params:\n  many: {choice: [[a, b]]}\n", 1).replace("[pod-a]", '["{many}"]', 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(QuizError, match="services.web.endpoints"):
        read_and_draw(file)
