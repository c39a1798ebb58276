"""What kube-proxy writes into its nftables table for one Service port: chains, and elements of the dispatch maps.

Source: pkg/proxy/nftables/proxier.go, syncProxyRules (v1.30; where later releases differ, see nftables_frame.Release).
"""

from __future__ import annotations

from engine.cluster import Endpoint
from engine.endpoints import Endpoints, ServicePortView
from engine.errors import UnsupportedFeature
from engine.netfilter.nft import Element, Key, LookupField, NamedSet, RandomVerdict, SetLookup, SetUpdate, address_set
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
    Jump,
    Match,
    Protocol,
    Rule,
    Source,
    Target,
)
from engine.packet import is_ipv6
from engine.proxy import nftables_frame as frame
from engine.proxy.nftables_names import endpoint_base, service_base
from engine.values import dataclass

_MARK = Jump(frame.MARK_FOR_MASQUERADE)
_COMMENT_MAX = 128  # nft's NFTNL_UDATA_COMMENT_MAXLEN; kube-proxy does not cut what it writes


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the rules of a Service depend on beside the Service.

    `local` and `not_local` match traffic from a pod of this node, and all other; None where there is no way to tell.
    `address` is the node's own primary address, loopback where it has none of the family.
    """

    release: frame.Release
    local: Match | None
    not_local: Match | None
    masquerade_all: bool
    address: str


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
        self.bases = {(each.address, each.port): self._endpoint_base(each) for each in endpoints.reachable}
        self.gotos = {where: Goto(f"endpoint-{base}") for where, base in self.bases.items()}
        self.own_protocol = (Protocol(view.protocol),)
        self.has_internal = bool(endpoints.local) if view.internal_policy_local else endpoints.has_any
        self.has_external = bool(endpoints.local) if view.external_policy_local else endpoints.has_any
        self.firewalled = bool(view.load_balancer_vips and view.load_balancer_source_ranges)

    def _endpoint_base(self, endpoint: Endpoint) -> str:
        view = self.view
        return endpoint_base(view.namespace, view.name, view.protocol, view.port_name, endpoint.address, endpoint.port)

    def write(self) -> None:
        """Chains in the order kube-proxy creates them: endpoints, service-, local-, external-, firewall-."""
        for endpoint in self.endpoints.reachable:
            self._endpoint(endpoint)
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
        # Traffic that would return to the endpoint it came from must come back here to be translated back.
        rules = [Rule((Source(_host(endpoint.address)),), _MARK)]
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
            rules.append(Rule((), SetUpdate(name, (LookupField.SADDR,))))
        rules.append(Rule(self.own_protocol, DestinationNat(endpoint.address, endpoint.port)))
        self._chain(self.gotos[endpoint.address, endpoint.port].chain, rules)

    def _balancing(self, chain: str, endpoints: tuple[Endpoint, ...]) -> None:
        rules = []
        if chain == (self.local_chain if self.view.internal_policy_local else self.cluster_chain):
            rules += self._masquerade_off_cluster()
        verdicts = [self.gotos[endpoint.address, endpoint.port] for endpoint in endpoints]
        if self.view.affinity_seconds is not None:
            for endpoint, verdict in zip(endpoints, verdicts, strict=True):
                base = self.bases[endpoint.address, endpoint.port]
                rules.append(Rule((SetLookup((LookupField.SADDR,), f"affinity-{base}"),), verdict))
        rules.append(Rule((), RandomVerdict(tuple(verdicts))))
        self._chain(chain, rules)

    def _masquerade_off_cluster(self) -> list[Rule]:
        """Traffic to the ClusterIP from beyond the cluster may leave the node again, so it must return through it."""
        view, node = self.view, self.node
        if not node.masquerade_all and node.not_local is None:
            return []
        matches: list[Match] = [Destination(_host(view.cluster_ip))]
        if node.release.masquerade_by_port:
            matches.append(DestinationPort(view.protocol, view.port, view.port))
        if not node.masquerade_all and node.not_local is not None:
            matches.append(node.not_local)
        return [Rule(tuple(matches), _MARK)]

    def _external(self) -> None:
        rules = []
        if not self.view.external_policy_local:
            rules.append(Rule((), _MARK))
        else:
            to_all = Goto(self.cluster_chain)
            if self.node.local is not None:
                rules.append(Rule((self.node.local, Comment("short-circuit pod traffic")), to_all))
            local = AddressType("src")
            rules.append(Rule((local, Comment("masquerade local traffic")), _MARK))
            rules.append(Rule((local, Comment("short-circuit local traffic")), to_all))
        if self.has_external:
            to = self.local_chain if self.view.external_policy_local else self.cluster_chain
            rules.append(Rule((), Goto(to)))
        self._chain(self.external_chain, rules)

    def _firewall(self) -> None:
        sources = list(self.view.load_balancer_source_ranges)
        # Where the load balancer's address is also the node's own, a packet of the node itself has it as its source.
        if self._allowed(self.node.address):
            sources += [_host(vip) for vip in self.view.load_balancer_vips]
        self._chain(self.firewall_chain, [Rule((address_set("src", sources, negate=True),), Drop())])

    def _allowed(self, address: str) -> bool:
        return any(within(address, net) for net in self.view.load_balancer_source_ranges)

    def _dispatch(self) -> None:
        view = self.view
        self.sets[frame.CLUSTER_IPS].elements[(view.cluster_ip,)] = Element()
        internal = self.local_chain if view.internal_policy_local else self.cluster_chain
        if self.has_internal:
            self._element(frame.SERVICE_IPS, self._key(view.cluster_ip), Goto(internal))
        else:
            self._refuse(frame.NO_ENDPOINT_SERVICES, self._key(view.cluster_ip))
        for address in (*view.external_ips, *view.load_balancer_vips):
            self._outside(frame.SERVICE_IPS, frame.NO_ENDPOINT_SERVICES, self._key(address))
        if self.firewalled:
            comment = view.label if self.node.release.firewall_comments else None
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
        if comment is not None and len(comment) > _COMMENT_MAX:
            raise UnsupportedFeature(
                f"Service {comment}: nft takes comments of at most {_COMMENT_MAX} characters and refuses this one, and with"
                " it all that kube-proxy writes in nftables mode; shorten the names",
                zh=f"Service {comment}：nft 的注释最多 {_COMMENT_MAX} 个字符，会拒绝它，kube-proxy 在 nftables 模式下写入的"
                "全部规则也随之失败；请缩短名称",
            )
        self.sets[named].elements[key] = Element(verdict, comment)

    def _key(self, address: str) -> Key:
        return (address, self.view.protocol.lower(), str(self.view.port))


def _host(address: str) -> str:
    return f"{address}/{128 if is_ipv6(address) else 32}"
