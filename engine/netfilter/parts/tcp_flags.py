"""`-m tcp --tcp-flags MASK COMP`; nft `tcp flags & (MASK) == COMP`: what kind of segment it is.

Sources: net/netfilter/xt_tcpudp.c (tcp_mt), nft_payload.c; iptables 1.8.9 extensions/libxt_tcp.c (parse_tcp_flag,
print_tcpf); nftables 1.0.6 src/proto.c (tcp_flag_tbl).
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import negation, pairs, unquote
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.parts.ports import DestinationPort, L4Module, SourcePort, read_ports
from engine.netfilter.ruleset import Match
from engine.netfilter.skb import Segment
from engine.packet import L4, Family
from engine.values import dataclass

# In the order of their bits, which is the order of printing.
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_SET: dict[Segment, frozenset[str]] = {
    Segment.OPEN: frozenset({"SYN"}),
    Segment.ANSWER: frozenset({"SYN", "ACK"}),
    Segment.DATA: frozenset({"ACK"}),
    # An answer to a SYN acknowledges it (RFC 9293 3.5.2); every reset of a walk is one.
    Segment.RESET: frozenset({"RST", "ACK"}),
}


@dataclass(frozen=True, slots=True)
class TcpFlags(ModelledMatch):
    """Of the flags in `mask` exactly those in `flags` are set; both in the order of the bits."""

    mask: tuple[str, ...]
    flags: tuple[str, ...]
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool | None:
        skb = context.skb
        if skb.flow.protocol is not L4.TCP:
            return False
        # Whether a segment in the middle is the ACK of a handshake or data that is pushed, the walk does not say.
        if skb.segment is Segment.DATA and "PSH" in self.mask:
            return None
        return (_SET[skb.segment] & set(self.mask) == set(self.flags)) != self.negate

    def iptables_text(self, family: Family, before: Match | None) -> str:
        # --dport and --tcp-flags of one -m tcp are two matches here.
        same = isinstance(before, SourcePort | DestinationPort) and before.protocol is L4.TCP
        words = f"{negation(self.negate)} --tcp-flags {_list(self.mask)} {_list(self.flags)}"
        return words if same else f" -m tcp{words}"

    def nft_text(self, ip: str) -> str:
        operator = "!=" if self.negate else "=="
        mask, flags = (" | ".join(names).lower() or "0x0" for names in (self.mask, self.flags))
        return f"tcp flags & ({mask}) {operator} {flags}"


def _list(flags: tuple[str, ...]) -> str:
    return ",".join(flags) or "NONE"


def _ordered(names: list[str]) -> tuple[str, ...]:
    for name in names:
        if name not in (*_FLAGS, "ALL", "NONE"):
            raise BadRule(f"{name!r} is no TCP flag", zh=f"{name!r} 不是 TCP 标志")
    return tuple(flag for flag in _FLAGS if flag in names or "ALL" in names)


def _cut_flags(words: list[str]) -> tuple[list[str], TcpFlags | None]:
    """The words of a `-m tcp` without its flags, and the flags: an option of two words, and --syn for one of them."""
    for position, word in enumerate(words):
        negate = position > 0 and words[position - 1] == "!"
        if word == "--syn":
            return words[: position - negate] + words[position + 1 :], TcpFlags(
                ("FIN", "SYN", "RST", "ACK"), ("SYN",), negate
            )
        if word == "--tcp-flags" and position + 2 < len(words):
            mask, flags = (_ordered(unquote(text).upper().split(",")) for text in words[position + 1 : position + 3])
            return words[: position - negate] + words[position + 3 :], TcpFlags(mask, flags, negate)
    return words, None


def _read(name: str, words: list[str], family: Family) -> Matches | None:
    """All of `-m tcp`: ports and flags."""
    rest, flags = _cut_flags(words)
    options = pairs(rest)
    ports = None if options is None else read_ports(name, options)
    if ports is None:
        return None
    return (*ports, flags) if flags is not None else ports or (L4Module(L4.TCP),)


def _of_bits(text: str) -> tuple[str, ...]:
    """The flags whose bits these are; ValueError for bits that none has."""
    bits = {1 << place: name for place, name in enumerate(("FIN", "SYN", "RST", "PSH", "ACK", "URG"))}
    given = [int(number, 16) for number in text.split(",")]
    if not set(given) <= bits.keys():
        raise ValueError(f"unknown flags {text}")
    return _ordered([bits[number] for number in given])


def _read_nft(found: re.Match[str], family: Family) -> Match:
    if found[4] is not None:
        # `tcp flags syn` asks for the bits alone: (flags & syn) != 0.
        flags = _ordered(found[4].upper().split(","))
        return TcpFlags(flags, flags) if len(flags) == 1 else TcpFlags(flags, (), True)
    if found[7] is not None:
        return TcpFlags(_of_bits(found[8]), _of_bits(found[7]))
    if found[5] is not None:
        return TcpFlags(_ordered(found[6].upper().split(",")), _ordered(found[5].upper().split(",")))
    mask = _ordered(re.split(r"[ |,]+", found[1].strip("()").upper()))
    flags = () if found[3] == "0x0" else _ordered(re.split(r"[ |,]+", found[3].strip("()").upper()))
    return TcpFlags(mask, flags, found[2] == "!=")


_NAMES = r"(?:fin|syn|rst|psh|ack|urg)"
# `nft -n` prints the bits of a TCP header's flags (RFC 9293).
_BITS = r"0x[0-9a-f]+(?:,0x[0-9a-f]+)*"
_SOME = rf"{_NAMES}(?:(?: \| |,){_NAMES})*"

_FORM = (
    rf"tcp flags (?:& (\({_SOME}\)|{_NAMES}) (==|!=) (\({_SOME}\)|{_SOME}|0x0)"
    rf"|({_SOME})(?! ?/)(?= |$)|({_SOME}) / ({_SOME})|({_BITS}) / ({_BITS})(?= |$))"
)

PART = Part(classes=(TcpFlags,), modules={"tcp": _read}, nft_matches=((_FORM, _read_nft),))
