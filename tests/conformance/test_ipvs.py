"""Every recorded choice of the kernel's schedulers, replayed through engine.ipvs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.ipvs import Connection, VirtualServer

from .locate import folder

_FILES = sorted(folder("ipvs").glob("*.json"))
# These were recorded one after another on the same servers, so their counts start above zero and go down by themselves.
_COUNTS_FROM_BEFORE = ("rr", "wrr", "sh", "mh")


def _service(recording: dict[str, Any]) -> VirtualServer:
    virtual = recording["virtual"]
    return VirtualServer(
        virtual.get("protocol", "TCP"),
        virtual.get("address", "0.0.0.0"),
        virtual.get("port", 0),
        scheduler=recording["scheduler"],
        flags=tuple(recording["flags"]),
        persistent=recording["persistent"],
    )


def _counts(service: VirtualServer) -> dict[str, dict[str, int]]:
    return {s.name: {"weight": s.weight, "active": s.active, "inactive": s.inactive} for s in service.servers()}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_every_choice_is_the_kernels(file: Path) -> None:
    recording = json.loads(file.read_text())
    service = _service(recording)
    connections: dict[tuple[str, int], Connection] = {}
    for number, event in enumerate(recording["events"]):
        match event["op"]:
            case "add_server":
                service.add_server(event["address"], event["port"], weight=event["weight"])
            case "set_weight":
                service.set_weight(event["address"], event["port"], event["weight"])
            case "remove_server":
                service.remove_server(event["address"], event["port"])
            case "close":
                connections.pop((event["client"], event["client_port"])).close()
            case "connect":
                if recording["scheduler"] not in _COUNTS_FROM_BEFORE:
                    assert _counts(service) == event["before"], f"event {number}: counts before"
                connection = service.connect(event["client"], event["client_port"], event.get("destination"))
                assert connection.server == event["chosen"], f"event {number}: {event}"
                connections[event["client"], event["client_port"]] = connection
            case other:
                pytest.fail(f"event {number}: unknown operation {other!r}")
