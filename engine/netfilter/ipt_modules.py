"""The extensions of iptables that are modelled: from `-m NAME OPTIONS` and `-j NAME OPTIONS` to matches and targets.

A function gets the options as ipt_words.pairs cuts them and answers None where one of them is not modelled.
Sources: iptables-extensions(8), extensions/libxt_*.c of iptables 1.8.9.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction

from engine.netfilter import rules as r
from engine.netfilter.ipt_text import kernel_probability, probability_text
from engine.netfilter.ipt_words import BadRule
from engine.packet import L4, canonical, split_host_port

Options = dict[str, tuple[bool, str | None]]
Matches = tuple[r.Match, ...]

CT_STATES = frozenset({"INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"})
_PROTOCOL_NUMBER = {"6": L4.TCP, "17": L4.UDP, "132": L4.SCTP}
_ALL_BITS = 0xFFFFFFFF


def protocol(name: str, family: str) -> L4 | None:
    """What `-p NAME` names, where it is modelled. ICMP is each family's own."""
    name = name.lower()
    if name in ("tcp", "udp", "sctp"):
        return L4(name.upper())
    if name in ("ipencap", "4"):
        return L4.IPIP
    if name in (("icmp", "1") if family == "ipv4" else ("ipv6-icmp", "icmpv6", "58")):
        return L4.ICMP
    return _PROTOCOL_NUMBER.get(name)


def number(text: str | None, largest: int = _ALL_BITS) -> int:
    """A number as iptables reads it: decimal, or hexadecimal with 0x."""
    try:
        value = int(text or "", 16 if (text or "").lower().startswith("0x") else 10)
    except ValueError:
        raise BadRule(f"{text!r} is not a number", zh=f"{text!r} 不是数字") from None
    if not 0 <= value <= largest:
        raise BadRule(f"{text!r} is not between 0 and {largest}", zh=f"{text!r} 不在 0 与 {largest} 之间")
    return value


def port_range(text: str | None) -> tuple[int, int]:
    """`80`, `80:90`, `:90`, `80:`."""
    low, colon, high = (text or "").partition(":")
    first = 0 if colon and not low else number(low, 65535)
    last = (65535 if not high else number(high, 65535)) if colon else first
    if first > last:
        raise BadRule(f"port range {text!r} ends before it begins", zh=f"端口范围 {text!r} 的终点小于起点")
    return first, last


_ALIASES = {"--source-port": "--sport", "--destination-port": "--dport"}


def _ports(module: L4, options: Options) -> Matches | None:
    named = {_ALIASES.get(name, name): value for name, value in options.items()}
    if not named.keys() <= {"--sport", "--dport"}:
        return None
    found: list[r.Match] = []
    kinds: tuple[tuple[str, type[r.SourcePort | r.DestinationPort]], ...] = (
        ("--sport", r.SourcePort),
        ("--dport", r.DestinationPort),
    )
    for name, kind in kinds:
        if name in named:
            negate, text = named[name]
            low, high = port_range(text)
            if (low, high) != (0, 65535) or negate:
                found.append(kind(module, low, high, negate))
    return tuple(found) or (r.L4Module(module),)


def _comment(options: Options) -> Matches | None:
    if options.keys() != {"--comment"}:
        return None
    text = options["--comment"][1]
    return None if text is None else (r.Comment(text),)


def _value_mask(text: str | None) -> tuple[int, int]:
    value, slash, mask = (text or "").partition("/")
    return number(value), number(mask) if slash else _ALL_BITS


def _mark(options: Options) -> Matches | None:
    if options.keys() != {"--mark"}:
        return None
    negate, text = options["--mark"]
    value, mask = _value_mask(text)
    return (r.MarkMatch(value, mask, negate),)


