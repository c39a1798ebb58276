"""One place for one thing: a new match, chain, CNI plugin, scheduler, stage or fact is a new file and one line, tried here with
throw-away ones; and each real one is named in its own home alone."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from docs import question_files
from engine.choose import seeded
from engine.cluster import CNIConfig, Mode, NetworkFacts, Node, NodeFacts
from engine.cluster.facts import Shape, fact, facts_of
from engine.cni import PLUGINS
from engine.cni.flannel.plugin import Flannel
from engine.cni.interface import LabNetwork, ManifestFields
from engine.fabric import chains
from engine.fabric.fabric import build_fabric
from engine.hooks import Hook
from engine.ipvs import VirtualServer
from engine.ipvs.interface import Arrival, Scheduler
from engine.ipvs.registry import SCHEDULERS
from engine.ipvs.server import RealServer
from engine.lab.cases import networks, scenes
from engine.lab.plan import plan as lab_plan
from engine.lab.smallest import as_text
from engine.manifests import config, fact_shapes
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.netfilter.nft_parse import parse as parse_nft
from engine.netfilter.registry import MODULES, REGISTRY
from engine.netfilter.stack import HostNetfilter, Skb
from engine.netfilter.text import dump, parse
from engine.network.routes import RouteKind
from engine.packet import L4, Family, FiveTuple
from engine.trace import Direction, ReasonCode, Text
from engine.values import dataclass
from k8squiz.bank.identity import Identity
from k8squiz.bank.manifests import manifests
from k8squiz.bank.shapes import Place
from k8squiz.bank.spec import read_spec
from k8squiz.kinds.hop_order.steps import distractors
from k8squiz.kinds.schema import schema_text
from k8squiz.kinds.stages import STAGES, StageRow
from k8squiz.world.facts import FACTS
from k8squiz.world.predicates import holds, value_of
from tests.engine.clusters import A, B, cluster
from tests.k8squiz.fakes import world

ROOT = Path(__file__).parent.parent

# A whole part: its data, its text in both tools, how it decides.
THROWAWAY = '''
from engine.netfilter.ipt_words import by_options
from engine.netfilter.part import ModelledMatch, Part
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class EvenPort(ModelledMatch):
    """`-m even --even-sport`: the source port is even."""

    def holds(self, context):
        return context.skb.flow.sport % 2 == 0

    def iptables_text(self, family, before):
        return " -m even --even-sport"

    def nft_text(self, ip):
        return "even sport"


PART = Part(
    classes=(EvenPort,),
    modules={"even": by_options(lambda name, options, family: (EvenPort(),) if options.keys() == {"--even-sport"} else None)},
    nft_matches=((r"even sport", lambda found, family: EvenPort()),),
)
'''


@pytest.fixture
def even(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "throwaway_even.py").write_text(THROWAWAY, encoding="utf-8")
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
GATES = ChainWriter(
    "throwaway",
    (
        ChainMeaning(
            "GATE-", Text("the gate.", "闸门。"), Text("{host}: a gate", "{host}：闸门"), ReasonCode.SOURCE_RANGES
        ),
    ),
    prefix="GATE-",
)


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


class Throwaway(Flannel):
    """A plugin that is told by an annotation of its own."""

    name = "throwaway"
    backends = ("plain",)
    usual_backend = "plain"
    bridge = "gate0"
    in_lab = (LabNetwork("plain"),)

    def objects(self, config: CNIConfig) -> tuple[()]:
        return ()

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        told = node.annotations.get("throwaway.example/backend")
        return CNIConfig("throwaway", told, assumed=False) if told else None

    def from_config_map(self, config_map: ManifestFields) -> None:
        return None

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return {"throwaway.example/backend": backend or "plain"}


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


def test_a_cni_plugin_is_a_folder_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLUGINS, "throwaway", Throwaway())
    loaded = engine.load_cluster(text=NODES)
    assert (loaded.cni.plugin, loaded.cni.backend, loaded.cni.assumed) == ("throwaway", "plain", False)
    (way,) = engine.outcomes(loaded, engine.Request("pod/pod-1", "pod/pod-2:8080"))
    assert way.verdict is engine.Verdict.DELIVERED
    assert engine.compile_rules(loaded, "node1", "nftables")


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


class First(Scheduler):
    """Always the first server."""

    name = "throwaway"

    def select(self, arrival: Arrival) -> RealServer | None:
        return self.servers[-1] if self.servers else None


def test_a_scheduler_is_a_file_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEDULERS, First.name, First)
    virtual = VirtualServer("TCP", "10.96.0.10", 80, scheduler="throwaway")
    virtual.add_server(A, 8080)
    virtual.add_server(B, 8080)
    assert [virtual.connect("1.2.3.4", port).server for port in (1, 2, 3)] == [f"{A}:8080"] * 3


COIN = StageRow(
    "coin",
    Text("{host}: a coin is tossed", "{host}：抛硬币"),
    plausible=True,
    always=True,
    reveals=Text("Leaves it to chance.", "听天由命。"),
)


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
    loaded = engine.load_cluster(text=NODES.replace("{throwaway.example/backend: plain}", "{}") + NETWORK_COIN)
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


def sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def strings(tree: ast.Module) -> Iterator[str]:
    """The strings of a module that are no docstrings."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


