"""What `conntrack -L` prints, read as the entries of one host.

Source: conntrack-tools, src/conntrack.c and libnetfilter_conntrack's snprintf_default.c: protocol, its number, seconds left,
TCP's state, the original tuple, [UNREPLIED], the reply's, [ASSURED], mark and zone.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import ManifestError
from engine.netfilter.skb import ConntrackEntry
from engine.packet import L4, Family, FiveTuple, canonical
from engine.values import is_decimal, pattern

_PAIR = pattern(r"(src|dst|sport|dport|type|code|id|mark|zone|packets|bytes|use|secctx|labels)=(\S+)")
_PROTOCOLS = {"tcp": L4.TCP, "udp": L4.UDP, "sctp": L4.SCTP}


def read_conntrack(text: str, file: str, first_line: int = 1) -> tuple[ConntrackEntry, ...]:
    """The entries of TCP, UDP and SCTP, oldest first; those of other protocols are passed over. Raises ManifestError with
    the line for what is no such entry. `first_line` is the number of the text's first line."""
    return tuple(_entries(text, file, first_line))


def _entries(text: str, file: str, first_line: int) -> Iterator[ConntrackEntry]:
    for number, line in enumerate(text.splitlines(), first_line):
        words = line.split()
        # `conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.` goes to standard error, and into files.
        if not words or words[0] in ("conntrack", "#"):
            continue
        # /proc/net/nf_conntrack and `-o extended` name the address family first.
        words = words[2:] if words[0] in tuple(Family) else words
        protocol = _PROTOCOLS.get(words[0]) if words else None
        if protocol is None and len(words) > 2 and is_decimal(words[1]):
            continue
        try:
            yield _entry(line, protocol)
        except (ValueError, KeyError):
            raise ManifestError(
                "is no line of `conntrack -L`",
                file,
                number,
                zh="不是 `conntrack -L` 的输出行",
            ) from None


def _entry(line: str, protocol: L4 | None) -> ConntrackEntry:
    if protocol is None:
        raise ValueError(line)
    pairs = _PAIR.findall(line)
    tuples: list[dict[str, str]] = [{}, {}]
    rest: dict[str, str] = {}
    for key, value in pairs:
        if key in ("src", "dst", "sport", "dport"):
            (tuples[1] if key in tuples[0] else tuples[0])[key] = value
        else:
            rest[key] = value
    original, reply = (_flow(protocol, one) for one in tuples)
    replied = "[UNREPLIED]" not in line
    entry = ConntrackEntry.held(original, reply, replied=replied, assured="[ASSURED]" in line)
    entry.mark, entry.zone = int(rest.get("mark", "0")), int(rest.get("zone", "0"))
    return entry


def _flow(protocol: L4, said: dict[str, str]) -> FiveTuple:
    ports = [int(said[key]) for key in ("sport", "dport")]
    if not all(0 < port < 65536 for port in ports):
        raise ValueError(said)
    return FiveTuple(protocol, canonical(said["src"]), ports[0], canonical(said["dst"]), ports[1])
