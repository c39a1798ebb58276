"""What each chain means: every row of every program is a fact here, so that none can go or change unseen."""

from __future__ import annotations

import pytest

from engine.cluster import Mode
from engine.fabric import chains
from engine.netfilter.chain_meaning import ChainRole, ChainWriter
from engine.packet import L4, FiveTuple
from engine.proxy.interface import compile_rules
from engine.words.endings import reason
from tests.engine.clusters import A, B, cluster, web

FLOW = FiveTuple(L4.TCP, "1.2.3.4", 40000, "10.96.0.10", 80)
MARK, MASQUERADE, ENDPOINT = ChainRole.MARK, ChainRole.MASQUERADE, ChainRole.ENDPOINT

# Program, row; whether a jump to it is told, whether it is a card; its reason, its role, its part.
ROWS = [
    ("iptables", "KUBE-SERVICES", "lead card", None, None, None),
    ("iptables", "KUBE-NODEPORTS", "lead card", None, None, None),
    ("iptables", "KUBE-EXT-", "lead card", None, None, None),
    ("iptables", "KUBE-XLB-", "lead", None, None, None),
    ("iptables", "KUBE-SVC-", "lead card", None, None, None),
    ("iptables", "KUBE-SVL-", "lead card", None, None, None),
    ("iptables", "KUBE-SEP-", "lead card", None, ENDPOINT, None),
    ("iptables", "KUBE-FW-", "lead card", None, None, None),
    ("iptables", "KUBE-MARK-MASQ", "lead card", None, MARK, None),
    ("iptables", "KUBE-POSTROUTING", "lead card", None, MASQUERADE, None),
    ("iptables", "KUBE-FORWARD", "lead card", "invalid-state", None, None),
    ("iptables", "KUBE-EXTERNAL-SERVICES", "lead card", None, None, None),
    ("iptables", "KUBE-PROXY-FIREWALL", "lead card", "source-ranges", None, None),
    ("iptables", "KUBE-FIREWALL", "lead", "localhost-firewall", None, None),
    ("ipvs", "KUBE-SERVICES", "lead card", None, None, None),
    ("ipvs", "KUBE-NODE-PORT", "lead card", None, None, None),
    ("ipvs", "KUBE-LOAD-BALANCER", "card", None, None, None),
    ("ipvs", "KUBE-MARK-MASQ", "lead card", None, MARK, None),
    ("ipvs", "KUBE-IPVS-FILTER", "card", "unknown-cluster-ip-port", None, None),
    ("ipvs", "KUBE-PROXY-FIREWALL", "lead card", "source-ranges", None, None),
    ("ipvs", "KUBE-SOURCE-RANGES-FIREWALL", "card", "source-ranges", None, None),
    ("ipvs", "KUBE-IPVS-OUT-FILTER", "", "source-ranges", None, None),
    ("ipvs", "KUBE-FORWARD", "lead card", "invalid-state", None, None),
    ("ipvs", "KUBE-POSTROUTING", "lead card", None, MASQUERADE, None),
    ("nftables", "services", "lead card", None, None, None),
    ("nftables", "service-endpoints-check", "lead card", "no-local-endpoints", None, None),
    ("nftables", "nodeport-endpoints-check", "lead card", "no-local-endpoints", None, None),
    ("nftables", "cluster-ips-check", "card", "unknown-cluster-ip-port", None, "cluster-ips-check"),
    ("nftables", "firewall-check", "card", "source-ranges", None, None),
    ("nftables", "external-", "lead card", None, None, None),
    ("nftables", "service-", "lead card", None, None, None),
    ("nftables", "local-", "lead card", None, None, None),
    ("nftables", "endpoint-", "lead card", None, ENDPOINT, None),
    ("nftables", "mark-for-masquerade", "lead card", None, MARK, None),
    ("nftables", "masquerading", "lead card", None, MASQUERADE, None),
    ("nftables", "reject-chain", "card", "no-endpoints", None, None),
    ("nftables", "firewall-", "lead", "source-ranges", None, None),
    ("flannel", "FLANNEL-POSTRTG", "lead card", None, None, None),
    ("flannel", "FLANNEL-FWD", "lead card", None, None, None),
    ("calico", "cali-PREROUTING", "lead", None, None, None),
    ("calico", "cali-OUTPUT", "lead", None, None, None),
    ("calico", "cali-POSTROUTING", "lead", None, None, None),
    ("calico", "cali-nat-outgoing", "lead card", None, None, None),
    ("aws-vpc-cni", "AWS-SNAT-CHAIN-0", "lead card", None, None, None),
    ("aws-vpc-cni", "AWS-CONNMARK-CHAIN-0", "lead", None, None, None),
    ("kindnet", "KIND-MASQ-AGENT", "lead card", None, None, None),
    ("portmap", "CNI-HOSTPORT-DNAT", "lead card", None, None, None),
    ("portmap", "CNI-DN-", "lead card", None, None, None),
    ("portmap", "CNI-HOSTPORT-SETMARK", "lead", None, None, None),
    ("portmap", "CNI-HOSTPORT-MASQ", "lead", None, None, None),
    ("portmap nftables", "hostports_all", "lead", None, None, None),
    ("portmap nftables", "hostports", "lead", None, None, None),
    ("portmap nftables", "masquerading", "lead", None, None, None),
    ("bridge", "CNI-", "lead", None, None, None),
    ("ip-masq-agent", "IP-MASQ-AGENT", "lead card", None, None, None),
    ("ip-masq-agent", "IP-MASQ", "lead card", None, None, None),
]


