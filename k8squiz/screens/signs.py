"""Right, partly, wrong: a sign and a style for each, so that colour never says it alone."""

from __future__ import annotations

RIGHT, WRONG, PART = "✓", "✗", "~"


def sign_of(score: float) -> tuple[str, str]:
    """The sign of a score and its style."""
    if score >= 1.0:
        return RIGHT, "right"
    return (PART, "partly") if score > 0 else (WRONG, "wrong")
