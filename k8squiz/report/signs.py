"""Right, partly, wrong: a sign and what it means, so that colour never says it alone."""

from __future__ import annotations

CAUSE = "└"
RIGHT, WRONG, PART = "✓", "✗", "~"


def sign_of(score: float) -> tuple[str, str]:
    """The sign of a score, and the style that goes with it (k8squiz.terminal.theme)."""
    if score >= 1.0:
        return RIGHT, "right"
    return (PART, "partly") if score > 0 else (WRONG, "wrong")
