"""What kube-proxy makes sure of before it looks at a Service: its sets, its chains, and what leads into them.

Sources: pkg/proxy/iptables/proxier.go (iptablesJumpChains, in reverse), pkg/proxy/ipvs/proxier.go (ipsetInfo, ipsetWithIptablesChain,
iptablesJumpChain), pkg/proxy/nftables/proxier.go (nftablesBaseChains, nftablesJumpChains).
"""

from __future__ import annotations

import re

import pytest

from engine.cluster import Cluster, Node
from engine.netfilter.rules import Jump, Target
from engine.netfilter.ruleset import Ruleset
from engine.packet import L4
from engine.proxy.interface import compile_rules
from engine.proxy.ipvs_sets import SET_RULES, SETS
from engine.proxy.naming import SHARED_CHAINS

from .builders import lines


def empty(mode: str, version: str = "v1.30.5") -> Ruleset:
    return compile_rules(Cluster(nodes=(Node("node1", ("192.168.1.10",), proxy_version=version),)), "node1", mode)


def leads_to(target: Target | None) -> str:
    return target.chain if isinstance(target, Jump) else type(target).__name__.upper()


NEW = "-m conntrack --ctstate NEW"
# (mode, table, built-in chain): what leads out of it.
JUMPS = {
    ("iptables", "nat", "PREROUTING"): ["kubernetes service portals > KUBE-SERVICES"],
    ("iptables", "nat", "OUTPUT"): ["kubernetes service portals > KUBE-SERVICES"],
    ("iptables", "nat", "POSTROUTING"): ["kubernetes postrouting rules > KUBE-POSTROUTING"],
    ("iptables", "filter", "INPUT"): [
        " > KUBE-FIREWALL",
        "NEW kubernetes load balancer firewall > KUBE-PROXY-FIREWALL",
        "kubernetes health check service ports > KUBE-NODEPORTS",
        "NEW kubernetes externally-visible service portals > KUBE-EXTERNAL-SERVICES",
    ],
    ("iptables", "filter", "FORWARD"): [
        "NEW kubernetes load balancer firewall > KUBE-PROXY-FIREWALL",
        "kubernetes forwarding rules > KUBE-FORWARD",
        "NEW kubernetes service portals > KUBE-SERVICES",
        "NEW kubernetes externally-visible service portals > KUBE-EXTERNAL-SERVICES",
    ],
    ("iptables", "filter", "OUTPUT"): [
        " > KUBE-FIREWALL",
        "NEW kubernetes load balancer firewall > KUBE-PROXY-FIREWALL",
        "NEW kubernetes service portals > KUBE-SERVICES",
    ],
    ("ipvs", "nat", "PREROUTING"): ["kubernetes service portals > KUBE-SERVICES"],
    ("ipvs", "nat", "OUTPUT"): ["kubernetes service portals > KUBE-SERVICES"],
    ("ipvs", "nat", "POSTROUTING"): ["kubernetes postrouting rules > KUBE-POSTROUTING"],
    ("ipvs", "filter", "INPUT"): [
        "kubernetes ipvs access filter > KUBE-IPVS-FILTER",
        "kube-proxy firewall rules > KUBE-PROXY-FIREWALL",
        "kubernetes health check rules > KUBE-NODE-PORT",
    ],
    ("ipvs", "filter", "FORWARD"): [
        "kube-proxy firewall rules > KUBE-PROXY-FIREWALL",
        "kubernetes forwarding rules > KUBE-FORWARD",
    ],
    ("ipvs", "filter", "OUTPUT"): ["kubernetes ipvs access filter > KUBE-IPVS-OUT-FILTER"],
}
# Its own chains, without the canary that is there to be missed.
CHAINS = {
    ("iptables", "nat"): "KUBE-MARK-MASQ KUBE-NODEPORTS KUBE-POSTROUTING KUBE-SERVICES",
    ("iptables", "filter"): (
        "KUBE-EXTERNAL-SERVICES KUBE-FIREWALL KUBE-FORWARD KUBE-NODEPORTS KUBE-PROXY-FIREWALL KUBE-SERVICES"
    ),
    ("ipvs", "nat"): "KUBE-LOAD-BALANCER KUBE-MARK-MASQ KUBE-NODE-PORT KUBE-POSTROUTING KUBE-SERVICES",
    ("ipvs", "filter"): (
        "KUBE-FORWARD KUBE-IPVS-FILTER KUBE-IPVS-OUT-FILTER KUBE-NODE-PORT KUBE-PROXY-FIREWALL KUBE-SOURCE-RANGES-FIREWALL"
    ),
}


