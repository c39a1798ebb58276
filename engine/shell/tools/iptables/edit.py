"""iptables -A, -I, -D, -R, -C, -F, -N, -X, -E, -P, -Z: one table changed, or why it is not.

Source: iptables 1.8.9, libiptc/libiptc.c (iptc_strerror), iptables/iptables.c.
"""

from __future__ import annotations

import dataclasses

from engine.errors import RuleError
from engine.netfilter.ipt_parse import parse_rule
from engine.netfilter.parts.comment import quoted
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.netfilter.usable import check_usable
from engine.packet import Family
from engine.shell.interface import Call, Result
from engine.shell.tools.iptables.listing import NO_CHAIN
from engine.shell.tools.iptables.tables import in_order, of_iptables, with_tables
from engine.shell.tools.iptables.words import BadCommand, IptablesCommand, bad_argument
from engine.values import is_decimal

_INVALID = "Invalid argument. Run `dmesg' for more information."
_NO_RULE = "Bad rule (does a matching rule exist in that chain?)."


def changed(call: Call, command: IptablesCommand, family: Family) -> Result:
    """The cluster after the command. Raises BadCommand."""
    ruleset = call.live.rules(call.host, family)
    table = of_iptables(ruleset, command.table)
    chains = {name: dataclasses.replace(chain, rules=list(chain.rules)) for name, chain in table.chains.items()}
    made = dataclasses.replace(table, chains=chains)
    if command.verb == "-Z":
        return Result()
    if command.verb in ("-F", "-X", "-N", "-E", "-P"):
        _chains(made, command)
    else:
        rule = _rule(made, command, family)
        if command.verb == "-C":
            return Result()
        if rule is not None:
            try:
                # nft's tables that stand beside it have rules of their own.
                check_usable(Ruleset(Backend.IPTABLES, family, {command.table: made}))
            except RuleError:
                raise BadCommand(f"{command.tool}: {_INVALID}") from None
    return Result(live=call.live.with_rules(call.host, family, with_tables(ruleset, {command.table: made})))


def _refused(command: IptablesCommand, why: str) -> BadCommand:
    return BadCommand(f"{command.tool}: {why}")


def _rule(table: Table, command: IptablesCommand, family: Family) -> Rule | None:
    """The rule that was added or put in another's place; None where one was deleted or only looked for."""
    if not command.chain:
        raise command.bad(f"{command.verb} requires a chain")
    chain = table.chains.get(command.chain)
    if chain is None:
        raise _refused(command, NO_CHAIN)
    number = int(command.second) if is_decimal(command.second) and len(command.second) < 9 else 0
    if command.second and not number:
        raise bad_argument(command.tool, command.second)
    if command.verb == "-D" and number and not command.rule:
        if number > len(chain.rules):
            raise _refused(command, "Index of deletion too big.")
        del chain.rules[number - 1]
        return None
    rule = _parsed(table, command, family)
    if command.verb in ("-D", "-C"):
        if rule not in chain.rules:
            raise _refused(command, _NO_RULE)
        if command.verb == "-D":
            chain.rules.remove(rule)
        return None
    _placed(chain, rule, number, command)
    return rule


def _placed(chain: Chain, rule: Rule, number: int, command: IptablesCommand) -> None:
    if command.verb == "-A":
        chain.rules.append(rule)
    elif command.verb == "-I":
        if number > len(chain.rules) + 1:
            raise _refused(command, "Index of insertion too big.")
        chain.rules.insert(max(number, 1) - 1, rule)
    else:
        if not 0 < number <= len(chain.rules):
            raise _refused(command, "Index of replacement too big.")
        chain.rules[number - 1] = rule


def _parsed(table: Table, command: IptablesCommand, family: Family) -> Rule:
    words = " ".join(word if word.startswith("-") or word == "!" else quoted(word) for word in command.rule)
    target = next((command.rule[at + 1] for at, word in enumerate(command.rule[:-1]) if word in ("-j", "--jump")), "")
    line = f"-A {command.chain} {words}".replace(" --jump ", " -j ").replace(" --goto ", " -g ")
    try:
        return parse_rule(line, frozenset(table.chains), family)[1]
    except RuleError as error:
        if "neither a chain" in error.message or "non-existent" in error.message:
            raise command.bad(f"Couldn't load target `{target}':No such file or directory\n") from None
        raise command.bad(error.message) from None


def _chains(table: Table, command: IptablesCommand) -> None:
    if command.verb == "-N":
        _added(table, command)
        return
    name, chains = command.chain, table.chains
    if name and name not in chains:
        raise _refused(command, NO_CHAIN if command.verb != "-P" else "Bad built-in chain name.")
    if command.verb == "-F":
        for chain in [chains[name]] if name else list(chains.values()):
            chain.rules.clear()
            chain.places.clear()
    elif command.verb == "-X":
        for chain in [chains[name]] if name else [one for one in list(chains.values()) if not one.policy]:
            _deleted(table, chain, command)
    elif command.verb == "-E":
        raise command.bad("renaming a chain is not modelled here")
    else:
        _policy(table, command)


def _policy(table: Table, command: IptablesCommand) -> None:
    chain = table.chains.get(command.chain)
    if chain is None or chain.policy is None:
        raise _refused(command, "Bad built-in chain name.")
    if command.second not in ("ACCEPT", "DROP"):
        raise _refused(command, "Bad policy name. Run `dmesg' for more information.")
    table.chains[command.chain] = dataclasses.replace(chain, policy=command.second)


def _added(table: Table, command: IptablesCommand) -> None:
    name = command.chain
    if not name or name.startswith("-"):
        raise command.bad("chain name not allowed to start with `-'")
    if len(name) > 28:
        raise command.bad(f"chain name `{name}' too long (must be under 29 chars)")
    if name in table.chains:
        raise _refused(command, "Chain already exists.")
    table.chains[name] = Chain(name)
    in_order(table.chains)


def _deleted(table: Table, chain: Chain, command: IptablesCommand) -> None:
    if chain.policy:
        raise _refused(command, "Invalid argument. Run `dmesg' for more information.")
    if any(
        rule.target is not None and chain.name in rule.target.leads_to(table)
        for one in table.chains.values()
        for rule in one.rules
    ):
        raise _refused(command, "Too many links.")
    if chain.rules:
        raise _refused(command, "Directory not empty.")
    del table.chains[chain.name]
