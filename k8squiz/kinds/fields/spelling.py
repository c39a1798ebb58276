"""What is typed, in its plain spelling: full-width letters and digits, the many ways to say `none` and `and`.

Source: Unicode Standard Annex 15, normalisation form KC.
"""

from __future__ import annotations

import re
import unicodedata

_NONE = frozenset({"none", "no one", "nobody", "nothing", "nil", "null", "n/a", "na", "-", "--", "—", "无", "没有", "都不", "都不对"})  # fmt: skip
# What a kind of object is called before its name, as in `pod/search-a` or `default/search-a`.
_BEFORE_NAME = re.compile(r"(?:(?:po|pods?|no|nodes?|hosts?)/)?(?:default/)?", re.IGNORECASE)


def plain(typed: str) -> str:
    """`typed` as anybody would type it on a keyboard of ASCII letters, without blanks around it."""
    return unicodedata.normalize("NFKC", typed).strip()


def says_none(text: str) -> bool:
    """Whether plain `text` says that there is none."""
    return text.rstrip(".。!").strip().lower() in _NONE


def bare_name(text: str) -> str:
    """`search-a` of `pod/search-a`, `default/search-a` and `search-a.`."""
    name = text.rstrip(".。,").strip()
    return name[match.end() :] if (match := _BEFORE_NAME.match(name)) else name
