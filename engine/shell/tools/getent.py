"""getent(1) hosts and ahosts: what the host's own resolver finds. Source: glibc, nss/getent.c."""

from __future__ import annotations

from engine.dns.lookup import Family
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.names import resolve_name


def run(call: Call) -> Result:
    """`getent hosts|ahosts NAME`; 2 where there is none."""
    if len(call.args) != 2 or call.args[0] not in ("hosts", "ahosts", "ahostsv4"):
        return failed("usage: getent hosts|ahosts NAME", 1)
    database, name = call.args
    # `hosts` asks for AAAA first and, where there is none, for A (gethostbyname2); the others for both at once.
    families: tuple[Family, ...] = ("inet6", "inet") if database == "hosts" else ("unspec",)
    live = call.live
    for family in families:
        found = resolve_name(live, call.host, name, family)
        live = found.live.later(found.seconds)
        if found.addresses:
            break
    if not found.addresses:
        return Result(status=2, live=live)
    if database == "hosts":
        return Result(f"{found.addresses[0]:<15} {found.canonical or name}\n", live=live)
    kinds = ("STREAM", "DGRAM ", "RAW   ")
    lines = (
        f"{a:<15} {kind}{f' {found.canonical or name}' if kind == 'STREAM' and a == found.addresses[0] else ''}\n"
        for a in found.addresses
        for kind in kinds
    )
    return Result("".join(lines), live=live)


TOOL = Tool(("getent",), run, ANYWHERE)
