"""Figures that only a real machine can give. Measured on kube-proxy v1.30.5's own code, Linux 6.18, two cores.

Absolute times vary with the machine; what is to be learnt is how they grow.
"""

from __future__ import annotations

# Seconds for a full sync and for one changed endpoint, by backend and number of Services (10 endpoints each).
SYNC_SECONDS: dict[str, dict[int, tuple[str, str]]] = {
    "iptables (legacy)": {100: ("0.076", "0.018"), 1000: ("0.288", "0.120"), 5000: ("2.15", "0.66")},
    "iptables (nft)": {100: ("0.125", "0.052"), 1000: ("3.50", "0.064"), 5000: ("> 280", "-")},
    "nftables": {100: ("0.069", "0.080"), 1000: ("0.90", "1.20"), 5000: ("16", "32")},
}

# Microseconds of one connect() call, median of 400: to the first, the middle, the last Service, to no Service at all
# (iptables-legacy); then to any Service and to none (nftables).
CONNECT_MICROSECONDS: dict[int, tuple[str, str, str, str, str, str]] = {
    10: ("5.7", "5.6", "5.8", "4.6", "5.2", "4.2"),
    100: ("5.6", "5.8", "6.2", "4.9", "5.3", "4.4"),
    1000: ("5.3", "7.5", "9.7", "8.6", "5.3", "4.2"),
    5000: ("5.4", "15.7", "26.4", "25.3", "-", "-"),
}

# Who gets four connections from one client port, each closed before the next, with net.ipv4.vs.conn_reuse_mode 0 and
# expire_nodest_conn 0: rr over a, b and c; the same with the first one's server drained (weight 0) after it. Linux 6.1.
REUSED_PORT = ("c c c c", "c c c c")

# What one KUBE-SERVICES rule costs a packet that walks past it.
NANOSECONDS_PER_RULE = "4"
