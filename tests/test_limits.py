"""docs/limits.md against the constants, and every input that once took the machine against its limit."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from engine import EngineError, load_cluster
from engine import limits as of_the_engine
from engine.ipvs.scenario_reading import load_scenario
from engine.netfilter import nft_parse
from engine.netfilter.ipt_parse import parse
from k8squiz.bank import find as bank
from k8squiz.bank import limits as of_the_quiz
from k8squiz.bank.draw import draw
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import make_task
from k8squiz.world import predicates, work
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.texts import explanation, key_points, prompt
from k8squiz.world.virtual_servers import ClusterSize
from k8squiz.world.world import World
from tests.k8squiz.runner import k8squiz
from tests.work import function_calls

HOSTILE = Path(__file__).parent / "hostile"
PAGE = (Path(__file__).parents[1] / "docs" / "limits.md").read_text(encoding="utf-8")
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("heading", "module"), [("Walks", of_the_engine), ("Questions", of_the_quiz)], ids=str)
def test_the_page_tells_each_limit(heading: str, module: object) -> None:
    (part,) = [part for part in PAGE.split("\n## ") if part.startswith(heading)]
    told = {name: int(value) for name, value in re.findall(r"^\| `(\w+)` \| (\d+) \|", part, re.MULTILINE)}
    assert told == {name: value for name, value in vars(module).items() if name.isupper()}


# A question file -> the line it is refused with, and what is said.
QUESTIONS = [
    ("list-doubling.yaml", 19, "too large"),
    ("number-squaring.yaml", 16, "larger than 64 bits"),
    ("nodes-addresses.yaml", 14, "nodes.node1.addresses: between 0 and 32"),
    ("background-200000.yaml", 23, "at most 20000 endpoints"),
]


@pytest.mark.parametrize(("name", "line", "said"), QUESTIONS, ids=[name for name, _, _ in QUESTIONS])
def test_a_question_that_would_take_the_machine(name: str, line: int, said: str, capsys: Capture) -> None:
    result = k8squiz(capsys, "questions", "show", str(HOSTILE / name))
    assert result.code == 2
    assert f"{name}:{line}: " in result.err and said in result.err


def swapped(old: str, new: str) -> str:
    text = (HOSTILE / "background-200000.yaml").read_text(encoding="utf-8")
    text = text.replace("  background: {services: 200000, endpoints: 1, before: 100000}\n", "")
    assert old in text
    return text.replace(old, new)


TWICE = "".join(f"  p{n}: {{choice: ['{{p{n - 1}}}{{p{n - 1}}}']}}\n" for n in range(1, 41))
SQUARES = "".join(f"  p{n}: {{multiply: ['{{p{n - 1}}}', '{{p{n - 1}}}']}}\n" for n in range(1, 15))
GROWN = [
    ("params:\n", "params:\n  p0: {choice: [ab]}\n" + TWICE, "too large"),
    ("params:\n", "params:\n  p0: {choice: [9]}\n" + SQUARES, "larger than 64 bits"),
    ("params:\n", "params:\n  p0: {choice: [" + "9" * 39 + "]}\n", "larger than 64 bits"),
    ("params:\n", "params:\n  p0: {int: [1, " + "9" * 5000 + "]}\n", "."),
    ('{node1: "{n}"}', "{node1: 151}", "at most 150"),
    ("nodes: 1\n", "nodes: 31\n", "between 1 and 30"),
    ("nodes: 1\n", "nodes: {" + ", ".join(f"n{n}: {{}}" for n in range(31)) + "}\n", "cluster.nodes: at most 30"),
    ("nodes: 1\n", "nodes: {node1: {addresses: 1000000000}}\n", "between 0 and 32"),
    ("pods:\n", "pods:\n" + "".join(f"    x{n}: node1\n" for n in range(501)), "cluster.pods: at most 500"),
    ("    web:\n", "    web:\n      externalIPs: 1000000000\n", "between 0 and 32"),
    ("request: {", "requests:\n" + "".join(f"  r{n}: {{from: web-1, to: web}}\n" for n in range(51)) + "x: {", "."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), GROWN, ids=[new[:40] for _, new, _ in GROWN])
def test_what_grows_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(QuizError, match=r"f/g\.yaml:\d+: ") as caught:
        draw(bank.parse_template(swapped(old, new), Path("f/g.yaml")), "1")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1100


VIRTUAL = """
format_version: 1
id: large
topic: schedulers
level: 1
kind: choice
title: {en: Large, zh: 大}
cluster: {nodes: 1, pods: {caller: node1}, services: {web: {}}}
request: {from: caller, to: web}
ask:
  multiple: true
  ASKED
  options:
    - {text: {en: a, zh: 甲}, when: {compare: [FIGURE, ge, 0]}}
    - {text: {en: b, zh: 乙}, when: {compare: [FIGURE, lt, 0]}}
