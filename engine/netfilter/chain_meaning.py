"""What a chain means to whoever reads rules: a row a chain, beside the program that writes it.

Data only; a proxy mode, a CNI plugin or another program says with a ChainWriter what it calls its chains, and
engine.fabric.chains collects them. Nothing that walks, tells or asks names a chain itself.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Mapping

from engine.trace import ReasonCode, Text
from engine.values import dataclass


class ChainRole(enum.StrEnum):
    """What a chain is for, where somebody must find it whatever its name is."""

    ENDPOINT = "endpoint"  # of one endpoint: DNAT, and the mark of an endpoint that reaches itself
    MARK = "mark"  # marks what is to be masqueraded
    MASQUERADE = "masquerade"  # masquerades what is marked


@dataclass(frozen=True, slots=True)
class ChainMeaning:
    """One chain, or with a `name` that ends in - all whose names begin so.

    `lead` says where a jump to it leads, `card` what happens there ({host} is where); `code` is the reason of what a rule
    in it drops or rejects (engine.trace.Where), `part` the part of the dataplane it stands for (engine.fabric.without).
    """

    name: str
    lead: Text | None = None
    card: Text | None = None
    code: ReasonCode | None = None
    role: ChainRole | None = None
    part: str | None = None

    def fits(self, chain: str) -> bool:
        return chain == self.name or (self.name.endswith("-") and chain.startswith(self.name))


@dataclass(frozen=True, slots=True)
class ChainWriter:
    """Who writes chains, and what they mean. Its chains begin with `prefix` and stand in `table` alone ("": in any).

    `base` is the pattern of those that only hang on hooks; `refusals` are what a refusing rule's comment says and the
    reason's code, whatever the chain; `reasons` the texts of its codes (filled in as engine.words.endings does);
    `hairpin_sets` the sets that hold who reaches itself; `marks_in_place`: any of its chains may mark what is to be
    masqueraded; `short` a name cut to what is read of it, None where it is not
    one of its own.
    """

    name: str
    rows: tuple[ChainMeaning, ...] = ()
    prefix: str = ""
    table: str = ""
    base: str = ""
    refusals: tuple[tuple[str, ReasonCode], ...] = ()
    reasons: Mapping[ReasonCode, Text] = dataclasses.field(default_factory=dict)
    hairpin_sets: tuple[str, ...] = ()
    marks_in_place: bool = False
    short: Callable[[str], str | None] | None = None

    def wrote(self, table: str, chain: str) -> bool:
        """Whether a chain of that name in that table is one of its own."""
        return chain.startswith(self.prefix) and self.table in ("", table)

    def tells_apart(self, table: str, chain: str) -> bool:
        """Whether it is one of its own by which it tells packets apart: none that only hangs on a hook."""
        return self.wrote(table, chain) and not (self.base and re.fullmatch(self.base, chain))
