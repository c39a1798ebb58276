"""Questions of kind write: what is typed is put beside the cluster, and every pair is walked again."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from engine.errors import EngineError
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, metas, parse_template
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import causes_of, make_task
from k8squiz.kinds.write.fields import WriteField
from k8squiz.kinds.write.typed import read_objects, tidy
from k8squiz.world.world import World
from tests.rows import named


def asked(name: str, seed: int = 1) -> tuple[World, WriteField]:
    world = World(draw(find(name), seed))
    (field,) = make_task(world).fields
    assert isinstance(field, WriteField)
    return world, field


POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n"
DENY = POLICY.replace("name: p", "name: deny") + "  podSelector: {}\n---\n"
# Of write-default-deny under seed 1, where batch is let in.
TEXTS = {
    "the peer by an expression": (DENY + POLICY + """\
  podSelector: {matchExpressions: [{key: role, operator: In, values: [store]}]}
  ingress: [{from: [{podSelector: {matchExpressions: [{key: role, operator: NotIn, values: [front, store]}]}}], ports: [{port: {port}}]}]
""", 1.0),
    "a range of one port, the types spelled out": (DENY + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels: {role: batch}
      ports:
        - protocol: TCP
          port: {port}
          endPort: {port}
""", 1.0),
    "one policy a pod": (POLICY.replace("name: p", "name: a") + "  podSelector: {matchExpressions: [{key: role, operator: NotIn, values: [store]}]}\n---\n" + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  ingress: [{from: [{podSelector: {matchLabels: {role: batch}}, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}], ports: [{port: {port}}]}]
""", 1.0),
    "the other port too": (DENY + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  ingress: [{from: [{podSelector: {matchLabels: {role: batch}}}]}]
""", 0.875),
    "every namespace's pods of that role": (DENY + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {role: batch}}}], ports: [{port: {port}}]}]
""", 0.875),
    "or in place of and": (DENY + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  ingress: [{from: [{namespaceSelector: {}}, {podSelector: {matchLabels: {role: batch}}}], ports: [{port: {port}}]}]
""", 0.75),
    "denied and nothing else": (POLICY + "  podSelector: {}\n", 0.0),
    "egress instead": (POLICY + "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{}]\n", 0.0),
    "another namespace": ((DENY + POLICY + """\
  podSelector: {matchLabels: {role: store}}
  ingress: [{from: [{podSelector: {matchLabels: {role: batch}}}], ports: [{port: {port}}]}]
""").replace("metadata: {name: p}", "metadata: {name: p, namespace: other}"), 0.0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "score"), named(TEXTS))
def test_a_text_is_graded_by_the_table_that_it_makes(text: str, score: float) -> None:
    world, field = asked("write-default-deny")
    text = text.replace("{port}", str(world.question.names["port"]))
    assert field.score(field.read(text)) == score


REFUSED = {
    "a tab": (POLICY + "  podSelector: {}\n  ingress:\n  - from\n", "line 7"),
    "no colon": (POLICY.replace("spec:", "spec") + "  podSelector: {}\n", "line 5, column"),
    "a wrong field": (POLICY + "  podSelectors: {}\n", 'line 5, column 3): strict decoding error: unknown field "spec.podSelectors"'),
    "no peer": (POLICY + "  podSelector: {}\n  ingress:\n  - from:\n    - {}\n", "line 8, column 7): spec.ingress[0].from[0]: Required value: must specify a peer"),
    "a peer and a block": (
        POLICY + "  podSelector: {}\n  ingress:\n  - from:\n    - ipBlock: {cidr: 10.0.0.0/8}\n      podSelector: {}\n",
        "line 8, column 7): spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
    ),
    "a larger hole": (
        POLICY + "  podSelector: {}\n  ingress:\n  - from:\n    - ipBlock:\n        cidr: 10.0.0.0/24\n        except: [10.0.0.0/8]\n",
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ),
    "a small letter": (POLICY + "  podSelector: {}\n  policyTypes: [ingress]\n", 'line 6, column 17): spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress"'),
    "a range backwards": (POLICY + "  podSelector: {}\n  ingress:\n  - ports:\n    - {port: 90, endPort: 80}\n", "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`"),
    "a protocol": (POLICY + "  podSelector: {}\n  ingress:\n  - ports:\n    - {port: 90, protocol: tcp}\n", 'Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"'),
    "an old version": (POLICY.replace("/v1", "/v1beta1") + "  podSelector: {}\n", 'no matches for kind "NetworkPolicy" in version "networking.k8s.io/v1beta1"'),
    "no name": (POLICY.replace("{name: p}", "{}") + "  podSelector: {}\n", "metadata.name: Required value"),
    "a kind that is a list": (POLICY.replace("NetworkPolicy", "[a]"), "error validating data: [kind not set]"),
    "another kind": ("apiVersion: v1\nkind: Service\nmetadata: {name: p}\nspec: {ports: [{port: 80}]}\n", "NetworkPolicy is to be written, not Service"),
    "no object": ("hello\n", "an object begins with apiVersion: and kind:"),
    "a list for a mapping": (POLICY + "  podSelector: {}\n  ingress: 5\n", "line 6, column 3: spec.ingress must be a list"),
    "the second of two": (DENY + POLICY + "  podSelector: {}\n  ingresses: []\n", "line 12, column 3"),
    "twice": (DENY + DENY, "is written twice"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), named(REFUSED))
