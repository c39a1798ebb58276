"""One place for one thing: a new match, chain, CNI plugin, scheduler, stage or fact is a new file and one line, tried here with
throw-away ones (tests/throw_away.py). In questions: test_one_place_quiz.py; the names of the real ones: test_one_place_names.py."""

from __future__ import annotations

import dataclasses
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from docs import question_files
from engine.cluster import Mode, NetworkFacts, NodeFacts, ProxyConfig
from engine.cluster.facts import Shape, fact
from engine.cni import PLUGINS
from engine.fabric import chains
from engine.fabric.fabric import build_fabric
from engine.faults import draw_incident
from engine.faults import registry as faults
from engine.faults.run import expert_path
from engine.hooks import Hook
from engine.ipvs import VirtualServer
from engine.ipvs.registry import SCHEDULERS
from engine.ipvs.scenario import candidates
from engine.lab.cases import networks, scenes
from engine.lab.plan import plan as lab_plan
from engine.lab.smallest import as_text
from engine.manifests import config, fact_shapes
from engine.netfilter.choose import seeded
from engine.netfilter.ipt_parse import parse
from engine.netfilter.nft_parse import parse as parse_nft
from engine.netfilter.registry import MODULES, REGISTRY
from engine.netfilter.saved import SavedText, read_saved
from engine.netfilter.stack import HostNetfilter, Skb
from engine.netfilter.text import dump
from engine.packet import L4, Family, FiveTuple
from engine.shell import open_shell
from engine.shell import registry as tools
from engine.trace import ReasonCode, Text
from engine.values import dataclass
from k8squiz.bank.identity import Identity
from k8squiz.bank.manifests import manifests
from k8squiz.bank.shapes import Place
from k8squiz.bank.spec import read_spec
from k8squiz.kinds.hop_order.steps import distractors
from k8squiz.kinds.schema import schema_text
from k8squiz.kinds.stages import STAGES
from k8squiz.world.facts import FACTS
from k8squiz.world.predicates import holds, value_of
from tests.engine.clusters import A, B, cluster
from tests.k8squiz.fakes import world
from tests.k8squiz.runner import k8squiz
from tests.throw_away import COIN, DEAFENED, EVEN_PORT, GATES, TOSS, First, Throwaway


