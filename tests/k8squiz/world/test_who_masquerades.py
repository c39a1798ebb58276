"""Questions are asked of a cluster that has its CNI's own rules, and the picture says who masquerades."""

from __future__ import annotations

import pytest

from engine.trace import Outcome
from k8squiz.bank import find
from k8squiz.bank.draw import draw
from k8squiz.bank.question import QuestionMeta
from k8squiz.world.facts import fact
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.world import World

# The question, a seed, who masquerades the request first, what the server sees of its sender.
CASES = [
    # A pod that calls another node's NodePort leaves its node with the node's address: no pod any more, and dropped.
    ("hairpin-by-nodeport", "6", "flannel", None),
    ("hairpin-by-nodeport", "7", "flannel", "k8s-2's tunnel"),
    ("hairpin-by-nodeport", "1", "kube-proxy", "host-1's bridge"),
    # ipvs mode sends it to the other node's endpoint unmarked: flannel masquerades that, Calico does not.
    ("local-policy-ending-ipvs", "7", "flannel", "node1"),
    ("local-policy-ending-ipvs", "16", "none", "client"),
    ("local-policy-ending-ipvs", "20", "flannel", "w1's tunnel"),
    ("local-policy-ending-ipvs", "6", "calico", "node1's tunnel"),
    ("pod-to-the-load-balancer", "9", "flannel", "k8s-1's tunnel"),
    # Without clusterCIDR.
    ("who-counts-as-a-pod", "22", "flannel", "worker1's tunnel"),
    ("who-counts-as-a-pod", "15", "none", "client"),
]


@pytest.mark.parametrize(("question", "seed", "who", "seen"), CASES)
def test_who_masquerades(question: str, seed: str, who: str, seen: str | None) -> None:
    world = World(draw(find.find(question), seed))
    outcome: Outcome = world.all_outcomes(world.first)[0]
    assert fact("masqueraded_by", world, world.first, outcome) == who
    assert fact("source_seen", world, world.first, outcome) == (None if seen is None else _address(world, seen))


def _address(world: World, name: str) -> str:
    picture = world.question.picture
    if name == "client":
        return picture.client
    node, _, device = name.partition("'s ")
    found = next(each for each in picture.nodes if each.name == node)
    return found.devices[-1][1] if device == "tunnel" else dict(found.devices)["cni0"] if device else found.address


@pytest.mark.parametrize("meta", find.metas(), ids=lambda meta: meta.id)
def test_the_picture_says_that_the_cni_masquerades(meta: QuestionMeta) -> None:
    question = draw(find.opened(meta), "1")
    if needs_no_cluster(question):
        return
    said = next(words for words in question.picture.facts if words.startswith("CNI "))
    config = World(question).cluster(question.requests[0].name).cni
    assert said == f"CNI {config.plugin} {config.backend}" + (
        f" ({'natOutgoing' if config.plugin == 'calico' else '--ip-masq'})" if config.ip_masq else ""
    )
