"""What kube-proxy hands to `nft -f -`: the lines of a sync, counted and written from the compiled rules.

v1.30 rewrites the whole table at every sync. Later releases (pull request 126013) write the chains of changed Services and
the changed elements only; their full syncs begin with a few lines that take away what older releases left, which are not
written here. Sources: pkg/proxy/nftables/proxier.go, syncProxyRules; sigs.k8s.io/knftables, objects.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import RuleError
from engine.netfilter.nft import Key, NamedSet, named_set
from engine.netfilter.nft_names import TABLE_FAMILY, duration_text
from engine.netfilter.nft_text import element_text, rule_text
from engine.netfilter.rules import Chain, Ruleset, Table
from engine.packet import Family
from engine.proxy.nftables_frame import NODEPORT_IPS
from engine.proxy.nftables_names import TABLE, service_of


def full_sync(after: Ruleset, before: Ruleset | None = None) -> Iterator[str]:
    """The lines of a full sync that leads to `after`, one nft command each.

    `before` is what stands in the kernel (None: nothing): its chains that are not wanted any more are flushed (and
    deleted a second later, in a transaction of their own), its stale affinity sets deleted.
    """
    table, words = _table(after), _words(after)
    comment = f' {{ comment "{table.comment}" ; }}' if table.comment else ""
    yield f"add table {words}{comment}"
    for named in _sets(table):
        yield _add_set(named, words)
        if "dynamic" not in named.flags:
            yield f"flush {_kind(named)} {words} {named.name}"
    if NODEPORT_IPS not in table.sets:
        # A leftover of an earlier configuration; delete alone would fail where there is none.
        address = "ipv6_addr" if after.family is Family.IPV6 else "ipv4_addr"
        yield f"add set {words} {NODEPORT_IPS} {{ type {address} ; }}"
        yield f"delete set {words} {NODEPORT_IPS}"
    for chain in table.chains.values():
        yield from _ensure_chain(chain, words)
    for named in _sets(table):
        for key in named.elements:
            yield f"add element {words} {named.name} {{ {element_text(key, named.elements[key])} }}"
    for chain in table.chains.values():
        yield from _rules(chain, words, after.family)
    if before is not None:
        yield from _stale(after, before)


def partial_sync(after: Ruleset, before: Ruleset) -> Iterator[str]:
    """The lines of a partial sync (releases after v1.30) that leads from `before` to `after`."""
    table, old, words = _table(after), _table(before), _words(after)
    changed = _changed_services(table, old)
    chains = [chain for chain in table.chains.values() if service_of(chain.name) in changed]
    for named in _sets(table):
        if "dynamic" in named.flags and service_of(named.name) in changed:
            yield _add_set(named, words)
    for chain in chains:
        yield from _ensure_chain(chain, words)
    for named in _sets(table):
        if "dynamic" not in named.flags:
            yield from _changed_elements(named, named_set(old, named.name), words)
    for chain in chains:
        yield from _rules(chain, words, after.family)
    yield from _stale(after, before)


def full_sync_lines(after: Ruleset, before: Ruleset | None = None) -> int:
    """How many lines full_sync writes, counted without writing them."""
    table = _table(after)
    lines = 1 if NODEPORT_IPS in table.sets else 3
    lines += sum(1 if "dynamic" in named.flags else 2 for named in _sets(table))
    lines += sum(len(named.elements) for named in _sets(table))
    lines += sum(2 + len(chain.rules) for chain in table.chains.values())
    return lines + (sum(1 for _ in _stale(after, before)) if before is not None else 0)


def partial_sync_lines(after: Ruleset, before: Ruleset) -> int:
    """How many lines partial_sync writes."""
    return sum(1 for _ in partial_sync(after, before))


def _table(ruleset: Ruleset) -> Table:
    table = ruleset.tables.get(TABLE)
    if table is None:
        raise RuleError(
            f"the ruleset has no table {TABLE}; kube-proxy in nftables mode writes one",
            zh=f"规则中没有表 {TABLE}；nftables 模式的 kube-proxy 会写入它",
        )
    return table


def _words(ruleset: Ruleset) -> str:
    return f"{TABLE_FAMILY[ruleset.family]} {TABLE}"


def _sets(table: Table) -> list[NamedSet]:
    return [named_set(table, name) for name in table.sets]


def _kind(named: NamedSet) -> str:
    return "map" if named.verdicts else "set"


def _add_set(named: NamedSet, words: str) -> str:
    parts = [f"type {' . '.join(named.key_types)}{' : verdict' if named.verdicts else ''}"]
    if named.flags:
        parts.append(f"flags {','.join(named.flags)}")
    if named.timeout is not None:
        parts.append(f"timeout {duration_text(named.timeout)}")
    if named.comment is not None:
        parts.append(f'comment "{named.comment}"')
    return f"add {_kind(named)} {words} {named.name} {{ {' ; '.join(parts)} ; }}"


def _ensure_chain(chain: Chain, words: str) -> Iterator[str]:
    parts = []
    if chain.hook is not None:
        parts.append(f"type {chain.kind} hook {chain.hook.value.lower()} priority {chain.priority}")
    if chain.comment is not None:
        parts.append(f'comment "{chain.comment}"')
    yield f"add chain {words} {chain.name}" + (f" {{ {' ; '.join(parts)} ; }}" if parts else "")
    yield f"flush chain {words} {chain.name}"


def _rules(chain: Chain, words: str, family: Family) -> Iterator[str]:
    for rule in chain.rules:
        yield f"add rule {words} {chain.name} {rule_text(rule, family)}"


def _stale(after: Ruleset, before: Ruleset) -> Iterator[str]:
    table, old, words = _table(after), _table(before), _words(after)
    for name in old.chains:
        if name not in table.chains and service_of(name) is not None:
            yield f"flush chain {words} {name}"
    for named in _sets(old):
        if "dynamic" in named.flags and named.name not in table.sets:
            yield f"delete set {words} {named.name}"


def _changed_services(table: Table, old: Table) -> set[str | None]:
    """Services of which a chain or an element differs."""
    changed = {
        service_of(name)
        for name in {**old.chains, **table.chains}
        if name not in table.chains or name not in old.chains or table.chains[name] != old.chains[name]
    }
    return changed - {None}


def _changed_elements(named: NamedSet, old: NamedSet, words: str) -> Iterator[str]:
    def command(verb: str, key: Key, holder: NamedSet) -> str:
        return f"{verb} element {words} {holder.name} {{ {element_text(key, holder.elements[key])} }}"

    for key, element in named.elements.items():
        if old.elements.get(key) != element:
            if key in old.elements:
                yield command("delete", key, old)
            yield command("add", key, named)
    for key in old.elements:
        if key not in named.elements:
            yield command("delete", key, old)
