"""Network policies at a pod's door: what the packet looks like where the node's rules would judge it, and what comes of it.

Sources: see engine.cni.enforcement. Conntrack lets answers back (RELATED, ESTABLISHED); the packet has its destination from
DNAT and its own source still, or on another node the one that a masquerade gave it there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.cluster import Pod
from engine.cluster.policies import PolicyType
from engine.cni.enforcement import ENFORCEMENTS, PolicyEnforcement
from engine.fabric.address_index import AddressOwner
from engine.hooks import Hook
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import Backend, Ruleset
from engine.netfilter.skb import NetfilterVerdict
from engine.netfilter.stack import Passage, Skb
from engine.network.addresses import icmp_source
from engine.network.host import Host
from engine.networkpolicy import DirectionDecision, Traffic, TrafficPeer, decide_direction
from engine.networkpolicy.isolation import isolating
from engine.packet import L4
from engine.trace import ReasonCode, Stage, Text, Verdict, Where
from engine.values import dataclass
from engine.walk.state import Died, Outgoing, WalkState
from engine.words import policies as words


@dataclass(frozen=True, slots=True)
class _Door:
    """The door of a pod that the packet stands at. `own_node`: the other end is the pod's own node."""

    direction: PolicyType
    owner: AddressOwner
    device: str
    own_node: bool = False

    @property
    def egress(self) -> bool:
        return self.direction is PolicyType.EGRESS


def before_rules(hook: Hook, ruleset: Ruleset) -> bool:
    """Whether policies are judged before the node's other rules at `hook`.

    Their chains are inserted before kube-proxy's in iptables' filter table, whose OUTPUT comes after nat's; kube-proxy's
    nftables filter chains have that table's priority (0; firewall-check's -110) and are hooked after the kubelet's first use of
    it, which puts them before it (net/netfilter/core.c, nf_hook_entries_grow). In POSTROUTING they come before NAT. IPVS may take what is at
    INPUT: then it is no packet to the node.
    """
    if hook is Hook.POSTROUTING:
        return True
    if hook is Hook.INPUT and isinstance(ruleset, IpvsRuleset):
        return False
    return hook is not Hook.OUTPUT and ruleset.backend is Backend.IPTABLES


def judge(
    state: WalkState, host: Host, hook: Hook, skb: Skb, in_device: str | None, out_device: str | None
) -> Died | None:
    """The packet's end where a policy refuses it at `hook` of `host`; None where it goes on. Raises as
    engine.networkpolicy.decide where the packet's fate hangs on what is not modelled."""
    given = state.fabric.given_rules(host.name)
    if given is not None and _holds_policies(given):
        # The rules that were given decide it themselves.
        return None
    for door in _doors(state, host, hook, skb, in_device, out_device):
        enforcer = state.fabric.enforcement
        if enforcer is None:
            # An answer, or what the pod's own node sends it, would pass anyway.
            if skb.state == "NEW" and (door.egress or not door.own_node):
                _say_not_enforced(state, door)
            continue
        if given is not None and _concerned(state, door):
            state.assume(words.given_without(enforcer.name, host.name))
        died = _at(state, host, hook, skb, door, enforcer)
        if died is not None:
            return died
    return None


def note_bridged(state: WalkState, host: Host, skb: Skb) -> None:
    """A frame that the bridge switches without br_netfilter passes no hook, and so no policy."""
    enforcer = state.fabric.enforcement
    for direction, address in ((PolicyType.EGRESS, skb.flow.src), (PolicyType.INGRESS, skb.flow.dst)):
        owner = _local_pod(state, host, address)
        door = None if owner is None else _Door(direction, owner, "")
        if door is not None and enforcer is None:
            _say_not_enforced(state, door)
        elif door is not None and enforcer is not None and _concerned(state, door):
            state.assume(words.bridged(enforcer.name, host.name))