def _states(module: str, option: str, options: Options) -> Matches | None:
    if options.keys() != {option}:
        return None
    negate, text = options[option]
    states = tuple((text or "").split(","))
    for state in states:
        if state not in CT_STATES:
            raise BadRule(
                f"{state!r} is not a connection state; known: {', '.join(sorted(CT_STATES))}",
                zh=f"{state!r} 不是连接状态；已知：{'、'.join(sorted(CT_STATES))}",
            )
    return (r.ConntrackState(states, negate, module),)


def _addrtype(options: Options) -> Matches | None:
    if len(options) != 1:
        return None
    ((name, (negate, text)),) = options.items()
    if name not in ("--src-type", "--dst-type") or not text:
        return None
    return (r.AddressType(name[2:5], text, negate),)


def _statistic(options: Options) -> Matches | None:
    if options.keys() != {"--mode", "--probability"} or options["--mode"][1] != "random":
        return None
    negate, text = options["--probability"]
    return None if negate or text is None else (r.StatisticRandom(probability(text)),)


@functools.lru_cache(maxsize=4096)
def probability(text: str) -> Fraction:
    """The probability that a printed one stands for: 1/n where n's 31 bits print the same, else the 31 bits."""
    try:
        value = float(text)
    except ValueError:
        raise BadRule(f"{text!r} is not a probability", zh=f"{text!r} 不是概率") from None
    if not 0 <= value <= 1:
        raise BadRule(f"probability {text} is not between 0 and 1", zh=f"概率 {text} 不在 0 与 1 之间")
    kept = Fraction(kernel_probability(Fraction(value)), 1 << 31)
    if kept:
        nearest = Fraction(1, round(1 / value))
        if probability_text(nearest) == probability_text(kept):
            return nearest
    return kept


_RECENT_FLAGS = ("--rcheck", "--set", "--update", "--remove")


def _recent(options: Options, family: str) -> Matches | None:
    known = {*_RECENT_FLAGS, "--seconds", "--reap", "--name", "--mask", "--rsource", "--rdest"}
    operations = [flag for flag in _RECENT_FLAGS if flag in options]
    if not options.keys() <= known or len(operations) != 1:
        return None
    value = {name: text for name, (_, text) in options.items()}
    full = "255.255.255.255" if family == "ipv4" else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    return (
        r.Recent(
            operations[0][2:],
            value.get("--name") or "DEFAULT",
            number(value["--seconds"]) if "--seconds" in value else None,
            "--reap" in value,
            value.get("--mask") or full,
            "rdest" if "--rdest" in value else "rsource",
            options[operations[0]][0],
        ),
    )


def _multiport(options: Options) -> Matches | None:
    sides = {"--sports": "src", "--source-ports": "src", "--dports": "dst", "--destination-ports": "dst"}
    sides["--ports"] = "either"
    if len(options) != 1:
        return None
    ((name, (negate, text)),) = options.items()
    if name not in sides:
        return None
    return (r.Multiport(sides[name], tuple(port_range(item) for item in (text or "").split(",")), negate),)


def _ipvs(options: Options) -> Matches | None:
    if options.keys() != {"--vproto", "--vaddr", "--vport"} or any(negate for negate, _ in options.values()):
        return None
    address, _, length = (options["--vaddr"][1] or "").partition("/")
    kind = _PROTOCOL_NUMBER.get(options["--vproto"][1] or "")
    if kind is None or length not in ("", "32", "128"):
        return None
    return (r.IpvsService(kind, canonical(address), number(options["--vport"][1], 65535)),)


def set_match(words: list[str]) -> Matches | None:
    """`[!] --match-set NAME SIDES`, the one modelled option of two words."""
    negate = words[:1] == ["!"]
    words = words[negate:]
    if len(words) != 3 or words[0] != "--match-set":
        return None
    sides = tuple(words[2].split(","))
    return (r.SetMatch(words[1], sides, negate),) if set(sides) <= {"src", "dst"} else None


