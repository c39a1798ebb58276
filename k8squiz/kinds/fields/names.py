"""A name as it is typed for one that is shown: `pod/search-a`, `node 1`, `node1 的 eth0`, `客户端`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.values import pattern
from k8squiz.locale.typed import bare_name

_CALLED = {"客户端": "client", "客户机": "client", "主机外的客户端": "client", "服务": "service"}
# What a kind of object is called before its name, as a word of its own.
_KIND = pattern(r"^(?:pod|node|host|节点|主机)\s*(?=\S)", re.IGNORECASE)
_BETWEEN = pattern(r"(?:'s\b|[\s/的_-])+")


def named(typed: str, known: Iterable[str]) -> str | None:
    """The one of `known` that plain `typed` means; None for none, or for several."""
    names = tuple(known)
    bare = bare_name(typed)
    for spelled in (typed, bare, _CALLED.get(bare, bare)):
        found = [name for name in names if name.lower() == spelled.lower()]
        if found:
            return found[0]
    for spelled in (bare, _KIND.sub("", bare)):
        found = [name for name in names if _squeezed(name) == _squeezed(spelled)]
        if len(found) == 1:
            return found[0]
    return None


def _squeezed(name: str) -> str:
    return _BETWEEN.sub("", name).lower()