@pytest.mark.parametrize(("mode", "table", "chain"), JUMPS)
def test_what_leads_out_of_a_built_in_chain(mode: str, table: str, chain: str) -> None:
    found = []
    for line in lines(empty(mode), table, chain):
        comment = re.search(r'--comment "([^"]*)"', line)
        new = "NEW " if NEW in line else ""
        found.append(f"{new}{comment[1] if comment else ''} > {line.rpartition(' ')[2]}")
    assert found == JUMPS[mode, table, chain]


@pytest.mark.parametrize(("mode", "table"), CHAINS)
def test_its_own_chains(mode: str, table: str) -> None:
    names = [name for name in empty(mode).tables[table].chains if name.startswith("KUBE-")]
    assert [name for name in sorted(names) if name != "KUBE-PROXY-CANARY"] == CHAINS[mode, table].split()


def test_chains_that_hold_rules_of_several_services() -> None:
    assert {
        "nat": {"KUBE-SERVICES", "KUBE-NODEPORTS"},
        "filter": {"KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"},
    } == SHARED_CHAINS


# In the order in which they are created.
SET_TYPES = [
    ("KUBE-LOOP-BACK", "hash:ip,port,ip", "endpoints dst ip:port, source ip for solving hairpin"),
    ("KUBE-CLUSTER-IP", "hash:ip,port", "service cluster ip + port"),
    ("KUBE-EXTERNAL-IP", "hash:ip,port", "service external ip + port for masquerade and filter"),
    ("KUBE-EXTERNAL-IP-LOCAL", "hash:ip,port", "service external ip + port with externalTrafficPolicy=local"),
    ("KUBE-LOAD-BALANCER", "hash:ip,port", "service lb portal"),
    ("KUBE-LOAD-BALANCER-FW", "hash:ip,port", "service load balancer ip + port for load balancer with sourceRange"),
    ("KUBE-LOAD-BALANCER-LOCAL", "hash:ip,port", "service load balancer ip + port with externalTrafficPolicy=local"),
    (
        "KUBE-LOAD-BALANCER-SOURCE-IP",
        "hash:ip,port,ip",
        "service load balancer ip + port + source IP for packet filter",
    ),
    ("KUBE-LOAD-BALANCER-SOURCE-CIDR", "hash:ip,port,net", "service load balancer ip + port + source cidr"),
    ("KUBE-NODE-PORT-TCP", "bitmap:port", "nodeport TCP port for masquerade"),
    ("KUBE-NODE-PORT-LOCAL-TCP", "bitmap:port", "nodeport TCP port with externalTrafficPolicy=local"),
    ("KUBE-NODE-PORT-UDP", "bitmap:port", "nodeport UDP port for masquerade"),
    ("KUBE-NODE-PORT-LOCAL-UDP", "bitmap:port", "nodeport UDP port with externalTrafficPolicy=local"),
    ("KUBE-NODE-PORT-SCTP-HASH", "hash:ip,port", "nodeport SCTP port for masquerade"),
    ("KUBE-NODE-PORT-LOCAL-SCTP-HASH", "hash:ip,port", "nodeport SCTP port with externalTrafficPolicy=local"),
    ("KUBE-HEALTH-CHECK-NODE-PORT", "bitmap:port", "health check node port"),
    ("KUBE-IPVS-IPS", "hash:ip", "Addresses on the ipvs interface"),
]


def test_the_sets_of_ipvs_mode() -> None:
    assert [(name, kind) for name, (kind, _) in SETS.items()] == [(name, kind) for name, kind, _ in SET_TYPES]
    for name, _, words in SET_TYPES:
        assert SETS[name][1].removeprefix("Kubernetes ").startswith(words)