@pytest.fixture
def even(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "throwaway_even.py").write_text(EVEN_PORT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    REGISTRY.add("throwaway_even")
    yield
    MODULES.remove("throwaway_even")
    vars(REGISTRY).clear()


DROPS = """*raw
:PREROUTING ACCEPT
-A PREROUTING -s 1.2.3.4/32 -m even --even-sport -j DROP
COMMIT
"""
NFT_DROPS = """table ip raw {
	chain PREROUTING {
		type filter hook prerouting priority raw; policy accept;
		ip saddr 1.2.3.4 even sport drop
	}
}
"""


@pytest.mark.parametrize("text", [DROPS, NFT_DROPS], ids=["iptables", "nftables"])
def test_a_match_is_a_file_and_a_line(even: None, text: str) -> None:
    ruleset = parse(text) if text is DROPS else parse_nft(text)
    assert dump(ruleset) == text
    for port, verdict in ((40000, "DROP"), (40001, "ACCEPT")):
        host = HostNetfilter("node1", ruleset, lambda address: False, seeded(1))
        skb = Skb(FiveTuple(L4.TCP, "1.2.3.4", port, "10.0.0.1", 80))
        assert host.traverse(Hook.PREROUTING, skb).verdict == verdict
    for port, said in ((40000, engine.Verdict.DROP), (40001, engine.Verdict.DELIVERED)):
        (way,) = engine.outcomes(
            cluster(A), engine.Request("client", f"{A}:8080", node="node1", sport=port), rulesets={"node1": ruleset}
        )
        assert way.verdict is said


def test_a_new_match_is_traced_and_typed(even: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster_file, rules = tmp_path / "cluster.yaml", tmp_path / "rules"
    cluster_file.write_text(BARE_NODES, encoding="utf-8")
    rules.write_text(DROPS, encoding="utf-8")
    for port, verdict in ((40000, "DROP"), (40001, "DELIVERED")):
        asked = ("--from", f"1.2.3.4:{port}", "--to", "pod/pod-1:8080", "--node", "node1", "--rules", f"node1={rules}")
        told = json.loads(k8squiz(capsys, "trace", str(cluster_file), *asked, "--json").out)["outcomes"][0]
        assert told["verdict"] == verdict
        if verdict == "DROP":
            assert told["where"]["rule"] == "-A PREROUTING -s 1.2.3.4/32 -m even --even-sport -j DROP"
    shell = open_shell(engine.load_cluster(text=BARE_NODES), "iptables")
    typed = shell.run("node1", "iptables -t raw -A PREROUTING -s 1.2.3.4 -m even --even-sport -j DROP").shell
    assert DROPS.splitlines()[2] in typed.run("node1", "iptables-save -t raw").stdout
    assert typed.run("client", "curl -m 3 --local-port 40000 10.244.1.5:8080").status == 28
    assert typed.run("client", "curl -m 3 --local-port 40001 10.244.1.5:8080").status == 0


def test_without_its_line_it_is_kept_as_it_stands() -> None:
    assert dump(parse(DROPS)) == DROPS
    with pytest.raises(engine.RuleError):
        parse_nft(NFT_DROPS)


GATED = """*filter
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
:GATE-1 -
-A FORWARD -j GATE-1
-A GATE-1 -j DROP
COMMIT
"""


def test_chains_of_another_program_are_a_file_and_a_line() -> None:
    request = engine.Request("client", f"{A}:8080", node="node1")
    chains.add(GATES)
    try:
        (way,) = engine.outcomes(cluster(A), request, rulesets={"node1": parse(GATED)})
    finally:
        chains.WRITERS.remove(GATES)
        chains._rows.cache_clear()
    assert way.where is not None
    assert way.where.code is ReasonCode.SOURCE_RANGES
    assert way.where.reason.en.startswith("1.2.3.4 is not in")
    assert [hop.note.en for hop in way.hops if hop.chain == "FORWARD"] == ["FORWARD -> GATE-1: the gate."]
    (plain,) = engine.outcomes(cluster(A), request, rulesets={"node1": parse(GATED)})
    assert plain.where is not None
    assert plain.where.code == "rule-drop"


NODES = "".join(
    f"""
---
apiVersion: v1
kind: Node
metadata: {{name: node{number}, annotations: {{throwaway.example/backend: plain}}}}
spec: {{podCIDR: 10.244.{number}.0/24}}
status: {{addresses: [{{type: InternalIP, address: 192.168.1.1{number - 1}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: pod-{number}}}
spec: {{nodeName: node{number}, containers: [{{name: c, ports: [{{containerPort: 8080}}]}}]}}
status: {{podIP: 10.244.{number}.5}}
"""
    for number in (1, 2)
)


BARE_NODES = NODES.replace("{throwaway.example/backend: plain}", "{}")


def test_a_cni_plugin_is_a_folder_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLUGINS, "throwaway", Throwaway())
    loaded = engine.load_cluster(text=NODES)
    assert (loaded.cni.plugin, loaded.cni.backend, loaded.cni.assumed) == ("throwaway", "plain", False)
    (way,) = engine.outcomes(loaded, engine.Request("pod/pod-1", "pod/pod-2:8080"))
    assert way.verdict is engine.Verdict.DELIVERED
    assert engine.compile_rules(loaded, "node1", "nftables")
    shell = open_shell(loaded, "iptables")
    assert "inet 10.244.1.1/24 brd 10.244.1.255 scope global gate0" in shell.run("node1", "ip addr show gate0").stdout


def test_the_lab_draws_and_builds_a_new_cni_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLUGINS, "throwaway", Throwaway())
    own = tuple(network for network in networks() if network[0] == "throwaway")
    assert [network.backend for _, network in own] == ["plain"]
    drawn = next(scenes(1, drawn_from=own)).cluster
    assert (drawn.cni.plugin, drawn.cni.backend) == ("throwaway", "plain")
    hosts = {one.name: one for one in lab_plan(build_fabric(drawn), 4, lambda host: host)}
    assert any("type bridge_slave" in line for line in hosts["node1"].links)
    assert engine.load_cluster(text=as_text(drawn)).cni.plugin == "throwaway"


def test_a_question_spells_a_new_cni_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLUGINS, "throwaway", Throwaway())
    spec = read_spec(
        {"nodes": 2, "cni": "throwaway/plain"},
        Identity("a question", "1"),
        Place(world().question.template, ("cluster",)),
    )
    assert engine.load_cluster(text=manifests(spec)).cni.plugin == "throwaway"


def test_a_scheduler_is_a_file_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEDULERS, First.name, First)
    virtual = VirtualServer("TCP", "10.96.0.10", 80, scheduler="throwaway")
    virtual.add_server(A, 8080)
    virtual.add_server(B, 8080)
    assert [virtual.connect("1.2.3.4", port).server for port in (1, 2, 3)] == [f"{A}:8080"] * 3


def test_a_new_scheduler_is_written_read_and_walked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SCHEDULERS, First.name, First)
    configured = dataclasses.replace(cluster(A, B), proxy=ProxyConfig(mode=Mode.IPVS, ipvs_scheduler="throwaway"))
    rules = engine.compile_rules(configured, "node1", "ipvs")
    assert "-A -t 10.96.0.10:80 -s throwaway\n" in str(rules)
    assert str(read_saved([SavedText("saved", str(rules))], Family.IPV4)) == str(rules)
    shell = open_shell(configured, "ipvs")
    assert "TCP  10.96.0.10:80 throwaway\n" in shell.run("node1", "ipvsadm -Ln").stdout
    (way,) = engine.outcomes(configured, engine.Request("pod/pod-a", "svc/web"), seed=1)
    assert way.destination in (f"{A}:8080", f"{B}:8080")
    for dataplane in ("ipvs", "kube-proxy"):
        assert "throwaway" in candidates(dataplane)
    shown = k8squiz(capsys, "schedulers", "--require", "stickiness >= 1")
    assert "throwaway" in shown.out


