"""What a match or target sees and says while a packet passes a hook: Context and Decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from engine.choose import Choose
from engine.hooks import Hook
from engine.netfilter.ruleset import Chain, Rule, Table
from engine.netfilter.skb import Event, RuleEvent, Skb
from engine.packet import FiveTuple
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """What a target does to the rule walk: `chain` to go to, `returns`, a final `verdict`, or nothing (go on)."""

    chain: str | None = None
    goto: bool = False
    returns: bool = False
    verdict: str | None = None


CONTINUE = Decision()
RETURN = Decision(returns=True)

# How NAT is set up, on behalf of a target: (manip name "SRC"/"DST", address or None, ports or None, random_fully).
SetUpNat = Callable[[str, str | None, tuple[int, int] | None, bool], None]


@dataclasses.dataclass(slots=True)
class Context:
    """Everything a match or target may look at or touch while one packet passes one hook.

    `table`, `chain`, `rule`, `position`, `path` say where the walk is. `recent` are the host's `-m recent` tables:
    name -> address -> times, `ipvs_own` what IPVS alone knows of connections: the request -> its real server.
    `reject_with` and `nat_cause` are what a REJECT or a NAT target leaves behind.
    """

    hook: Hook
    skb: Skb
    in_device: str | None
    out_device: str | None
    is_local: Callable[[str], bool]
    choose: Choose
    now: float
    recent: dict[str, dict[str, list[float]]]
    masquerade_address: Callable[[], str | None]
    set_up_nat: SetUpNat
    table: Table
    chain: Chain
    ipvs_own: Mapping[FiveTuple, tuple[str, int]] = dataclasses.field(default_factory=dict)
    events: list[Event] = dataclasses.field(default_factory=list)
    rule: Rule | None = None
    position: int = 0
    path: tuple[str, ...] = ()
    rules_evaluated: int = 0
    hash_lookups: int = 0
    where: RuleEvent | None = None
    reason: str | None = None
    reject_with: str | None = None
    nat_cause: RuleEvent | None = None

    def record(self, action: str, verdict: str | None = None) -> RuleEvent:
        """Note that the current rule (or, with no rule, the policy) took effect."""
        event = RuleEvent(
            self.hook, self.table.name, self.chain.name, self.rule, self.position, self.path, action, verdict
        )
        self.events.append(event)
        return event
