"""Which connections NetworkPolicies and ClusterNetworkPolicies allow: pure, by the API's own words.

`allowed` answers for names; `index_policies`, `at_pod` and `decide` for whoever has the pods and addresses at hand, as
a walk has at a pod's door (after DNAT, before SNAT). No rule of a plugin and no packet lives here, nor whether a plugin
enforces policies at all.
"""

from __future__ import annotations

from engine.networkpolicy.decision import Assumption, DirectionDecision, MatchedRule, PolicyDecision
from engine.networkpolicy.evaluate import at_pod, decide, decide_direction
from engine.networkpolicy.index import PolicyIndex, index_policies
from engine.networkpolicy.named import allowed
from engine.networkpolicy.traffic import Traffic, TrafficPeer

__all__ = [
    "Assumption",
    "DirectionDecision",
    "MatchedRule",
    "PolicyDecision",
    "PolicyIndex",
    "Traffic",
    "TrafficPeer",
    "allowed",
    "at_pod",
    "decide",
    "decide_direction",
    "index_policies",
]
