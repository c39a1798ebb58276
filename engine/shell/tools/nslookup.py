"""nslookup(1) and dig(1), as far as one asks them for addresses. Source: BIND 9.18, bin/dig/nslookup.c, dighost.c."""

from __future__ import annotations

from engine.dns.zone import ZoneIndex
from engine.packet import canonical
from engine.shell.connect import Ending, attempt
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.names import resolve_name, zone_of
from engine.shell.resolver import dns_service, resolv_conf

# Seconds: dig tries three times, five seconds each.
_PATIENCE = 15.0


def run(call: Call) -> Result:
    """`nslookup NAME [SERVER]`, `dig [@SERVER] NAME [TYPE] [+short] [+search]`."""
    return _nslookup(call) if call.argv[0].endswith("nslookup") else _dig(call)


def _servers(call: Call) -> list[str]:
    lines = resolv_conf(call.live, call.host).splitlines()
    return [line.split()[1] for line in lines if line.startswith("nameserver ")]


def _nslookup(call: Call) -> Result:
    words = [word for word in call.args if not word.startswith("-")]
    if not words:
        return failed("nslookup: a name is needed here")
    name, server = words[0], words[1] if len(words) > 1 else (_servers(call) or ["127.0.0.1"])[0]
    found = resolve_name(call.live, call.host, name)
    live = found.live.later(found.seconds)
    head = f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
    if not found.addresses:
        if found.error == "EAI_AGAIN":
            return Result(";; connection timed out; no servers could be reached\n\n", status=1, live=live)
        return Result(f"{head}** server can't find {name}: NXDOMAIN\n\n", status=1, live=live)
    asked = found.canonical or name
    body = "".join(f"Name:\t{asked}\nAddress: {address}\n" for address in found.addresses)
    return Result(f"{head}{body}\n", live=live)


def _dig(call: Call) -> Result:
    words = [word for word in call.args if not word.startswith("+")]
    server = next((word[1:] for word in words if word.startswith("@")), (_servers(call) or ["127.0.0.1"])[0])
    rest = [word for word in words if not word.startswith(("@", "-"))]
    if not rest:
        return failed("dig: a name is needed here")
    kind = next((word.upper() for word in rest[1:] if word.upper() in ("A", "AAAA", "SRV", "PTR", "TXT", "CNAME")), "A")
    name = rest[0]
    try:
        address = canonical(server)
    except ValueError:
        return failed(f"dig: couldn't get address for '{server}': not found", 10)
    live = call.live
    if not address.startswith("127.") and dns_service(live.cluster) is not None:
        reached = attempt(live, call.host, address, 53, "UDP")
        if reached.ending is not Ending.CONNECTED:
            said = (
                f";; communications error to {server}#53: timed out\n" * 3
                + "\n; <<>> DiG 9.18 <<>> "
                + " ".join(call.args)
            )
            return Result(f"{said}\n;; no servers could be reached\n", status=9, live=reached.live.later(_PATIENCE))
        live = reached.live
    if "+search" in call.args:
        found = resolve_name(live, call.host, name)
        values = found.addresses
    else:
        values = ZoneIndex(zone_of(live)).answer(name.rstrip("."), kind).values(kind)
    if "+short" in call.args:
        return Result("".join(f"{value}\n" for value in values), live=live)
    full = f"{name.rstrip('.')}."
    status = "NOERROR" if values else "NXDOMAIN"
    answers = "".join(f"{full}\t\t5\tIN\t{kind}\t{value}\n" for value in values)
    section = f";; ANSWER SECTION:\n{answers}\n" if values else ""
    return Result(
        f"\n; <<>> DiG 9.18 <<>> {' '.join(call.args)}\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n"
        f";; QUESTION SECTION:\n;{full}\t\t\tIN\t{kind}\n\n{section};; SERVER: {server}#53({server}) (UDP)\n",
        live=live,
    )


TOOL = Tool(("nslookup", "dig"), run, ANYWHERE)
