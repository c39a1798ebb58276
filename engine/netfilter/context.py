"""What a match or target sees and says while a packet passes a hook: Context and Decision."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.hooks import Hook
from engine.netfilter.choose import Choose
from engine.netfilter.memory import ClientMemory
from engine.netfilter.ruleset import Chain, Rule, Table
from engine.netfilter.skb import Event, Manip, NetfilterVerdict, RuleEvent, Skb, TargetAction
from engine.packet import Family, FiveTuple
from engine.trace import ReasonCode, Text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """What a target does to the rule walk: `chain` to go to, `returns`, a final `verdict`, or nothing (go on)."""

    chain: str | None = None
    goto: bool = False
    returns: bool = False
    verdict: NetfilterVerdict | None = None


CONTINUE = Decision()
RETURN = Decision(returns=True)
ACCEPTED, DROPPED, REJECTED = (
    Decision(verdict=verdict) for verdict in (NetfilterVerdict.ACCEPT, NetfilterVerdict.DROP, NetfilterVerdict.REJECT)
)


@functools.lru_cache(maxsize=4096)
def into_chain(chain: str, goto: bool = False) -> Decision:
    """To go on in `chain`, and with `goto` not to come back."""
    return Decision(chain, goto)


class Routing(Protocol):
    """What rules ask the host's routing tables and devices."""

    def address_types(self, address: str, device: str | None) -> frozenset[str]:
        """The types of an address as iptables' addrtype names them (LOCAL, UNICAST, ...); with a `device`, LOCAL only
        where that one has it."""
        ...

    def way_back(self, address: str) -> tuple[str, str] | None:
        """The type of the route to an address ("LOCAL" or "UNICAST") and the device it leaves by; None without one."""
        ...

    def device_mtu(self, device: str) -> int | None:
        """The device's MTU in bytes; None where the host has no such device."""
        ...

    def device_address(self, device: str, family: Family) -> str | None:
        """The first address of a device in that family; None where it has none."""
        ...


# How NAT is set up, on behalf of a target: (which half, address or None, ports or None, random_fully).
SetUpNat = Callable[[Manip, str | None, tuple[int, int] | None, bool], None]


@dataclass(slots=True)
class Context:
    """Everything a match or target may look at or touch while one packet passes one hook.

    `table`, `chain`, `rule`, `position`, `path` say where the walk is. `memory` is what the host's rules and IPVS remember
    of clients, `ipvs_own` what IPVS alone knows of connections: the request -> its real server. `routing`
    is None where only the node's own rules are known, and nothing of its network.
    `reject_with` and `nat_cause` are what a REJECT or a NAT target leaves behind, `assumed` what was taken for granted.
    """

    hook: Hook
    skb: Skb
    in_device: str | None
    out_device: str | None
    is_local: Callable[[str], bool]
    choose: Choose
    now: float
    memory: ClientMemory
    masquerade_address: Callable[[], str | None]
    set_up_nat: SetUpNat
    table: Table
    chain: Chain
    ipvs_own: Mapping[FiveTuple, tuple[str, int]] = dataclasses.field(default_factory=dict)
    routing: Routing | None = None
    events: list[Event] = dataclasses.field(default_factory=list)
    rule: Rule | None = None
    position: int = 0
    path: tuple[str, ...] = ()
    rules_evaluated: int = 0
    hash_lookups: int = 0
    where: RuleEvent | None = None
    reason: ReasonCode | None = None
    reject_with: str | None = None
    nat_cause: RuleEvent | None = None
    assumed: dict[Text, None] = dataclasses.field(default_factory=dict)

    def assume(self, text: Text) -> None:
        """Note what a decision took for granted."""
        self.assumed[text] = None

    def record(self, action: TargetAction, verdict: NetfilterVerdict | None = None, name: str = "") -> RuleEvent:
        """Note that the current rule (or, with no rule, the policy) took effect."""
        event = RuleEvent(
            self.hook, self.table.name, self.chain.name, self.rule, self.position, self.path, action, verdict, name,
            self.table.backend,
        )  # fmt: skip
        self.events.append(event)
        return event
