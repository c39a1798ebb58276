"""Recorded look-ups of glibc 2.36 and musl 1.2.3: every query, what it was answered, the result and the seconds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.dns import Lookup, lookup

from .locate import folder

RECORDED = json.loads((folder("dns") / "recorded.json").read_text(encoding="utf-8"))
LIBC = {"glibc", "musl"}
# What gai_strerror says of each code.
ERRORS = {
    ("glibc", "EAI_NONAME"): "error Name or service not known",
    ("glibc", "EAI_AGAIN"): "error Temporary failure in name resolution",
    ("glibc", "EAI_NODATA"): "error No address associated with hostname",
    ("musl", "EAI_NONAME"): "error Name does not resolve",
    ("musl", "EAI_AGAIN"): "error Try again",
}


def called(case: dict[str, Any]) -> str:
    return " ".join(case[key] for key in ("conf", "libc", "family", "name"))


def ask(case: dict[str, Any]) -> Lookup:
    given = {key: case[key] for key in ("resolv_conf", "name", "libc", "family")}
    return lookup(**given, zone=RECORDED["zone"], dead=case.get("dead_servers", ()))


@pytest.mark.parametrize("case", RECORDED["cases"], ids=called)
def test_every_look_up(case: dict[str, Any]) -> None:
    found = ask(case)
    asked = [(q.server, q.name, q.type, q.rcode or "none (dropped)", q.answers) for q in found.queries]
    recorded = [tuple(q[key] for key in ("server", "name", "type", "rcode", "answers")) for q in case["queries"]]
    if len({server for server, *_ in recorded}) > 1 and case["libc"] == "musl":
        # It writes to all servers at once: which of them notes it first is a race, what each notes is not.
        asked, recorded = (sorted(queries, key=lambda query: query[0]) for queries in (asked, recorded))
    assert asked == recorded
    assert list(found.result) == [line for line in case["result"] if not line.startswith("error")]
    assert not found.error or [ERRORS[case["libc"], found.error]] == case["result"]
    assert int(found.seconds) == case.get("elapsed_s", 0)


def test_both_libraries_are_there() -> None:
    assert {case["libc"] for case in RECORDED["cases"]} == LIBC
