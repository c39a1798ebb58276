"""dig(1). Source: BIND 9.18, bin/dig/dig.c, lib/dns/masterdump.c (the columns); what CoreDNS answers: engine.shell.dns_packets."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from engine.dns.zone import NOERROR, ZoneAnswer, ZoneIndex
from engine.packet import canonical
from engine.shell.clock import time_of_day
from engine.shell.dns_client import ask
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.names import resolve_name, zone_behind
from engine.shell.resolver import name_servers
from engine.shell.tools.lines import Unusable
from engine.values import dataclass, is_decimal

_VERSION = "9.18.24-1-Debian"
_TYPES = ("A", "AAAA", "SRV", "PTR", "TXT", "CNAME")
# A record's seconds are those of kubeadm's Corefile.
_TTL = 30
_MOST_TRIES = 20
_COLUMNS = (24, 32, 40, 48)
# Zones that CoreDNS' plugin kubernetes is authoritative for.
_DOMAIN, _REVERSE = "cluster.local.", (".in-addr.arpa.", ".ip6.arpa.")


def run(call: Call) -> Result:
    """`dig [@SERVER] NAME [TYPE] [-x ADDRESS] [+short] [+noall +answer] [+search] [+tcp] [+tries=N|+retry=N] [+time=N]`."""
    words = [word for word in call.args if not word.startswith("+")]
    given = next((word[1:] for word in words if word.startswith("@")), None)
    server = given or (name_servers(call.live, call.host) or ["127.0.0.1"])[0]
    if "+trace" in call.args:
        return failed("dig: +trace is not simulated here: there are no root servers", 10)
    try:
        how = _options([word[1:] for word in call.args if word.startswith("+")])
        name, kind = _question(words)
        address = canonical(server)
    except Unusable as error:
        return failed(f"dig: {error}", 10)
    except ValueError:
        return failed(f"dig: couldn't get address for '{server}': not found", 10)
    live = call.live
    head = f"\n; <<>> DiG {_VERSION} <<>> {' '.join(call.args)}\n{'; (1 server found)' + chr(10) if given else ''};; global options: +cmd\n"
    protocol = "TCP" if how.tcp else "UDP"
    said, end, live = ask(live, call.host, address, name, tries=how.tries, protocol=protocol, seconds=how.seconds)
    if said:
        told = head if end and "+short" not in call.args and not how.without_sections else ""
        return Result(f"{said}{told}{end}" + ("" if end else "\n"), status=9, live=live)
    answer = ZoneIndex(zone_behind(live, f"nameserver {address}")).answer(name.rstrip("."), kind)
    if "+search" in call.args:
        found = resolve_name(live, call.host, name)
        if found.addresses and kind == "A":
            name = found.canonical or name
            answer = ZoneAnswer(NOERROR, tuple((name, "A", one) for one in found.addresses))
    if "+short" in call.args:
        return Result("".join(f"{_absolute(kind, value)}\n" for _, kind, value in answer.records), live=live)
    if how.without_sections:
        return Result(_records(answer) if "+answer" in call.args else "", live=live)
    told = _told(call, f"{name.rstrip('.')}.", kind, answer, f"{server}#53({server}) ({protocol})")
    return Result(head + told, live=live)


@dataclass(frozen=True, slots=True)
class _How:
    """The options with a plus that change what is asked or shown; `seconds` None: as dig has it."""

    tcp: bool = False
    tries: int = 3
    seconds: float | None = None
    without_sections: bool = False


def _options(words: Sequence[str]) -> _How:
    """Raises Unusable for one that is not simulated."""
    tcp, tries, seconds, shown = False, 3, None, set[str]()
    for word in words:
        name, _, value = word.partition("=")
        if name in ("tries", "retry", "time", "timeout"):
            if not is_decimal(value) or len(value) > 4:
                raise Unusable(f"Couldn't parse {name} '{value}': invalid argument")
            if name in ("tries", "retry"):
                tries = max(1, int(value) + (name == "retry"))
            else:
                seconds = float(max(1, int(value)))
        elif name in ("tcp", "vc"):
            tcp = True
        elif name in ("noall", "answer"):
            shown.add(name)
        elif name not in ("short", "search", "notcp", "nosearch", "norecurse", "recurse", "cmd"):
            raise Unusable(
                f"+{word[:40]} is not simulated here; there are +short, +noall +answer, +search, +tcp, +tries, +time"
            )
    if tries > _MOST_TRIES:
        raise Unusable(f"more than {_MOST_TRIES} tries are not simulated here")
    return _How(tcp, tries, seconds, "noall" in shown)


def _records(answer: ZoneAnswer) -> str:
    return "".join(
        _row(f"{owner.rstrip('.')}.", str(_TTL), "IN", kind, _absolute(kind, value))
        for owner, kind, value in answer.records
    )


def _told(call: Call, name: str, kind: str, answer: ZoneAnswer, server: str) -> str:
    own = f".{name}".endswith(f".{_DOMAIN}") or (name.endswith(_REVERSE) and bool(answer.records))
    denied = own and not answer.records
    local = ";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n"
    when = time_of_day(call.live.clock)
    records = _records(answer)
    soa = _row(
        _DOMAIN,
        str(_TTL),
        "IN",
        "SOA",
        f"ns.dns.{_DOMAIN} hostmaster.{_DOMAIN} {int(when.timestamp())} 7200 1800 86400 {_TTL}",
    )
    return (
        f";; Got answer:\n{local if name.endswith('.local.') else ''};; ->>HEADER<<- opcode: QUERY, status: {answer.rcode}, id: 4711\n"
        f";; flags: qr {'aa rd' if own else 'rd ra'}; QUERY: 1, ANSWER: {len(answer.records)}, AUTHORITY: {int(denied)}, ADDITIONAL: 1\n"
        f"{';; WARNING: recursion requested but not available' + chr(10) if own else ''}\n"
        ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n"
        f";; QUESTION SECTION:\n;{_row(name, '', 'IN', kind)}\n"
        f"{';; ANSWER SECTION:' + chr(10) + records + chr(10) if records else ''}"
        f"{';; AUTHORITY SECTION:' + chr(10) + soa + chr(10) if denied else ''}"
        f";; Query time: 0 msec\n;; SERVER: {server}\n;; WHEN: {when.strftime('%a %b %d %H:%M:%S UTC %Y')}\n\n"
    )


def _row(name: str, *cells: str) -> str:
    """Cells in their columns, tabs of eight between them, a blank where one is too long (indent())."""
    out, at = name, len(name)
    for column, cell in zip(_COLUMNS, cells, strict=False):
        if not cell:
            continue
        to = max(column, at + 1)
        tabs = to // 8 - at // 8
        blanks = to - (to // 8 * 8 if tabs else at)
        out += "\t" * tabs + " " * blanks + cell
        at = to + len(cell)
    return f"{out}\n"


def _absolute(kind: str, value: str) -> str:
    return f"{value.rstrip('.')}." if kind in ("PTR", "SRV", "CNAME") else f'"{value}"' if kind == "TXT" else value


def _question(words: list[str]) -> tuple[str, str]:
    """(name, type) of what is asked: `NAME [TYPE]` in either order, `-t TYPE`, `-x ADDRESS`. Raises Unusable."""
    left, name, kind = list(words), "", ""
    while left:
        word = left.pop(0)
        if word == "-x" and left:
            return _reversed(left.pop(0)), "PTR"
        if word in ("-t", "-p", "-b", "-c", "-q") and left:
            value = left.pop(0)
            kind, name = (value.upper() if word == "-t" else kind), (value if word == "-q" else name)
        elif word.upper() in _TYPES and not kind:
            kind = word.upper()
        elif not word.startswith(("@", "-")) and word.upper() != "IN":
            name = name or word
    if not name:
        raise Unusable("a name is needed here")
    if kind and kind not in _TYPES:
        raise Unusable(f"{kind[:20]} is not simulated here; there are {', '.join(_TYPES)}")
    return name, kind or "A"


def _reversed(text: str) -> str:
    """The name under which an address' own name is asked for. Raises Unusable."""
    try:
        return ipaddress.ip_address(text).reverse_pointer
    except ValueError:
        raise Unusable(f"couldn't get address for '{text[:100]}': not found") from None


TOOL = Tool(("dig",), run, ANYWHERE)
