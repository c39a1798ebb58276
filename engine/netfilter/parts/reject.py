"""`-j REJECT --reject-with TYPE`; nft `reject`.

Sources: net/ipv4/netfilter/ipt_REJECT.c (reject_tg), net/ipv6/netfilter/ip6t_REJECT.c, nft_reject.c; iptables 1.8.9
extensions/libipt_REJECT.c; nftables 1.0.6 src/statement.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import REJECTED, Context, Decision
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import NetfilterVerdict, TargetAction
from engine.packet import Family
from engine.values import dataclass, is_decimal


@dataclass(frozen=True, slots=True)
class Reject(ModelledTarget):
    """`reject_with` is in iptables' spelling (icmp-port-unreachable, icmp6-no-route, tcp-reset); `icmpx` is what an inet
    table's rule says for both families."""

    reject_with: str = "icmp-port-unreachable"
    icmpx: str = ""

    def act(self, context: Context) -> Decision:
        # reject_tg sends the answer itself and then drops the packet; the answer is made by HostNetfilter.reject_error.
        context.where = context.record(TargetAction.REJECT, NetfilterVerdict.REJECT)
        context.reject_with = self.reject_with
        return REJECTED

    def listing(self, numeric: bool) -> str:
        return f" reject-with {self.reject_with}"

    def iptables_text(self, family: Family) -> str:
        if self.icmpx:
            return Target.iptables_text(self, family)
        return f" -j REJECT --reject-with {self.reject_with}"

    def nft_text(self, ip: str) -> str:
        if self.icmpx:
            return f"reject with icmpx {self.icmpx}"
        if self.reject_with == "tcp-reset":
            return "reject with tcp reset"
        prefix, _, kind = self.reject_with.partition("-")
        # nft leaves the default of the table's family unsaid.
        if kind == "port-unreachable":
            return "reject"
        return f"reject with {'icmpv6' if prefix == 'icmp6' else 'icmp'} {kind}"


# nft_reject.c (icmp_code_v4, icmp_code_v6): what stands for both families, as each one's own.
_ICMPX = {
    "port-unreachable": ("icmp-port-unreachable", "icmp6-port-unreachable"),
    "no-route": ("icmp-net-unreachable", "icmp6-no-route"),
    "host-unreachable": ("icmp-host-unreachable", "icmp6-addr-unreachable"),
    "admin-prohibited": ("icmp-admin-prohibited", "icmp6-adm-prohibited"),
}
# The codes by which `nft -n` prints them (RFC 792, RFC 4443; enum nft_reject_inet_code).
_NUMBERED = {
    "icmp": {
        "0": "net-unreachable",
        "1": "host-unreachable",
        "2": "prot-unreachable",
        "3": "port-unreachable",
        "9": "net-prohibited",
        "10": "host-prohibited",
        "13": "admin-prohibited",
    },
    "icmpv6": {
        "0": "no-route",
        "1": "admin-prohibited",
        "3": "addr-unreachable",
        "4": "port-unreachable",
        "5": "policy-fail",
        "6": "reject-route",
    },
    "icmpx": {"0": "no-route", "1": "port-unreachable", "2": "host-unreachable", "3": "admin-prohibited"},
}


def _default(family: Family) -> str:
    return "icmp-port-unreachable" if family is Family.IPV4 else "icmp6-port-unreachable"


def _read(name: str, options: Options, family: Family) -> Target | None:
    if not options:
        return Reject(_default(family))
    return Reject(options["--reject-with"][1] or _default(family)) if options.keys() == {"--reject-with"} else None


def _read_nft(found: re.Match[str], family: Family) -> Target:
    text = found[0]
    if text == "reject":
        return Reject(_default(family))
    if text == "reject with tcp reset":
        return Reject("tcp-reset")
    said = re.fullmatch(r"reject with (icmp|icmpv6|icmpx) (?:type )?([a-z0-9-]+)", text)
    kind = "" if said is None else _NUMBERED[said[1]].get(said[2], said[2])
    if said is None or is_decimal(kind) or (said[1] == "icmpx" and kind not in _ICMPX):
        raise ValueError(f"unknown statement {text!r}")
    if said[1] == "icmpx":
        return Reject(_ICMPX[kind][0 if family is Family.IPV4 else 1], kind)
    return Reject(f"{'icmp6' if said[1] == 'icmpv6' else 'icmp'}-{kind}")


PART = Part(classes=(Reject,), jumps={"REJECT": by_options(_read)}, nft_targets=((r"reject.*", _read_nft),))
