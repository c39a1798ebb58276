"""What decided about a connection, in one line: the rule that stopped it, or the policies that let it pass."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Outcome, Stage, Text
from k8squiz.world.world import host_name


def decision(outcome: Outcome) -> Text:
    """What decided, in one line: why it ends where it does, or the policies that let it pass and who is reached."""
    if outcome.where is not None:
        host = host_name(outcome.where.host)
        return Text(
            f"{outcome.verdict}, {host}: {outcome.where.reason.en}",
            f"{outcome.verdict}，{host}：{outcome.where.reason.zh}",
        )
    reached = Text(f"reaches {outcome.destination}", f"到达 {outcome.destination}")
    passed = list(_policies(outcome))
    if not passed:
        return reached
    return Text(
        " ".join([reached.en + ".", *(text.en for text in passed)]),
        "".join([reached.zh + "。", *(text.zh for text in passed)]),
    )


def _policies(outcome: Outcome) -> Iterator[Text]:
    return (hop.note for hop in outcome.hops if hop.stage is Stage.POLICY)
