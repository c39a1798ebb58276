"""nslookup(1) and host(1): addresses of a name, the name of an address. Source: BIND 9.18, bin/dig/nslookup.c, host.c."""

from __future__ import annotations

import ipaddress

from engine.dns.zone import ZoneIndex
from engine.shell.dns_client import ask
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.live import LiveCluster
from engine.shell.names import asked_of, resolve_name, zone_behind
from engine.shell.resolver import name_servers

_SERVICES = ("SRV", "PTR", "TXT", "CNAME")


def run(call: Call) -> Result:
    """`nslookup [-type=TYPE] NAME|ADDRESS [SERVER]`, `host [-t TYPE] NAME|ADDRESS [SERVER]`."""
    bare = call.argv[0].endswith("host")
    words, kind = _read(list(call.args))
    if not words:
        return failed("Usage: host [-t type] hostname [server]" if bare else "nslookup: a name is needed here")
    name = words[0]
    server = words[1] if len(words) > 1 else (name_servers(call.live, call.host) or ["127.0.0.1"])[0]
    try:
        refused, end, after = ask(call.live, call.host, server, name, tries=2 if bare else 3)
    except ValueError:
        return failed(f"{call.argv[0]}: couldn't get address for '{server[:100]}': not found")
    if refused:
        return Result(refused + end + ("" if bare else "\n"), status=1, live=after)
    # Where the host's own servers are asked the look-up itself is what a packet socket sees.
    live = after if len(words) > 1 else call.live
    head = "" if bare else f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
    try:
        asked = ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        asked = ""
    if asked or kind in _SERVICES:
        return _record(live, server, asked or name, "PTR" if asked else kind, bare)
    found = resolve_name(live, call.host, name) if len(words) == 1 else asked_of(live, call.host, name, server)
    live = found.live.later(found.seconds)
    addresses = [one for one in found.addresses if not kind or (":" in one) is (kind == "AAAA")]
    if not found.addresses:
        said = f"Host {name} not found: 3(NXDOMAIN)\n" if bare else f"{head}** server can't find {name}: NXDOMAIN\n\n"
        return Result(said, status=1, live=live)
    full = found.canonical or name
    if bare:
        rows = (f"{full} has {'IPv6 ' if ':' in one else ''}address {one}\n" for one in addresses)
        return Result("".join(rows) or f"{full} has no {kind} record\n", live=live)
    body = "".join(f"Name:\t{full}\nAddress: {address}\n" for address in addresses)
    return Result(f"{head}{body or f'*** Can{chr(39)}t find {full}: No answer' + chr(10)}\n", live=live)


def _read(words: list[str]) -> tuple[list[str], str]:
    """(name and server, the type that is asked for or "")."""
    rest: list[str] = []
    kind = ""
    while words:
        word = words.pop(0)
        if word == "-t" and words:
            kind = words.pop(0).upper()
        elif word.startswith(("-type=", "-query=", "-q=", "-ty=")):
            kind = word.partition("=")[2].upper()
        elif not word.startswith("-"):
            rest.append(word)
    return rest, kind


def _record(live: LiveCluster, server: str, name: str, kind: str, bare: bool) -> Result:
    """A record that is no address."""
    answer = ZoneIndex(zone_behind(live, f"nameserver {server}")).answer(name.rstrip("."), kind)
    head = "" if bare or name.endswith(".arpa") else f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
    if not answer.records:
        rcode = answer.rcode
        if bare:
            return Result(
                f"Host {name} not found: 3({rcode})\n" if rcode == "NXDOMAIN" else f"{name} has no {kind} record\n",
                status=1,
            )
        return Result(f"{head}** server can't find {name}: {rcode}\n\n" if rcode == "NXDOMAIN" else f"{head}*** Can't find {name}: No answer\n\n", status=1)  # fmt: skip
    words = {"SRV": ("service =", "has SRV record"), "PTR": ("name =", "domain name pointer"), "CNAME": ("canonical name =", "is an alias for"), "TXT": ("text =", "descriptive text")}  # fmt: skip
    rows = "".join(
        f"{owner}{' ' if bare else chr(9)}{words[k][bare]} {v.rstrip('.')}{'' if k == 'TXT' else '.'}\n"
        for owner, k, v in answer.records
    )
    return Result(f"{head}{rows}" + ("" if bare else "\n"), live=live)


TOOL = Tool(("nslookup", "host"), run, ANYWHERE)
