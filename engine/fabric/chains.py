"""Whose chain it is and what it means: the rows of every program that writes chains on a node.

A new program is a module with a ChainWriter beside its rules, and a line in WRITERS. Where two write a chain of one name
(iptables and ipvs mode), the first one's row that says anything is taken.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from engine.cluster import Mode
from engine.cni import PLUGINS, chained
from engine.netfilter.chain_meaning import ChainMeaning, ChainRole, ChainWriter
from engine.proxy import iptables_chains, ipvs_chains, nftables_chains
from engine.trace import ReasonCode, Text

KUBE_PROXY = "kube-proxy"
# kube-proxy's by mode, which `masqueraded` asks for, and all.
MODES: dict[Mode, ChainWriter] = {
    Mode.IPTABLES: iptables_chains.WRITER,
    Mode.IPVS: ipvs_chains.WRITER,
    Mode.NFTABLES: nftables_chains.WRITER,
}
WRITERS: list[ChainWriter] = [
    *MODES.values(),
    *(plugin.chains for plugin in PLUGINS.values() if plugin.chains),
    *chained.WRITERS,
]


@functools.lru_cache(maxsize=4096)
def _rows(table: str, chain: str) -> tuple[ChainMeaning, ...]:
    """The rows that fit, the chain's own before those of a prefix, a longer prefix before a shorter one."""
    found = [row for writer in WRITERS if writer.table in ("", table) for row in writer.rows if row.fits(chain)]
    return tuple(sorted(found, key=lambda row: (chain == row.name, len(row.name)), reverse=True))


def add(writer: ChainWriter) -> None:
    """One more program."""
    WRITERS.append(writer)
    _rows.cache_clear()


def lead_of(table: str, chain: str) -> Text | None:
    """Where a jump to the chain leads, in a sentence."""
    return next((row.lead for row in _rows(table, chain) if row.lead is not None), None)


def code_of(table: str, chain: str, comment: str) -> ReasonCode | None:
    """Why a rule of the chain refuses: by what its comment says, else by where it stands. None: nothing more is known."""
    for said, code in _refusals():
        if said in comment:
            return code
    return next((row.code for row in _rows(table, chain) if row.code is not None), None)


def _refusals() -> Iterator[tuple[str, ReasonCode]]:
    return (refusal for writer in WRITERS for refusal in writer.refusals)


def reason_of(code: ReasonCode) -> Text | None:
    """The text of a refusal's code, with {words} to be filled in; None where it is no program's own."""
    return next((writer.reasons[code] for writer in WRITERS if code in writer.reasons), None)


def role_of(table: str, chain: str) -> ChainRole | None:
    return next((row.role for row in _rows(table, chain) if row.role is not None), None)


def marks_for_masquerade(table: str, chain: str) -> bool:
    """Whether a mark set in the chain asks for a masquerade; another program's mark may mean anything."""
    if role_of(table, chain) is ChainRole.MARK:
        return True
    return any(writer.marks_in_place and writer.wrote(table, chain) for writer in WRITERS)


def part_of(table: str, chain: str) -> str | None:
    """The part of the dataplane (engine.fabric.without) that the chain stands for."""
    return next((row.part for row in _rows(table, chain) if row.part is not None), None)


def hairpin_sets() -> frozenset[str]:
    """The sets that hold which connections lead back to where they come from."""
    return frozenset(name for writer in WRITERS for name in writer.hairpin_sets)


def of_kube_proxy(table: str, chains: Iterable[str]) -> bool:
    """Whether one of the chains of that table is kube-proxy's, in whatever mode."""
    return any(writer.wrote(table, chain) for chain in chains for writer in MODES.values())


def written_by(table: str, chain: str) -> str | None:
    """Who wrote a chain: KUBE_PROXY, or the plugin's name; None for a built-in one and for a stranger's."""
    if of_kube_proxy(table, (chain,)):
        return KUBE_PROXY
    return next((writer.name for writer in WRITERS if writer.prefix and writer.wrote(table, chain)), None)


def tells_services_apart(table: str, chain: str) -> bool:
    """Whether it is a chain by which kube-proxy tells Services apart: no hook's own chain."""
    return any(writer.tells_apart(table, chain) for writer in MODES.values())


def shared_by(chain: str) -> str:
    """What the names of chains that stand for one thing begin with: `KUBE-SEP-` of KUBE-SEP-XYZ; the name itself where it is
    no such chain."""
    begins = (row.name for writer in WRITERS for row in writer.rows if row.name.endswith("-"))
    return max((name for name in begins if chain.startswith(name)), key=len, default=chain)


def short(chain: str) -> str:
    """The chain's name with its hash cut short or left out."""
    for writer in WRITERS:
        cut = None if writer.short is None else writer.short(chain)
        if cut is not None:
            return cut
    return chain
