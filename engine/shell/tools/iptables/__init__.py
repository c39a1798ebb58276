"""iptables(8), ip6tables(8), and their -save and -restore: a node's tables listed, changed, saved and loaded.

Source: iptables 1.8.9 (legacy), iptables/iptables.c, xshared.c, iptables-save.c, iptables-restore.c.
"""

from __future__ import annotations

from engine.errors import RuleError
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.ipt_parse import parse
from engine.netfilter.ipt_text import dump_iptables
from engine.netfilter.usable import check_usable
from engine.packet import Family
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.tools.iptables import edit, listing
from engine.shell.tools.iptables.tables import TABLES, in_order, of_iptables, with_tables
from engine.shell.tools.iptables.words import BadCommand, read_words

_NAMES = tuple(
    f"{tool}{variant}{verb}" for tool in ("iptables", "ip6tables") for variant in ("", "-legacy", "-nft") for verb in ("", "-save", "-restore")
)  # fmt: skip


def run(call: Call) -> Result:
    """`iptables [-t TABLE] -L|-S|-A|-I|-D|-R|-C|-F|-N|-X|-E|-P|-Z ...`, `iptables-save [-t TABLE]`, `iptables-restore`."""
    name = call.argv[0].rpartition("/")[2]
    family = Family.IPV6 if name.startswith("ip6") else Family.IPV4
    try:
        if name.endswith("-save"):
            return Result(_saved(call, family))
        if name.endswith("-restore"):
            return _restored(call, family)
        command = read_words(call.args, name.partition("-")[0])
        if command.verb in ("-L", "-S"):
            return Result(
                listing.shown(of_iptables(call.live.rules(call.host, family), command.table), command, family)
            )
        return edit.changed(call, command, family)
    except BadCommand as error:
        return failed(str(error), error.status)


def _saved(call: Call, family: Family) -> str:
    ruleset = call.live.rules(call.host, family)
    words = list(call.args)
    asked = words[words.index("-t") + 1] if "-t" in words[:-1] else ""
    if asked and asked not in TABLES:
        raise BadCommand(f"Cannot initialize: Table does not exist (do you need to insmod?) ({asked})")
    saved = dump_iptables(with_tables(ruleset, {}))
    if not asked:
        return saved
    parts = saved.split("COMMIT\n")
    return "".join(f"{part}COMMIT\n" for part in parts if part.startswith(f"*{asked}\n"))


def _restored(call: Call, family: Family) -> Result:
    """The tables of the text in place of the node's; with --noflush what it does not name stays."""
    tool = "ip6tables-restore" if family is Family.IPV6 else "iptables-restore"
    ruleset = call.live.rules(call.host, family)
    keep = any(word in ("-n", "--noflush") for word in call.args)
    try:
        read = parse(call.stdin or "", family, tool)
        check_usable(read)
    except RuleError as error:
        return failed(f"{tool}: line {error.line or 0} failed: {error.message}")
    tables = dict(read.tables)
    if keep:
        for name, table in tables.items():
            there = of_iptables(ruleset, name)
            for chain in there.chains.values():
                table.chains.setdefault(chain.name, chain)
    for name, table in tables.items():
        for chain in built_in_chains(name).values():
            table.chains.setdefault(chain.name, chain)
        in_order(table.chains)
        table.sets = of_iptables(ruleset, name).sets
    return Result(live=call.live.with_rules(call.host, family, with_tables(ruleset, tables)))


TOOL = Tool(_NAMES, run, ON_NODES)
