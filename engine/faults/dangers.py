"""Steps that nobody takes on a cluster that serves users: what empties or opens wholesale, what restarts everything."""

from __future__ import annotations

import re

_PATTERNS = (
    r"\bip6?tables(-\w+)?\s+(-t\s+\w+\s+)?(-F|--flush|-X|--delete-chain)\b(?!\s+[A-Z]+-\w)",
    r"\bnft\s+(flush|delete)\s+(ruleset|table)\b",
    r"\bipvsadm\s+(-C|--clear)\b",
    r"\bconntrack\s+(-F|--flush)\b",
    r"\bipset\s+(flush|destroy|-F|-X)\s*($|[|;&])",
    r"\bip\s+(-4\s+|-6\s+)?r\w*\s+flush\b",
    r"\bkubectl\s+delete\b.*\s--all\b",
    r"\bip6?tables(-\w+)?\s+(-t\s+\w+\s+)?-[AI]\s+\w+\s+(\d+\s+)?-j\s+ACCEPT\s*($|[|;&])",
    r"\b(reboot|shutdown)\b",
)  # fmt: skip
_DANGEROUS = re.compile("|".join(_PATTERNS))
_POD_DELETED = re.compile(r"\bkubectl\s+delete\s+(?:pods?|po)[ /]")
# Pods that may be deleted one by one before it counts as restarting everything.
_MOST_PODS = 6


def dangerous(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the lines that are dangerous, each once; one of 10,000 characters is read to its first 2,000."""
    found = [line[:2000] for line in lines if _DANGEROUS.search(line[:2000])]
    deleted = [line[:2000] for line in lines if _POD_DELETED.search(line[:2000])]
    if len(deleted) > _MOST_PODS:
        found.append(deleted[-1])
    return tuple(dict.fromkeys(found))
