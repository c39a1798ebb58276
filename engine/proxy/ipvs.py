"""compile_ipvs: what kube-proxy's ipvs mode leaves on one node after a full sync.

Virtual servers for every address of a Service, ipsets of those addresses, a handful of iptables rules, and the
addresses on kube-ipvs0 that make the node take the packets for its own. Differences from the iptables mode that follow
from kube-proxy's code are noted where they arise. Source: pkg/proxy/ipvs/proxier.go (syncProxyRules, syncEndpoint).
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node
from engine.errors import EngineError
from engine.ipvs.first_connection import first_connection_chances
from engine.ipvs.registry import SCHEDULERS
from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import Backend, InInterface, Match, Source
from engine.netfilter.virtual_service import VirtualService
from engine.packet import L4, Family, family_of
from engine.proxy import ipvs_sets as sets
from engine.proxy.common import Common
from engine.proxy.endpoints import Endpoints, ServicePortView, categorize
from engine.proxy.ipvs_rules import Frame, build_tables
from engine.proxy.nodeports import interface_addresses, node_port_addresses, own_address
from engine.proxy.releases import Behaviour, behaviour_on

DEFAULT_SCHEDULER = "rr"


def compile_ipvs(
    cluster: Cluster,
    node: Node,
    family: Family = Family.IPV4,
    behaviour: Behaviour | None = None,
    common: Common | None = None,
) -> IpvsRuleset:
    """The node's ruleset for `family`, as a release of that `behaviour` writes it (None: the one the node reports).
    Raises EngineError for a scheduler that the kernel does not have."""
    behaviour = behaviour or behaviour_on(node)
    scheduler = cluster.proxy.ipvs_scheduler or DEFAULT_SCHEDULER
    if scheduler not in SCHEDULERS:
        raise EngineError(
            f"ipvs.scheduler {scheduler!r} is unknown; the kernel's are {', '.join(SCHEDULERS)}",
            zh=f"未知的 ipvs.scheduler {scheduler!r}；内核支持 {'、'.join(SCHEDULERS)}",
        )
    writer = _Writer(cluster, node, family, scheduler, behaviour)
    for view in (common or Common()).service_ports(cluster, family, behaviour.endpoints):
        writer.write(view, categorize(view, node))
    return writer.finish()


class _Writer:
    def __init__(self, cluster: Cluster, node: Node, family: Family, scheduler: str, behaviour: Behaviour) -> None:
        self.cluster = cluster
        self.node = node
        self.family = family
        self.scheduler = scheduler
        self.ipsets = sets.empty_sets(family)
        self.services: dict[tuple[L4, str, int], VirtualService] = {}
        self.bound: dict[str, None] = {}
        self.blocked: list[tuple[L4, str, int]] = []
        self.node_addresses = tuple(address for address in interface_addresses(cluster, node) if self._ours(address))
        self.node_port_addresses = self._node_port_addresses(behaviour)

    def _ours(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address)
        unreachable = parsed.is_loopback or (parsed.version == 6 and parsed.is_link_local)
        return family_of(address) is self.family and not unreachable

    def _node_port_addresses(self, behaviour: Behaviour) -> tuple[str, ...]:
        """The addresses that get a virtual server per NodePort: never loopback, so 127.0.0.1 takes no NodePorts."""
        found = node_port_addresses(self.cluster, self.node, self.family, behaviour)
        if found.match_all:
            return self.node_addresses
        return tuple(own for own in found.addresses if not ipaddress.ip_address(own).is_loopback)

    def write(self, view: ServicePortView, endpoints: Endpoints) -> None:
        """One Service port, in kube-proxy's order."""
        self._loop_back(view)
        self._add(sets.CLUSTER_IP, _address_entry(view, view.cluster_ip))
        self._serve(view, endpoints, view.cluster_ip, view.port, view.internal_policy_local, bind=True)
        for address in view.external_ips:
            name = sets.EXTERNAL_IP_LOCAL if view.external_policy_local else sets.EXTERNAL_IP
            self._add(name, _address_entry(view, address))
            self._serve_outside(view, endpoints, address)
        for address in view.load_balancer_vips:
            self._load_balancer(view, address)
            self._serve_outside(view, endpoints, address)
        if view.node_port and not self.node_port_addresses:
            return
        if view.node_port:
            self._node_port(view, endpoints)
        if view.health_check_node_port:
            self._add(sets.HEALTH_CHECK, str(view.health_check_node_port))

    def _add(self, name: str, entry: str) -> None:
        self.ipsets[name].entries.add(entry)

    def _loop_back(self, view: ServicePortView) -> None:
        """Every endpoint on this node, ready or not, so that its way back to itself is masqueraded."""
        for endpoint in (*view.endpoints, *view.other_reports):
            if endpoint.node_name == self.node.name:
                entry = f"{endpoint.address},{view.protocol.lower()}:{endpoint.port},{endpoint.address}"
                self._add(sets.LOOP_BACK, entry)

    def _serve(
        self, view: ServicePortView, endpoints: Endpoints, address: str, port: int, local_only: bool, bind: bool
    ) -> None:
        """A virtual server. Under a Local policy without a local endpoint it has those of policy Cluster (kubernetes
        97081), where the other modes drop: packets from outside then reach a pod whose answer the client cannot use. A
        Service of which nothing uses policy Cluster has none of those either: IPVS answers that it is unreachable."""
        chosen = endpoints.cluster
        if local_only and endpoints.local:
            chosen = endpoints.local
        service = VirtualService(
            view.protocol,
            address,
            port,
            self.scheduler,
            SCHEDULERS[self.scheduler].kube_proxy_flags,
            view.affinity_seconds,
            tuple(dict.fromkeys((endpoint.address, endpoint.port) for endpoint in chosen)),
        )
        self.services.setdefault((view.protocol, address, port), service)
        if bind:
            self.bound[address] = None

    def _serve_outside(self, view: ServicePortView, endpoints: Endpoints, address: str) -> None:
        bind = address not in self.node_addresses
        self._serve(view, endpoints, address, view.port, view.external_policy_local, bind)

    def _load_balancer(self, view: ServicePortView, address: str) -> None:
        entry = _address_entry(view, address)
        self._add(sets.LOAD_BALANCER, entry)
        if view.external_policy_local:
            self._add(sets.LOAD_BALANCER_LOCAL, entry)
        ranges = view.load_balancer_source_ranges
        if not ranges:
            return
        self._add(sets.LOAD_BALANCER_FW, entry)
        for net in ranges:
            self._add(sets.SOURCE_CIDR, f"{entry},{net}")
        own = ipaddress.ip_address(own_address(self.node, self.family))
        if any(own in ipaddress.ip_network(net) for net in ranges):
            self._add(sets.SOURCE_IP, f"{entry},{address}")
        else:
            self.blocked.append((view.protocol, address, view.port))

    def _node_port(self, view: ServicePortView, endpoints: Endpoints) -> None:
        protocol, port = view.protocol, view.node_port
        names = [sets.NODE_PORT[protocol]]
        if view.external_policy_local:
            names.append(sets.NODE_PORT_LOCAL[protocol])
        for name in names:
            if protocol is L4.SCTP:
                for address in self.node_port_addresses:
                    self._add(name, f"{address},sctp:{port}")
            else:
                self._add(name, str(port))
        for address in self.node_port_addresses:
            self._serve(view, endpoints, address, port, view.external_policy_local, bind=False)

    def finish(self) -> IpvsRuleset:
        self.ipsets[sets.IPVS_IPS].entries.update(self.bound)
        proxy = self.cluster.proxy
        frame = Frame(
            self.family,
            proxy.masquerade_mark,
            proxy.masquerade_all,
            off_cluster(self.cluster, self.node, self.family),
            tuple(self.blocked),
        )
        tables = build_tables(frame, self.ipsets)
        for ipset in self.ipsets.values():
            ipset.entries = _as_the_kernel_holds(ipset)
        return IpvsRuleset(
            Backend.IPTABLES,
            self.family,
            tables,
            services=tuple(self.services.values()),
            ipsets=tuple(self.ipsets.values()),
            dummy_addresses=tuple(self.bound),
            chances=first_connection_chances,
        )


