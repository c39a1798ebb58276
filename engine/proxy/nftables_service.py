"""What kube-proxy writes into its nftables table for one Service port: chains, and elements of the dispatch maps.

Source: pkg/proxy/nftables/proxier.go, syncProxyRules. What differs by release: releases.py.
"""

from __future__ import annotations

from engine.cluster import Endpoint
from engine.errors import UnsupportedFeature
from engine.netfilter.nft import (
    Element,
    Key,
    LookupField,
    NamedSet,
    RandomDestinationNat,
    RandomVerdict,
    SetLookup,
    SetUpdate,
    address_set,
)
from engine.netfilter.parts.addresses import within
from engine.netfilter.rules import (
    AddressType,
    Chain,
    Comment,
    Destination,
    DestinationNat,
    DestinationPort,
    Drop,
    Goto,
    Match,
    Protocol,
    Rule,
    Source,
    Target,
)
from engine.packet import is_ipv6
from engine.proxy import nftables_frame as frame
from engine.proxy.endpoints import Endpoints, ServicePortView
from engine.proxy.nftables_names import endpoint_base, service_base
from engine.proxy.releases import Behaviour
from engine.values import dataclass

_COMMENT_MAX = 128  # nft's NFTNL_UDATA_COMMENT_MAXLEN


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the rules of a Service depend on beside the Service.

    `local` and `not_local` match traffic from a pod of this node, and all other; None where there is no way to tell.
    `address` is the node's own primary address, loopback where it has none of the family. `mark` is what marks a packet
    for masquerading.
    """

    name: str
    behaviour: Behaviour
    local: Match | None
    not_local: Match | None
    masquerade_all: bool
    address: str
    mark: Target


class ServiceWriter:
    """Writes one Service port into the table's chains, sets and maps."""

    def __init__(
        self,
        view: ServicePortView,
        endpoints: Endpoints,
        node: NodeFacts,
        chains: dict[str, Chain],
        sets: dict[str, NamedSet],
    ) -> None:
        self.view, self.endpoints, self.node = view, endpoints, node
        self.chains, self.sets = chains, sets
        base = service_base(view.namespace, view.name, view.protocol, view.port_name)
        self.cluster_chain, self.local_chain = f"service-{base}", f"local-{base}"
        self.external_chain, self.firewall_chain = f"external-{base}", f"firewall-{base}"
        self.own_protocol = (Protocol(view.protocol),)
        self.has_endpoint_chains = view.affinity_seconds is not None or not node.behaviour.has_endpoint_map
        named = endpoints.reachable if self.has_endpoint_chains else ()
        self.bases = {(each.address, each.port): self._endpoint_base(each) for each in named}
        self.gotos = {where: Goto(f"endpoint-{base}") for where, base in self.bases.items()}
        self.has_internal = bool(endpoints.local) if view.internal_policy_local else endpoints.has_any
        self.has_external = bool(endpoints.local) if view.external_policy_local else endpoints.has_any
        self.firewalled = bool(view.load_balancer_vips and view.load_balancer_source_ranges)

    def _endpoint_base(self, endpoint: Endpoint) -> str:
        view = self.view
        return endpoint_base(view.namespace, view.name, view.protocol, view.port_name, endpoint.address, endpoint.port)

    def write(self) -> None:
        """Chains in the order kube-proxy creates them: endpoints, service-, local-, external-, firewall-."""
        for endpoint in self.endpoints.reachable:
            if self.has_endpoint_chains:
                self._endpoint(endpoint)
            if self.node.behaviour.has_hairpin_set and endpoint.node_name == self.node.name:
                # A pod's connections meet the kube-proxy of its own node first: an endpoint elsewhere is that node's affair.
                itself = (endpoint.address, endpoint.address, self.view.protocol.lower(), str(endpoint.port))
                self.sets[frame.HAIRPIN_CONNECTIONS].elements[itself] = Element()
        if self.endpoints.cluster and self.view.uses_cluster_endpoints:
            self._balancing(self.cluster_chain, self.endpoints.cluster)
        if self.endpoints.local and self.view.uses_local_endpoints:
            self._balancing(self.local_chain, self.endpoints.local)
        if self.endpoints.has_any and self.view.externally_accessible:
            self._external()
        if self.firewalled:
            self._firewall()
        self._dispatch()

    def _chain(self, name: str, rules: list[Rule]) -> None:
        self.chains[name] = Chain(name, rules)

    def _endpoint(self, endpoint: Endpoint) -> None:
        base = self.bases[endpoint.address, endpoint.port]
        rules = []
        if not self.node.behaviour.has_hairpin_set:
            # What an endpoint sends to itself would be answered by itself, with addresses it never asked: masquerade.
            rules.append(Rule((Source(_host(endpoint.address)),), self.node.mark))
        if self.view.affinity_seconds is not None:
            name = f"affinity-{base}"
            address = "ipv6_addr" if is_ipv6(endpoint.address) else "ipv4_addr"
            self.sets[name] = NamedSet(
                name,
                (address,),
                flags=("dynamic", "timeout"),
                timeout=self.view.affinity_seconds,
                size=65535,  # what the kernel gives a dynamic set that names none
            )
            # The client comes back to this endpoint until the timeout has passed without a new connection.
            rules.append(Rule((), SetUpdate(name, (LookupField.SADDR,))))
        # nft takes a port only where the rule says which protocol it is of.
        rules.append(Rule(self.own_protocol, DestinationNat(endpoint.address, endpoint.port)))
        self._chain(self.gotos[endpoint.address, endpoint.port].chain, rules)

    def _balancing(self, chain: str, endpoints: tuple[Endpoint, ...]) -> None:
        rules = []
        internal = chain == (self.local_chain if self.view.internal_policy_local else self.cluster_chain)
        if internal and not self.node.behaviour.marks_inline:
            rules += self._masquerade_off_cluster()
        if not self.has_endpoint_chains:
            self._chain(chain, [*rules, Rule(self.own_protocol, self._draw(endpoints))])
            return
        verdicts = [self.gotos[endpoint.address, endpoint.port] for endpoint in endpoints]
        if self.view.affinity_seconds is not None:
            for endpoint, verdict in zip(endpoints, verdicts, strict=True):
                base = self.bases[endpoint.address, endpoint.port]
                # A client that is still remembered by an endpoint goes there, before any is drawn.
                rules.append(Rule((SetLookup((LookupField.SADDR,), f"affinity-{base}"),), verdict))
        # One number is drawn and one verdict looked up, where iptables mode throws a die at each endpoint.
        rules.append(Rule((), RandomVerdict(tuple(verdicts))))
        self._chain(chain, rules)

    def _draw(self, endpoints: tuple[Endpoint, ...]) -> Target:
        """DNAT to one of the endpoints, in the rule itself."""
        if len(endpoints) == 1 and self.node.behaviour.single_endpoint_without_map:
            # Loading a rule makes nft look through every map there is, so one less counts (issue 139513).
            return DestinationNat(endpoints[0].address, endpoints[0].port)
        return RandomDestinationNat(tuple((endpoint.address, endpoint.port) for endpoint in endpoints))

    def _masquerade_off_cluster(self) -> list[Rule]:
        """Traffic to the ClusterIP from beyond the cluster may leave the node again, so it must return through it."""
        view, node = self.view, self.node
        if not node.masquerade_all and node.not_local is None:
            return []
        matches: list[Match] = [Destination(_host(view.cluster_ip))]
        if node.behaviour.masquerades_by_port:
            matches.append(DestinationPort(view.protocol, view.port, view.port))
        if not node.masquerade_all and node.not_local is not None:
            matches.append(node.not_local)
        return [Rule(tuple(matches), node.mark)]

    def _external(self) -> None:
        rules = []
        if not self.view.external_policy_local:
            # The endpoint may be on another node, and its answer must come back through this one.
            said = (Comment("masquerade"),) if self.node.behaviour.marks_inline else ()
            rules.append(Rule(said, self.node.mark))
        else:
            to_all = Goto(self.cluster_chain)
            if self.node.local is not None:
                # As if a pod's packet had left the node, met the load balancer and come back: any endpoint will do.
                rules.append(Rule((self.node.local, Comment("short-circuit pod traffic")), to_all))
            # The node itself has the same short way; it may speak from the load balancer's own address, so its source
            # must become one that answers find.
            local = AddressType("src")
            rules.append(Rule((local, Comment("masquerade local traffic")), self.node.mark))
            rules.append(Rule((local, Comment("short-circuit local traffic")), to_all))
        if self.has_external:
            # All others are subject to the policy; under Local their source is kept, for the endpoint is here.
            to = self.local_chain if self.view.external_policy_local else self.cluster_chain
            rules.append(Rule((), Goto(to)))
        self._chain(self.external_chain, rules)

    def _firewall(self) -> None:
        sources = list(self.view.load_balancer_source_ranges)
        # Where the load balancer's address is also the node's own, a packet of the node itself has it as its source.
        if self._allowed(self.node.address):
            sources += [_host(vip) for vip in self.view.load_balancer_vips]
        # What no range holds is dropped at once; the rest returns, and DNAT comes later, in another base chain.
        self._chain(self.firewall_chain, [Rule((address_set("src", sources, negate=True),), Drop())])

    def _allowed(self, address: str) -> bool:
        return any(within(address, net) for net in self.view.load_balancer_source_ranges)

    def _dispatch(self) -> None:
        view = self.view
        self.sets[frame.CLUSTER_IPS].elements[(view.cluster_ip,)] = Element()
        internal = self.local_chain if view.internal_policy_local else self.cluster_chain
        if self.has_internal:
            # goto: nothing stands behind the look-up that the packet should come back to.
            self._element(frame.SERVICE_IPS, self._key(view.cluster_ip), Goto(internal))
        else:
            self._refuse(frame.NO_ENDPOINT_SERVICES, self._key(view.cluster_ip))
        for address in (*view.external_ips, *view.load_balancer_vips):
            self._outside(frame.SERVICE_IPS, frame.NO_ENDPOINT_SERVICES, self._key(address))
        if self.firewalled:
            comment = view.label if self.node.behaviour.comments_on_firewall_ips else None
            for vip in view.load_balancer_vips:
                self._element(frame.FIREWALL_IPS, self._key(vip), Goto(self.firewall_chain), comment)
        if view.node_port:
            key = (view.protocol.lower(), str(view.node_port))
            self._outside(frame.SERVICE_NODEPORTS, frame.NO_ENDPOINT_NODEPORTS, key)

    def _outside(self, services: str, refused: str, key: Key) -> None:
        """An address or port reached from outside. Without a local endpoint under policy Local it is in both maps:
        what the external chain does not short-circuit is dropped."""
        if self.endpoints.has_any:
            self._element(services, key, Goto(self.external_chain))
        if not self.has_external:
            self._refuse(refused, key)

    def _refuse(self, named: str, key: Key) -> None:
        verdict = Drop() if self.endpoints.has_any else Goto(frame.REJECT_CHAIN)
        self._element(named, key, verdict, self.view.label)

    def _element(self, named: str, key: Key, verdict: Target, comment: str | None = None) -> None:
        if comment is not None and self.node.behaviour.cuts_comments:
            comment = comment[:_COMMENT_MAX]
        if comment is not None and len(comment) > _COMMENT_MAX:
            raise UnsupportedFeature(
                f"Service {comment}: nft takes comments of at most {_COMMENT_MAX} characters and refuses this one, and with"
                f" it all that kube-proxy v{self.node.behaviour.release} writes in nftables mode; shorten the names",
                zh=f"Service {comment}：nft 的注释最多 {_COMMENT_MAX} 个字符，会拒绝它，kube-proxy"
                f" v{self.node.behaviour.release} 在 nftables 模式下写入的全部规则也随之失败；请缩短名称",
            )
        self.sets[named].elements[key] = Element(verdict, comment)

    def _key(self, address: str) -> Key:
        return (address, self.view.protocol.lower(), str(self.view.port))


def _host(address: str) -> str:
    return f"{address}/{128 if is_ipv6(address) else 32}"