def match(name: str, options: Options, family: str) -> Matches | None:
    """The matches of `-m NAME`, or None where it is not modelled."""
    if name in ("tcp", "udp", "sctp"):
        return _ports(L4(name.upper()), options)
    if name == "recent":
        return _recent(options, family)
    function = _MATCHES.get(name)
    return None if function is None else function(options)


_MATCHES: dict[str, Callable[[Options], Matches | None]] = {
    "comment": _comment,
    "mark": _mark,
    "conntrack": lambda options: _states("conntrack", "--ctstate", options),
    "state": lambda options: _states("state", "--state", options),
    "addrtype": _addrtype,
    "statistic": _statistic,
    "multiport": _multiport,
    "ipvs": _ipvs,
}


def _reject(options: Options, family: str) -> r.Target | None:
    default = "icmp-port-unreachable" if family == "ipv4" else "icmp6-port-unreachable"
    if not options:
        return r.Reject(default)
    return r.Reject(options["--reject-with"][1] or default) if options.keys() == {"--reject-with"} else None


def _set_mark(options: Options) -> r.Target | None:
    if len(options) != 1:
        return None
    ((name, (_, text)),) = options.items()
    value, mask = _value_mask(text)
    match name:
        case "--set-xmark":
            return r.SetMark(value, mask)
        case "--set-mark":
            return r.SetMark(value, mask | value)
        case "--or-mark":
            return r.SetMark(value, value)
        case "--and-mark":
            return r.SetMark(0, ~value & _ALL_BITS)
        case "--xor-mark":
            return r.SetMark(value, 0)
    return None


def _nat(option: str, options: Options) -> tuple[str, int | None, bool] | None:
    fully = "--random-fully" in options
    if options.keys() - {"--random-fully"} != {option}:
        return None
    text = options[option][1] or ""
    try:
        return canonical(text), None, fully
    except ValueError:
        pass
    try:
        address, port = split_host_port(text)
    except ValueError:
        return None
    return address, port, fully


def _destination_nat(options: Options) -> r.Target | None:
    found = _nat("--to-destination", options)
    return None if found is None or found[2] else r.DestinationNat(found[0], found[1])


def _source_nat(options: Options) -> r.Target | None:
    found = _nat("--to-source", options)
    return None if found is None else r.SourceNat(*found)


def target(name: str, options: Options, family: str) -> r.Target | None:
    """The target of `-j NAME` for a name that is no chain, or None where it is not modelled."""
    if name in _VERDICTS and not options:
        return _VERDICTS[name]
    if name == "MASQUERADE" and options.keys() <= {"--random-fully"}:
        return r.Masquerade(bool(options))
    match name:
        case "REJECT":
            return _reject(options, family)
        case "MARK":
            return _set_mark(options)
        case "DNAT":
            return _destination_nat(options)
        case "SNAT":
            return _source_nat(options)
    return None


_VERDICTS: dict[str, r.Target] = {"ACCEPT": r.Accept(), "DROP": r.Drop(), "RETURN": r.Return()}

# Targets that let the packet go on as it is, as far as anything modelled can tell.
PASSING = frozenset(
    {"LOG", "NFLOG", "ULOG", "TCPMSS", "TCPOPTSTRIP", "CHECKSUM", "AUDIT", "CLASSIFY", "DSCP", "TOS", "TTL", "HL"}
    | {"ECN", "IDLETIMER", "LED", "RATEEST", "TRACE"}
)
# Targets known by name that are not modelled, or not with every option; any other name after -j must be a chain.
EXTENSIONS = (
    PASSING
    | {"ACCEPT", "DROP", "RETURN", "REJECT", "MARK", "DNAT", "SNAT", "MASQUERADE", "QUEUE", "NFQUEUE", "CONNMARK"}
    | {"CONNSECMARK", "SECMARK", "CT", "NOTRACK", "REDIRECT", "NETMAP", "TPROXY", "CLUSTERIP", "SET", "SYNPROXY"}
    | {"TEE", "HMARK", "DNPT", "SNPT", "SAME", "MIRROR"}
)
