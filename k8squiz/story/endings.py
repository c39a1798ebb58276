"""How a walk ended, as a sentence: for a story, and wherever one is told."""

from __future__ import annotations

from engine.trace import Outcome, Text, Verdict


def address(endpoint: str) -> str:
    """The address of an `ip:port` text."""
    return endpoint.rsplit(":", 1)[0].strip("[]")


def reason(outcome: Outcome) -> Text:
    """Why it died, as a sentence; how it ended where it did not."""
    if outcome.where is None:
        return ending(outcome)
    en, zh = outcome.where.reason.en, outcome.where.reason.zh
    # A host, a device or a sysctl that a sentence begins with keeps its spelling.
    begun = f"{en[:1].upper()}{en[1:]}" if en.partition(" ")[0].isalpha() else en
    return Text(f"{begun.rstrip('.')}.", f"{zh.rstrip('。')}。")


def ending(outcome: Outcome) -> Text:
    """How it ended, in one sentence."""
    if outcome.verdict is Verdict.DELIVERED:
        return Text(
            f"Connected: {outcome.destination} answered, and it saw {outcome.source_seen} as its peer.",
            f"连接成功：由 {outcome.destination} 响应，它看到的对端是 {outcome.source_seen}。",
        )
    if outcome.where is None:
        return Text(f"{outcome.verdict}.", f"{outcome.verdict}。")
    why = reason(outcome)
    return Text(
        f"{outcome.verdict} on {outcome.where.host}. {why.en}",
        f"{outcome.verdict}，在 {outcome.where.host} 上。{why.zh}",
    )


def brief(outcome: Outcome) -> Text:
    """How it ended, for a table's cell: the verdict, and the address that the server saw."""
    if outcome.source_seen is None or outcome.verdict is not Verdict.DELIVERED:
        return Text(str(outcome.verdict), str(outcome.verdict))
    seen = address(outcome.source_seen)
    return Text(f"{outcome.verdict}, seen {seen}", f"{outcome.verdict}，看到 {seen}")