def _holds_policies(ruleset: Ruleset) -> bool:
    known = tuple(prefix for one in ENFORCEMENTS.values() if one is not None for prefix in one.chains)
    return any(
        name.startswith(known) or any(chain.startswith(known) for chain in table.chains)
        for name, table in ruleset.tables.items()
    )


def _doors(
    state: WalkState, host: Host, hook: Hook, skb: Skb, in_device: str | None, out_device: str | None
) -> Iterator[_Door]:
    """The doors that are judged at this hook, the sender's first."""
    enforcer = state.fabric.enforcement
    hooks = enforcer.hooks if enforcer is not None else frozenset({Hook.FORWARD, Hook.INPUT, Hook.OUTPUT})
    # What a pod sends to its node ends at INPUT, whatever hook the rest is judged at.
    if hook not in hooks and hook is not Hook.INPUT:
        return
    sender, receiver = _local_pod(state, host, skb.flow.src), _local_pod(state, host, skb.flow.dst)
    if sender is not None and not skb.local and _came_from(host, sender, in_device, hook):
        yield _Door(PolicyType.EGRESS, sender, in_device or out_device or "lo", own_node=hook is Hook.INPUT)
    if receiver is not None and hook is not Hook.INPUT:
        # OUTPUT and POSTROUTING are passed by what the node sends itself, and at OUTPUT by what IPVS sends on.
        yield _Door(PolicyType.INGRESS, receiver, out_device or "lo", own_node=skb.local)


def _local_pod(state: WalkState, host: Host, address: str) -> AddressOwner | None:
    owner = state.fabric.pod_owner_at(address)
    return owner if owner is not None and owner.node == host.name else None


def _came_from(host: Host, sender: AddressOwner, in_device: str | None, hook: Hook) -> bool:
    """Whether the packet came in by the pod's own device, or the bridge it hangs on; where no device tells, by its
    source."""
    device = host.devices.get(in_device or "")
    if device is None:
        return hook in (Hook.OUTPUT, Hook.POSTROUTING)
    if device.peer is not None:
        return device.peer[0] == sender.host
    ports = (one for one in host.devices.values() if one.master == device.name and one.peer is not None)
    return any(port.peer is not None and port.peer[0] == sender.host for port in ports)


def _pod(state: WalkState, owner: AddressOwner) -> Pod | None:
    namespace, _, name = owner.key.partition("/")
    return state.fabric.policies.pods.get((namespace, name))


def _concerned(state: WalkState, door: _Door) -> bool:
    """Whether any policy may have to do with the pod in that direction."""
    index, pod = state.fabric.policies, _pod(state, door.owner)
    if index.tiers:
        return True
    if pod is None:
        # Which pod an endpoint is may be told although no Pod describes it; of labels nothing is known then.
        namespace = door.owner.key.partition("/")[0]
        return namespace in index.by_namespace or (namespace == "endpoint" and not index.empty)
    return bool(isolating(index, pod, door.direction))


def _at(state: WalkState, host: Host, hook: Hook, skb: Skb, door: _Door, enforcer: PolicyEnforcement) -> Died | None:
    pod = door.owner.host
    if skb.state in ("ESTABLISHED", "RELATED"):
        if _concerned(state, door):
            _hop(state, host, hook, skb, door, words.known_connection(enforcer.name, pod))
        return None
    # cali-wl-to-host leads into cali-fw-: what a pod sends its own node is asked for its connection there too.
    asked = not door.own_node or (door.egress and enforcer.drops_invalid)
    if skb.state == "INVALID" and asked and (enforcer.drops_invalid or _concerned(state, door)):
        died = state.died(Verdict.DROP, host, ReasonCode.INVALID_STATE, skb.flow)
        return dataclasses.replace(died, where=dataclasses.replace(died.where, hook=hook))
    if not state.fabric.has_policies:
        return None
    if not _concerned(state, door):
        _hop(state, host, hook, skb, door, _text(door, enforcer, _decision(state, skb, door, enforcer)))
        return None
    if door.own_node and not door.egress:
        _hop(state, host, hook, skb, door, words.own_node(enforcer.name, pod))
        if hook is Hook.POSTROUTING:
            state.assume(words.root_process(enforcer.name))
        return None
    if enforcer.lets_ping and skb.flow.protocol is L4.ICMP:
        _hop(state, host, hook, skb, door, words.ping(enforcer.name, pod))
        return None
    if skb.flow.protocol is L4.ICMP:
        state.assume(words.icmp(enforcer.name))
    decision = _decision(state, skb, door, enforcer)
    _hop(state, host, hook, skb, door, _text(door, enforcer, decision))
    return None if decision.allowed else _refuse(state, host, hook, skb, door, enforcer, decision)


