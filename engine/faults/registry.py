"""Every fault by its name. A new one is a row here, and a KnownFault in its family's module."""

from __future__ import annotations

import importlib

from engine.faults.interface import FaultError, KnownFault

MODULES: dict[str, str] = {
    "endpoints-empty": "services",
    "target-port-wrong": "services",
    "etp-local-no-endpoint": "services",
    "itp-local": "services",
    "externalip-node-address": "services",
    "dns-endpoints-empty": "services",
    "egress-deny-no-dns": "policies",
    "policy-service-port": "policies",
    "policy-wrong-selector": "policies",
    "policy-default-deny": "policies",
    "policy-ipblock-masqueraded": "policies",
    "missing-pod-route": "routes",
    "blackhole-route": "routes",
    "stale-static-route": "routes",
    "bridge-down": "routes",
    "bridge-address-gone": "routes",
    "tunnel-down": "routes",
    "vxlan-fdb-missing": "routes",
    "vxlan-fdb-wrong": "routes",
    "stale-vtep-mac": "vteps",
    "pod-link-down": "routes",
    "ip-forward-off": "kernels",
    "br-netfilter-off": "kernels",
    "hairpin-off": "kernels",
    "rp-filter-strict": "kernels",
    "forward-drop": "firewalls",
    "leftover-reject": "firewalls",
    "app-port-dropped": "firewalls",
    "dns-blocked-on-node": "firewalls",
    "nodeport-blocked": "firewalls",
    "underlay-blocks-vxlan": "firewalls",
    "nat-accepted-early": "firewalls",
    "kube-proxy-stale": "proxies",
    "nat-flushed": "proxies",
    "udp-stale-conntrack": "proxies",
    "default-route-gone": "lost",
    "overlapping-network": "lost",
    "pod-route-gone": "lost",
    "dns-scaled-down": "lost",
    "nodeport-changed": "lost",
    "vxlan-neigh-missing": "lost",
    "masquerade-bypassed": "lost",
    "mtu-too-large": "sizes",
    "readiness-cascade": "workloads",
    "conntrack-full": "tables",
    "hostport-stale-dnat": "hostports",
}


def names() -> tuple[str, ...]:
    """All faults, in the order of the table."""
    return tuple(MODULES)


def find_fault(name: str) -> KnownFault:
    """Raises FaultError where there is none of that name."""
    module = MODULES.get(name)
    if module is None:
        known = ", ".join(MODULES)
        raise FaultError(
            f"there is no fault {name[:80]!r}; there are {known}", zh=f"没有故障 {name[:80]!r}；现有：{known}"
        )
    faults: tuple[KnownFault, ...] = importlib.import_module(f"engine.faults.{module}").FAULTS
    return next(fault for fault in faults if fault.name == name)