def _address_entry(view: ServicePortView, address: str) -> str:
    return f"{address},{view.protocol.lower()}:{view.port}"


def _as_the_kernel_holds(ipset: IpSet) -> set[str]:
    """A set of networks refuses a network of everything (0.0.0.0/0), so such a loadBalancerSourceRange lets nobody in;
    it holds single addresses without their prefix length."""
    if ipset.type is not SetType.HASH_IP_PORT_NET:
        return ipset.entries
    full = "/128" if ipset.family is Family.IPV6 else "/32"
    return {entry.removesuffix(full) for entry in ipset.entries if not entry.endswith("/0")}


def off_cluster(cluster: Cluster, node: Node, family: Family) -> tuple[Match, ...]:
    """The match of traffic that does not come from this node's pods (detectLocalMode); empty where nothing tells."""
    proxy = cluster.proxy
    if proxy.detect_local_mode == "BridgeInterface":
        return (InInterface(proxy.bridge_interface, negate=True),) if proxy.bridge_interface else ()
    if proxy.detect_local_mode == "InterfaceNamePrefix":
        prefix = proxy.interface_name_prefix
        return (InInterface(f"{prefix}+", negate=True),) if prefix else ()
    cidrs = node.pod_cidrs if proxy.detect_local_mode == "NodeCIDR" else proxy.cluster_cidrs
    ours = [cidr for cidr in cidrs if family_of(cidr) is family]
    return (Source(ours[0], negate=True),) if ours else ()
