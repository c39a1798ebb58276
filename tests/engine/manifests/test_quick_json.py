"""JSON read as JSON, and Lists read an item at a time, against the same text read whole as YAML: equal clusters, equal
places, equal errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import ManifestError, load_cluster
from engine import manifests as loading
from engine.cluster import Cluster
from engine.manifests import composer, quick_json
from tests.conformance.locate import folder

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "cluster.yaml"
OBJECTS: list[Any] = list(yaml.safe_load_all(EXAMPLE.read_text(encoding="utf-8")))
NODE: dict[str, Any] = {
    "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.10"}]},
}  # fmt: skip
POD: dict[str, Any] = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "node1"},
    "status": {"podIP": "10.244.1.5"},
}  # fmt: skip


def listed(*items: Any, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": list(items), "kind": "List", **more}


def whole(text: str) -> Cluster:
    """As YAML, each document in one piece: the way that needs no other."""
    return loading._collected([("<text>", text, False)], quick_json=False, by_item=False)


def said(text: str, read: Any) -> object:
    """What came of reading: all of the cluster, where its objects stand too, or the complaint."""
    try:
        cluster = read(text)
    except ManifestError as error:
        return error.line, error.message, error.message_zh
    return cluster, cluster.places, cluster.node_mentions


TEXTS: dict[str, str] = {
    "a List, as kubectl prints it": json.dumps(listed(*OBJECTS, metadata={"resourceVersion": ""}), indent=4),
    "in one line": json.dumps(listed(*OBJECTS)),
    "kind before items": json.dumps({"kind": "List", "apiVersion": "v1", "items": OBJECTS}),
    "one object": json.dumps(NODE, indent=2),
    "an empty List": json.dumps(listed(), indent=2),
    "a List in a List": json.dumps(listed(listed(NODE), POD), indent=2),
    "a NodeList whose items leave their kind out": (
        json.dumps({"apiVersion": "v1", "items": [{k: NODE[k] for k in ("metadata", "status")}], "kind": "NodeList"})
    ),
    "items of what is no List": json.dumps({"apiVersion": "x/v1", "items": [NODE], "kind": "Bundle"}),
    "a pod on a node that is not there": json.dumps(listed(POD), indent=2),
    "no kind": json.dumps({"apiVersion": "v1", "items": [NODE]}, indent=2),
    "an item that is no mapping": json.dumps(listed(NODE, 3), indent=2),
    "an item without a kind": json.dumps(listed(NODE, {"apiVersion": "v1"}), indent=2),
    "a wrong type": json.dumps(listed(NODE, {**POD, "spec": {"nodeName": 1}}), indent=2),
    "an impossible value": json.dumps(listed({**POD, "status": {"podIP": "nowhere"}}), indent=2),
    "the same object twice": json.dumps(listed(NODE, NODE), indent=2),
    "a key twice": '{"apiVersion": "v1",\n "kind": "Node",\n "kind": "Node",\n "metadata": {"name": "a"}}',
    "a merge key": '{"<<": {"apiVersion": "v1", "kind": "Node"}, "metadata": {"name": "a"}}',
    "not a number": '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": NaN}}',
    "YAML in braces": "{apiVersion: v1, kind: Node, metadata: {name: a}}",
    "a comma too many": '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"},}',
    "two documents": '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}\n{"a": 1}',
    "cut off": json.dumps(listed(*OBJECTS), indent=4)[:1500],
    "a character that is not allowed": '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a\x7f"}}',
    "escapes": json.dumps({**NODE, "metadata": {"name": "node1", "labels": {"a": 'é/\\" 节点'}}}),
    "a number of fifty digits where a string is due": (
        f'{{"apiVersion": "v1", "kind": "Node", "metadata": {{"name": {"9" * 50}}}}}'
    ),
    "nested too deep, where nobody looks": json.dumps({**NODE, "x": 0}).replace("0", "[" * 200 + "]" * 200),
    "YAML: a List": yaml.safe_dump(listed(*OBJECTS)),
    "YAML: a List with an anchor": "apiVersion: v1\nitems: &a\n- {apiVersion: v1, kind: X}\nkind: List\nmore: *a\n",
    "YAML: a List that goes wrong": yaml.safe_dump(listed(NODE, NODE)),
    "YAML: items, and no List": yaml.safe_dump({"apiVersion": "x/v1", "items": [NODE, NODE], "kind": "Bundle"}),
    "YAML: a List and an object": yaml.safe_dump_all([listed(NODE), POD]),
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TEXTS.items()])
def test_all_ways_of_reading_say_the_same(text: str) -> None:
    assert said(text, lambda text: load_cluster(text=text)) == said(text, whole)


def test_the_example_is_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "parse", lambda *_, **__: pytest.fail("read as YAML"))
    cluster = load_cluster(text=TEXTS["a List, as kubectl prints it"])
    assert len(cluster.nodes) == 2


def test_json_in_files_beside_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(listed(NODE)), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(POD), encoding="utf-8")
    (tmp_path / "c.json").write_text('{"compilerOptions": {"strict": true}}', encoding="utf-8")
    cluster = load_cluster(tmp_path)
    assert [node.name for node in cluster.nodes] == ["node1"]
    assert [pod.name for pod in cluster.pods] == ["a"]
    assert "c.json" in cluster.notices[-1][0] or any("c.json" in en for en, _ in cluster.notices)


@pytest.mark.parametrize("text", [yaml.safe_dump(listed(*[NODE] * 50)), json.dumps(listed(*[NODE] * 50))])
def test_a_list_is_never_held_whole(text: str) -> None:
    """Each item is handed out before the next one is read."""
    found = quick_json.json_pieces(text, "f") if text.startswith("{") else composer.pieces(text, "f")
    begun = 0
    for piece in found:
        begun += piece.index is not None
        if piece.of_list:
            assert piece.value["items"] == []
    assert begun == 50


def test_values_are_limited_an_item_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    text = yaml.safe_dump(listed(*({**NODE, "metadata": {"name": f"node{n}"}} for n in range(40))))
    monkeypatch.setattr(composer, "MAX_VALUES", 60)
    assert len(load_cluster(text=text).nodes) == 40
    with pytest.raises(ManifestError, match="more than 60 values"):
        whole(text)


def test_a_text_with_more_commas_than_values_is_left_to_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_json, "MAX_VALUES", 3)
    with pytest.raises(quick_json.ReadAgain):
        next(quick_json.json_pieces(json.dumps([1, 2, 3, 4, 5]), "f"))


@pytest.mark.parametrize("kept", ["rules", "flows"])
def test_recorded_clusters_read_alike_as_json(kept: str) -> None:
    paths = sorted(folder(kept).rglob("cluster.yaml"))[:12]
    assert paths
    for path in paths:
        objects = [one for one in yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader) if one]
        text = json.dumps(listed(*objects), indent=1, default=str)
        assert said(text, lambda text: load_cluster(text=text)) == said(text, whole)
