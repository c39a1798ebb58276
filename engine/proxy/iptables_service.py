"""What kube-proxy's iptables mode writes for one Service port: its own chains, and its rules in the shared ones.

Source: pkg/proxy/iptables/proxier.go (syncProxyRules, writeServiceToEndpointRules) of Kubernetes v1.30.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
from fractions import Fraction
from typing import TypeAlias

from engine.cluster import Endpoint
from engine.netfilter.parts.addresses import host_net
from engine.netfilter.rules import (
    Accept,
    AddressType,
    Chain,
    Comment,
    Destination,
    DestinationNat,
    DestinationPort,
    Drop,
    InInterface,
    Jump,
    L4Module,
    Match,
    NfacctCounter,
    Protocol,
    Recent,
    Reject,
    Rule,
    Source,
    StatisticRandom,
    Target,
)
from engine.packet import L4, Family, join_host_port
from engine.proxy import iptables_frame as frame
from engine.proxy import naming
from engine.proxy.endpoints import Endpoints, ServicePortView
from engine.values import dataclass

_MARK_MASQ = Jump(frame.MARK_MASQ)
_FROM_NODE = AddressType("src")
_TO_NODE = AddressType("dst")
_LOOPBACK = Destination("127.0.0.0/8")
_LOCALHOST_COUNTER = NfacctCounter("localhost_nps_accepted_pkts")
_PROTOCOL = {protocol: Protocol(protocol) for protocol in L4}
_MODULE = {protocol: L4Module(protocol) for protocol in L4}


# An endpoint's chain, the jump to it, and the jump's comment.
Way: TypeAlias = tuple[Chain, Jump, tuple[Match, ...]]
# By what they depend on: the Service port's label, protocol and affinity, whether the cluster is large; then the
# endpoint's ip:port.
Ways: TypeAlias = dict[tuple[str, L4, int | None, bool], dict[str, Way]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a Service's rules depend on beside the Service. `large` drops the comments of endpoints, `counts_localhost`
    counts NodePorts asked on 127.0.0.0/8 apart. `ways` holds those written so far for
    this family: they are the same on every node."""

    family: Family
    local: frame.LocalTraffic | None
    node_address: str
    masquerade_all: bool
    large: bool
    counts_localhost: bool
    ways: Ways = dataclasses.field(default_factory=dict, compare=False)


@dataclass(slots=True)
class ServiceRules:
    """`dispatch`: rules of shared chains, (table, chain, rule); `chains`: the Service's own, all in nat, in the order
    kube-proxy declares them."""

    dispatch: list[tuple[str, str, Rule]] = dataclasses.field(default_factory=list)
    chains: list[Chain] = dataclasses.field(default_factory=list)


def service_rules(view: ServicePortView, endpoints: Endpoints, around: Surroundings) -> ServiceRules:
    """Everything one Service port adds to a node's rules."""
    writer = _Writer(view, endpoints, around)
    writer.cluster_ip()
    writer.external_ips()
    writer.load_balancers()
    writer.node_port()
    writer.internal_chain()
    writer.external_chain()
    writer.firewall_chain()
    writer.policy_chains()
    return writer.result


