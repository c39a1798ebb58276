"""Rules as iptables-save and ip6tables-save (legacy, 1.8.9) print them, without counters and comment lines.

Sources: iptables 1.8.9 iptables/iptables.c (print_rule4), libxtables/xtables.c (xtables_save_string), and the save
function of each extension (extensions/libxt_*.c, libipt_*.c, libip6t_*.c).
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from engine.errors import UnsupportedFeature
from engine.netfilter import rules as r
from engine.packet import L4, is_ipv6, join_host_port

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r"[\"\\']")
_ALL_BITS = 0xFFFFFFFF
_SCALE = 0x80000000


def dump_iptables(ruleset: r.Ruleset) -> str:
    """The whole ruleset, table by table, chains in the order they are held in."""
    return "".join(line + "\n" for table in ruleset.tables.values() for line in _table(table, ruleset.family))


def _table(table: r.Table, family: str) -> Iterator[str]:
    yield f"*{table.name}"
    for chain in table.chains.values():
        yield chain_line(chain)
    for chain in table.chains.values():
        start = f"-A {chain.name}"
        for rule in chain.rules:
            yield start + _body(rule, family)
    yield "COMMIT"


def chain_line(chain: r.Chain) -> str:
    """`:INPUT ACCEPT`, `:KUBE-SERVICES -`."""
    return f":{chain.name} {chain.policy or '-'}"


def rule_line(chain: str, rule: r.Rule, family: str) -> str:
    """`-A CHAIN ...`."""
    return f"-A {chain}{_body(rule, family)}"


def _body(rule: r.Rule, family: str) -> str:
    words = []
    matches = rule.matches
    for position, match in enumerate(matches):
        kind = type(match)
        if kind is r.DestinationPort and position and _same_module(matches[position - 1], match):
            # --sport and --dport of one -m tcp are two matches here.
            words.append(_ports(match, "--dport"))
        elif kind is r.Protocol:
            words.append(_protocol(match, family))
        else:
            words.append(_print(_MATCHES, match))
    if rule.target is not None:
        words.append(_print(_TARGETS, rule.target))
    return "".join(words)


def _same_module(first: r.Match, second: Any) -> bool:
    return isinstance(first, r.SourcePort) and first.protocol is second.protocol


def _print(functions: dict[type, Callable[[Any], str]], part: r.Match | r.Target) -> str:
    function = functions.get(type(part))
    if function is None:
        raise UnsupportedFeature(f"iptables has no rule text for {part!r}", zh=f"{part!r} 没有对应的 iptables 规则文本")
    return function(part)


def quoted(text: str) -> str:
    """xtables_save_string: bare where nothing but letters, digits, _ and - is in it, else in double quotes."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + _ESCAPED.sub(lambda found: "\\" + found.group(), text) + '"'


def probability_text(probability: Fraction) -> str:
    """What iptables-save prints for a probability: what is left of it in the kernel's 31 bits.

    1/n goes through the ten decimals that kube-proxy writes it with (computeProbability in proxier.go).
    """
    return f"{kernel_probability(probability) / _SCALE:.11f}"


@functools.lru_cache(maxsize=4096)
def kernel_probability(probability: Fraction) -> int:
    """The 31-bit number the kernel compares a random one with (libxt_statistic.c: lround(0x80000000 * p))."""
    value = probability.numerator / probability.denominator
    if probability.numerator == 1:
        value = float(f"{value:.10f}")
    return int(_SCALE * value + 0.5)


def _not(part: Any) -> str:
    return " !" if part.negate else ""


# Where /etc/protocols has another name than the Kubernetes API's in small letters.
_PROTOCOL_NAME = {
    (L4.ICMP, "ipv6"): "ipv6-icmp",
    (L4.IPIP, "ipv4"): "ipencap",
    (L4.IPIP, "ipv6"): "ipencap",
}


def _protocol(match: Any, family: str) -> str:
    name = _PROTOCOL_NAME.get((match.protocol, family)) or match.protocol.lower()
    return f"{_not(match)} -p {name}"


def _ports(match: Any, option: str) -> str:
    ports = str(match.low) if match.low == match.high else f"{match.low}:{match.high}"
    return f"{_not(match)} {option} {ports}"


def _mark(match: r.MarkMatch) -> str:
    mask = "" if match.mask == _ALL_BITS else f"/{match.mask:#x}"
    return f" -m mark{_not(match)} --mark {match.value:#x}{mask}"


def _conntrack(match: r.ConntrackState) -> str:
    option = "--state" if match.module == "state" else "--ctstate"
    return f" -m {match.module}{_not(match)} {option} {','.join(match.states)}"