# Who may name a part beside its module and the lists of names: the grammar of a line, and who reads a rule's meaning.
PARTS_NAMED = {
    "engine/netfilter/ipt_parse.py": {"Goto", "Jump", "L4Module", "OpaqueMatch"},
    # On a machine without ipset.
    "engine/lab/sets.py": {"Destination", "SetMatch", "Source"},
    "engine/fabric/without.py": {"Jump", "Masquerade", "SetLookup", "SetMatch", "Source"},
    "engine/walk/hooks.py": {"Goto", "Jump"},
    "engine/words/rules.py": {"Comment", "RandomDestinationNat", "RandomVerdict", "VerdictMap"},
}
# The modes, the plugins and NodeLocal DNSCache write rules, stories and the lab show some of them.
PART_HOMES = (
    "engine/netfilter/parts/",
    "engine/netfilter/rules.py",
    "engine/netfilter/nft.py",
    "engine/proxy/",
    "engine/cni/",
    "engine/dns/node_cache.py",
)


def test_a_part_is_named_in_its_own_home() -> None:
    names = {kind.__name__ for part in REGISTRY.parts for kind in part.classes}
    assert len(names) > 30
    for path, tree in sources("engine"):
        if not path.startswith(PART_HOMES):
            imported = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine.netfilter")
                for alias in node.names
            }
            assert imported & names == PARTS_NAMED.get(path, set()), path


# Stories tell of chains by name; the skeleton of a repair shows one.
CHAINS_TOLD = ("k8squiz/explain/", "k8squiz/kinds/repair/kind.py")
# Not chains but ipsets: which of them hold the addresses of kube-ipvs0 in a saved node.
SETS_NAMED = ("engine/netfilter/saved.py",)
# kube-router's policy controller and OVN-Kubernetes name their chains as kube-proxy does.
CHAINS_OF_OTHERS = ("engine/cni/enforcement.py", "engine/cni/unmodelled.py")


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_chain_is_named_beside_the_mode_that_writes_it(room: str) -> None:
    for path, tree in sources(room):
        if not path.startswith(("engine/proxy/", *CHAINS_TOLD, *SETS_NAMED, *CHAINS_OF_OTHERS)):
            assert [text for text in strings(tree) if "KUBE-" in text] == [], path


# What is assumed where nothing tells a CNI: the room of the values stands below the plugins'.
# Which networks the scene of an incident is drawn on.
PLUGINS_NAMED = {"engine/cluster/objects.py", "engine/faults/networks.py"}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_cni_plugin_is_named_in_its_own_folder(room: str) -> None:
    for path, tree in sources(room):
        if not path.startswith(("engine/cni/", "k8squiz/explain/")) and path not in PLUGINS_NAMED:
            found = [text for text in strings(tree) if re.fullmatch(rf"({'|'.join(PLUGINS)})([./-].*)?", text)]
            assert found == [], path


