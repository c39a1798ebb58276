"""`k8squiz lab` and `explain --live` as programs: what they print, and that nothing of a lab outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.lab.requirements import features, why_not
from k8squiz.explain import TOPICS, TopicEntry, tell
from k8squiz.terminal.width import width_of
from tests.k8squiz.runner import CLUSTER, ROOT, Result, process

_REASON = why_not()
on_a_kernel = pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")

AGREE = {"en": "The kernel did what the engine says.", "zh": "内核的行为与引擎的结论一致。"}
REQUEST = ("--from", "client", "--to", "node/node1:30080")

Lab = Callable[..., Result]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """The program with a folder of its own for notes, so that the labs of others are left alone."""

    def run(*words: str) -> Result:
        return process("lab", *words, XDG_RUNTIME_DIR=str(tmp_path))

    yield run
    run("down")


@on_a_kernel
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize(("lang", "width"), [("en", 80), ("zh", 80), ("en", 120), ("zh", 120)])
def test_run_shows_both_beside_each_other(lang: str, width: int, mode: str) -> None:
    said = process("lab", "run", CLUSTER, *REQUEST, "--mode", mode, "--lang", lang, COLUMNS=str(width))
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == AGREE[lang]
    assert "192.168.1.10:30080" in said.out and "✗" not in said.out
    assert max(map(width_of, said.out.splitlines())) <= width


@on_a_kernel
def test_a_story_runs_on_the_kernel() -> None:
    said = process("explain", "hairpin", "--without", "masquerade", "--live")
    assert (said.code, said.err) == (0, "")
    assert "martian-source on pod-a" in said.out and "timeout" in said.out
    assert said.out.splitlines()[-1] == AGREE["en"]


@pytest.mark.parametrize("entry", TOPICS, ids=lambda entry: entry.name)
def test_stories_that_can_run_say_so(entry: TopicEntry) -> None:
    assert bool(tell(entry.name).live) is entry.live


@pytest.mark.parametrize(
    ("lang", "message"),
    [
        ("en", "schedulers has nothing to run on a kernel; --live goes with"),
        ("zh", "schedulers 没有可在内核上运行的内容"),
    ],
)
def test_a_story_without_packets_says_so(lang: str, message: str) -> None:
    said = process("explain", "schedulers", "--live", "--lang", lang)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_what_no_kernel_is_set_up_for_says_so() -> None:
    said = process("explain", "pod-to-pod", "--without", "fdb", "--live")
    assert (said.code, said.out) == (2, "")
    assert "pod-to-pod without fdb cannot be set up on a kernel here" in said.err


@on_a_kernel
@pytest.mark.skipif(_REASON is None and features().ipvs, reason="this kernel has IPVS")
@pytest.mark.parametrize(
    ("lang", "message"), [("en", "ipvs mode needs a kernel with IPVS"), ("zh", "ipvs 模式需要内核支持 IPVS")]
)
@pytest.mark.parametrize("words", [("run", CLUSTER, *REQUEST), ("up", CLUSTER)], ids=lambda words: words[0])
def test_what_the_lab_cannot_do_is_told_in_both_languages(
    lab: Lab, words: tuple[str, ...], lang: str, message: str
) -> None:
    said = lab(*words, "--mode", "ipvs", "--lang", lang)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


@on_a_kernel
def test_verify_says_how_often_each_way_was_drawn() -> None:
    words = ("lab", "verify", "--cases", "7", "--no-fixed", "--seed", "1", "--mode", "nftables")
    told = process(*words)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("7 cases, 0 disagreements")
    assert "\nway: " in told.out
    said = json.loads(process(*words, "--json").out)
    assert (said["cases"], said["disagreements"], said["left_out"]) == (7, [], [])
    assert said["drawn"]["mode"] == {"nftables": 7}
    assert set(said["drawn"]) == {"mode", "ip", "cni", "policy", "way", "broken", "outcome", "ending"}


@on_a_kernel
def test_a_host_of_a_lab_has_the_kernel_s_own_tools(lab: Lab) -> None:
    assert lab("up", CLUSTER).code == 0
    assert "-A KUBE-SERVICES" in lab("shell", "node1", "iptables", "--", "-t", "nat", "-S").out
    assert "10.244.1.5" in lab("shell", "pod-a", "ip", "addr").out
    assert lab("shell", "node1", "hostname").out == "node1\n"
    assert lab("shell", "node1", "false").code == 1
    assert "there is no host 'nosuch'" in lab("shell", "nosuch").err
    assert lab("down").out.endswith(" is down\n")
    assert lab("down").out == "No lab is up.\n"
    assert lab("shell", "node1").code == 2


@on_a_kernel
def test_two_labs_do_not_meet(lab: Lab) -> None:
    names = [lab("up", CLUSTER).out.split()[0] for _ in range(2)]
    assert "several labs are up, name one with --lab" in lab("shell", "node1", "true").err
    assert lab("shell", "--lab", names[0], "node1", "ip", "route", "add", "blackhole", "7.7.7.7").code == 0
    routes = [lab("shell", "--lab", name, "node1", "ip", "route").out for name in names]
    assert ["7.7.7.7" in text for text in routes] == [True, False]
    answers = [lab("shell", "--lab", name, "client", "ip", "addr").out for name in names]
    assert all("1.2.3.4" in text for text in answers)


@on_a_kernel
def test_a_killed_lab_is_gone(lab: Lab, tmp_path: Path) -> None:
    lab("up", CLUSTER)
    (note,) = (tmp_path / "k8squiz-lab").glob("*.json")
    os.kill(json.loads(note.read_text())["pid"], signal.SIGKILL)
    assert lab("shell", "node1", "true").code == 2
    assert lab("down").code == 0
    assert list(tmp_path.iterdir()) == []


@on_a_kernel
@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)], ids=["KILL", "INT"]
)
@pytest.mark.parametrize("after", [0, 0.8, 2])
def test_nothing_is_left_of_a_verify_that_is_stopped(how: signal.Signals, code: int, after: float) -> None:
    """Stopped so many seconds after its workers began: no process of its session stays. The namespaces have no names, so
    that they end with the processes."""
    command = [sys.executable, "-m", "k8squiz", "lab", "verify", "--cases", "80", "--no-fixed"]
    with subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        eventually(lambda: len(of_session(running.pid)) > 2)
        time.sleep(after)
        if how is signal.SIGKILL:
            running.kill()
        else:
            os.killpg(running.pid, how)
        assert (running.communicate(timeout=20)[1], running.returncode) == ("", code)
    eventually(lambda: of_session(running.pid) == [])


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def of_session(leader: int) -> list[str]:
    """The processes of a session that have not ended: proc(5), stat, fields 3 and 6."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state not in "ZX":
            found.append(path.parent.name)
    return found
