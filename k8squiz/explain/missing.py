"""What a cluster of a story is called: by the parts that it goes without."""

from __future__ import annotations

from collections.abc import Mapping

from engine.trace import Text

WHOLE = Text("everything in place", "一切正常")


def missing(parts: Mapping[str, Text], without: frozenset[str], whole: Text = WHOLE) -> Text:
    """The names of the parts in `without`, in their order; `whole` where there are none."""
    if not without:
        return whole
    named = [text for part, text in parts.items() if part in without]
    return Text(", ".join(part.en for part in named), "，".join(part.zh for part in named))