def test_what_the_api_server_refuses_is_refused_in_its_words(text: str, words: str) -> None:
    _, field = asked("write-default-deny")
    with pytest.raises(Unreadable) as caught:
        field.read(text)
    assert words in caught.value.text.en
    assert caught.value.text.zh


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n"
POOR_SERVICES = {
    "no ports": (SERVICE + "  selector: {a: b}\n", "spec.ports: Required value"),
    "ports without names": (SERVICE + "  ports: [{port: 80}, {port: 81}]\n", "spec.ports[0].name: Required value"),
    "twice the same": (
        SERVICE + "  ports: [{name: a, port: 80}, {name: b, port: 80}]\n",
        'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}',
    ),
    "a NodePort of a ClusterIP": (SERVICE + "  ports: [{port: 80, nodePort: 30080}]\n", "may not be used when `type`"),
    "a port out of the band": (
        SERVICE + "  type: NodePort\n  ports: [{port: 80, nodePort: 8080}]\n",
        "The range of valid ports is 30000-32767",
    ),
    "a type": (
        SERVICE + "  type: Nodeport\n  ports: [{port: 80}]\n",
        'spec.type: Unsupported value: "Nodeport": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ),
    "headless and NodePort": (
        SERVICE + "  type: NodePort\n  clusterIP: None\n  ports: [{port: 80}]\n",
        "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
    ),
    "a port that is a list": (SERVICE + "  ports: [{port: []}]\n", "spec.ports[0].port must be a number, not a list"),
    "a field of a port": (SERVICE + "  ports: [{port: 80, targetport: 8080}]\n", 'unknown field "spec.ports[0].targetport"'),
    "a policy of a ClusterIP": (
        SERVICE + "  externalTrafficPolicy: Local\n  ports: [{port: 80}]\n",
        "may only be set for externally-accessible services",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), named(POOR_SERVICES))
def test_services_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_objects(tidy(text), ("Service",), "default")
    assert words in caught.value.text.en


# Every field that an object may have, and metadata's.
METADATA = {"name": "o", "namespace": "shop", "labels": {"kubernetes.io/service-name": "s"}, "annotations": {"a": "b"}}
WHOLE: dict[str, tuple[str, dict[str, Any]]] = {
    "NetworkPolicy": ("networking.k8s.io/v1", {"spec": {"podSelector": {}}}),
    "Service": ("v1", {"spec": {"ports": [{"port": 80}]}, "status": {"loadBalancer": {}}}),
    "Endpoints": ("v1", {"subsets": [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80}]}]}),
    "EndpointSlice": (
        "discovery.k8s.io/v1",
        {"addressType": "IPv4", "ports": [{"port": 80}], "endpoints": [{"addresses": ["192.0.2.7"]}]},
    ),
}


@pytest.mark.parametrize(("kind", "api", "fields"), [(kind, *row) for kind, row in WHOLE.items()], ids=WHOLE)
def test_an_object_may_have_the_fields_of_its_kind_alone(kind: str, api: str, fields: dict[str, Any]) -> None:
    whole = {"apiVersion": api, "kind": kind, "metadata": METADATA, **fields}
    (found,) = read_objects(yaml.safe_dump(whole), (kind,), "default")
    assert (found.kind, found.namespace, found.name, found.data) == (kind, "shop", "o", whole)
    others = {field for other, (_, own) in WHOLE.items() if other != kind for field in own} - set(fields)
    for field in others | {"data"}:
        with pytest.raises(Unreadable, match=f'unknown field "{field}"'):
            read_objects(yaml.safe_dump({**whole, field: {}}), (kind,), "default")
    with pytest.raises(Unreadable, match="unknown field"):
        read_objects(yaml.safe_dump({**whole, "metadata": {**METADATA, "label": {}}}), (kind,), "default")
    with pytest.raises(Unreadable, match="no matches for kind"):
        read_objects(yaml.safe_dump({**whole, "apiVersion": "apps/v1"}), (kind,), "default")


def test_what_a_chinese_keyboard_types_is_yaml_too() -> None:
    _, field = asked("write-default-deny")
    text = (DENY + POLICY + "  podSelector: {}\n").replace("kind: ", "kind： ").replace("{}", "｛｝")
    assert "kind: NetworkPolicy" in field.read(text)


SERVED = """apiVersion: v1
kind: Service
metadata: {name: login}
spec:
  type: NodePort
  selector: {app: login}
  ports: [{port: 80, targetPort: TARGET, nodePort: NODE}]
"""


