"""The stories, each told once in a process: most tests look at the same ones."""

from __future__ import annotations

import functools

from k8squiz.explain import tell
from k8squiz.story.blocks import Story


@functools.cache
def told(topic: str, *without: str) -> Story:
    """The story of `topic` without some parts, which stand in the order of the alphabet."""
    assert list(without) == sorted(without)
    return tell(topic, frozenset(without))
