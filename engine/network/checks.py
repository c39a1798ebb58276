"""What the kernel refuses when it routes a packet that came in from outside: martians and reverse-path failures.

Source: net/ipv4/route.c ip_route_input_slow(), net/ipv4/fib_frontend.c fib_validate_source(). IPv6 has neither
rp_filter nor a check for its own address as source.
"""

from __future__ import annotations

from engine.network.host import Host
from engine.network.routes import number
from engine.trace import ReasonCode


def refuses(host: Host, device: str, src: str, dst: str) -> ReasonCode | None:
    """Why `host` drops a packet src -> dst that came in by `device`: martian-source, martian-destination, rp-filter;
    None where it takes it. To be asked after PREROUTING, with the addresses as they are then."""
    # What comes by lo has been routed already when it was sent.
    if device == "lo":
        return None
    if number(dst)[0] == 6:
        if host.is_loopback(src):
            return ReasonCode.MARTIAN_SOURCE
        return ReasonCode.MARTIAN_DESTINATION if host.is_loopback(dst) else None
    # kube-proxy sets route_localnet so that NodePorts answer on 127.0.0.1, and KUBE-FIREWALL then guards what it opens.
    localnet = host.sysctls.localnet(device)
    if host.is_loopback(src) and not localnet:
        return ReasonCode.MARTIAN_SOURCE
    if host.is_loopback(dst) and not localnet:
        return ReasonCode.MARTIAN_DESTINATION
    # A packet from outside cannot come from ourselves: a pod drops its own packet that comes back unmasqueraded.
    if host.is_local(src):
        return ReasonCode.MARTIAN_SOURCE
    mode = max(host.sysctls.rp_filter, host.sysctls.rp_filter_of.get(device, 0))
    return _reverse_path(host, device, src, dst, mode) if mode else None


def _reverse_path(host: Host, device: str, src: str, dst: str, mode: int) -> ReasonCode | None:
    """RFC 3704: strict asks that the answer would leave by the same device, loose that it could leave at all."""
    # The way back is asked for without the packet's mark (src_valid_mark is 0).
    back = host.lookup(src, dst)
    # Loose mode too refuses a source that no route leads to.
    if back is None or back.kind != "unicast":
        return ReasonCode.RP_FILTER
    if mode == 1 and back.device != device:
        return ReasonCode.RP_FILTER
    return None