RULES_OF_SETS = [
    ("KUBE-LOOP-BACK", "nat", "KUBE-POSTROUTING", "MASQUERADE", 3, None),
    ("KUBE-LOAD-BALANCER", "nat", "KUBE-SERVICES", "KUBE-LOAD-BALANCER", 2, None),
    ("KUBE-LOAD-BALANCER-LOCAL", "nat", "KUBE-LOAD-BALANCER", "RETURN", 2, None),
    ("KUBE-NODE-PORT-LOCAL-TCP", "nat", "KUBE-NODE-PORT", "RETURN", 1, L4.TCP),
    ("KUBE-NODE-PORT-TCP", "nat", "KUBE-NODE-PORT", "KUBE-MARK-MASQ", 1, L4.TCP),
    ("KUBE-NODE-PORT-LOCAL-UDP", "nat", "KUBE-NODE-PORT", "RETURN", 1, L4.UDP),
    ("KUBE-NODE-PORT-UDP", "nat", "KUBE-NODE-PORT", "KUBE-MARK-MASQ", 1, L4.UDP),
    ("KUBE-NODE-PORT-LOCAL-SCTP-HASH", "nat", "KUBE-NODE-PORT", "RETURN", 2, L4.SCTP),
    ("KUBE-NODE-PORT-SCTP-HASH", "nat", "KUBE-NODE-PORT", "KUBE-MARK-MASQ", 2, L4.SCTP),
    ("KUBE-LOAD-BALANCER-FW", "filter", "KUBE-PROXY-FIREWALL", "KUBE-SOURCE-RANGES-FIREWALL", 2, None),
    ("KUBE-LOAD-BALANCER-SOURCE-CIDR", "filter", "KUBE-SOURCE-RANGES-FIREWALL", "RETURN", 3, None),
    ("KUBE-LOAD-BALANCER-SOURCE-IP", "filter", "KUBE-SOURCE-RANGES-FIREWALL", "RETURN", 3, None),
]
SIDES = {1: ("dst",), 2: ("dst", "dst"), 3: ("dst", "dst", "src")}


def test_the_rules_of_the_sets() -> None:
    found = [
        (rule.name, rule.table, rule.chain, leads_to(rule.target), rule.sides, rule.protocol) for rule in SET_RULES
    ]
    assert found == [(*row, SIDES[sides], protocol) for *row, sides, protocol in RULES_OF_SETS]


BASE = {
    "v1.33.5": """\
filter-prerouting: filter prerouting -110 > firewall-check
filter-input: filter input -110 > nodeport-endpoints-check service-endpoints-check
filter-forward: filter forward -110 > service-endpoints-check cluster-ips-check
filter-output: filter output -110 > service-endpoints-check firewall-check
filter-output-post-dnat: filter output -90 > cluster-ips-check
nat-prerouting: nat prerouting -100 > services
nat-output: nat output -100 > services
nat-postrouting: nat postrouting 100 > masquerading""",
    "v1.33.6": """\
filter-prerouting-pre-dnat: filter prerouting -110 > firewall-check
filter-output-pre-dnat: filter output -110 > firewall-check
filter-input: filter input 0 > nodeport-endpoints-check service-endpoints-check
filter-forward: filter forward 0 > service-endpoints-check cluster-ips-check
filter-output: filter output 0 > service-endpoints-check cluster-ips-check
nat-prerouting: nat prerouting -100 > services
nat-output: nat output -100 > services
nat-postrouting: nat postrouting 100 > masquerading""",
}
BEHIND = (
    "nodeport-endpoints-check service-endpoints-check firewall-check services masquerading cluster-ips-check"
    " mark-for-masquerade reject-chain"
)


@pytest.mark.parametrize("version", BASE)
def test_the_chains_of_nftables_mode(version: str) -> None:
    (table,) = empty("nftables", version).tables.values()
    base = [chain for chain in table.chains.values() if chain.hook is not None]
    found = [
        f"{chain.name}: {chain.kind} {chain.hook.name.lower()} {chain.priority} > "
        + " ".join(leads_to(rule.target) for rule in chain.rules)
        for chain in base
        if chain.hook is not None
    ]
    assert found == BASE[version].splitlines()
    assert " ".join(chain.name for chain in table.chains.values() if chain.hook is None) == BEHIND
