"""Stories told of another release of kube-proxy."""

from __future__ import annotations

import pytest

from engine.errors import UnsupportedFeature
from k8squiz.errors import QuizError
from k8squiz.explain import tell
from k8squiz.explain.clusters import Shape
from k8squiz.explain.walked import StoryCluster
from k8squiz.world.release import RELEASE, told, told_of

_NEWER = "nftables"


@pytest.mark.parametrize(("topic", "release"), [("hairpin", "1.28"), ("traffic-policy", "v1.34.2")])
def test_a_story_is_told_of_it(topic: str, release: str) -> None:
    assert tell(topic, frozenset(), release).title
    assert told() == RELEASE


def test_its_clusters_report_it() -> None:
    with told_of("1.30"):
        earlier = StoryCluster(Shape()).cluster
    now = StoryCluster(Shape()).cluster
    assert [{node.proxy_version for node in of.nodes} for of in (earlier, now)] == [{"1.30"}, {RELEASE}]


@pytest.mark.parametrize(("release", "error"), [("1.35", QuizError), ("9.9", UnsupportedFeature)])
def test_what_a_story_cannot_be_told_of_is_refused(release: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=release.replace(".", r"\.")):
        tell(_NEWER, frozenset(), release)