def _recent(match: r.Recent) -> str:
    seconds = "" if match.seconds is None else f" --seconds {match.seconds}"
    reap = " --reap" if match.reap else ""
    return (
        f" -m recent{_not(match)} --{match.operation}{seconds}{reap}"
        f" --name {match.name} --mask {match.mask} --{match.side}"
    )


_MULTIPORT_OPTION = {"src": "--sports", "dst": "--dports", "either": "--ports"}


def _multiport(match: r.Multiport) -> str:
    ports = ",".join(str(low) if low == high else f"{low}:{high}" for low, high in match.ports)
    return f" -m multiport{_not(match)} {_MULTIPORT_OPTION[match.side]} {ports}"


_NUMBER = {L4.TCP: 6, L4.UDP: 17, L4.SCTP: 132, L4.ICMP: 1}


def _ipvs(match: r.IpvsService) -> str:
    # xtables_ipmask_to_numeric prints no mask for a single address.
    return f" -m ipvs --vproto {_NUMBER[match.protocol]} --vaddr {match.address} --vport {match.port}"


def _nat_address(address: str, port: int | None) -> str:
    return address if port is None else join_host_port(address, port)


def _source_nat(target: r.SourceNat) -> str:
    fully = " --random-fully" if target.random_fully else ""
    return f" -j SNAT --to-source {_nat_address(target.address, target.port)}{fully}"


_MATCHES: dict[type, Callable[[Any], str]] = {
    r.Source: lambda m: f"{_not(m)} -s {m.net}",
    r.Destination: lambda m: f"{_not(m)} -d {m.net}",
    r.InInterface: lambda m: f"{_not(m)} -i {m.name}",
    r.OutInterface: lambda m: f"{_not(m)} -o {m.name}",
    r.Comment: lambda m: f" -m comment --comment {quoted(m.text)}",
    r.L4Module: lambda m: f" -m {m.protocol.lower()}",
    r.DestinationPort: lambda m: f" -m {m.protocol.lower()}{_ports(m, '--dport')}",
    r.SourcePort: lambda m: f" -m {m.protocol.lower()}{_ports(m, '--sport')}",
    r.MarkMatch: _mark,
    r.ConntrackState: _conntrack,
    r.AddressType: lambda m: f" -m addrtype{_not(m)} --{m.side}-type {m.type}",
    r.StatisticRandom: lambda m: f" -m statistic --mode random --probability {probability_text(m.probability)}",
    r.Recent: _recent,
    r.SetMatch: lambda m: f" -m set{_not(m)} --match-set {m.name} {','.join(m.sides)}",
    r.PhysdevIsIn: lambda m: f" -m physdev{_not(m)} --physdev-is-in",
    r.IpvsService: _ipvs,
    r.Multiport: _multiport,
    r.OpaqueMatch: lambda m: f" {m.text}",
}

_TARGETS: dict[type, Callable[[Any], str]] = {
    r.Jump: lambda t: f" -j {t.chain}",
    r.Goto: lambda t: f" -g {t.chain}",
    r.Return: lambda t: " -j RETURN",
    r.Accept: lambda t: " -j ACCEPT",
    r.Drop: lambda t: " -j DROP",
    r.Reject: lambda t: f" -j REJECT --reject-with {t.reject_with}",
    r.Masquerade: lambda t: " -j MASQUERADE --random-fully" if t.random_fully else " -j MASQUERADE",
    r.DestinationNat: lambda t: f" -j DNAT --to-destination {_nat_address(t.address, t.port)}",
    r.SourceNat: _source_nat,
    r.SetMark: lambda t: f" -j MARK --set-xmark {t.value:#x}/{t.mask:#x}",
    r.PassingTarget: lambda t: f" -j {t.text}",
    r.OpaqueTarget: lambda t: f" -j {t.text}",
}


@functools.lru_cache(maxsize=65536)
def host_net(address: str) -> str:
    """An address as -s and -d print it: `10.0.0.1/32`."""
    return f"{address}/{128 if is_ipv6(address) else 32}"


@functools.lru_cache(maxsize=4096)
def canonical_net(text: str) -> str | None:
    """A network as -s and -d print it, host bits cleared; None where no prefix length can say its mask.

    Raises ValueError for what is no address or network.
    """
    address, slash, mask = text.partition("/")
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        # A mask such as 255.0.255.0 is legal for iptables, and nothing else knows it.
        ipaddress.ip_address(address)
        if slash and not mask.isdigit():
            ipaddress.ip_address(mask)
            return None
        raise


def matches_everything(net: str) -> bool:
    """Whether -s or -d with this network prints nothing, unless negated."""
    return net in ("0.0.0.0/0", "::/0")
