"""Each real member of a family is named in its own home alone: rule parts, chains, CNI plugins, facts, schedulers, faults,
causes, tools. Kinds of question: tests/test_one_place_quiz.py."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import engine
from engine.cluster import Mode, NetworkFacts, NodeFacts
from engine.cluster.facts import facts_of
from engine.cni import PLUGINS
from engine.faults.registry import MODULES as FAULTS
from engine.ipvs.registry import SCHEDULERS
from engine.netfilter.registry import REGISTRY
from engine.network.routes import RouteKind
from engine.packet import Family
from engine.shell.registry import names as tool_names
from engine.trace import Direction, ReasonCode

ROOT = Path(__file__).parent.parent


class Source(NamedTuple):
    """A module of the project: its path from the top, its tree, the strings in it that are no docstrings."""

    path: str
    tree: ast.Module
    strings: frozenset[str]


@functools.cache
def sources(room: str) -> tuple[Source, ...]:
    found = ((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(Source(str(path.relative_to(ROOT)), tree, frozenset(strings(tree))) for path, tree in found)


def strings(tree: ast.Module) -> Iterator[str]:
    nodes = tuple(ast.walk(tree))
    told = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


# Who may name a part beside its module and the lists of names: the grammar of a line, and who reads a rule's meaning.
PARTS_NAMED = {
    "engine/netfilter/ipt_parse.py": {"Goto", "Jump", "L4Module", "OpaqueMatch"},
    # On a machine without ipset.
    "engine/lab/sets.py": {"Destination", "SetMatch", "Source"},
    "engine/fabric/without.py": {"Jump", "Masquerade", "SetLookup", "SetMatch", "Source"},
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
    for source in sources("engine"):
        if not source.path.startswith(PART_HOMES):
            imported = {
                alias.name
                for node in ast.walk(source.tree)
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine.netfilter")
                for alias in node.names
            }
            assert imported & names == PARTS_NAMED.get(source.path, set()), source.path


# Stories tell of chains by name; the skeleton of a repair shows one.
CHAINS_TOLD = ("k8squiz/explain/", "k8squiz/kinds/repair/kind.py")
# Not chains but ipsets: which of them hold the addresses of kube-ipvs0 in a saved node.
SETS_NAMED = ("engine/netfilter/saved.py",)
# kube-router's policy controller and OVN-Kubernetes name their chains as kube-proxy does; AKS' kubenet tells portmap one of
# kube-proxy's own.
CHAINS_OF_OTHERS = ("engine/cni/enforcement.py", "engine/cni/unmodelled.py", "engine/cni/kubenet/plugin.py")


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_chain_is_named_beside_the_mode_that_writes_it(room: str) -> None:
    for source in sources(room):
        if not source.path.startswith(("engine/proxy/", *CHAINS_TOLD, *SETS_NAMED, *CHAINS_OF_OTHERS)):
            assert [text for text in source.strings if "KUBE-" in text] == [], source.path


# What is assumed where nothing tells a CNI: the room of the values stands below the plugins'.
# Which networks the scene of an incident is drawn on.
PLUGINS_NAMED = {"engine/cluster/objects.py", "engine/faults/networks.py"}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_cni_plugin_is_named_in_its_own_folder(room: str) -> None:
    for source in sources(room):
        if not source.path.startswith(("engine/cni/", "k8squiz/explain/")) and source.path not in PLUGINS_NAMED:
            found = [text for text in source.strings if re.fullmatch(rf"({'|'.join(PLUGINS)})([./-].*)?", text)]
            assert found == [], source.path


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
    for source in sources(room):
        if not source.path.startswith(("engine/cluster/facts.py", "k8squiz/explain/")):
            assert source.strings & names == FACTS_NAMED.get(source.path, set()), source.path


# kube-proxy's own choice; what ipvsadm takes where none is said; a keyword of nft's grammar (an IPv6
# header) that is spelt alike; the shell that the lab starts; stories.
SCHEDULERS_NAMED = {
    "engine/proxy/ipvs.py": {"rr"},
    "engine/netfilter/ipvsadm_text.py": {"wlc"},
    "engine/netfilter/parts/statement.py": {"mh"},
    "engine/lab/plain.py": {"sh"},
    "engine/lab/resolvers.py": {"sh"},
    "engine/lab/tool_output.py": {"sh"},
    # sh(1) and sed(1), the tools.
    "engine/shell/registry.py": {"sed", "sh"},
    "engine/shell/runner.py": {"sh"},
    "engine/shell/special.py": {"sed"},
    "engine/shell/tools/cut.py": {"sed"},
    "engine/shell/tools/kubectl/execute.py": {"sh"},
    "engine/shell/tools/ssh.py": {"sh"},
}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_scheduler_is_named_in_its_own_home(room: str) -> None:
    for source in sources(room):
        if not source.path.startswith(("engine/ipvs/", "k8squiz/explain/")):
            assert source.strings & set(SCHEDULERS) == SCHEDULERS_NAMED.get(source.path, set()), source.path


# A reason's code and a theme that are spelt as the fault is.
FAULTS_NAMED = {
    "engine/trace.py": {"ip-forward-off"},
    "k8squiz/bank/themes.py": {"conntrack-full"},
    "k8squiz/kinds/tracks.py": {"conntrack-full"},
}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_fault_is_named_in_its_own_home(room: str) -> None:
    for source in sources(room):
        if not source.path.startswith("engine/faults/"):
            assert source.strings & set(FAULTS) == FAULTS_NAMED.get(source.path, set()), source.path


# Names of tools that are words of something else too: of netfilter, of pages, of shells, of cards, of schedulers, of options.
WORDS_TOO = {":", "bridge", "clear", "column", "conntrack", "cut", "date", "env", "false", "head", "host", "hostname", "id", "ip", "iptables", "k",
             "less", "more", "nft", "nice", "ping", "sed", "seq", "sh", "time", "timeout", "touch", "tr", "true", "yes"}  # fmt: skip
# The lab runs the real ones, and so does the measuring of `scale`; a story names a part of a saved text by its tool; a
# caller is called as the tool that it stands for; how a line asks what a piece of evidence does; a port by its name; the prompts.
TOOLS_NAMED = {
    "engine/faults/evidence.py": {
        "cat",
        "egrep",
        "grep",
        "kubectl",
        "nohup",
        "ssh",
        "sudo",
        "systemctl",
        "watch",
        "xargs",
    },
    "engine/netfilter/parts/ports.py": {"ssh"},
    "k8squiz/commands/host_prompt.py": {"ssh"},
    "k8squiz/kinds/incident/fields.py": {"ssh"},
    "engine/cluster/facts.py": {"iptables-restore"},
    "engine/faults/firewalls.py": {"iptables-save"},
    "engine/faults/interface.py": {"kubectl"},
    "engine/faults/run.py": {"kubectl"},
    "k8squiz/bank/identity.py": {"curl"},
    "k8squiz/scale/timing.py": {"iptables-restore", "ipvsadm"},
    "engine/netfilter/saved.py": {"ip6tables", "ip6tables-save", "iptables-save"},
    "engine/netfilter/text.py": {"ipset", "ipvsadm"},
}


@pytest.mark.parametrize("room", ["engine", "k8squiz"])
def test_a_tool_is_named_in_its_own_home(room: str) -> None:
    for source in sources(room):
        if not source.path.startswith(("engine/shell/", "engine/lab/")):
            assert source.strings & (set(tool_names()) - WORDS_TOO) == TOOLS_NAMED.get(source.path, set()), source.path


# The lab that does what is typed in a shell reads kubectl's words and the tables of iptables as the shell does.
TOOLS_IMPORTED = {"engine/lab/follow.py": {"iptables.tables", "kubectl.flags", "kubectl.problems"}}


def test_a_tool_is_imported_by_its_row_alone() -> None:
    for source in (*sources("engine"), *sources("k8squiz")):
        named = (node.module or "" for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom))
        found = {name.partition("engine.shell.tools.")[2] for name in named} - {""}
        if not source.path.startswith("engine/shell/tools/"):
            assert found == TOOLS_IMPORTED.get(source.path, set()), source.path


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
    "engine/dns/glibc.py": {"inet", "inet6"},
    "engine/dns/lookup.py": {"inet", "inet6", "unspec"},
    "engine/dns/musl.py": {"inet"},
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
    for source in sources(room):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Compare):
                compared = (node.left, *node.comparators)
                said = set().union(*map(words_of, compared)) - COMPARED_WORDS.get(source.path, set())
                assert not (CALLED & set(map(called, compared)) and said), (source.path, node.lineno)
                assert not said & words, (source.path, node.lineno)


def test_few_lines_of_the_quiz_take_anything() -> None:
    lines = {
        (source.path, node.lineno)
        for source in sources("k8squiz")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    assert len(lines) < 60
