"""Drawing: the same seed gives the same question whatever the process; other seeds give others."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.cluster import Mode
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.bank.placeholders import fill, substitute
from k8squiz.bank.question import Template
from k8squiz.bank.rng import Rng
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from tests.k8squiz.fakes import anything

QUESTION = """\
format_version: 1
id: a-question
topic: nodeport
level: 2
kind: outcome
title: {en: Title, zh: 标题}
params:
%s
cluster:
  nodes: 3
  pods: {pod-a: node2, caller: node1}
  services:
    web: {type: NodePort, endpoints: [pod-a]}
    many: {endpoints: {node1: 2, node3: 1}}
request: {from: client, to: web@node1}
ask: {parts: [ending]}
prompt: {en: How?, zh: 如何？}
explanation: {en: So., zh: 如此。}
key_points: [{en: That., zh: 那样。}]
sources: [{ref: kernel}]
"""


def template(params: str = "  x: {int: [1, 9]}") -> Template:
    return bank.parse_template(QUESTION % params, Path("questions/01-nodeport/a-question.yaml"))


PARAMS = [
    ("{int: [3, 3]}", {3}),
    ("{int: [10, 30], step: 10}", {10, 20, 30}),
    ("{choice: [a, b]}", {"a", "b"}),
    ("{add: [1, 2, 3]}", {6}),
    ("{subtract: [10, 3]}", {7}),
    ("{multiply: [4, 5]}", {20}),
    ("{choice: [true, false]}", {True, False}),
]


@pytest.mark.parametrize(("spec", "values"), PARAMS)
def test_params_draw_all_their_values_and_no_other(spec: str, values: set[object]) -> None:
    drawn = {draw(template(f"  x: {spec}"), seed).names["x"] for seed in range(60)}
    assert drawn == values


def test_a_parameter_depends_on_an_earlier_one() -> None:
    params = "  mode: {choice: [vxlan, host-gw]}\n  bytes: {case: '{mode}', of: {vxlan: 50, host-gw: 0}}"
    pairs = {(q.names["mode"], q.names["bytes"]) for q in (draw(template(params), seed) for seed in range(30))}
    assert pairs == {("vxlan", 50), ("host-gw", 0)}


BROKEN = [
    ("{int: [9, 1]}", "is empty"),
    ("{sample: [a, b], count: 3}", "cannot sample 3 of 2"),
    ("{case: x, of: {y: 1}}", "no entry for 'x'"),
    ("{add: ['{nothing}', 1]}", "no such placeholder"),
    ("{address: 300.0.0.0/24}", "must be a network"),
    ("{address: 10.0.0.0/31}", "too few hosts"),
]


@pytest.mark.parametrize(("spec", "words"), BROKEN)
def test_a_parameter_that_cannot_be_drawn_names_its_line(spec: str, words: str) -> None:
    with pytest.raises(QuizError) as caught:
        draw(template(f"  x: {spec}"), 1)
    assert "a-question.yaml:8: " in str(caught.value)
    assert words in str(caught.value)


MODES = [
    ("to: web@node1, mode: ipvs", "nodes: 3", Mode.IPVS),
    ("to: web@node1", "nodes: 3\n  proxy: {mode: nftables}", Mode.NFTABLES),
    ("to: web@node1, mode: ipvs", "nodes: 3\n  proxy: {mode: nftables}", Mode.IPVS),
    ("to: web@node1", "nodes: 3\n  proxy: {mode: ''}", Mode.IPTABLES),
    ("to: web@node1", "nodes: 3", Mode.IPTABLES),
]


def with_mode(request: str, cluster: str) -> Template:
    text = (QUESTION % "  x: {int: [1, 9]}").replace("to: web@node1", request).replace("nodes: 3", cluster)
    return bank.parse_template(text, Path("questions/01-nodeport/a-question.yaml"))


@pytest.mark.parametrize(("request_", "cluster", "mode"), MODES)
def test_the_mode_is_the_requests_else_the_clusters(request_: str, cluster: str, mode: Mode) -> None:
    assert draw(with_mode(request_, cluster), 1).requests[0].mode is mode


@pytest.mark.parametrize(
    ("request_", "cluster", "where"),
    [
        ("to: web@node1, mode: userspace", "nodes: 3", "a-question.yaml:15: request.mode"),
        ("to: web@node1", "nodes: 3\n  proxy: {mode: userspace}", "a-question.yaml:11: cluster.proxy.mode"),
    ],
)
def test_a_mode_that_is_none_names_its_line(request_: str, cluster: str, where: str) -> None:
    with pytest.raises(QuizError) as caught:
        draw(with_mode(request_, cluster), 1)
    assert where in str(caught.value)
    assert "'userspace' is not allowed; one of iptables, ipvs, nftables" in str(caught.value)


def test_addresses_of_one_draw_never_collide() -> None:
    for seed in range(100):
        question = draw(template("  lan: {subnet: 24}\n  out: {address: 203.0.113.0/24}"), seed)
        names = question.names
        nodes = [names[f"node{n}.ip"] for n in (1, 2, 3)]
        pods = [names[f"{pod}.ip"] for pod in ("pod-a", "caller", "many-1", "many-2", "many-3")]
        assert len({*nodes, *pods, names["web.ip"], names["many.ip"], names["client"]}) == 11
        cidrs = [ipaddress.ip_network(str(names[f"node{n}.cidr"])) for n in (1, 2, 3)]
        assert len(set(cidrs)) == 3
        assert ipaddress.ip_address(str(names["pod-a.ip"])) in cidrs[1]
        assert not any(ipaddress.ip_network(str(names["lan"])).overlaps(cidr) for cidr in cidrs)
        assert names["web.nodePort"] in range(30000, 32768)


def test_a_parameter_that_draws_a_role_is_told_by_its_name() -> None:
    for seed in range(10):
        question = draw(template("  seat: {choice: [node2, node3]}\n  both: {shuffle: [node1, node2]}"), seed)
        names = question.names
        role = next(role for role in ("node2", "node3") if names[role] == names["seat"])
        assert names["seat.ip"] == names[f"{role}.ip"]
        assert {names["both.0"], names["both.1"]} == {names["node1"], names["node2"]} == set(anything(names["both"]))
        assert names["both.0.cidr"] != names["both.1.cidr"]


def test_roles_in_the_networks_facts_become_names() -> None:
    facts = (
        "network: {serviceCIDRVia: node2, missingRoutes: [{node: node1, to: node3}, {node: node1, to: 10.9.0.0/24}]}"
    )
    text = (QUESTION % "  x: {int: [1, 9]}").replace("nodes: 3", f"nodes: 3\n  {facts}")
    question = draw(bank.parse_template(text, Path("questions/01-nodeport/a-question.yaml")), 1)
    name = question.names.__getitem__
    (network,) = [d for d in yaml.safe_load_all(question.requests[0].manifests) if d["kind"] == "Network"]
    assert name("node1") != "node1"
    assert network["spec"]["serviceCIDRVia"] == name("node2")
    assert network["spec"]["missingRoutes"] == [
        {"node": name("node1"), "to": name("node3")}, {"node": name("node1"), "to": "10.9.0.0/24"},
    ]  # fmt: skip


@pytest.mark.parametrize(("published", "ready"), [("true", True), ("false", False)])
def test_addresses_published_before_they_are_ready(published: str, ready: bool) -> None:
    text = (QUESTION % "  x: {int: [1, 9]}").replace("pod-a: node2", "pod-a: {node: node2, ready: false}")
    text = text.replace("type: NodePort", f"type: NodePort, publishNotReadyAddresses: {published}")
    question = draw(bank.parse_template(text, Path("questions/01-nodeport/a-question.yaml")), 1)
    (conditions,) = [
        document["endpoints"][0]["conditions"]
        for document in yaml.safe_load_all(question.requests[0].manifests)
        if document["kind"] == "EndpointSlice" and len(document["endpoints"]) == 1
    ]
    assert conditions == {"ready": ready, "serving": False, "terminating": False}


HINTS: list[tuple[str, tuple[dict[str, object], dict[str, object]]]] = [
    ("", ({}, {})),
    ("PreferSameZone", ({"forZones": [{"name": "a"}]}, {})),
    ("PreferSameNode", ({"forZones": [{"name": "a"}], "forNodes": [{"name": "N"}]}, {})),
]


@pytest.mark.parametrize(("distribution", "hints"), HINTS)
def test_traffic_distribution_has_the_hints_its_controller_would_write(
    distribution: str, hints: tuple[dict[str, object], ...]
) -> None:
    text = (QUESTION % "  x: {int: [1, 9]}").replace("nodes: 3", "nodes: {node1: {zone: a}, node2: {zone: b, name: N}}")
    text = text.replace("node3: 1", "node2: 1").replace("pod-a: node2", "pod-a: {node: node2, ready: false}")
    text = text.replace("endpoints: {node1: 2", f"trafficDistribution: '{distribution}', endpoints: {{node1: 2")
    text = text.replace("node1: {zone: a}", "node1: {zone: a, name: N}").replace(
        "node2: {zone: b, name: N}", "node2: {zone: b}"
    )
    question = draw(bank.parse_template(text, Path("questions/01-nodeport/a-question.yaml")), 1)
    slices = {
        document["metadata"]["labels"]["kubernetes.io/service-name"]: document["endpoints"]
        for document in yaml.safe_load_all(question.requests[0].manifests)
        if document["kind"] == "EndpointSlice"
    }
    many, single = slices[question.names["many"]], slices[question.names["web"]]
    assert (many[0].get("hints", {}), single[0].get("hints", {})) == hints


def test_seeds_differ_in_what_is_drawn_by_itself() -> None:
    drawn = [draw(template(), seed) for seed in range(20)]
    for name in ("node1", "node1.ip", "web", "web.ip", "web.nodePort", "pod-a.ip", "client", "web.namespace"):
        assert len({question.names[name] for question in drawn}) > 2, name


def test_a_variant_keeps_all_drawn_names() -> None:
    text = QUESTION % "  x: {int: [1, 9]}"
    text = text.replace(
        "request: {from: client, to: web@node1}",
        "requests:\n  a: {from: client, to: web@node1}\n"
        "  b: {from: client, to: web@node1, set: {services.web.externalTrafficPolicy: Local}}",
    )
    a, b = draw(bank.parse_template(text, Path("x/y/a-question.yaml")), 5).requests
    assert (a.source, a.destination, a.node) == (b.source, b.destination, b.node)
    assert [line for line in b.manifests.splitlines() if line not in a.manifests.splitlines()] == [
        "  externalTrafficPolicy: Local"
    ]


def test_the_same_seed_gives_the_same_question_in_another_process() -> None:
    script = (
        "from pathlib import Path\nfrom k8squiz.bank import find as bank\nfrom k8squiz.bank.draw import draw\nimport sys\n"
        "text = sys.stdin.read()\nq = draw(bank.parse_template(text, Path('x/y/a-question.yaml')), 7)\n"
        "print(q.requests[0].manifests, sorted(q.names.items(), key=str))"
    )
    outputs = set()
    for hash_seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", script], input=QUESTION % "  x: {shuffle: [a, b, c]}", capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."}, check=True,
        )  # fmt: skip
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_dice_are_what_they_were() -> None:
    # Written down once: a draw that changes would change everybody's questions under their seeds.
    rng = Rng("a", 1)
    assert [rng.below(100) for _ in range(6)] == list(EXPECTED_DICE)
    assert Rng("a", 1).shuffled("abcdef") != Rng("a", 2).shuffled("abcdef")


EXPECTED_DICE = (51, 60, 67, 84, 37, 83)

NAMES: dict[str, Yaml] = {"web": "shop", "web.port": 80, "flag": True, "word": {"en": "a pod", "zh": "某个 Pod"}}

FILLED = [
    ("{web}:{web.port}", "en", "shop:80"),
    ("{{web}}", "en", "{web}"),
    ("{word}", "zh", "某个 Pod"),
    ("{flag}", "en", "true"),
]


@pytest.mark.parametrize(("text", "lang", "result"), FILLED)
def test_fill(text: str, lang: str, result: str) -> None:
    assert fill(text, NAMES, lang) == result


@pytest.mark.parametrize(
    "text", ["{web.__class__}", "{web[0]}", "{0}", "{}", "{web!r}", "{web:>9999999999}", "{nope}", "}"]
)
def test_placeholders_can_do_nothing_but_look_up(text: str) -> None:
    with pytest.raises(QuizError):
        fill(text, NAMES)


def test_a_lone_placeholder_keeps_its_type() -> None:
    assert substitute({"a": "{web.port}", "b": ["x{web.port}"]}, NAMES) == {"a": 80, "b": ["x80"]}


def test_a_list_in_from_or_to_is_a_request_of_every_pair() -> None:
    drawn = draw(bank.find("write-port-range"), 1)
    ports = [str(drawn.names[name]) for name in ("under", "low", "middle", "high", "over")]
    pairs = [(request.name, request.destination.rpartition(":")[2]) for request in drawn.requests[:12]]
    assert [port for _, port in pairs] == ["21", *ports] * 2
    assert [name for name, _ in pairs[:2]] == ["ftp-1-1", "ftp-1-2"] and pairs[11][0] == "ftp-2-6"
    assert drawn.requests[12].name == "other"


def test_a_change_of_many_lines_is_left_out_beside_a_request() -> None:
    drawn = draw(bank.find("compare-node-local-dns"), 1)
    assert [request.changed for request in drawn.requests] == [(), (("manifests", "..."),)]
