"""The names of a node's devices as rules that were saved there have them: the API shows addresses and no names, so the model's
own (eth0, cni0) are guesses.

Sources: systemd.net-naming-scheme(7), udev's biosdevname; the bridges that CNI configurations name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import CardFacts, Cluster, NodeFacts
from engine.netfilter.packet_facts import device_matches
from engine.netfilter.ruleset import Ruleset
from engine.trace import Text
from engine.values import pattern

_CARD = pattern(r"(?:en[opsx]\w+|em\d+|p\d+p\d+|bond\d+|team\d+|wl\w+|venet\d+|ib\w+)(?:\.\d+)?")
_BRIDGES = ("cbr0", "cni0", "kube-bridge", "mynet0", "cni-bridge0")
_PLAIN = NodeFacts()


@dataclasses.dataclass(frozen=True, slots=True)
class Mention:
    """A device that a rule asks for, and where the rule stands (None: not known)."""

    name: str
    place: tuple[str, int] | None


def mentions(ruleset: Ruleset) -> Iterator[Mention]:
    """The names and patterns of devices that rules ask for, in the order of the rules."""
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            for position, rule in enumerate(chain.rules):
                place = chain.places[position] if position < len(chain.places) else None
                for match in rule.matches:
                    yield from (Mention(name, place) for name in match.devices())


def named_by_rules(
    cluster: Cluster, rulesets: Mapping[str, Ruleset], bridge: str | None
) -> tuple[Cluster, tuple[Text, ...]]:
    """`cluster` with the names that the nodes' rules have for a card or a bridge that nothing else names, where they can
    mean but one; and what was taken so. `bridge` is what the model calls the pods' bridge, None where it has none."""
    facts = dict(cluster.network.nodes)
    said: list[Text] = []
    for node in cluster.nodes:
        ruleset = rulesets.get(node.name)
        if ruleset is None:
            continue
        asked = list({mention.name: mention for mention in reversed([*mentions(ruleset)])}.values())[::-1]
        own = facts.get(node.name, _PLAIN)
        card = None if own.cards else _only(asked, _CARD.fullmatch, "eth0")
        if card is not None and node.internal_ips:
            own = dataclasses.replace(own, cards=(CardFacts(card.name, node.internal_ips[0]),))
            said.append(_taken(node.name, card, "eth0", "network card", "网卡"))
        port = None if own.bridge or bridge is None else _only(asked, _BRIDGES.__contains__, bridge)
        if port is not None and bridge is not None:
            own = dataclasses.replace(own, bridge=port.name)
            said.append(_taken(node.name, port, bridge, "bridge", "网桥"))
        facts[node.name] = own
    if not said:
        return cluster, ()
    network = dataclasses.replace(cluster.network, nodes=facts)
    return dataclasses.replace(cluster, network=network), tuple(said)


def _only(asked: Iterable[Mention], fits: object, usual: str) -> Mention | None:
    """The one device of a kind that rules name; None where they name several, or the one that the model has already."""
    assert callable(fits)
    found = [mention for mention in asked if not mention.name.endswith(("+", "*")) and fits(mention.name)]
    usual_too = any(mention.name.endswith(("+", "*")) and len(mention.name) > 1 and device_matches(mention.name, usual) for mention in asked)  # fmt: skip
    return found[0] if len(found) == 1 and found[0].name != usual and not usual_too else None


def _taken(node: str, found: Mention, usual: str, kind: str, kind_zh: str) -> Text:
    place = "" if found.place is None else f" ({found.place[0]}:{found.place[1]})"
    return Text(
        f"{node}'s {kind} is taken to be {found.name}, as its rules call one{place}; no manifest names it.",
        f"{node} 的{kind_zh}视为 {found.name}，依其规则中的名称{place}；清单中没有给出名称。",
    )
