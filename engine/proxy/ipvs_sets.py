"""The ipsets of kube-proxy's ipvs mode: names, types, comments, and the rules that each one brings along.

Source: pkg/proxy/ipvs/ipset.go and proxier.go (ipsetInfo, ipsetWithIptablesChain) of Kubernetes v1.30.
"""

from __future__ import annotations

from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.rules import Jump, Masquerade, Return, Target
from engine.packet import L4, Family
from engine.values import dataclass

LOOP_BACK = "KUBE-LOOP-BACK"
CLUSTER_IP = "KUBE-CLUSTER-IP"
EXTERNAL_IP = "KUBE-EXTERNAL-IP"
EXTERNAL_IP_LOCAL = "KUBE-EXTERNAL-IP-LOCAL"
LOAD_BALANCER = "KUBE-LOAD-BALANCER"
LOAD_BALANCER_FW = "KUBE-LOAD-BALANCER-FW"
LOAD_BALANCER_LOCAL = "KUBE-LOAD-BALANCER-LOCAL"
SOURCE_IP = "KUBE-LOAD-BALANCER-SOURCE-IP"
SOURCE_CIDR = "KUBE-LOAD-BALANCER-SOURCE-CIDR"
HEALTH_CHECK = "KUBE-HEALTH-CHECK-NODE-PORT"
IPVS_IPS = "KUBE-IPVS-IPS"
NODE_PORT = {
    L4.TCP: "KUBE-NODE-PORT-TCP",
    L4.UDP: "KUBE-NODE-PORT-UDP",
    L4.SCTP: "KUBE-NODE-PORT-SCTP-HASH",
}
NODE_PORT_LOCAL = {
    L4.TCP: "KUBE-NODE-PORT-LOCAL-TCP",
    L4.UDP: "KUBE-NODE-PORT-LOCAL-UDP",
    L4.SCTP: "KUBE-NODE-PORT-LOCAL-SCTP-HASH",
}

_IPP, _IPPIP, _PORT = SetType.HASH_IP_PORT, SetType.HASH_IP_PORT_IP, SetType.BITMAP_PORT

# name: (type, comment), in kube-proxy's order.
SETS: dict[str, tuple[SetType, str]] = {
    LOOP_BACK: (_IPPIP, "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose"),
    CLUSTER_IP: (_IPP, "Kubernetes service cluster ip + port for masquerade purpose"),
    EXTERNAL_IP: (_IPP, "Kubernetes service external ip + port for masquerade and filter purpose"),
    EXTERNAL_IP_LOCAL: (_IPP, "Kubernetes service external ip + port with externalTrafficPolicy=local"),
    LOAD_BALANCER: (_IPP, "Kubernetes service lb portal"),
    LOAD_BALANCER_FW: (_IPP, "Kubernetes service load balancer ip + port for load balancer with sourceRange"),
    LOAD_BALANCER_LOCAL: (_IPP, "Kubernetes service load balancer ip + port with externalTrafficPolicy=local"),
    SOURCE_IP: (_IPPIP, "Kubernetes service load balancer ip + port + source IP for packet filter purpose"),
    SOURCE_CIDR: (
        SetType.HASH_IP_PORT_NET,
        "Kubernetes service load balancer ip + port + source cidr for packet filter purpose",
    ),
    NODE_PORT[L4.TCP]: (_PORT, "Kubernetes nodeport TCP port for masquerade purpose"),
    NODE_PORT_LOCAL[L4.TCP]: (_PORT, "Kubernetes nodeport TCP port with externalTrafficPolicy=local"),
    NODE_PORT[L4.UDP]: (_PORT, "Kubernetes nodeport UDP port for masquerade purpose"),
    NODE_PORT_LOCAL[L4.UDP]: (_PORT, "Kubernetes nodeport UDP port with externalTrafficPolicy=local"),
    NODE_PORT[L4.SCTP]: (_IPP, "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'"),
    NODE_PORT_LOCAL[L4.SCTP]: (
        _IPP,
        "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
    ),
    HEALTH_CHECK: (_PORT, "Kubernetes health check node port"),
    IPVS_IPS: (SetType.HASH_IP, "Addresses on the ipvs interface"),
}

_NAME_LENGTH = 31  # IPSET_MAXNAMELEN without the final zero


def set_name(name: str, family: Family) -> str:
    """The set's name in the kernel: IPv6 sets say KUBE-6-, cut at 31 characters."""
    return name if family is Family.IPV4 else name.replace("KUBE-", "KUBE-6-", 1)[:_NAME_LENGTH]


def empty_sets(family: Family) -> dict[str, IpSet]:
    """All of kube-proxy's sets by their IPv4 names. A bitmap of ports is of no family (bitmap:port takes none)."""
    return {
        name: IpSet(set_name(name, family), kind) if kind is _PORT else IpSet(set_name(name, family), kind, family)
        for name, (kind, _) in SETS.items()
    }


def is_empty(ipset: IpSet) -> bool:
    return not ipset.entries


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule that stands only while its set has entries: `-A CHAIN [-p PROTOCOL] -m set --match-set NAME SIDES -j TARGET`."""

    name: str
    table: str
    chain: str
    target: Target
    sides: tuple[str, ...]
    protocol: L4 | None = None


_DD, _DDS, _D = ("dst", "dst"), ("dst", "dst", "src"), ("dst",)
_MARK = Jump("KUBE-MARK-MASQ")


def _node_port(name: str, target: Target, protocol: L4) -> SetRule:
    return SetRule(name, "nat", "KUBE-NODE-PORT", target, _DD if protocol is L4.SCTP else _D, protocol)


# ipsetWithIptablesChain, in its order: a Local set's rule stands before the rule that would mark the same port.
SET_RULES: tuple[SetRule, ...] = (
    # A pod that reaches itself by a Service would get its own packet from its own address, a martian; no mark tells it
    # apart, for it is a packet like any other until IPVS has chosen.
    SetRule(LOOP_BACK, "nat", "KUBE-POSTROUTING", Masquerade(), _DDS),
    # Load balancers' addresses are masqueraded for all, but where policy Local keeps the client's address.
    SetRule(LOAD_BALANCER, "nat", "KUBE-SERVICES", Jump("KUBE-LOAD-BALANCER"), _DD),
    SetRule(LOAD_BALANCER_LOCAL, "nat", "KUBE-LOAD-BALANCER", Return(), _DD),
    # So are node ports.
    *(
        rule
        for protocol in (L4.TCP, L4.UDP, L4.SCTP)
        for rule in (
            _node_port(NODE_PORT_LOCAL[protocol], Return(), protocol),
            _node_port(NODE_PORT[protocol], _MARK, protocol),
        )
    ),
    # loadBalancerSourceRanges: who stands in a range, or is the node itself where a range holds it, is let through.
    SetRule(LOAD_BALANCER_FW, "filter", "KUBE-PROXY-FIREWALL", Jump("KUBE-SOURCE-RANGES-FIREWALL"), _DD),
    SetRule(SOURCE_CIDR, "filter", "KUBE-SOURCE-RANGES-FIREWALL", Return(), _DDS),
    SetRule(SOURCE_IP, "filter", "KUBE-SOURCE-RANGES-FIREWALL", Return(), _DDS),
)
