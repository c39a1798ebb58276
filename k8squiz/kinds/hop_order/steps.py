"""The steps of a walk in words: what hop-order questions shuffle, and the plausible steps that did not happen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.cluster import Mode
from engine.trace import Hop, Stage, Text
from engine.values import dataclass
from k8squiz.kinds.chains import CHAINS, card
from k8squiz.kinds.stages import STAGES
from k8squiz.world.world import host_name

# Not in the picture: what lies between the client and the nodes.
_UNSEEN = frozenset({"router"})


@dataclass(frozen=True, slots=True)
class StepCard:
    """One card. `key` says what it means; equal keys are the same step. `reveals`: naming it where it does not happen."""

    key: str
    text: Text
    reveals: Text | None = None


def steps(
    hops: Iterable[Hop],
    detail: str,
    only: Sequence[str] = (),
    hosts: Sequence[str] = (),
    reply: bool = False,
    mode: Mode = Mode.IPTABLES,
    table: str = "",
) -> tuple[StepCard, ...]:
    """The walk as cards: hops of one host and stage in a row are one step; with detail "chain" each of kube-proxy's
    chains is one, told when it is entered first; with `table` those of that table alone."""
    return tuple(step for step, _ in _steps_and_hops(hops, detail, only, hosts, reply, mode, table))


def hops_of_steps(
    hops: Iterable[Hop],
    detail: str,
    only: Sequence[str] = (),
    hosts: Sequence[str] = (),
    reply: bool = False,
    mode: Mode = Mode.IPTABLES,
    table: str = "",
) -> dict[str, Hop]:
    """For each of the cards that `steps` gives, by its key, the hop that it begins with."""
    return {step.key: hop for step, hop in _steps_and_hops(hops, detail, only, hosts, reply, mode, table)}


def _steps_and_hops(
    hops: Iterable[Hop],
    detail: str,
    only: Sequence[str],
    hosts: Sequence[str],
    reply: bool,
    mode: Mode,
    table: str,
) -> list[tuple[StepCard, Hop]]:
    found = [(step, hop) for hop in hops if not table or hop.table == table for step in _steps(hop, detail, mode)]
    if reply and found and found[0][0].key.endswith("/socket"):
        found[0] = stage_step(found[0][0].key.partition("/")[0], "answer"), found[0][1]
    wanted = [(step, hop) for step, hop in found if _wanted(step, () if detail == "chain" else only, hosts)]
    if detail == "chain":
        first = {step.key: (step, hop) for step, hop in reversed(wanted)}
        return [first[key] for key in dict.fromkeys(step.key for step, _ in wanted)]
    merged = [each for index, each in enumerate(wanted) if index == 0 or wanted[index - 1][0].key != each[0].key]
    return list(zip(_numbered([step for step, _ in merged]), (hop for _, hop in merged), strict=True))


def _wanted(step: StepCard, only: Sequence[str], hosts: Sequence[str]) -> bool:
    host, _, stage = step.key.partition("/")
    if host in _UNSEEN and host not in hosts:
        return False
    return (not only or stage in only) and (not hosts or host in hosts)


def _steps(hop: Hop, detail: str, mode: Mode) -> list[StepCard]:
    host = host_name(hop.host)
    if detail == "chain":
        step = None if hop.chain is None else chain_step(host, hop.chain, mode)
        return [] if step is None else [step]
    found = [stage_step(host, str(hop.stage))]
    if hop.stage not in (Stage.DNAT, Stage.SNAT):
        # An address that changes where no NAT rule stands is conntrack translating an answer back.
        found += [stage_step(host, f"restore-{change.field}") for change in hop.changes if change.field != "mark"]
    return found


def stage_step(host: str, stage: str) -> StepCard:
    row = STAGES[stage]
    return StepCard(f"{host}/{stage}", Text(row.card.en.format(host=host), row.card.zh.format(host=host)), row.reveals)


def chain_step(host: str, chain: str, mode: Mode = Mode.IPTABLES) -> StepCard | None:
    """The card of a kube-proxy chain; None for chains that are no step of their own."""
    row = card(chain, mode)
    return (
        None if row is None else StepCard(f"{host}/{row[0]}", Text(row[1].format(host=host), row[2].format(host=host)))
    )


def _numbered(found: list[StepCard]) -> list[StepCard]:
    """A step that comes again is told from the first one."""
    seen: dict[str, int] = {}
    result = []
    for step in found:
        seen[step.key] = seen.get(step.key, 0) + 1
        if seen[step.key] == 1:
            result.append(step)
            continue
        count = seen[step.key]
        text = Text(f"{step.text.en} (again)", f"{step.text.zh}（再次）") if count == 2 else Text(
            f"{step.text.en} (time {count})", f"{step.text.zh}（第 {count} 次）")  # fmt: skip
        result.append(StepCard(f"{step.key}#{count}", text, step.reveals))
    return result


def distractors(
    walked: Iterable[Hop], hosts: Sequence[str], detail: str, only: Sequence[str], mode: Mode = Mode.IPTABLES
) -> tuple[StepCard, ...]:
    """Steps this walk does not take anywhere, the plausible first in no particular order: the caller draws."""
    hops = list(walked)
    happened = {step.key for hop in hops for step in _steps(hop, detail, mode)}
    # A hook that is passed on the way to what happens there is no step that did not happen.
    happened |= {f"{host_name(hop.host)}/{hop.hook.lower()}" for hop in hops if hop.hook is not None}
    candidates: list[StepCard] = []
    for host in hosts:
        if detail == "chain":
            candidates += [step for row in CHAINS[mode] if (step := chain_step(host, row[0], mode)) is not None]
        else:
            # What people put where it does not belong; sockets and cards of hosts not on the way would be too easy.
            candidates += [
                stage_step(host, row.name) for row in STAGES.values()
                if row.plausible and (not only or row.name in only or row.always)
            ]  # fmt: skip
    return tuple(step for step in candidates if step.key not in happened)
