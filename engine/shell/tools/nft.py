"""nft(8): a node's ruleset listed; flushed as a whole, a table or a set. Source: nftables 1.0.6, src/rule.c,
src/parser_bison.y."""

from __future__ import annotations

import dataclasses
import re

from engine.netfilter import nft_text
from engine.netfilter.nft_names import memory_name
from engine.netfilter.nft_sets import NamedSet
from engine.netfilter.ruleset import Backend, Ruleset
from engine.packet import Family
from engine.shell.dynamic_sets import with_elements, without_elements
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed

_FAMILIES = {"ip": Family.IPV4, "ip6": Family.IPV6}


def run(call: Call) -> Result:
    """`nft list ruleset|tables|table FAMILY NAME|chain|set|map FAMILY TABLE NAME`, `nft flush ruleset|table FAMILY NAME|set
    FAMILY TABLE NAME`."""
    words = [word for word in call.args if not word.startswith("-")]
    if call.args[:1] in (("-v",), ("--version",)):
        return Result("nftables v1.0.6 (Lester Gooch #5)\n")
    if any(word.startswith("--") and word not in ("--numeric", "--stateless") or (word[:1] == "-" and set(word[1:]) & set("ajefi")) for word in call.args if not words or word != words[-1]):  # fmt: skip
        return failed("nft: of its options -n and -s are simulated here; handles and JSON are not")
    if words[:1] == ["flush"]:
        return _flush(call, words[1:])
    if words[:1] != ["list"] or len(words) < 2:
        return failed(
            "nft: here it lists (list ruleset|tables|table|chain|set|map) and flushes (flush ruleset|table|set)", 1
        )
    texts = {family: _text(with_elements(call.live, call.host, family)) for family in Family}
    if {"-s", "--stateless"} & {*call.args}:
        texts = {family: re.sub(r" expires \w+", "", text) for family, text in texts.items()}
    tables = [block for text in texts.values() for block in _blocks(text)]
    if words[1] == "ruleset":
        return Result("".join(tables))
    if words[1] == "tables":
        return Result("".join(block.partition(" {")[0] + "\n" for block in tables))
    if words[1] == "table" and len(words) >= 3:
        found = next((block for block in tables if block.startswith(f"table {_named(words[2:4])} {{")), None)
        return _missing(words[2:4]) if found is None else Result(found)
    if words[1] in ("chain", "set", "map") and len(words) >= 4:
        return _part(tables, words)
    if words[1] in ("chains", "sets", "maps", "counters", "meters", "flowtables", "quotas", "limits", "objects"):
        return failed(f"nft: list {words[1]} is not simulated here; list ruleset, tables, table and chain are")
    return failed(f"Error: syntax error, unexpected {words[1]}\n{' '.join(call.args)}\n", 1)


def _named(words: list[str]) -> str:
    return " ".join(words) if words[0] in ("ip", "ip6", "inet") else f"ip {words[0]}"


def _missing(words: list[str]) -> Result:
    name = words[-1] if words else ""
    return failed(f"Error: No such file or directory\nlist table {' '.join(words)}\n{' ' * 11}{'^' * len(name)}", 1)


def _text(ruleset: Ruleset) -> str:
    has = any(ruleset.backend_of(table) is Backend.NFTABLES for table in ruleset.tables.values())
    return nft_text.dump(ruleset) if has else ""


def _blocks(text: str) -> list[str]:
    """The tables of a listing."""
    return re.findall(r"^table [^\n]*\{\n.*?^\}\n", text, re.MULTILINE | re.DOTALL)


def _part(tables: list[str], words: list[str]) -> Result:
    kind, (family, table, name) = words[1], (*words[2:5], "", "", "")[:3]
    if not name:
        family, table, name = "ip", family, table
    block = next((one for one in tables if one.startswith(f"table {family} {table} {{")), "")
    found = re.search(rf"^\t{kind} {re.escape(name)} \{{\n.*?^\t\}}\n", block, re.MULTILINE | re.DOTALL)
    if found is None:
        return failed(f"Error: No such file or directory\nlist {kind} {family} {table} {name}", 1)
    return Result(f"table {family} {table} {{\n{found[0]}}}\n")


def _flush(call: Call, words: list[str]) -> Result:
    """Of a table its rules go and its chains stay; of the ruleset everything nft's goes; of a set what packets put there."""
    if words[:1] == ["set"]:
        return _flush_set(call, words[1:])
    whole = words[:1] == ["ruleset"]
    if not whole and (words[:1] != ["table"] or len(words) < 3 or words[1] not in _FAMILIES):
        return failed("nft: flush ruleset, or flush table ip|ip6 NAME", 1)
    live = call.live
    for family in Family if whole else (_FAMILIES[words[1]],):
        ruleset = live.rules(call.host, family)
        tables = {}
        for key, table in ruleset.tables.items():
            if ruleset.backend_of(table) is not Backend.NFTABLES or (not whole and table.name != words[2]):
                tables[key] = table
            elif not whole:
                chains = {name: dataclasses.replace(chain, rules=[], places=[]) for name, chain in table.chains.items()}
                tables[key] = dataclasses.replace(table, chains=chains)
        if (
            not whole
            and len(tables) == len(ruleset.tables)
            and words[2] not in (t.name for t in ruleset.tables.values())
        ):
            return failed(
                f"Error: Could not process rule: No such file or directory\nflush table {' '.join(words[1:])}", 1
            )
        live = live.with_rules(call.host, family, dataclasses.replace(ruleset, tables=tables))
    return Result(live=live)


def _flush_set(call: Call, words: list[str]) -> Result:
    family, table, name = (*(words if words[:1] and words[0] in _FAMILIES else ["ip", *words]), "", "")[:3]
    version = _FAMILIES[family]
    ruleset = call.live.rules(call.host, version)
    key = next((key for key, one in ruleset.tables.items() if one.name == table and one.family is None), None)
    found = None if key is None else ruleset.tables[key].sets.get(name)
    if key is None or not isinstance(found, NamedSet) or found.verdicts:
        return failed(f"Error: No such file or directory\nflush set {' '.join(words)}", 1)
    there = ruleset.tables[key]
    live = without_elements(call.live, call.host, memory_name(there, name, version))
    if found.elements:
        sets = {**there.sets, name: dataclasses.replace(found, elements={})}
        tables = {**ruleset.tables, key: dataclasses.replace(there, sets=sets)}
        live = live.with_rules(call.host, version, dataclasses.replace(ruleset, tables=tables))
    return Result(live=live)


TOOL = Tool(("nft",), run, ON_NODES)
