"""nc(1): does a port answer? Source: netcat-openbsd 1.219, netcat.c."""

from __future__ import annotations

import re

from engine.shell.connect import Ending, attempt, waited
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.names import resolve_name
from engine.shell.tools.lines import Unusable, split_options

# /etc/services of netbase 6.4, as far as clusters use its ports.
_SERVICES = {
    80: "http",
    443: "https",
    53: "domain",
    22: "ssh",
    8080: "http-alt",
    3306: "mysql",
    5432: "postgresql",
    6379: "redis",
}


def run(call: Call) -> Result:
    """`nc [-vzu] [-w SECONDS] HOST PORT`."""
    try:
        options, rest = split_options(call.args, "wps")
    except Unusable as error:
        return failed(f"nc: {error}")
    if "l" in options:
        return failed("nc: listening is not modelled here")
    if len(rest) != 2 or not re.fullmatch(r"[0-9]{1,5}", rest[1]) or not 0 < int(rest[1]) < 65536:
        return failed("usage: nc [-uvz] [-p source_port] [-s source] [-w timeout] [destination] [port]")
    name, port, protocol = rest[0], int(rest[1]), "UDP" if "u" in options else "TCP"
    limit = options.get("w", "")
    if limit and not re.fullmatch(r"[0-9]{1,6}", limit):
        return failed(f"nc: timeout too large: {limit}")
    resolved = resolve_name(call.live, call.host, name)
    live = resolved.live.later(resolved.seconds)
    if not resolved.addresses:
        return Result(
            stderr=f'nc: getaddrinfo for host "{name}" port {port}: Name or service not known\n', status=1, live=live
        )
    address = resolved.address
    if protocol == "UDP" and "v" not in options:
        # Only -v has a datagram sent to see whether anybody answers (udptest).
        return Result(live=live)
    sport = options.get("p", "")
    found = attempt(
        live,
        call.host,
        address,
        port,
        protocol,
        source=options.get("s"),
        sport=int(sport) if re.fullmatch(r"[0-9]{1,5}", sport) else None,
    )
    found, cut = waited(found, float(limit) if limit else None)
    what = f"{name} ({address}) {port}" if name != address else f"{name} {port}"
    if found.ending is Ending.CONNECTED or (protocol == "UDP" and found.ending is Ending.TIMED_OUT):
        # A datagram that nobody answers looks to nc like one that was taken.
        service = _SERVICES.get(port, "*")
        told = (
            f"Connection to {what} port [{protocol.lower()}/{service}] succeeded!\n"
            if "v" in options or "z" in options
            else ""
        )
        return Result(stderr=told if "v" in options else "", live=found.live)
    if protocol == "UDP":
        return Result(status=1, live=found.live)
    why = "timed out: Operation now in progress" if cut else f"failed: {found.ending}"
    told = f"nc: connect to {name} {f'({address}) ' if name != address else ''}port {port} ({protocol.lower()}) {why}\n"
    return Result(stderr=told if "v" in options else "", status=1, live=found.live)


TOOL = Tool(("nc", "ncat", "netcat"), run, ANYWHERE)