def _decision(state: WalkState, skb: Skb, door: _Door, enforcer: PolicyEnforcement) -> DirectionDecision:
    """What the policies say of the packet as it stands here, and what that assumes."""
    ends = [_peer(state, address) for address in (skb.flow.src, skb.flow.dst)]
    traffic = Traffic(ends[0], ends[1], skb.flow.protocol, skb.flow.dport, through_service=True)
    alone = traffic.to_itself or (door.own_node and door.egress and enforcer.judges_own_node)
    decision = decide_direction(state.fabric.policies, door.direction, traffic, rules_alone=alone)
    for text in decision.assumed:
        # The exceptions' own words would say the contrary of what was done.
        if not (alone and text.code in ("itself", "own-node")):
            state.assume(text)
    if alone and decision.tier is not None:
        state.assume(words.by_rules_alone(enforcer.name, door.owner.host))
    if state.fabric.cluster.cluster_network_policies and enforcer.cluster_policies is not True:
        state.assume(words.cluster_policies(enforcer.name, ignored=enforcer.cluster_policies is False))
    return decision


def _peer(state: WalkState, address: str) -> TrafficPeer:
    index = state.fabric.policies
    owner = state.fabric.pod_owner_at(address)
    if owner is None:
        return index.peer_at(address)
    pod = _pod(state, owner)
    return TrafficPeer(address, pod, owner.node, described=pod is not None)


def _text(door: _Door, enforcer: PolicyEnforcement, decision: DirectionDecision) -> Text:
    return words.judged(enforcer.name, door.owner.host, door.egress, decision.allowed, decision.reason)


def _hop(state: WalkState, host: Host, hook: Hook, skb: Skb, door: _Door, note: Text) -> None:
    state.hop(host, door.device, Stage.POLICY, skb, note, hook=hook)


def _refuse(
    state: WalkState,
    host: Host,
    hook: Hook,
    skb: Skb,
    door: _Door,
    enforcer: PolicyEnforcement,
    decision: DirectionDecision,
) -> Died:
    verdict = Verdict.REJECT if enforcer.rejects else Verdict.DROP
    reason = words.refused(enforcer.name, door.owner.host, door.egress, enforcer.rejects, decision.reason)
    where = Where(host.name, ReasonCode.NETWORK_POLICY, reason, hook, direction=state.direction)
    if not enforcer.rejects:
        return Died(verdict, where, skb.flow)
    rejection = Passage(NetfilterVerdict.REJECT, reject_with="icmp-port-unreachable")
    error = state.netfilter(host).reject_error(skb, icmp_source(host, skb.flow), rejection)
    return Died(verdict, where, skb.flow, None if error is None else Outgoing(host.name, error))


def _say_not_enforced(state: WalkState, door: _Door) -> None:
    """Nobody enforces policies on this cluster's nodes, which is said where one would have been asked."""
    cni, host = state.fabric.cni, door.owner.host
    if state.fabric.cluster.other_policies:
        state.assume(words.not_enforced(cni.plugin, cni.assumed, host, ()))
        return
    if not _concerned(state, door):
        return
    pod = _pod(state, door.owner)
    names = tuple(p.key for p in isolating(state.fabric.policies, pod, door.direction)) if pod is not None else ()
    state.assume(words.not_enforced(cni.plugin, cni.assumed, host, names))
