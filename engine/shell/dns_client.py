"""What BIND's tools say of a name server that does not answer: a line a try, five seconds each where nobody says anything.

Source: BIND 9.18, bin/dig/dighost.c (start_udp, recv_done); said so by dig and nslookup of Debian 12. What ICMP tells a UDP
socket that did not ask for errors: net/ipv4/udp.c (__udp4_lib_err), net/ipv4/icmp.c (icmp_err_convert: which are fatal).
"""

from __future__ import annotations

import ipaddress

from engine.shell.connect import Ending, attempt
from engine.shell.live import LiveCluster
from engine.shell.resolver import cluster_dns, dns_service
from engine.trace import ReasonCode

# Seconds of one try.
_PATIENCE = {"UDP": 5.0, "TCP": 10.0}
_HEARD = {
    Ending.REFUSED: "connection refused",
    Ending.NO_ROUTE: "host unreachable",
    Ending.NO_NETWORK: "network unreachable",
}
_NOBODY = ";; no servers could be reached\n"


def ask(
    live: LiveCluster,
    host: str,
    server: str,
    name: str,
    *,
    tries: int = 3,
    protocol: str = "UDP",
    seconds: float | None = None,
) -> tuple[str, str, LiveCluster]:
    """(what is said of the tries, "" where it answers; of the end; the cluster after it), of a process on `host`; `seconds` of
    each try (None: as the tools have it). Raises ValueError where `server` is no address."""
    address = str(ipaddress.ip_address(server))
    if address.startswith("127.") or (dns_service(live.cluster) is None and address in cluster_dns(live.cluster)):
        return "", "", live
    tried = attempt(live, host, address, 53, protocol)
    patience = seconds or _PATIENCE[protocol]
    if tried.ending is Ending.CONNECTED:
        return "", "", tried.live
    why = _HEARD.get(tried.ending)
    where = tried.outcome.where
    assert where is not None
    if protocol == "TCP":
        heard = why if why and tried.seconds <= patience else "timed out"
        said = f";; Connection to {server}#53({server}) for {name} failed: {heard}.\n{_NOBODY}"
        return said * tries, "", tried.live.later(min(tried.seconds, patience) * tries)
    if why is not None and where.host == host and where.rule is None and where.code is not ReasonCode.NO_NEIGHBOUR:
        # The socket cannot even be connected.
        said = f";; UDP setup with {server}#53({server}) for {name} failed: {why}.\n{_NOBODY}"
        return said * tries, "", tried.live
    if tried.ending is not Ending.REFUSED and "prohibited" not in (where.rule or ""):
        # The socket never hears of a host or network that is unreachable: those errors are not fatal.
        why = None
    waited = tried.seconds if why else patience
    return (
        f";; communications error to {server}#53: {why or 'timed out'}\n" * tries,
        _NOBODY,
        tried.live.later(waited * tries),
    )