class _Writer:
    def __init__(self, view: ServicePortView, endpoints: Endpoints, around: Surroundings) -> None:
        self.view, self.endpoints, self.around = view, endpoints, around
        self.result = ServiceRules()
        self.label = view.label
        tail = naming.service_hash(self.label, view.protocol)
        self.cluster_chain = naming.CLUSTER_POLICY + tail
        self.local_chain = naming.LOCAL_POLICY + tail
        self.external_name = naming.EXTERNAL + tail
        self.firewall_name = naming.FIREWALL + tail
        self.has_any = endpoints.has_any
        self.has_internal = bool(endpoints.local) if view.internal_policy_local else endpoints.has_any
        self.has_external = bool(endpoints.local) if view.external_policy_local else endpoints.has_any
        self.firewalled = bool(self.has_any and view.load_balancer_vips and view.load_balancer_source_ranges)
        self.internal_name = self.local_chain if view.internal_policy_local else self.cluster_chain
        # What all endpoints' rules share.
        self.affinity_seconds = view.affinity_seconds
        self.hash_text = naming.endpoint_text(self.label, view.protocol)
        self.comment: tuple[Match, ...] = () if around.large else (Comment(self.label),)
        # DNAT to a port needs a protocol in the rule.
        self.matches = (_PROTOCOL[view.protocol], *self.comment, _MODULE[view.protocol])
        self.to_cluster_ip = self._to(view.cluster_ip, f"{self.label} cluster IP")
        # Rules that stand before the endpoint rules of a policy chain, which is declared only later.
        self.first: dict[str, list[Rule]] = {}

    def _dispatch(self, table: str, chain: str, matches: tuple[Match, ...], target: Target) -> None:
        self.result.dispatch.append((table, chain, Rule(matches, target)))

    def _to(self, address: str, comment: str) -> tuple[Match, ...]:
        """`-d ADDRESS -p PROTO -m comment ... -m PROTO --dport PORT`."""
        protocol, port = self.view.protocol, self.view.port
        destination = Destination(host_net(address))
        return (destination, _PROTOCOL[protocol], Comment(comment), DestinationPort(protocol, port, port))

    def _no_endpoints(self) -> tuple[Target, str]:
        """What becomes of traffic that has no endpoint here, and the comment that says so."""
        if not self.has_any:
            # Nobody anywhere will answer: a client told so at once need not wait for its time-out.
            return _reject(self.around.family), f"{self.label} has no endpoints"
        # Endpoints elsewhere could answer, and a load balancer may yet send there: silence lets the client try again.
        return Drop(), f"{self.label} has no local endpoints"

    def cluster_ip(self) -> None:
        if self.has_internal:
            # nat decides once a connection: what follows of it is translated without a rule.
            self._dispatch("nat", frame.SERVICES, self.to_cluster_ip, Jump(self.internal_name))
        else:
            # nat may not refuse; the packet comes by filter with the ClusterIP still in it, as nothing has translated it.
            target, comment = self._no_endpoints()
            self._dispatch("filter", frame.SERVICES, self._to(self.view.cluster_ip, comment), target)

    def external_ips(self) -> None:
        for address in self.view.external_ips:
            if self.has_any:
                # Also without a local endpoint under policy Local: KUBE-EXT still has the short way for pods and the node.
                matches = self._to(address, f"{self.label} external IP")
                self._dispatch("nat", frame.SERVICES, matches, Jump(self.external_name))
            self._unreachable(address)

    def load_balancers(self) -> None:
        chain = self.firewall_name if self.firewalled else self.external_name
        for address in self.view.load_balancer_vips:
            if self.has_any:
                # With ipMode VIP packets arrive with the balancer's address, so the node itself must know it.
                matches = self._to(address, f"{self.label} loadbalancer IP")
                self._dispatch("nat", frame.SERVICES, matches, Jump(chain))
            if self.firewalled:
                # KUBE-FW- translates what the ranges let in; who still has the address here was let in by none of them.
                matches = self._to(address, f"{self.label} traffic not accepted by {self.firewall_name}")
                self._dispatch("filter", frame.PROXY_FIREWALL, matches, Drop())
        for address in self.view.load_balancer_vips:
            self._unreachable(address)

    def _unreachable(self, address: str) -> None:
        if not self.has_external:
            # A chain of its own: it hangs at INPUT too, for such an address may be the node's own. What KUBE-EXT has
            # sent the short way has another destination by now.
            target, comment = self._no_endpoints()
            self._dispatch("filter", frame.EXTERNAL_SERVICES, self._to(address, comment), target)

    def node_port(self) -> None:
        view = self.view
        port = DestinationPort(view.protocol, view.node_port, view.node_port)
        if view.node_port and self.has_any:
            matches: tuple[Match, ...] = (_PROTOCOL[view.protocol], Comment(self.label), port)
            if self.around.counts_localhost:
                # The same way as any NodePort, but counted: who still relies on 127.0.0.1 can be seen.
                counted = (_LOOPBACK, *matches, _LOCALHOST_COUNTER)
                self._dispatch("nat", frame.NODE_PORTS, counted, Jump(self.external_name))
            # No address: KUBE-SERVICES sends only the node's own here. loadBalancerSourceRanges do not count for it.
            self._dispatch("nat", frame.NODE_PORTS, matches, Jump(self.external_name))
        if view.node_port and not self.has_external:
            # As for the addresses above; a NodePort is one only on the node's own.
            target, comment = self._no_endpoints()
            matches = (_PROTOCOL[view.protocol], Comment(comment), _TO_NODE, port)
            self._dispatch("filter", frame.EXTERNAL_SERVICES, matches, target)
        if view.health_check_node_port:
            # kube-proxy itself listens there for the load balancer, whatever firewall the host may have.
            health = DestinationPort(L4.TCP, view.health_check_node_port, view.health_check_node_port)
            matches = (_PROTOCOL[L4.TCP], Comment(f"{self.label} health check node port"), health)
            self._dispatch("filter", frame.NODE_PORTS, matches, Accept())

    def internal_chain(self) -> None:
        """Mark for masquerading what comes to the ClusterIP from outside the node's pods (or all, masqueradeAll)."""
        around = self.around
        if not self.has_internal or not (around.masquerade_all or around.local):
            return
        # A static route may lead the Services' network to any node; from there the packet goes on to another, and the
        # answer must come back the same way. Pods of the cluster are answered directly.
        matches = self.to_cluster_ip
        if around.local and not around.masquerade_all:
            foreign = around.local.not_local
            # iptables-save prints -s before -d, and -i behind it.
            destination, *others = matches
            ahead = (destination, foreign) if isinstance(foreign, InInterface) else (foreign, destination)
            matches = (*ahead, *others)
        self.first[self.internal_name] = [Rule(matches, _MARK_MASQ)]

    def external_chain(self) -> None:
        """KUBE-EXT: masquerade or, with policy Local, let pods and the node itself take the short way round."""
        if not (self.has_any and self.view.externally_accessible):
            return
        rules: list[Rule] = []
        destinations = f"for {self.label} external destinations"
        if not self.view.external_policy_local:
            # The endpoint may be on another node, whose answer would go to the client past this one.
            rules.append(Rule((Comment(f"masquerade traffic {destinations}"),), _MARK_MASQ))
        else:
            to_all = Jump(self.cluster_chain)
            if self.around.local:
                # As if the pod's packet had left the cluster and come back by the load balancer: no policy, any endpoint.
                ahead = self.around.local.matches
                rules.append(Rule((*ahead, Comment(f"pod traffic {destinations}")), to_all))
            # The node's own traffic has the same short way, but may have the balancer's address as its source, if that
            # is bound here: no other node could answer to it.
            rules.append(Rule((Comment(f"masquerade LOCAL traffic {destinations}"), _FROM_NODE), _MARK_MASQ))
            rules.append(Rule((Comment(f"route LOCAL traffic {destinations}"), _FROM_NODE), to_all))
        if self.has_external:
            # All others are subject to the policy; under Local their source is kept, for the endpoint is here.
            policy = self.local_chain if self.view.external_policy_local else self.cluster_chain
            rules.append(Rule((), Jump(policy)))
        self.result.chains.append(Chain(self.external_name, rules))

    def firewall_chain(self) -> None:
        """KUBE-FW: loadBalancerSourceRanges. What no range lets through is dropped by KUBE-PROXY-FIREWALL later."""
        if not self.firewalled:
            return
        comment, accepted = Comment(f"{self.label} loadbalancer IP"), Jump(self.external_name)
        allowed = list(self.view.load_balancer_source_ranges)
        if any(_within(self.around.node_address, net) for net in allowed):
            # A node that has the VIP on a device of its own reaches it with the VIP as its source.
            allowed.extend(host_net(address) for address in self.view.load_balancer_vips)
        # This only works for balancers that keep the client's address.
        rules = [Rule((*frame.source(net), comment), accepted) for net in allowed]
        # No target: it counts and says to the reader where the rest ends.
        rules.append(Rule((Comment(f"other traffic to {self.label} will be dropped by {frame.PROXY_FIREWALL}"),)))
        self.result.chains.append(Chain(self.firewall_name, rules))

    def policy_chains(self) -> None:
        """KUBE-SVC and KUBE-SVL, which choose an endpoint, and each endpoint's KUBE-SEP."""
        view, endpoints, chains = self.view, self.endpoints, self.result.chains
        known = self.around.ways.setdefault((self.label, view.protocol, self.affinity_seconds, self.around.large), {})
        ways = []
        for endpoint in endpoints.reachable:
            where = join_host_port(endpoint.address, endpoint.port)
            ways.append(known.get(where) or known.setdefault(where, self._way(endpoint, where)))
        for name, used, members in (
            (self.cluster_chain, view.uses_cluster_endpoints, endpoints.cluster),
            (self.local_chain, view.uses_local_endpoints, endpoints.local),
        ):
            if used and members:
                chosen = (
                    ways
                    if members is endpoints.reachable
                    else [known[join_host_port(endpoint.address, endpoint.port)] for endpoint in members]
                )
                chains.append(Chain(name, [*self.first.get(name, ()), *self._choice(chosen)]))
        chains.extend([chain for chain, _, _ in ways])

    def _choice(self, ways: list[Way]) -> list[Rule]:
        """First whoever was here before (sessionAffinity), then 1/n, 1/(n-1), ... and the last one always."""
        rules = []
        seconds = self.affinity_seconds
        if seconds is not None:
            mask = _full_mask(self.around.family)
            for _, jump, comment in ways:
                # Before any draw; --reap frees what is older than the timeout, so that such a client is drawn anew.
                seen = Recent("rcheck", jump.chain, seconds=seconds, reap=True, mask=mask)
                rules.append(Rule((*comment, seen), jump))
        left = len(ways)
        for _, jump, comment in ways:
            # Each rule is met only by what those before it left, so 1/n, 1/(n-1), ... are 1/n each.
            rules.append(Rule(comment + _one_in(left), jump))
            left -= 1
        return rules

    def _way(self, endpoint: Endpoint, where: str) -> Way:
        """The endpoint's chain, the jump to it and the jump's comment; `where` is its address and port."""
        around = self.around
        name = naming.ENDPOINT + naming.hashed(self.hash_text + where)
        matches = self.matches
        if self.affinity_seconds is not None:
            # Remembered here, where the choice is made: the list has the chain's name.
            matches = (*matches[:-1], Recent("set", name, mask=_full_mask(around.family)), matches[-1])
        # An endpoint that drew itself would see its own address as the client's and answer to itself; what it takes for
        # the Service's answer never comes.
        from_itself: tuple[Match, ...] = (Source(host_net(endpoint.address)),)
        hairpin = Rule(from_itself + self.comment, _MARK_MASQ)
        # It ends the walk through nat.
        translated = Rule(matches, DestinationNat(endpoint.address, endpoint.port))
        told: tuple[Match, ...] = () if around.large else (Comment(f"{self.label} -> {where}"),)
        return Chain(name, [hairpin, translated]), Jump(name), told


@functools.lru_cache(maxsize=4096)
def _one_in(n: int) -> tuple[Match, ...]:
    """The match that lets one of `n` pass; none where there is only one."""
    return (StatisticRandom(Fraction(1, n)),) if n > 1 else ()


@functools.lru_cache(maxsize=4096)
def _within(address: str, net: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(net)


def _full_mask(family: Family) -> str:
    return "255.255.255.255" if family is Family.IPV4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


def _reject(family: Family) -> Target:
    return Reject("icmp-port-unreachable" if family is Family.IPV4 else "icmp6-port-unreachable")