def test_every_row_is_a_fact_here() -> None:
    held = [
        (writer.name, row.name, " ".join(what for what in ("lead", "card") if getattr(row, what)), row.code, row.role, row.part)
        for writer in chains.WRITERS
        for row in writer.rows
    ]  # fmt: skip
    assert held == ROWS


# What is known of a chain by its name, its table and its rule's comment.
CODES = [
    ("filter", "KUBE-SERVICES", "default/web has no endpoints", "no-endpoints"),
    ("filter", "KUBE-EXTERNAL-SERVICES", "default/web has no local endpoints", "no-local-endpoints"),
    ("filter", "KUBE-SERVICES", "", None),
    ("filter", "KUBE-PROXY-FIREWALL", "traffic not accepted by KUBE-FW-X", "source-ranges"),
    ("filter", "KUBE-FIREWALL", "block incoming localnet connections", "localhost-firewall"),
    ("kube-proxy", "firewall-ABCDEFGH-default/web/tcp/", "", "source-ranges"),
    ("kube-proxy", "reject-chain", "", "no-endpoints"),
    ("filter", "reject-chain", "", None),
    ("filter", "MINE", "", None),
]


@pytest.mark.parametrize(("table", "chain", "comment", "code"), CODES)
def test_why_a_rule_refuses(table: str, chain: str, comment: str, code: str | None) -> None:
    assert chains.code_of(table, chain, comment) == code


@pytest.mark.parametrize("writer", chains.WRITERS, ids=lambda writer: writer.name)
def test_every_code_has_a_text(writer: ChainWriter) -> None:
    codes = {row.code for row in writer.rows if row.code} | {code for _, code in writer.refusals} | set(writer.reasons)
    for code in codes:
        said = reason(code, FLOW, host="node1", device="eth0")
        assert said.en
        assert "{" not in said.en + said.zh


WRITTEN = [
    ("nat", "KUBE-POSTROUTING", "kube-proxy"),
    ("kube-proxy", "masquerading", "kube-proxy"),
    ("nat", "FLANNEL-POSTRTG", "flannel"),
    ("nat", "cali-nat-outgoing", "calico"),
    ("nat", "KIND-MASQ-AGENT", "kindnet"),
    ("nat", "POSTROUTING", None),
    ("nat", "MINE", None),
]


@pytest.mark.parametrize(("table", "chain", "writer"), WRITTEN)
def test_who_wrote_it(table: str, chain: str, writer: str | None) -> None:
    assert chains.written_by(table, chain) == writer


LEADS = [
    ("nat", "KUBE-SVC-LOLE4ISW44XBNF3G", "the Service's endpoints, to draw one from."),
    ("kube-proxy", "service-ABCDEFGH-default/web/tcp/", "the Service's endpoints, to draw one from."),
    ("kube-proxy", "service-endpoints-check", "Services without usable endpoints are looked up."),
    ("nat", "service-mesh", None),
    ("nat", "DOCKER", None),
]


@pytest.mark.parametrize(("table", "chain", "said"), LEADS)
def test_where_a_jump_leads(table: str, chain: str, said: str | None) -> None:
    lead = chains.lead_of(table, chain)
    assert (lead and lead.en) == said


MARKS = [
    ("nat", "KUBE-MARK-MASQ", True),
    ("kube-proxy", "mark-for-masquerade", True),
    ("kube-proxy", "external-ABCDEFGH-default/web/tcp/", True),
    ("nat", "KUBE-MARK-DROP", False),
    ("mangle", "MINE", False),
]


@pytest.mark.parametrize(("table", "chain", "marks"), MARKS)
def test_which_marks_ask_for_a_masquerade(table: str, chain: str, marks: bool) -> None:
    assert chains.marks_for_masquerade(table, chain) is marks


OWN = [
    ("nat", ("PREROUTING", "KUBE-SERVICES"), True),
    ("kube-proxy", ("nat-prerouting",), True),
    ("nat", ("POSTROUTING", "FLANNEL-POSTRTG"), False),
    ("nat", ("masquerading",), False),
]


@pytest.mark.parametrize(("table", "path", "own"), OWN)
def test_what_is_kube_proxys(table: str, path: tuple[str, ...], own: bool) -> None:
    assert chains.of_kube_proxy(table, path) is own


# Chains that are no step of a packet's way worth a word: an empty one that only shows that the tables live, and hooks.
SILENT = {"KUBE-PROXY-CANARY"}


@pytest.mark.parametrize("mode", chains.MODES)
@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_every_chain_that_a_mode_writes_has_a_meaning(mode: Mode, policy: str) -> None:
    service = web(type="LoadBalancer", external_traffic_policy=policy)
    written = compile_rules(cluster(A, B, service=service), "node1", mode)
    for table in written.tables.values():
        for name, chain in table.chains.items():
            if chain.hook is None and chain.policy is None and name not in SILENT:
                assert [row for row in chains.MODES[mode].rows if row.fits(name)], name