def test_who_answers_and_what_they_see_is_told_where_it_is_another() -> None:
    world, field = asked("write-node-port-local", 2)
    names, task = world.question.names, make_task(world)
    text = SERVED.replace("TARGET", str(names["target"])).replace("NODE", str(names["node_port"]))
    value = field.read(text)
    told = [cause.text.en for cause in causes_of(world, task, grade(task, {field.id: value}))]
    assert "tester:8080 must not answer; (10.233.37.0, 10.233.37.1) is seen instead of (198.51.100.187): " in told[1]
    assert "-j MASQUERADE" in told[1]
    assert told[2].startswith("client → node2:31450 works and must not")


OLD = """apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: PORT}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets: [{addresses: [{ip: ONE}, {ip: TWO}], ports: [{port: REAL}]}]
"""


def test_endpoints_do_for_an_endpoint_slice() -> None:
    world, field = asked("write-external-endpoints")
    text = OLD
    for word in ("port", "real", "one", "two"):
        text = text.replace(word.upper(), str(world.question.names[word]))
    assert field.score(field.read(text)) == 1.0


def test_every_wrong_pair_is_told_with_its_cause() -> None:
    world, field = asked("write-default-deny")
    task = make_task(world)
    value = field.read(POLICY + "  podSelector: {}\n")
    told = [cause.text.en for cause in causes_of(world, task, grade(task, {field.id: value}))]
    assert told[0] == "8 of 9 connections are as the table wants"
    assert [line.partition(" has to work")[0] for line in told[1:]] == [field.labels["db-2-1"]]
    assert "isolated for ingress by shop/p" in told[1]


WRITTEN = [meta.id for meta in metas() if meta.kind == "write"]


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_of_the_model_can_be_left_out(name: str) -> None:
    world, field = asked(name)
    namespace = str(world.question.ask.get("namespace", "default"))
    objects = [each.data for each in read_objects(field.truth, field.kinds, namespace)]
    for path, less in without_one(objects):
        try:
            assert field.score(field.read(yaml.safe_dump_all(less))) < 1.0, f"{name}: {path} is not needed"
        except Unreadable:
            continue


def without_one(objects: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The objects without one of them, and without one field or item of one, but for names."""
    if len(objects) > 1:
        for index in range(len(objects)):
            yield f"object {index}", [*objects[:index], *objects[index + 1 :]]
    for index, each in enumerate(objects):
        for path in _paths(each):
            if path[0] in ("spec", "ports", "endpoints") and path != ("spec",):
                less = copy.deepcopy(objects)
                target = cast(Any, less[index])
                for step in path[:-1]:
                    target = target[step]
                del target[path[-1]]
                yield f"{index}: {'.'.join(map(str, path))}", less


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        # An empty selector says what a missing one would.
        if item != {}:
            yield (*path, key)
        yield from _paths(item, (*path, key))


# A patch of the object that is given, or it written anew, and what it is worth.
HEAD = "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n"
PATCHES = [
    ("spec: {{selector: {{track: {keep}}}, ports: [{{port: {port}, targetPort: {listen}}}]}}", 1.0),
    (HEAD + "spec: {{selector: {{track: {keep}}}, ports: [{{port: {port}, targetPort: {listen}}}]}}", 1.0),
    ("spec: {{selector: {{track: {keep}}}}}", 0.0),
    ("spec: {{ports: [{{port: {port}, targetPort: {listen}}}]}}", 0.0),
    ("spec: {{selector: {{app: null, track: {keep}}}, ports: [{{port: {port}, targetPort: {listen}}}]}}", 1.0),
]


@pytest.mark.parametrize(("typed", "score"), PATCHES)
def test_a_patch_goes_into_the_object_that_is_there(typed: str, score: float) -> None:
    world, field = asked("patch-the-canary-out")
    text = typed.replace("{name: cart}", "{{name: cart}}").format(**{
        name: world.question.names[name] for name in ("keep", "port", "listen")
    })  # fmt: skip
    assert field.score(field.read(text)) == score


@pytest.mark.parametrize(
    ("typed", "en"), [("spec: {foo: 1}", 'with the patch in it: .*"spec.foo"'), ("spec: 3", "spec.ports")]
)
def test_a_patch_that_is_refused(typed: str, en: str) -> None:
    _, field = asked("patch-the-canary-out")
    with pytest.raises(Unreadable) as error:
        field.read(typed)
    assert re.search(en, error.value.text.en)


@pytest.mark.parametrize("to", ["fd00::5", "10.244.17.116", "' 10.244.17.116:80'", "node1"])
def test_a_request_to_no_address_and_port_is_refused(to: str) -> None:
    path = Path(find("write-port-range").meta.path)
    text = path.read_text(encoding="utf-8")
    assert '"{pod-d.ip}:{high}"' in text
    with pytest.raises((EngineError, QuizError)):
        make_task(World(draw(parse_template(text.replace('"{pod-d.ip}:{high}"', to), path), 1)))
