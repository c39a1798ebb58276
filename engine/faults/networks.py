"""The networks that a scene may be drawn on, as PLUGIN/BACKEND, and what faults ask of them."""

from __future__ import annotations

# Pods hang on a bridge; packets between nodes go by a tunnel of VXLAN.
BRIDGED = ("flannel/vxlan", "flannel/host-gw")
TUNNELLED = ("flannel/vxlan",)
# NetworkPolicies are enforced; nothing of the plugin's accepts what FORWARD's policy drops.
ENFORCING = ("kindnet/ptp", "calico/ipip")
WITHOUT_ACCEPT = ENFORCING
# No chain of the plugin's own in PREROUTING.
ALONE_BEFORE_ROUTING = (*BRIDGED, "kindnet/ptp")
EVERY = (*BRIDGED, *ENFORCING)