prompt: {en: a, zh: 甲}
explanation: {en: a, zh: 甲}
key_points: [{en: a, zh: 甲}]
sources: [{ref: x}]
"""
TAKEN = "{taken: pod-1}"
VIRTUALS = [
    ("ipvs: {scheduler: rr, servers: 1000000000, steps: [connect]}", TAKEN, "at most 200 servers"),
    ("ipvs: {scheduler: rr, servers: 2, steps: [connect 1000000000]}", TAKEN, "more than 200 clients"),
    ("ipvs: {scheduler: rr, servers: 2, steps: [connect " + "9" * 5000 + "]}", TAKEN, "makes no sense there"),
    ("ipvs: {scheduler: rr, servers: 2, steps: [" + ", ".join(["connect"] * 401) + "]}", TAKEN, "at most 400 steps"),
    ("scale: {services: 20001, endpoints: 1}", "{figure: rules}", "20000 in all"),
    ("scale: {services: 1, endpoints: 501}", "{figure: rules}", "at most 500 endpoints"),
    ("scale: {services: 1, endpoints: 1}", "{add: ["
     + ", ".join(f"{{figure: {{name: rules, services: {n}}}}}" for n in range(19_000, 20_000)) + "]}", "takes too long to solve"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "figure", "said"), VIRTUALS, ids=[f"{asked[:50]}: {said}" for asked, _, said in VIRTUALS]
)
def test_what_is_asked_without_a_cluster_has_limits_too(
    asked: str, figure: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is counted here is what is asked for; counting it for real is another's test.
    monkeypatch.setattr(ClusterSize, "figure", lambda self, name, mode=None: Fraction(1))
    text = VIRTUAL.replace("ASKED", asked).replace("FIGURE", figure)
    with pytest.raises(QuizError, match=r"f/g\.yaml:\d+: ") as caught:
        make_task(World(draw(bank.parse_template(text, Path("f/g.yaml")), "1")))
    assert said in str(caught.value)


def large(requests: str, option: str, cluster: str) -> str:
    """A question of many ways: each option is one more predicate about them."""
    asked = VIRTUAL.replace("cluster: {nodes: 1, pods: {caller: node1}, services: {web: {}}}", f"cluster: {cluster}")
    return asked.replace("request: {from: caller, to: web}", requests).replace("  ASKED\n", "").replace(
        "{compare: [FIGURE, ge, 0]}", option
    ).replace("{compare: [FIGURE, lt, 0]}", "{verdict: DROP}")  # fmt: skip


CROWD = "{nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 1}}}, background: {services: 20000}}"
MANY = "{nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 150}}}}"
LARGE = [
    large("requests:\n" + "".join(f"  r{n}: {{from: caller, to: web}}\n" for n in range(9)),
          "{all: [" + ", ".join(f"{{verdict: DELIVERED, for: r{n}}}" for n in range(9)) + "]}", CROWD),
    large("request: {from: caller, to: web}", "{some: {some: {some: {some: {verdict: LOST}}}}}", MANY),
    large("request: {from: caller, to: web}", "{any: [" + ", ".join(["{rule: {node: '{node1}', text: x}}"] * 2000) + "]}", CROWD),
]  # fmt: skip


@pytest.mark.parametrize("text", LARGE, ids=["requests", "nested", "rules"])
def test_a_question_that_multiplies_is_refused_with_its_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "rules", lambda self, *_: tuple(RuleLine("nat", "X", "x") for _ in range(99_999)))
    monkeypatch.setattr(predicates, "_all_match", lambda *_: False)
    monkeypatch.setattr(work, "MOST_WORK", 2_500_000)
    with pytest.raises(QuizError, match=r"f/g\.yaml:\d+: the question takes too long to solve"):
        make_task(World(draw(bank.parse_template(text, Path("f/g.yaml")), "1")))


SCENARIO = {"servers": [{"name": "a"}, {"name": "b"}], "requirements": "spread <= 2"}
WORKLOADS = [
    ({"gap": 4294967296}, ("gap",)), ({"short": 4294967296}, ("short",)), ({"long": 10**100}, ("long",)),
    ({"gap": 10**8, "connections": 30}, ("connections",)), ({"connections": 10_001}, ("connections",)),
    ({"clients": 10**8}, ("servers",)), ({"destinations": 10**8}, ("servers",)), ({"persistent": 10**10}, ("persistent",)),
    ({"servers": [{"name": f"s{n}"} for n in range(251)]}, ("servers",)),
    ({"servers": [{"name": f"s{n}"} for n in range(250)], "connections": 10_000}, ("connections",)),
    ({"servers": [{"name": "a", "weight": 10**9}, {"name": "b"}]}, ("servers",)),
    ({"servers": [{"name": "a", "speed": 10**10}, {"name": "b"}]}, ("servers", 0, "speed")),
    ({"changes": [{"at": 10**10, "action": "drain", "server": "a"}]}, ("changes", 0, "at")),
    ({"changes": [{"at": 1, "action": "drain", "server": "a"}] * 51}, ("changes",)),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path"), WORKLOADS, ids=lambda value: str(value)[:40])
def test_a_workload_without_end_is_refused(change: dict[str, object], path: tuple[str | int, ...]) -> None:
    with pytest.raises(EngineError) as caught:
        load_scenario({**SCENARIO, **change})
    assert getattr(caught.value, "path", None) == path


# The largest that is taken, of each kind that could take long: who measures it, and what it is made of.
LARGEST: list[dict[str, object]] = [
    {"connections": 10_000, "clients": 10_000, "destinations": 10_000, "persistent": 10**9, "gap": 1, "short": 100_000},
    {"connections": 10_000, "clients": 10_000, "persistent": 1, "gap": 100_000, "short": 100_000, "long": 100_000},
    {"connections": 10_000, "clients": 10_000, "changes": [{"at": 1, "action": "drain", "server": f"s{n}"} for n in range(10)]},
    {"connections": 400, "servers": [{"name": f"s{n}", "weight": 65535 - n} for n in range(250)],
     "changes": [{"at": 1, "action": "drain", "server": f"s{n}"} for n in range(50)]},
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "candidate"),
    list(zip(LARGEST, ["lblcr", "rr", "mh+mh-fallback", "mh"], strict=True)),
    ids=["persistent", "expiring", "nobody left", "many servers"],
)
def test_the_largest_workload_costs_no_more_than_its_connections(change: dict[str, object], candidate: str) -> None:
    """Calls, not seconds: some three hundred for each connection. A walk over all that stands would be thousands."""
    made = load_scenario({"servers": [{"name": f"s{n}"} for n in range(10)], "requirements": "spread <= 2", **change})
    assert function_calls(lambda: made.measure(candidate, "1")) < 4_000_000


def test_a_scenario_without_end_is_refused_with_its_line(capsys: Capture) -> None:
    result = k8squiz(capsys, "schedulers", "--scenario", str(HOSTILE / "scenario-slow.yaml"))
    assert result.code == 2
    assert "scenario-slow.yaml:15: gap: it must be at most 1000000000, not 4294967296" in result.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_message_never_repeats_a_long_value(language: str, capsys: Capture) -> None:
    result = k8squiz(capsys, "schedulers", "--require", "x" * 70_000, "--lang", language)
    assert result.code == 2
    assert len(result.err) < 1200


def test_an_error_is_printable_whatever_it_quotes() -> None:
    for error in (EngineError("a \x1b[2J\u202e b", zh="甲 \x9b 乙"), QuizError("a \x1b[2J\u202e b", "甲 \x9b 乙")):
        assert str(error).isprintable() and error.en.isprintable() and error.zh.isprintable()


BIG = "9" * 200_000


@pytest.mark.parametrize(
    "rule",
    ["-p tcp -m tcp --dport {} -j ACCEPT", "-j DNAT --to-destination 1.2.3.4:{}", "-j MARK --set-xmark 0x{}/0x1", "-s 1.2.3.4/{} -j ACCEPT"],
)  # fmt: skip
def test_a_number_of_any_length_is_refused_with_its_line(rule: str) -> None:
    with pytest.raises(EngineError, match=r"^f:3: ") as caught:
        parse(f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {rule.format(BIG)}\nCOMMIT\n", file="f")
    assert "sys." not in str(caught.value) and len(str(caught.value)) < 1100


@pytest.mark.parametrize(
    "line", ["tcp dport {} accept", "dnat to 1.2.3.4:{}", "numgen random mod {} vmap {{ 0 : drop }}"]
)
def test_a_number_of_any_length_in_nft(line: str) -> None:
    with pytest.raises(EngineError, match=r"^<nft>:3: ") as caught:
        nft_parse.parse(f"table ip t {{\n\tchain c {{\n\t\t{line.format(BIG)}\n\t}}\n}}\n")
    assert "sys." not in str(caught.value) and len(str(caught.value)) < 1100


@pytest.mark.parametrize("number", [BIG, f"0x{BIG}", f"{BIG}.5"], ids=["decimal", "hexadecimal", "float"])
def test_a_number_of_any_length_in_a_manifest(number: str) -> None:
    with pytest.raises(EngineError, match=r"^<text>:1: spec\.ports\[0\]\.port must be a number"):
        load_cluster(
            text=f"{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{ports: [{{port: {number}}}]}}}}"
        )


def test_missing_dnat_is_answered_in_bounded_time() -> None:
    """The IPv6 packet that is masqueraded anew on every round: every way, in a process with a limit of its own."""
    command = [
        sys.executable, "-m", "k8squiz", "trace", str(HOSTILE / "missing-dnat.cluster.yaml"), "--from", "client", "--to", "svc/web",
        "--node", "node1", "--rules", f"node1={HOSTILE / 'missing-dnat.ip6tables-save'}", "--all", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, encoding="utf-8")
    assert '"code": "routing-loop"' in done.stdout
    assert "router -> node1 -> router" in done.stdout


EMPTY = [
    ("prompt: {en: a, zh: 甲}", 'prompt: {en: "", zh: 甲}', "15: prompt.en: needs at least 1 characters"),
    ("prompt: {en: a, zh: 甲}", 'prompt: {en: "\\t ", zh: 甲}', "15: prompt.en: says nothing"),
    ("explanation: {en: a, zh: 甲}", 'explanation: [{en: a, zh: "  "}]', "16: explanation.0.zh: says nothing"),
    ("prompt: {en: a,", 'params: {p: {choice: [""]}}\nprompt: {en: "{p}",', "16: a text says nothing once its placeholders"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), EMPTY, ids=[new for _, new, _ in EMPTY])
def test_a_text_that_says_nothing_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    text = (
        VIRTUAL.strip("\n")
        .replace("ASKED", "ipvs: {scheduler: rr, servers: 2, steps: [connect]}")
        .replace("FIGURE", TAKEN)
    )
    assert old in text
    with pytest.raises(QuizError, match=re.escape(f"f/g.yaml:{said}")):
        told(text.replace(old, new))


def told(text: str) -> object:
    world = World(draw(bank.parse_template(text, Path("f/g.yaml")), "1"))
    return prompt(world), explanation(world), key_points(world)
