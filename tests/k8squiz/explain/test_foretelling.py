"""What comes next: the steps that are asked about, the options, and why another is none."""

from __future__ import annotations

import pytest

from k8squiz.explain import TOPICS
from k8squiz.explain.foretelling import ForetoldWalk, foretold
from k8squiz.story.blocks import Walk
from tests.k8squiz.explain.told import told


def walks(topic: str) -> tuple[ForetoldWalk, ...]:
    return foretold([block for section in told(topic).sections for block in section.blocks if isinstance(block, Walk)])


NODEPORT, *_ = walks("nodeport")
# Where it is asked, by the key of the step told last, and what comes.
COMING = [
    ("client/connect", "router/routing"),
    ("node1/nic", "node1/prerouting"),
    ("node1/prerouting", "node1/dnat"),
    ("node1/dnat", "node1/routing"),
    ("node1/snat", "node1/encapsulate"),
    ("pod-b/socket", "pod-b/answer"),
]


@pytest.mark.parametrize(("here", "coming"), COMING)
def test_what_comes_is_what_was_walked(here: str, coming: str) -> None:
    at = next(n for n, step in enumerate(NODEPORT.steps) if step.key == here)
    asked = NODEPORT.asked[at]
    assert asked.options[asked.truth].key == coming


@pytest.mark.parametrize("topic", [entry.name for entry in TOPICS])
def test_every_walk_can_be_foretold(topic: str) -> None:
    """Four options that read apart, one of them true; every hop is told once; the same each time it is drawn."""
    once = walks(topic)
    for walk in once:
        hops = [hop for step in walk.steps for hop in step.hops]
        assert hops == [*walk.walk.outcome.hops, *walk.walk.outcome.reply]
        assert len(walk.asked) == len(walk.steps) - 1
        for asked in walk.asked:
            texts = [option.text.en for option in asked.options]
            assert len(set(texts)) == len(texts) >= 3
            assert asked.options[asked.truth] == walk.steps[asked.after + 1]
            assert walk.steps[asked.after].text.en not in texts
    assert once == walks(topic)


def test_the_true_one_is_not_always_at_the_same_letter() -> None:
    assert {asked.truth for asked in NODEPORT.asked} == {0, 1, 2, 3}


WHY_NOT = [
    ("node1/prerouting", "node1/routing", "at hop 12. DNAT before routing"),
    ("node1/dnat", "node1/snat", "at hop 17. SNAT comes last"),
    ("node1/dnat", "node1/nic", "that is done already"),
    ("node1/prerouting", "node2/nic", "at hop 20. Host by host"),
]


@pytest.mark.parametrize(("here", "picked", "said"), WHY_NOT)
def test_why_another_step_does_not_come(here: str, picked: str, said: str) -> None:
    at = next(n for n, step in enumerate(NODEPORT.steps) if step.key == here)
    step = next(step for step in NODEPORT.steps if step.key == picked)
    why = NODEPORT.why_not(at, step)
    assert said in why.en and why.zh


def test_where_a_packet_dies_is_foretold_beside_what_would_have_come() -> None:
    dropped = next(walk for walk in walks("traffic-policy") if walk.walk.outcome.where is not None)
    last = dropped.asked[-1]
    assert last.options[last.truth].text.en == "it ends here: DROP"
    # The other walks of the story go on from there.
    assert {"node1/dnat", "node1/routing"} & {option.key for option in last.options}
