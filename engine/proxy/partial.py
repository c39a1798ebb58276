"""How much kube-proxy's iptables mode hands to iptables-restore: a full sync, and the partial one after a change.

A partial sync (feature MinimizeIPTablesRestore, KEP-3453, on by default since Kubernetes 1.27) writes the whole filter
table, every rule of the shared chains, and the own chains of changed Services only. Chains nothing leads to any more
are deleted by the same transaction, but in large clusters only now and then, for that needs an iptables-save first.
Source: pkg/proxy/iptables/proxier.go (syncProxyRules).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from engine.cluster import Cluster
from engine.packet import Family
from engine.proxy import iptables_frame as frame
from engine.proxy.common import Common
from engine.proxy.endpoints import ServicePortView, hints_wanted
from engine.proxy.interface import find_node
from engine.proxy.iptables import Sync, full_sync
from engine.proxy.iptables_service import ServiceRules
from engine.proxy.releases import behaviour_on
from engine.values import dataclass

Services: TypeAlias = Iterable[tuple[ServicePortView, ServiceRules]]


@dataclass(frozen=True, slots=True)
class Transaction:
    """The text of one iptables-restore --noflush, counted.

    `chains` are the declared chains by table (declaring empties a chain), `rules` the numbers of -A lines by table,
    `deleted` the chains taken away with -X, `commands` the iptables runs that precede it, which make sure of the
    jumps from the built-in chains.
    """

    chains: dict[str, tuple[str, ...]]
    rules: dict[str, int]
    deleted: tuple[str, ...] = ()
    commands: int = 0

    @property
    def chain_lines(self) -> int:
        return sum(map(len, self.chains.values()))

    @property
    def rule_lines(self) -> int:
        """-A and -X lines, as kube-proxy counts them."""
        return sum(self.rules.values()) + len(self.deleted)


def full_transaction(
    cluster: Cluster, node_name: str, family: Family = Family.IPV4, release: str | None = None
) -> Transaction:
    """What the first sync on a node writes, or one forced by lost rules. `release` as in compile_rules. Raises
    NoSuchObject for an unknown node."""
    return first_sync(_full_sync(cluster, node_name, family, release))


def partial_transaction(
    before: Cluster,
    after: Cluster,
    node_name: str,
    family: Family = Family.IPV4,
    cleanup: bool | None = None,
    release: str | None = None,
) -> Transaction:
    """What the sync writes that follows the change from `before` to `after`.

    `cleanup` says whether chains no longer used are deleted; None means as kube-proxy does right after another sync:
    yes, unless the cluster is large. Raises NoSuchObject for an unknown node.
    """
    return partial_sync(*syncs(before, after, node_name, family, release), cleanup)


def syncs(
    before: Cluster,
    after: Cluster,
    node_name: str,
    family: Family = Family.IPV4,
    release: str | None = None,
    common: Common | None = None,
) -> tuple[Sync, Sync]:
    """The full syncs of two clusters on the node of that name. What they have in common is made once, or taken from
    `common`."""
    common = common or Common()
    old = _full_sync(before, node_name, family, release, common)
    return old, _full_sync(after, node_name, family, release, Common(common))


def _full_sync(
    cluster: Cluster, node_name: str, family: Family, release: str | None, common: Common | None = None
) -> Sync:
    node = find_node(cluster, node_name)
    return full_sync(cluster, node, family, behaviour_on(node, release), common)


def first_sync(sync: Sync, services: Services | None = None) -> Transaction:
    """As full_transaction, of a sync at hand; `services` is what sync.services() gives, where that is at hand too."""
    # An iptables run for each jump's chain and one for the jump itself.
    return _transaction(sync, None, (), 2 * sum(map(len, frame.JUMPS.values())), services)


def partial_sync(old: Sync, new: Sync, cleanup: bool | None = None, services: Services | None = None) -> Transaction:
    """As partial_transaction, of two syncs at hand; `services` is what new.services() gives, of which the chains of
    unchanged Services may be missing."""
    changed = changed_services(old, new)
    stale: tuple[str, ...] = ()
    if not new.around.large if cleanup is None else cleanup:
        stale = tuple(sorted(_own_chains(old, new, changed) - _own_chains(new, old, changed)))
    return _transaction(new, changed, stale, 0, services)


def changed_services(old: Sync, new: Sync) -> frozenset[str]:
    """`namespace/name` of the Services of which a port or an endpoint differs, is new or is gone."""
    before = {view.label: view for view in old.views}
    after = {view.label: view for view in new.views}
    changed = set()
    for label in before.keys() | after.keys():
        was, now = before.get(label), after.get(label)
        if was is now:
            continue
        if was is not None and (now is None or _as_tracked(was) != _as_tracked(now)):
            changed.add(was.service.key)
        elif was is None and now is not None:
            changed.add(now.service.key)
    return frozenset(changed)


def _as_tracked(view: ServicePortView) -> tuple[object, ...]:
    """What kube-proxy keeps of a Service port; a change of anything else (a label) causes no sync."""
    addresses = (view.cluster_ip, view.external_ips, view.load_balancer_vips, view.load_balancer_source_ranges)
    policies = (
        view.internal_policy_local,
        view.external_policy_local,
        view.affinity_seconds,
        hints_wanted(view.service, view.rules),
    )
    ports = (view.protocol, view.port, view.node_port, view.health_check_node_port)
    return (*addresses, *policies, *ports, view.endpoints, view.other_reports)


def _own_chains(sync: Sync, other: Sync, changed: frozenset[str]) -> set[str]:
    """The names of its Services' own chains; where both syncs are the same node's, of those Services that changed."""
    return {
        chain.name
        for view in sync.views
        if sync.node != other.node or view.service.key in changed
        for chain in sync.written(view).chains
    }


def _transaction(
    sync: Sync, changed: frozenset[str] | None, stale: tuple[str, ...], commands: int, services: Services | None
) -> Transaction:
    chains = {table: list(names) for table, names in frame.BASE_CHAINS.items()}
    rules = dict.fromkeys(chains, 0)
    for table, chain, _ in (*sync.base, *sync.last):
        rules[table] += 1
        if chain == frame.KUBELET_FIREWALL:
            chains[table].append(chain)
    for view, written in sync.services() if services is None else services:
        for table, _, _ in written.dispatch:
            rules[table] += 1
        if changed is None or view.service.key in changed:
            chains["nat"].extend(chain.name for chain in written.chains)
            rules["nat"] += sum(len(chain.rules) for chain in written.chains)
    chains["nat"].extend(stale)
    return Transaction({table: tuple(names) for table, names in chains.items()}, rules, stale, commands)