def test_a_tool_is_a_file_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "throwaway_toss.py").write_text(TOSS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    shell = open_shell(cluster(A), "iptables")
    assert shell.run("node1", "toss").stderr == "sh: toss: command not found\n"
    tools.add(("toss",), "throwaway_toss")
    try:
        assert shell.run("node2", "toss | tail -1").stdout == "heads on node2\n"
        assert "toss" in tools.names()
    finally:
        del tools.MODULES[("toss",)]
        tools._by_name.cache_clear()


def test_a_fault_is_a_row_and_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = types.ModuleType("engine.faults.throw_away")
    vars(family)["FAULTS"] = (DEAFENED,)
    monkeypatch.setitem(sys.modules, family.__name__, family)
    monkeypatch.setitem(faults.MODULES, "deafened", "throw_away")
    listed = json.loads(k8squiz(capsys, "incident", "--list", "--json").out)["faults"]
    assert [one["level"] for one in listed if one["name"] == "deafened"] == [1]
    incident = draw_incident("deafened", seed=1)
    script = tmp_path / "script"
    script.write_text("\n".join([*expert_path(incident), "done"]), encoding="utf-8")
    done = k8squiz(capsys, "incident", "--fault", "deafened", "--seed", "1", "--script", str(script), "--json")
    assert (done.code, json.loads(done.out)["score"]) == (0, 1.0)


def test_a_stage_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STAGES, COIN.name, COIN)
    (way,) = engine.outcomes(cluster(B), engine.Request("pod/pod-a", "svc/web"))
    offered = {step.key: step for step in distractors(way.hops, ["node1"], "stage", ["routing"])}
    assert offered["node1/coin"].text == Text("node1: a coin is tossed", "node1：抛硬币")
    assert offered["node1/coin"].reveals == COIN.reveals


def test_a_fact_of_a_way_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTS, "coin", lambda world, request, outcome: "heads")
    assert holds({"coin": "heads"}, world())
    assert not holds({"coin": "tails"}, world())
    assert value_of({"fact": "coin"}, world()) == "heads"
    assert '"coin"' in schema_text()


@dataclass(frozen=True, slots=True)
class WithCoin(NetworkFacts):
    """The network facts with one more."""

    coin_side: int = fact(
        0, "coinSide", Shape.NUMBER, "which side is up", 0, 2, on_node=True, sysctls=("net.coin.side", "net.ipv6.coin")
    )


NETWORK_COIN = """
---
apiVersion: k8squiz.dev/v1
kind: Network
spec: {coinSide: 2, nodes: [{name: node2, coinSide: 1}]}
"""


@pytest.fixture
def network_coin(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (config, fact_shapes, question_files):
        monkeypatch.setattr(module, "NetworkFacts", WithCoin)


def test_a_network_fact_is_a_row(network_coin: None) -> None:
    loaded = engine.load_cluster(text=BARE_NODES + NETWORK_COIN)
    assert loaded.network == WithCoin(coin_side=2, nodes={"node2": NodeFacts({"coin_side": 1})})
    assert engine.load_cluster(text=as_text(loaded)).network == dataclasses.replace(
        loaded.network, mtu=1500, hairpin_mode=True
    )
    fabric = build_fabric(loaded)
    for version, paths in ((4, ["coin/side"]), (6, ["coin/side", "ipv6/coin"])):
        hosts = {one.name: dict(one.sysctls) for one in lab_plan(fabric, version, lambda host: host)}
        for name, value in (("node1", 2), ("node2", 1)):
            assert {path: found for path, found in hosts[name].items() if "coin" in path} == dict.fromkeys(paths, value)
        assert "coin/side" not in {**hosts["router"], **hosts["pod-1"]}


def test_a_question_sets_a_new_network_fact(network_coin: None) -> None:
    spec = read_spec(
        {"nodes": 1, "network": {"coinSide": 2}},
        Identity("a question", "1"),
        Place(world().question.template, ("cluster",)),
    )
    read = engine.load_cluster(text=manifests(spec)).network
    assert isinstance(read, WithCoin)
    assert read.coin_side == 2


def test_the_pages_tell_a_new_network_fact(network_coin: None) -> None:
    told = "`net.coin.side`, `net.ipv6.coin`"
    assert f"| `coinSide` | 0 | which side is up ({told}) |" in question_files.network()
    assert f"| `coinSide` | 0 | which side is up | yes | sysctl {told} |" in question_files.every_network_fact()
