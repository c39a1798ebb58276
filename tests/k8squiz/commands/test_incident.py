"""`k8squiz incident`: a script's grade, the prompt read from a pipe, what is said of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.faults import draw_incident, names
from engine.faults.incident import draw_pair
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


def test_two_faults_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    incident = draw_pair(2)
    first, second = incident.faults
    assert not set(first.case.place) & set(second.case.place)
    mend = [f"{host}: {line}" if host else line for host, line in first.case.cures[0]]
    said = f"diagnose {first.case.place[0]}: {first.fault.what.en}"
    done = k8squiz(capsys, "incident", incident.id, "--script", "-", "--json", stdin="\n".join((said, *mend)))
    found = json.loads(done.out)
    assert done.code == 1
    assert found["id"] == incident.id
    assert found["diagnosed"]["cause"] is False
    assert [(one["fault"], one["cause"], one["mended"]) for one in found["faults"]] == [
        (first.fault.name, True, True),
        (second.fault.name, False, False),
    ]
    script = "\n".join(expert_path(incident))
    done = k8squiz(capsys, "incident", incident.id, "--script", "-", "--json", stdin=script)
    assert (done.code, json.loads(done.out)["mended"]) == (0, True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_debrief_of_two_faults(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, "incident", draw_pair(2).id, "--lang", lang, stdin="done\n")
    assert done.out.count({"en": "It is not mended.", "zh": "没有说出原因。 没有修复。"}[lang]) == 2


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
    "a seed that is no text": (("incident", "--fault", "hairpin-off", "--seed", "\udcff"), "is no text"),
    "an id that is no text": (("incident", "hairpin-off.\udcff"), "is no text"),
    "another command's seed that is no text": (("practice", "--seed", "\udcff"), "is no text"),
    "three faults at once": (("incident", "--fault", "a+b+c"), "there is no fault 'a'"),
    "a fault twice": (("incident", "--fault", "hairpin-off+hairpin-off"), "name two faults at most, and each once"),
    "two that no network has": (
        ("incident", "forward-drop+hairpin-off.1"),
        "there is no network and mode that has both",
    ),
    "an id and a seed": (("incident", "hairpin-off.3", "--seed", "3"), "an ID says all of it"),
    "a fault and a level": (("incident", "--fault", "hairpin-off", "--level", "2"), "--fault or --level, not both"),
    "no such script": ((*ARGUMENTS, "--script", "/nonexistent"), "/nonexistent: cannot be read: "),
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


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_sheet_for_two_people(lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sheet.md"
    assert k8squiz(capsys, *ARGUMENTS, "--interviewer", str(path), "--lang", lang).code == 0
    text = path.read_text(encoding="utf-8")
    incident = draw_incident("hairpin-off", seed=3)
    case = incident.case
    # What the candidate is handed says nothing of the cause.
    handout, _, rest = text.partition("## For you alone" if lang == "en" else "## 仅供面试官")
    what = incident.fault.what.en if lang == "en" else incident.fault.what.zh
    assert what not in handout and what in rest
    assert all(name in text for name in incident.failing)
    assert all(line in rest for lines in (*case.cures, *case.wrong) for _, line in lines)
    assert all(one.line in rest for one in case.evidence)
    assert (
        sum(
            int(row.split("|")[2])
            for row in rest.splitlines()
            if row.count("|") == 4 and row.split("|")[2].strip().isdigit()
        )
        == 40
    )


def test_a_sheet_is_a_markdown_file(capsys: pytest.CaptureFixture[str]) -> None:
    done = k8squiz(capsys, *ARGUMENTS, "--interviewer", "sheet.txt")
    assert done.code == 2 and "name a .md file" in done.err
