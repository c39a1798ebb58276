"""The schedulers command, questions of kind scheduler, and questions on a virtual server's history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.ipvs import VirtualServer
from engine.ipvs.scenarios import SCENARIOS
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, load
from k8squiz.bank.question import Question
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import MenuField
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.terminal.width import width_of
from k8squiz.world.virtual_servers import history, scenario
from k8squiz.world.world import World
from tests.k8squiz import fakes
from tests.k8squiz.runner import k8squiz

SMALL = """\
servers: [{name: small}, {name: large, weight: 2, speed: 2}]
connections: 60
requirements: "load_spread <= 1.2"
"""


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("words", [(), ("--scenario", "same-client"), ("--require", "spread <= 1.01")], ids=str)
def test_the_screen_fits(
    words: tuple[str, ...], lang: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = k8squiz(capsys, "schedulers", *words, "--lang", lang)
    assert (code, err) == (0, "")
    assert max(map(width_of, out.splitlines())) <= width


def test_json_is_what_the_engine_measures(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(k8squiz(capsys, "schedulers", "--scenario", "never-queue", "--json").out)
    found = SCENARIOS["never-queue"]
    assert told["fitting"] == list(found.fitting("0"))
    assert told["schedulers"]["nq"]["idle_while_queued"] == found.measure("nq", "0").idle_while_queued
    assert [one["name"] for one in json.loads(k8squiz(capsys, "schedulers", "--json").out)] == list(SCENARIOS)


DEGENERATE = [("spread <= 0.5", "No scheduler", "没有调度算法"), ("refused >= 0", "Every scheduler", "所有调度算法")]


@pytest.mark.parametrize(("wanted", "en", "zh"), DEGENERATE)
def test_a_requirement_that_tells_nothing_apart(
    wanted: str, en: str, zh: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert en in k8squiz(capsys, "schedulers", "--require", wanted).out
    assert zh in k8squiz(capsys, "schedulers", "--require", wanted, "--lang", "zh").out


BAD = [
    (("--scenario", "nosuch"), "no such scenario", "没有这个场景"),
    (("--scenario", "/no/such.yaml"), "cannot be read", "无法读取"),
    (("--require", "spread about 2"), "is not of the form", "格式不是"),
    (("--require", "speed <= 2"), "unknown metric", "未知的指标"),
    (("--metric", "speed"), "no such figure", "没有这个指标"),
]


@pytest.mark.parametrize(("words", "en", "zh"), BAD, ids=[" ".join(case[0]) for case in BAD])
def test_what_is_refused(words: tuple[str, ...], en: str, zh: str, capsys: pytest.CaptureFixture[str]) -> None:
    for lang, expected in (("en", en), ("zh", zh)):
        code, out, err = k8squiz(capsys, "schedulers", *words, "--lang", lang)
        assert (code, out) == (2, "")
        assert expected in err


FILES = [
    ("servers: [", 1, "not valid YAML"),
    ("- a", 1, "mapping"),
    (SMALL.replace("weight: 2", "weight: -2"), 1, "servers[1].weight: it must be a whole number from 0 up, not -2"),
    (SMALL.replace("weight: 2", "weight: two"), 1, "servers[1].weight: it must be a whole number from 0 up, not 'two'"),
    (SMALL.replace("weight: 2", "port: 99999"), 1, "servers[1]: unknown field 'port'"),
    (SMALL.replace("{name: small}", "{}"), 1, "servers[0]: field 'name' is missing"),
    (SMALL.replace("connections: 60", "connections: 0"), 2, "connections: it must be a whole number from 1 up, not 0"),
    (SMALL.replace("load_spread", "loadspread"), 3, "unknown metric"),
    (SMALL + "colour: red\n", 4, "unknown field 'colour'"),
    (SMALL + "long_share: 7\n", 4, "a share from 0 to 1"),
    (SMALL + "words: {en: Mine}\n", 4, "field 'zh' is missing"),
    (SMALL + "changes:\n- {at: 5, action: explode, server: small}\n", 5, "one of remove, drain, add"),
    (SMALL + "changes:\n- {at: 5, action: drain, server: nobody}\n", 4, "no such server"),
    (SMALL + "dataplane: kube-proxy\n", 1, "every weight is 1"),
    (SMALL + "dataplane: ebpf\n", 1, "unknown dataplane"),
    (SMALL.replace("requirements", "# requirements"), 1, "field 'requirements' is missing"),
]


@pytest.mark.parametrize(("text", "line", "message"), FILES, ids=[case[2] for case in FILES])
def test_scenario_files_that_are_refused(
    text: str, line: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    code, _, err = k8squiz(capsys, "schedulers", "--scenario", str(file))
    assert code == 2
    assert f"{file}:{line}: " in err
    assert message in err


def test_a_scenario_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SMALL)
    told = json.loads(k8squiz(capsys, "schedulers", "--scenario", str(file), "--json").out)
    assert told["scenario"] == "mine"
    assert "wrr" in told["fitting"]
    assert "rr" not in told["fitting"]


def test_a_scheduler_question_is_graded_by_what_was_measured() -> None:
    world = World(draw(find("the-same-client-stays"), "2"))
    (field,) = make_task(world).fields
    assert isinstance(field, MenuField)
    assert set(field.truth) <= {"sh", "mh"}
    assert len(field.items) == 6
    task = make_task(world)
    right = grade(task, {"schedulers": field.truth}, 0.0)
    wrong = grade(task, {"schedulers": tuple(item.key for item in field.items if item.key not in field.truth)}, 0.0)
    every = grade(task, {"schedulers": tuple(item.key for item in field.items)}, 0.0)
    assert right.score == 1.0
    assert wrong.score == 0.0
    assert every.score < 1.0


@pytest.mark.parametrize("requirement", ["refused >= 0", "spread <= 0.5"])
def test_lint_refuses_a_requirement_that_none_or_all_meet(
    requirement: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = find("the-same-client-stays").meta.path
    text = Path(source).read_text(encoding="utf-8").replace("stickiness >= 1, spread <= 3", requirement)
    folder = tmp_path / "05-schedulers"
    folder.mkdir()
    shutil.copytree(Path(source).parent.parent / "clusters", tmp_path / "clusters")
    file = folder / "the-same-client-stays.yaml"
    file.write_text(text, encoding="utf-8")
    code, out, _ = k8squiz(capsys, "questions", "lint", str(file), "--seeds", "2")
    assert code == 1
    assert "so it asks nothing" in out
    assert load(file).meta.kind == "scheduler"


def asking(**ask: object) -> Question:
    """A question with that `ask`."""
    return fakes.world(ask=ask).question


def test_a_history_is_what_the_virtual_server_does() -> None:
    ask = {"ipvs": {"scheduler": "wlc", "servers": {"a": 2, "b": 1}, "steps": ["connect 4", "close 1", "weight b 0", "connect from x"]}}  # fmt: skip
    found = history(asking(**ask))
    assert found is not None
    vs = VirtualServer("TCP", "10.96.0.10", 80, scheduler="wlc")
    vs.add_server("10.244.1.5", 80, weight=2)
    vs.add_server("10.244.1.6", 80, weight=1)
    made = [vs.connect(f"198.51.100.{number}", 40000 + number) for number in range(1, 5)]
    made[0].close()
    vs.set_weight("10.244.1.6", 80, 0)
    made.append(vs.connect("198.51.100.5", 40005))
    names = {"10.244.1.5:80": "a", "10.244.1.6:80": "b"}
    assert found.picks == tuple(names[str(connection.server)] for connection in made)
    assert found.picked("last") == "a"


def test_servers_that_are_all_alike_are_counted_not_listed() -> None:
    three = history(asking(ipvs={"scheduler": "rr", "servers": 3, "steps": ["connect 4"]}))
    assert three is not None
    assert three.servers == (("pod-1", 1), ("pod-2", 1), ("pod-3", 1))
    assert three.picks == ("pod-3", "pod-2", "pod-1", "pod-3")
    alike = scenario(asking(scenario={"servers": {"count": 2, "slots": 5}, "requirements": "spread <= 2"}))
    assert alike is not None
    assert [(server.name, server.weight, server.slots) for server in alike.workload.servers] == [
        ("pod-1", 1, 5), ("pod-2", 1, 5),
    ]  # fmt: skip


HISTORIES = [
    # A server that was removed comes back with its counts: the other one has less.
    ({"scheduler": "lc", "servers": {"a": 1, "b": 1}, "steps": ["connect 5", "remove b", "add b 1", "connect"]}, "a"),
    # A drained server keeps the client it is bound to, unless the sysctl says that its template expires.
    ({"scheduler": "rr", "servers": {"a": 1, "b": 1}, "persistent": 300,
      "steps": ["connect from shop", "weight b 0", "connect from shop"]}, "b"),
    ({"scheduler": "rr", "servers": {"a": 1, "b": 1}, "persistent": 300, "expireQuiescentTemplate": True,
      "steps": ["connect from shop", "weight b 0", "connect from shop"]}, "a"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "last"), HISTORIES)
def test_what_the_past_decides(spec: dict[str, object], last: str) -> None:
    found = history(asking(ipvs=spec))
    assert found is not None
    assert found.picked("last") == last


@pytest.mark.parametrize("servers", [{"slots": 5}, {"count": "many"}, {"count": 2, "colour": "red"}], ids=str)
def test_alike_servers_that_make_no_sense(servers: dict[str, object]) -> None:
    with pytest.raises(QuizError, match=r"ask\.scenario"):
        scenario(asking(scenario={"servers": servers, "requirements": "spread <= 2"}))


NONSENSE = [
    {"scheduler": "best", "servers": {"a": 1}, "steps": ["connect"]},
    {"scheduler": "rr", "servers": {"a": -1}, "steps": ["connect"]},
    {"scheduler": "rr", "servers": {"a": 1}, "steps": ["dance"]},
    {"scheduler": "rr", "servers": {"a": 1}, "steps": ["close 3"]},
    {"scheduler": "rr", "servers": {"a": 1}, "steps": ["connect 100000"]},
    {"scheduler": "rr", "servers": {"a": 1}, "steps": ["weight b 1"]},
    {"scheduler": "rr", "servers": {"a": 1}, "persistent": -5, "steps": ["connect"]},
]


@pytest.mark.parametrize("spec", NONSENSE, ids=str)
def test_a_history_that_makes_no_sense(spec: dict[str, object]) -> None:
    with pytest.raises(QuizError) as caught:
        history(asking(ipvs=spec))
    assert caught.value.en.startswith("fake.yaml:1: ask.ipvs")
    assert caught.value.zh.startswith("fake.yaml:1：ask.ipvs")
