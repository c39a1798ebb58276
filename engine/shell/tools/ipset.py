"""ipset(8): a node's sets, listed, tested and saved. Source: ipset 7.17, lib/print.c, src/ipset.c."""

from __future__ import annotations

import hashlib

from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.text import ipsets_of
from engine.packet import Family
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.values import is_decimal

# Linux' ip_set_hash_gen.h, AHASH_MAX_SIZE.
_BUCKET = 12
# Of each type in Linux 6.1: what its newest format can hold (REVISION_MAX).
_REVISIONS = {
    SetType.HASH_IP: 5, SetType.HASH_NET: 7, SetType.HASH_IP_PORT: 6, SetType.HASH_NET_PORT: 8, SetType.HASH_IP_PORT_IP: 6,
    SetType.HASH_IP_PORT_NET: 8, SetType.HASH_NET_NET: 3, SetType.HASH_NET_PORT_NET: 3, SetType.BITMAP_IP: 3,
    SetType.BITMAP_PORT: 3,
}  # fmt: skip


def run(call: Call) -> Result:
    """`ipset list [NAME] [-n]`, `ipset save [NAME]`, `ipset test NAME ENTRY`."""
    words = [word for word in call.args if not word.startswith("-")]
    names_only = any(word in ("-n", "-name") for word in call.args)
    verb = words[0] if words else "list"
    sets = {one.name: one for family in Family for one in _sets(call, family)}
    name = words[1] if len(words) > 1 else ""
    if verb not in ("list", "save", "test", "L", "S", "T"):
        return failed(f"ipset: {verb} is not modelled here; there are list, save and test", 1)
    if name and name not in sets:
        return failed("ipset v7.17: The set with the given name does not exist", 1)
    asked = [sets[name]] if name else list(sets.values())
    if verb in ("test", "T"):
        if len(words) < 3:
            return failed("ipset v7.17: Missing mandatory argument to command test", 1)
        there = words[2] in asked[0].entries
        said = f"{words[2]} is {'' if there else 'NOT '}in set {name}.\n"
        return (
            Result("" if there else said, said if there else "", 0 if there else 1)
            if not there
            else Result(stderr=f"Warning: {said}")
        )
    if names_only:
        return Result("".join(f"{one.name}\n" for one in asked))
    if verb in ("save", "S"):
        return Result("".join(f"{line}\n" for one in asked for line in _saved(call, one)))
    return Result("\n".join(_listed(one, _references(call, one.name), _drawn(call, one)) for one in asked))


def _drawn(call: Call, one: IpSet) -> str:
    """What a hash has besides: its bucket size, and the number that the kernel draws when it is made."""
    if one.type is SetType.BITMAP_PORT:
        return ""
    digest = hashlib.sha256(f"{call.live.seed}:{call.host}:{one.name}".encode()).hexdigest()
    return f" bucketsize {_BUCKET} initval 0x{digest[:8]}"


def _saved(call: Call, one: IpSet) -> list[str]:
    created, *added = one.save()
    return [created + _drawn(call, one), *added]


def _sets(call: Call, family: Family) -> tuple[IpSet, ...]:
    ruleset = call.live.rules(call.host, family)
    return ruleset.ipsets if isinstance(ruleset, IpvsRuleset) else ipsets_of(ruleset)


def _references(call: Call, name: str) -> int:
    """How many rules look packets up in the set."""
    text = f"--match-set {name} "
    return sum(str(call.live.rules(call.host, family)).count(text) for family in Family)


def _listed(one: IpSet, references: int, drawn: str) -> str:
    if one.type is SetType.BITMAP_PORT:
        header = "range 0-65535"
    else:
        family = "inet6" if one.family is Family.IPV6 else "inet"
        header = f"family {family} hashsize 1024 maxelem {one.max_elements}{drawn}"
    ordered = sorted(one.entries, key=lambda entry: (len(entry), entry) if is_decimal(entry) else (0, entry))
    members = "".join(f"{entry}\n" for entry in ordered) + "".join(
        f"{entry} nomatch\n" for entry in sorted(one.excluded)
    )
    return (
        f"Name: {one.name}\nType: {one.type}\nRevision: {_REVISIONS[one.type]}\nHeader: {header}\nSize in memory: {208 + 64 * len(ordered)}\n"
        f"References: {references}\nNumber of entries: {len(one.entries) + len(one.excluded)}\nMembers:\n{members}"
    )


TOOL = Tool(("ipset",), run, ON_NODES)
