"""Requests and outcomes as the JSON that `trace --json` prints: plain dicts, lists, strings and numbers.

Probabilities are exact fractions in text ("1/3", "1"); what does not apply is null.
"""

from __future__ import annotations

from typing import Any

from engine.cluster import Cluster
from engine.fabric.fabric import Fabric, build_fabric
from engine.packet import Encapsulation, FiveTuple, join_host_port
from engine.proxy.assumptions import assumed_of_proxy
from engine.proxy.interface import mode_named
from engine.trace import ConntrackView, Cost, Hop, Outcome, Request, Text, Where
from engine.walk.locate import locate
from engine.walk.outcomes import first_node, source_of

__all__ = ["hop_to_dict", "outcome_to_dict", "request_to_dict", "trace_to_dict"]


def trace_to_dict(
    cluster: Cluster,
    request: Request,
    outcomes: tuple[Outcome, ...],
    mode: str | None = None,
    fabric: Fabric | None = None,
    release: str | None = None,
) -> dict[str, Any]:
    """The whole object: the request as it was understood, and its outcomes; `assumed` where something was taken for
    granted that the input does not say."""
    form: dict[str, Any] = {
        "request": request_to_dict(cluster, request, mode, fabric, release),
        "outcomes": [outcome_to_dict(outcome) for outcome in outcomes],
    }
    by_the_cluster = (Text(en, zh) for en, zh in cluster.assumed)
    asked = release if fabric is None else fabric.release
    of_proxy = assumed_of_proxy(cluster, mode_named(form["request"]["mode"]), asked)
    assumed = dict.fromkeys((*by_the_cluster, *of_proxy, *(text for one in outcomes for text in one.assumed)))
    if assumed:
        form["assumed"] = [{"en": text.en, "zh": text.zh} for text in assumed]
    return form


def request_to_dict(
    cluster: Cluster,
    request: Request,
    mode: str | None = None,
    fabric: Fabric | None = None,
    release: str | None = None,
) -> dict[str, Any]:
    """Names resolved to ip:port; `node` is the one whose kube-proxy meets the packet first (null where a load
    balancer draws it)."""
    mode = mode or (fabric.mode if fabric is not None else cluster.proxy.effective_mode)
    built = fabric if fabric is not None else build_fabric(cluster, mode, release=release)
    resolved = locate(built, request)
    flow = resolved.flow(source_of(built, resolved))
    return {
        "from": flow.source,
        "to": flow.destination,
        "protocol": resolved.protocol.value,
        "node": first_node(built, resolved),
        "mode": mode,
    }


def outcome_to_dict(outcome: Outcome) -> dict[str, Any]:
    """One outcome. `where` is there only where the packet was not delivered, `stalls` only where it was and the next
    one is not."""
    form: dict[str, Any] = {
        "probability": str(outcome.probability),
        "verdict": outcome.verdict.value,
        "destination": outcome.destination,
        "source_seen": outcome.source_seen,
        "masqueraded": outcome.masqueraded,
    }
    if outcome.where is not None:
        form["where"] = _where(outcome.where)
    if outcome.stalls is not None:
        form["stalls"] = _where(outcome.stalls)
    form["hops"] = [hop_to_dict(hop) for hop in outcome.hops]
    form["reply"] = [hop_to_dict(hop) for hop in outcome.reply]
    form["conntrack"] = [_conntrack(entry) for entry in outcome.conntrack]
    form["cost"] = _cost(outcome.cost)
    form["underlay_cost"] = _cost(outcome.underlay_cost)
    form["later_cost"] = None if outcome.later_cost is None else _cost(outcome.later_cost)
    return form


def hop_to_dict(hop: Hop) -> dict[str, Any]:
    """One hop; `src` and `dst` as they stand after it, `changes` what it rewrote."""
    return {
        "n": hop.n,
        "host": hop.host,
        "device": hop.device,
        "stage": hop.stage.value,
        "hook": None if hop.hook is None else hop.hook.value,
        "table": hop.table,
        "chain": hop.chain,
        "rule": hop.rule,
        "src": hop.src,
        "dst": hop.dst,
        "mark": f"{hop.mark:#x}",
        "encapsulation": None if hop.encapsulation is None else _encapsulation(hop.encapsulation),
        "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in hop.changes],
        "note": _text(hop.note),
    }


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _where(where: Where) -> dict[str, Any]:
    return {
        "host": where.host,
        "hook": None if where.hook is None else where.hook.value,
        "table": where.table,
        "chain": where.chain,
        "rule": where.rule,
        "code": where.code,
        "direction": where.direction,
        "reason": _text(where.reason),
    }


def _encapsulation(outer: Encapsulation) -> dict[str, Any]:
    return {
        "kind": outer.kind,
        "src": outer.src if outer.sport is None else join_host_port(outer.src, outer.sport),
        "dst": outer.dst if outer.dport is None else join_host_port(outer.dst, outer.dport),
        "vni": outer.vni,
        "overhead": outer.overhead,
    }


def _conntrack(entry: ConntrackView) -> dict[str, Any]:
    return {
        "host": entry.host,
        "protocol": entry.original.protocol.value,
        "original": _tuple(entry.original),
        "reply": _tuple(entry.reply),
        "state": entry.state,
        "replied": entry.replied,
    }


def _tuple(flow: FiveTuple) -> dict[str, str]:
    return {"src": flow.source, "dst": flow.destination}


def _cost(cost: Cost) -> dict[str, int]:
    return {"rules_evaluated": cost.rules_evaluated, "hash_lookups": cost.hash_lookups}
