"""The tables of words, whole, in both languages, as text files: what a chain means, why a packet died, what is taken for
granted, what can be taken away, what differs by release.

A changed row shows as a diff of tests/golden/rows that an English and a Chinese reader can read. To write them anew:
K8SQUIZ_TELL=1 pytest tests/engine/words/test_tables.py, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cluster import Node
from engine.fabric import chains
from engine.fabric.without import PARTS
from engine.packet import L4, FiveTuple
from engine.proxy.releases import DIFFERENCES
from engine.trace import ReasonCode, Stage, Text
from engine.words import endings
from engine.words.endings import reason

ROWS = Path(__file__).parents[2] / "golden" / "rows"
# What each figure of a reason is, so that no two can change places unseen.
FLOW = FiveTuple(L4.TCP, "1.2.3.4", 40000, "10.96.0.10", 80)
FIGURES = {
    "host": "node1",
    "device": "eth0",
    "next_hop": "192.168.1.11",
    "circle": "node1 -> node2",
    "outer_dst": "192.168.1.12",
    "bridge": "cni0",
    "port": "veth1",
    "spoken": "10.96.0.10:80",
    "size": "1500",
    "mtu": "1450",
}


# Names that are cut short where they are read.
NAMES = ("KUBE-SVC-LOLE4ISW44XBNF3G", "endpoint-YVBLONRQ-default/web/tcp/__10.244.2.8/8080")


def _both(name: str, text: Text | None) -> Iterator[str]:
    if text is not None:
        yield f"  {name}"
        yield f"    {text.en}"
        yield f"    {text.zh}"


def _chains() -> Iterator[str]:
    for writer in chains.WRITERS:
        for row in writer.rows:
            yield f"{writer.name} {row.name} {row.code or '-'} {row.role or '-'} {row.part or '-'}"
            yield from _both("a jump to it", row.lead)
            yield from _both("a card", row.card)
        yield f"{writer.name}: prefix {writer.prefix!r} table {writer.table!r} base {writer.base!r}"
        yield f"  sets of who reaches itself: {' '.join(writer.hairpin_sets)}; marks in place: {writer.marks_in_place}"
        if writer.short is not None:
            yield f"  read as: {' '.join(map(str, map(writer.short, NAMES)))}"
        for comment, code in writer.refusals:
            yield f"  {comment!r} means {code}"
        for code, text in writer.reasons.items():
            yield from _both(f"why {code}", text)


def _reasons() -> Iterator[str]:
    for code in ReasonCode:
        yield f"{code.name}"
        yield from _both(code, reason(code, FLOW, **FIGURES))


def _assumed() -> Iterator[str]:
    told = (
        endings.circle(FLOW, "node1", ("node1", "node2"), anew=True),
        endings.undeclared_port("default/pod-a", FLOW),
        endings.dns_cache("node1"),
        endings.elected("203.0.113.50"),
        endings.of_the_world(FLOW),
        endings.of_the_world(FiveTuple(L4.ICMP, "1.2.3.4", 0, "8.8.8.8", 0)),
        endings.only_in_rules(),
        endings.on_a_node_made_up(FLOW, Node("node9", ("192.0.2.9",))),
        endings.entry_from_before("node1", FLOW, "10.244.1.5:8080", (30, 120), stream=False),
        endings.entry_from_before("node1", FLOW, "10.244.1.5:8080", (30, 120), stream=True),
        endings.clamped("node1", 1360, 1400),
        endings.probed("node1", 1500, 1076),
        endings.learned_mtu("node1", 1400),
        endings.noted_mtu("node1", 1400),
        endings.segmented("node1", 1360, 1400),
    )
    for text in told:
        yield from (text.en, text.zh)


def _parts() -> Iterator[str]:
    for name, part in PARTS.items():
        yield name
        yield from _both(
            f"{part.name}: rules {part.drops is not None}, ipvs {part.undoes is not None}",
            part.meaning,
        )


def _releases() -> Iterator[str]:
    for row in DIFFERENCES:
        yield f"{row.name} since {row.since} until {row.until} also {' '.join(row.also) or '-'} in {' '.join(row.modes)}"
        yield from _both(row.source, row.what)


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "chains": _chains,
    "reasons": _reasons,
    "assumed": _assumed,
    "parts": _parts,
    "releases": _releases,
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_it_said(name: str) -> None:
    told = "\n".join(TABLES[name]()) + "\n"
    file = ROWS / f"{name}.txt"
    if os.environ.get("K8SQUIZ_TELL"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    assert {file.stem for file in ROWS.iterdir()} == set(TABLES)


def test_a_code_is_its_name() -> None:
    assert [code.value for code in ReasonCode] == [code.name.lower().replace("_", "-") for code in ReasonCode]


def test_the_stages_in_the_order_in_which_they_are_met() -> None:
    assert " ".join(Stage) == (
        "dns connect nic prerouting dnat routing input policy ipvs forward output postrouting snat encapsulate wire "
        "decapsulate bridge veth socket"
    )
    assert [stage.name.lower() for stage in Stage] == list(Stage)
