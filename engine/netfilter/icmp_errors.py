"""Types and codes of ICMP errors, by the words for them of `--reject-with` and `--icmp-type`.

Sources: RFC 792, RFC 1812 5.2.7.1, RFC 4443; linux net/ipv4/netfilter/ipt_REJECT.c, net/ipv6/netfilter/ip6t_REJECT.c; iptables
1.8.9 extensions/libxt_icmp.h.
"""

from __future__ import annotations

from engine.packet import Family

# What follows icmp- or icmp6- in iptables' words for an error that a rule or the kernel answers with.
_ANSWERS = {
    Family.IPV4: {
        "net-unreachable": (3, 0), "host-unreachable": (3, 1), "proto-unreachable": (3, 2), "prot-unreachable": (3, 2),
        "port-unreachable": (3, 3), "fragmentation-needed": (3, 4), "net-prohibited": (3, 9), "host-prohibited": (3, 10),
        "admin-prohibited": (3, 13),
    },
    Family.IPV6: {
        "no-route": (1, 0), "adm-prohibited": (1, 1), "admin-prohibited": (1, 1), "addr-unreachable": (1, 3),
        "port-unreachable": (1, 4), "policy-fail": (1, 5), "reject-route": (1, 6), "fragmentation-needed": (2, 0),
    },
}  # fmt: skip
# Names that mean a type and a code together: what --icmp-type and --icmpv6-type take besides those of types.
NAMED_CODES = {
    Family.IPV4: {
        "network-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2), "port-unreachable": (3, 3),
        "fragmentation-needed": (3, 4), "source-route-failed": (3, 5), "network-unknown": (3, 6), "host-unknown": (3, 7),
        "network-prohibited": (3, 9), "host-prohibited": (3, 10), "TOS-network-unreachable": (3, 11),
        "TOS-host-unreachable": (3, 12), "communication-prohibited": (3, 13), "host-precedence-violation": (3, 14),
        "precedence-cutoff": (3, 15), "network-redirect": (5, 0), "host-redirect": (5, 1), "TOS-network-redirect": (5, 2),
        "TOS-host-redirect": (5, 3), "ttl-zero-during-transit": (11, 0), "ttl-zero-during-reassembly": (11, 1),
        "ip-header-bad": (12, 0), "required-option-missing": (12, 1),
    },
    Family.IPV6: {
        "no-route": (1, 0), "communication-prohibited": (1, 1), "beyond-scope": (1, 2), "address-unreachable": (1, 3),
        "port-unreachable": (1, 4), "failed-policy": (1, 5), "reject-route": (1, 6), "ttl-zero-during-transit": (3, 0),
        "ttl-zero-during-reassembly": (3, 1), "bad-header": (4, 0), "unknown-header-type": (4, 1), "unknown-option": (4, 2),
    },
}  # fmt: skip


def error_kind(reject_with: str, family: Family) -> tuple[int, int] | None:
    """Type and code of the error that `reject_with` (icmp-port-unreachable, icmp6-no-route) names; None where it is unknown."""
    return _ANSWERS[family].get(reject_with.partition("-")[2])
