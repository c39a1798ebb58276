"""The scale command: its figures, its chart, its files, and what it refuses."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from engine import compile_rules
from engine.cluster import Mode
from engine.cost.count import mode_cost, with_one_endpoint_replaced
from engine.cost.sizes import NODES, synthetic_cluster
from engine.lab.namespaces import tool
from k8squiz.scale.chart import svg_chart, text_chart
from k8squiz.scale.timing import ipvsadm_texts, measure
from k8squiz.terminal.width import width_of
from k8squiz.world.release import RELEASE
from tests.k8squiz.runner import k8squiz

SMALL = ("scale", "--services", "20", "--endpoints", "2", "--no-growth")


def test_json_holds_what_the_engine_counts(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = k8squiz(capsys, *SMALL, "--json")
    told = json.loads(out)
    assert (code, told["services"], told["endpoints"], told["growth"]) == (0, 20, 2, [])
    for mode, figures in told["modes"].items():
        cost = mode_cost(mode, 20, 2, RELEASE)
        assert (figures["chains"], figures["rules"]) == (cost.size.chains, cost.size.rules)
        assert figures["first_packet"]["last"]["rules_evaluated"] == float(cost.last.rules)
        assert figures["later_packet"]["lookups"] == float(cost.later.lookups)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_fits(
    lang: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = k8squiz(capsys, *SMALL, "--lang", lang)
    assert (code, err) == (0, "")
    assert max(map(width_of, out.splitlines())) <= width
    assert ("Often said" in out) == (lang == "en")


REFUSED = [
    (("--services", "0"), "from 1 up", "大于等于 1"),
    (("--endpoints", "-3"), "from 1 up", "大于等于 1"),
    (("--services", "1000000000"), "more than", "超过"),
    (("--services", "many"), "not a valid integer", "不是整数"),
    (("--export", "growth.png"), "must end in .svg", "须以 .svg 结尾"),
    (("--export", "growth.svg", "--no-growth"), "--no-growth", "--no-growth"),
]


@pytest.mark.parametrize(("words", "en", "zh"), REFUSED, ids=[" ".join(case[0]) for case in REFUSED])
def test_what_is_refused(words: tuple[str, ...], en: str, zh: str, capsys: pytest.CaptureFixture[str]) -> None:
    for lang, expected in (("en", en), ("zh", zh)):
        code, out, err = k8squiz(capsys, "scale", *words, "--lang", lang)
        assert (code, out) == (2, "")
        assert expected in err


def test_growth_and_its_drawing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("k8squiz.scale.figures.SIZES", (10, 100))
    target = tmp_path / "growth.svg"
    code, out, err = k8squiz(capsys, "scale", "--services", "10", "--endpoints", "1", "--export", str(target))
    assert (code, err) == (0, f"{target}\n")
    assert "I iptables" in out
    drawn = target.read_text(encoding="utf-8")
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert drawn.count("<polyline") == 9
    assert "http://www.w3.org/2000/svg" in drawn
    assert drawn.count("http") == 1


def test_chart_marks_stand_where_the_values_are() -> None:
    lines = text_chart(
        {Mode.IPTABLES: [(10, 10), (100, 100), (1000, 1000)], Mode.IPVS: [(10, 10), (100, 10), (1000, 10)]}, 40, 9
    )
    assert [line.find("I") for line in lines if "I" in line] == [37, 24]
    assert next(line for line in lines if "*" in line).startswith("      10 ┤ *")
    assert lines[0].startswith("   1,000 ┤")
    assert lines[-1].split() == ["10", "100", "1000"]


def test_names_stand_in_the_order_of_the_lines_and_apart() -> None:
    series = {
        Mode.IPTABLES: [(10, 50.0), (100, 500.0)],
        Mode.IPVS: [(10, 15.0), (100, 15.0)],
        Mode.NFTABLES: [(10, 14.0), (100, 14.0)],
    }
    drawn = svg_chart([("h", series)], "t")
    placed = {name: int(y) for y, name in re.findall(r'<text x="\d+" y="(\d+)" style="[^"]*">(\w+)<', drawn)}
    assert placed["iptables"] < placed["ipvs"] < placed["nftables"]
    assert placed["nftables"] - placed["ipvs"] == 15


def test_the_real_tools_take_the_compiled_rules() -> None:
    """Where a tool or a right is missing, the timing says so in both languages instead."""
    for timing in measure(20, 2):
        if timing.lacking is not None:
            assert timing.lacking.en
            assert timing.lacking.zh
        else:
            assert tool(timing.tool)
            assert timing.full is not None and timing.full > 0
            assert timing.partial is not None and timing.partial > 0


def test_ipvsadm_gets_every_server_and_then_the_change() -> None:
    before = synthetic_cluster(3, 4)
    old, new = (compile_rules(one, NODES[0], "ipvs") for one in (before, with_one_endpoint_replaced(before)))
    full, change = ipvsadm_texts(old, new)
    assert [line[:2] for line in full.splitlines()] == (["-A"] + ["-a"] * 4) * 3
    assert change.splitlines() == [
        "-a -t 10.96.0.10:80 -r 10.255.255.254:8080 -m -w 1",
        "-d -t 10.96.0.10:80 -r 10.192.0.11:8080",
    ]
