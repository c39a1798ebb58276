"""`k8squiz incident`: a script's grade, the prompt read from a pipe, what is said of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.faults import draw_incident, names
from engine.faults.run import expert_path
from tests.k8squiz.runner import k8squiz

ARGUMENTS = ("incident", "--fault", "hairpin-off", "--seed", "3")


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, "incident", "--list", "--json")
    assert [one["name"] for one in json.loads(done.out)["faults"]] == list(names())
    assert k8squiz(capsys, "incident", "--list").out.count("\n") == len(names())


def test_an_experts_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "script"
    path.write_text("\n".join(expert_path(draw_incident("hairpin-off", seed=3))), encoding="utf-8")
    done = k8squiz(capsys, *ARGUMENTS, "--script", str(path), "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert found["score"] >= 0.95
    assert found["mended"]
    assert found["diagnosed"] == {"cause": True, "place": True}
    assert found["broken"] == []


@pytest.mark.parametrize("text", ["", "done\n", "# nothing\n", "flows\n", "nowhere: ls\n"])
def test_a_script_that_does_nothing(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, *ARGUMENTS, "--script", "-", stdin=text)
    found = json.loads(done.out)
    assert (done.code, found["score"], found["mended"]) == (1, 0, False)
    assert found["broken"]


@pytest.mark.parametrize("text", ["frob\n", "x" * 10_000, "nowhere: ls", "\x1b[2J\n", "diagnose " + "z" * 10_000])
def test_a_bad_line_is_told_and_the_rest_goes_on(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, *ARGUMENTS, "--script", "-", stdin=text)
    assert done.code == 1
    assert json.loads(done.out)["score"] == 0
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_prompt_from_a_pipe(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "flows\nhint\ndiagnose\ndiagnose 2 x\nkubectl get pods\nssh nowhere\nexit\nreport\nhelp\ndone\n"
    done = k8squiz(capsys, *ARGUMENTS, "--lang", lang, stdin=lines)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert {"en": "An expert's", "zh": "专家的路径"}[lang] in done.out
    assert "1/1" in done.out


BAD = {
    "no such fault": (("incident", "--fault", "nope"), "there is no fault 'nope'"),
    "no such id": (("incident", "nope.3"), "there is no fault 'nope'"),
    "a level without any": (("incident", "--level", "5"), "no fault has level 5"),
    "an id and a seed": (("incident", "hairpin-off.3", "--seed", "3"), "an ID says all of it"),
    "a fault and a level": (("incident", "--fault", "hairpin-off", "--level", "2"), "--fault or --level, not both"),
    "no such script": ((*ARGUMENTS, "--script", "/nonexistent"), "cannot read /nonexistent: "),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_script_too_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "script"
    path.write_text("ls\n" * 1001, encoding="utf-8")
    assert k8squiz(capsys, *ARGUMENTS, "--script", str(path)).code == 2
