"""A drawn cluster's text: the engine makes the same cluster of it as of the YAML that is shown."""

from __future__ import annotations

import pytest

from engine import load_cluster
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.bank.manifest_text import as_yaml, text_of

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "节点"}, "spec": {"podCIDRs": ["10.0.0.0/24"]}}

TEXTS = {
    "one object": ((NODE,), "", "apiVersion: v1\nkind: Node\n"),
    "more, as its author wrote it": ((NODE,), "kind: Pod # mine\n", "---\nkind: Pod # mine\n"),
}


@pytest.mark.parametrize(("documents", "extra", "holds"), TEXTS.values(), ids=TEXTS)
def test_it_is_shown_as_yaml(documents: tuple[dict[str, object], ...], extra: str, holds: str) -> None:
    assert holds in as_yaml(text_of(documents, extra))


@pytest.mark.parametrize("name", ["nodeport-cross-node-rewrites", "tenfold-growth", "hairpin-by-mode"])
def test_both_texts_are_one_cluster(name: str) -> None:
    for request in draw(find(name), 1).requests:
        assert load_cluster(text=request.documents) == load_cluster(text=request.manifests)
