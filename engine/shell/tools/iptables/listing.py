"""iptables -L and -S. Source: iptables 1.8.9, iptables/xshared.c (print_header, print_rule_details), iptables.c (list_rules)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.ipt_text import rule_line
from engine.netfilter.ruleset import Chain, Match, Rule, Table
from engine.packet import Family
from engine.shell.tools.iptables.words import BadCommand, IptablesCommand
from engine.values import is_decimal

NO_CHAIN = "No chain/target/match by that name."


def shown(table: Table, command: IptablesCommand, family: Family) -> str:
    """What the command lists. Raises BadCommand for a chain that is not there."""
    if command.second and not is_decimal(command.second):
        raise command.bad(f"Invalid rule number `{command.second}'")
    if command.chain and command.chain not in table.chains:
        raise BadCommand(f"{command.tool}: {NO_CHAIN}")
    chains = [table.chains[command.chain]] if command.chain else list(table.chains.values())
    if command.verb == "-S":
        return "".join(f"{line}\n" for line in _saved(chains, command, family))
    return "\n".join(_listed(table, chain, command, family) for chain in chains)


def _asked(chain: Chain, command: IptablesCommand) -> list[tuple[int, Rule]]:
    rules = list(enumerate(chain.rules, 1))
    return [pair for pair in rules if not command.second or str(pair[0]) == command.second]


def _saved(chains: list[Chain], command: IptablesCommand, family: Family) -> Iterator[str]:
    if not command.second:
        for chain in chains:
            counted = " -c 0 0" if command.verbose and chain.policy else ""
            yield f"-P {chain.name} {chain.policy}{counted}" if chain.policy else f"-N {chain.name}"
    for chain in chains:
        for _, rule in _asked(chain, command):
            line = rule_line(chain.name, rule, family)
            yield _counted(line, rule, family) if command.verbose else line


def _counted(line: str, rule: Rule, family: Family) -> str:
    """With its counters, which stand before the target."""
    target = "" if rule.target is None else rule.target.iptables_text(family)
    return f"{line.removesuffix(target)} -c 0 0{target if line.endswith(target) else ''}"


def _listed(table: Table, chain: Chain, command: IptablesCommand, family: Family) -> str:
    lines = [_row(number, rule, command, family) for number, rule in _asked(chain, command)]
    if command.second:
        return "".join(lines)
    counted = " 0 packets, 0 bytes" if command.verbose else ""
    references = sum(chain.name in (rule.target.leads_to(table) if rule.target else ()) for one in table.chains.values() for rule in one.rules)  # fmt: skip
    about = f"policy {chain.policy}{counted}" if chain.policy else f"{references} references"
    number = "num  " if command.lines else ""
    counters = ("    pkts      bytes " if command.exact else " pkts bytes ") if command.verbose else ""
    devices = " in     out    " if command.verbose else ""
    head = f"{number}{counters}target     prot opt{devices} source               destination         \n"
    return f"Chain {chain.name} ({about})\n{head}{''.join(lines)}"


def _row(number: int, rule: Rule, command: IptablesCommand, family: Family) -> str:
    columns = {"prot": "0" if command.numeric else "all", "in": "*", "out": "*", "source": _anywhere(command, family), "destination": _anywhere(command, family)}  # fmt: skip
    said = ""
    before: Match | None = None
    for match in rule.matches:
        text = match.listing(command.numeric, before)
        if match.column:
            columns[match.column] = text
        else:
            said += text
        before = match
    target = rule.target
    name = "" if target is None else target.iptables_text(family).split()[1]
    first = "" if target is None else target.listed_first
    said += "" if target is None else target.listing(command.numeric)
    row = f"{number:<4} " if command.lines else ""
    row += ("       0        0 " if command.exact else "    0     0 ") if command.verbose else ""
    row += f"{name:<9} {_column(columns['prot'], 4)}--"
    if command.verbose:
        row += f"  {columns['in']:<6} {columns['out']:<6}"
    return f"{row} {_column(columns['source'], 19)}{_column(columns['destination'], 19)}{first}{said}\n"


def _column(text: str, width: int) -> str:
    """A column with the place before it where ! stands."""
    sign, text = ("!", text[1:]) if text.startswith("!") else (" ", text)
    return f"{sign}{text:<{width}} "


def _anywhere(command: IptablesCommand, family: Family) -> str:
    if not command.numeric:
        return "anywhere"
    return "::/0" if family is Family.IPV6 else "0.0.0.0/0"
