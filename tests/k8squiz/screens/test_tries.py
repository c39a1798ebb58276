"""A line that was tried: how each connection ends with it, and which of them end as they should."""

from __future__ import annotations

import io

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.interface import make_task
from k8squiz.screens.tries import try_view
from k8squiz.terminal.console import make_console
from k8squiz.world.world import World

WRONG = "-t nat -A KUBE-SEP-EW454EMKD6DSHQR4 -s 10.233.38.195/32 -j KUBE-MARK-MASQ"
ALL = "-t nat -I KUBE-SEP-EW454EMKD6DSHQR4 1 -j KUBE-MARK-MASQ"
# What is typed, and each connection's sign: the pod to itself, its neighbour to it, whose address is to stay.
TRIES = [(WRONG, "✗ hairpin: LOST", "✓ neighbour: DELIVERED"), (ALL, "✓ hairpin: DELIVERED", "✗ neighbour: DELIVERED")]


@pytest.mark.parametrize(("typed", "hairpin", "neighbour"), TRIES)
def test_each_connection_has_its_own_sign(typed: str, hairpin: str, neighbour: str) -> None:
    world = World(draw(find("hairpin-mend"), "3"))
    task = make_task(world)
    out = io.StringIO()
    make_console(width=200, file=out).print(try_view(world, task, {"rule": task.fields[0].read(typed)}, "en"))
    assert hairpin in out.getvalue() and neighbour in out.getvalue()
