"""Nothing that is loaded, compiled or walked is a cycle: its memory is free as soon as nobody holds it, and a program that
looks at one cluster after another does not grow until Python searches for cycles."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from engine import EngineError, Request, compile_node, compile_rules, load_cluster, outcomes, resolve
from engine.shell import open_shell

EXAMPLE = (Path(__file__).parents[2] / "docs/examples/cluster.yaml").read_text(encoding="utf-8")
AS_JSON = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(yaml.safe_load_all(EXAMPLE))})
ASKED = Request(source="1.2.3.4", destination="192.168.1.10:30080", protocol="TCP", node="node1")


def _walked(text: str, mode: str) -> None:
    cluster = load_cluster(text=text)
    outcomes(cluster, ASKED, mode=mode)
    resolve(cluster, "node1", ASKED, mode=mode)
    str(compile_rules(cluster, "node1", mode))
    str(compile_node(cluster, "node1", mode))


def _refused() -> None:
    with suppress(EngineError):
        load_cluster(text=EXAMPLE.replace("kind: Service", "kind: Service\nspec: 5", 1))


def _asked_in_a_shell() -> None:
    shell = open_shell(load_cluster(text=EXAMPLE), mode="iptables")
    shell.run("node1", "ip route")


WORK: list[Callable[[], None]] = [
    lambda: _walked(EXAMPLE, "iptables"),
    lambda: _walked(EXAMPLE, "nftables"),
    lambda: _walked(EXAMPLE, "ipvs"),
    lambda: _walked(AS_JSON, "iptables"),
    _refused,
    _asked_in_a_shell,
]


@pytest.mark.parametrize("work", WORK, ids=["iptables", "nftables", "ipvs", "JSON", "refused", "a shell"])
def test_nothing_waits_for_the_search_of_cycles(work: Callable[[], None]) -> None:
    work()  # what is kept for the next time
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(3):
            work()
        gc.collect()
    finally:
        gc.set_debug(0)
    left = sorted({type(found).__qualname__ for found in gc.garbage if type(found).__module__.startswith("engine")})
    gc.garbage.clear()
    assert left == []
