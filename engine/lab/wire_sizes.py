"""A lab whose packets are as long as on a wire, and whose hosts have not heard yet how much their ways carry."""

from __future__ import annotations

from engine.lab.live import Lab
from engine.lab.offloads import switch_off
from engine.lab.plan import WIRES


def segments_as_on_a_wire(lab: Lab) -> None:
    """Segments as they are on a wire; a sender that notices lost ones soon; errors about each packet."""
    for name, namespace in lab.namespaces.items():
        if name == WIRES:
            continue
        namespace.sysctl("ipv4/icmp_ratelimit", 0)
        namespace.sysctl("ipv4/tcp_retries1", 1)
        namespace.sysctl("ipv4/tcp_no_metrics_save", 1)
        with namespace.entered():
            switch_off(device for device in lab.fabric.host(name).devices if device != "lo")


def forget_path_mtus(lab: Lab) -> None:
    """What hosts heard of earlier packets' ways is forgotten, as after net.ipv4.route.mtu_expires."""
    for name, namespace in lab.namespaces.items():
        if name != WIRES:
            namespace.run("ip", "route", "flush", "cache")