# Who the client is a question draws; hairpinMode is the CNI plugin bridge's own word too; of a card a fact has its name again.
FACTS_NAMED = {
    "k8squiz/bank/manifests.py": {"clientAddress"},
    "engine/cni/flannel/detection.py": {"hairpinMode"},
    "engine/manifests/fact_shapes.py": {"ipRules", "rpFilter"},
    # What names a node or a pod is held against those that are there.
    "engine/manifests/check.py": {"missingRoutes", "serviceCIDRVia", "sharedAddresses", "underlayDrops"},
}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_network_fact_is_named_in_its_own_row(room: str) -> None:
    # Those of one plain word (mtu, nodes) are words of others too.
    names = {
        row.name for kind in (NetworkFacts, NodeFacts) for row in facts_of(kind).values() if not row.name.islower()
    }
    assert len(names) > 15
    for path, tree in sources(room):
        if not path.startswith(("engine/cluster/facts.py", "k8squiz/explain/")):
            assert set(strings(tree)) & names == FACTS_NAMED.get(path, set()), path


# kube-proxy's own choice and what it sets for mh; what ipvsadm takes where none is said; a keyword of nft's grammar (an IPv6
# header) that is spelt alike; stories.
SCHEDULERS_NAMED = {
    "engine/proxy/ipvs.py": {"rr", "mh"},
    "engine/netfilter/ipvsadm_text.py": {"wlc"},
    "engine/netfilter/parts/statement.py": {"mh"},
}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_scheduler_is_named_in_its_own_home(room: str) -> None:
    for path, tree in sources(room):
        if not path.startswith(("engine/ipvs/", "k8squiz/explain/")):
            assert set(strings(tree)) & set(SCHEDULERS) == SCHEDULERS_NAMED.get(path, set()), path


# Each is a str, so that mypy finds nothing wrong with a comparison with any other word, misspelt or not.
DECIDING = (ReasonCode, engine.Verdict, Direction, RouteKind, Mode, Family)
# What they are called where they are compared.
CALLED = {"code", "verdict", "direction", "mode", "family"}
# Words of others: Calico's modes and kube-proxy's of detectLocal, families as getaddrinfo and Kubernetes name them, a
# sentence's code; a plugin's backend, a program and keys of documents that are spelt as a mode is.
COMPARED_WORDS = {
    "engine/cni/calico/plugin.py": {"Always", "CrossSubnet"},
    "engine/proxy/iptables_frame.py": {"NodeCIDR"},
    "engine/proxy/nftables.py": {"ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"},
    "engine/dns/glibc.py": {"inet"},
    "engine/dns/lookup.py": {"inet", "unspec"},
    "engine/dns/musl.py": {"inet"},
    "engine/shell/names.py": {"inet", "unspec"},
    "engine/manifests/objects.py": {"IPv4", "IPv6"},
    "engine/manifests/selectors.py": {"IPv6"},
    "engine/walk/policy.py": {"itself", "own-node"},
    "engine/cni/chained/__init__.py": {"nftables"},
    "engine/lab/live.py": {"iptables"},
    "k8squiz/bank/picture.py": {"mode", "iptables", "clusterCIDR"},
    "k8squiz/world/subjects.py": {"ipvs"},
}


def words_of(part: ast.expr) -> set[str]:
    """The words that stand in one side of a comparison, itself or in a list."""
    inside = part.elts if isinstance(part, (ast.Tuple, ast.List, ast.Set)) else [part]
    return {one.value for one in inside if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def called(part: ast.expr) -> str:
    return part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_what_decides_is_compared_with_members(room: str) -> None:
    # These are words of others too: of question files, of nft's address types, a target and a policy.
    words = {str(member) for kind in DECIDING for member in kind} - {"request", "reply", "unicast", "DROP"}
    for path, tree in sources(room):
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                compared = (node.left, *node.comparators)
                said = set().union(*map(words_of, compared)) - COMPARED_WORDS.get(path, set())
                assert not (CALLED & set(map(called, compared)) and said), (path, node.lineno)
                assert not said & words, (path, node.lineno)
