"""A listing of nft in a form that two listings share when they differ only where kube-proxy's order is free.

kube-proxy walks its Services in no fixed order, so the order of chains, sets, maps, and of the elements in these, means
nothing. The order of rules in a chain does.
"""

from __future__ import annotations

import re


def canonical(listing: str) -> str:
    """Tables in the order of the listing, in each its sets, maps and chains sorted, one element a line, sorted."""
    lines: list[str] = []
    for table in re.split(r"(?m)^(?=table )", listing):
        blocks = re.findall(r"(?ms)^\t(?:set|map|chain) .*?^\t\}$", table)
        rest = re.sub(r"(?ms)^\t(?:set|map|chain) .*?^\t\}$\n?", "", table)
        head = [line for line in rest.splitlines() if line.strip() and line != "}"]
        lines += [*head, *sorted(_block(block) for block in blocks)]
    return "\n".join(lines) + "\n"


def _block(block: str) -> str:
    if block.startswith("\tchain"):
        return block
    return re.sub(r"elements = \{ (.*) \}", _elements, block, flags=re.DOTALL)


def _elements(found: re.Match[str]) -> str:
    return "elements:\n" + "\n".join(sorted(re.split(r",\s+", found[1])))
