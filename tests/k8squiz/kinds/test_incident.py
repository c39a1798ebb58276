"""An incident as a question: what it is worth, how a line is answered, what a wrong path is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.bank.question import Question
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Dialogue, Unreadable
from k8squiz.kinds.grade import grade
from k8squiz.kinds.incident.fields import PATH, IncidentField
from k8squiz.kinds.interface import causes_of, kind, make_task
from k8squiz.world.incidents import incident_of
from k8squiz.world.world import World

FILES = sorted((Path(__file__).parents[3] / "questions" / "18-incidents").glob("*.yaml"))


def asked(name: str = "nobody-answers", seed: str = "1") -> Question:
    return draw(find(name), seed)


@pytest.fixture(scope="module")
def field() -> IncidentField:
    return IncidentField(asked())


def typed(field: IncidentField, *lines: str) -> tuple[Dialogue, list[str]]:
    """The dialogue after these lines, and what each of them was answered."""
    held, said = field.replies(), []
    assert held is not None
    for line in lines:
        text, held = held.reply(line, "en")
        said.append(text)
    return held, said


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_an_experts_path_is_worth_all_and_nothing_done_nothing(name: str) -> None:
    field = IncidentField(asked(name))
    assert list(field.flaws()) == []
    assert field.read(field.show(field.truth, False)) == field.truth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("flows\n\n# a look\nip link\n", "flows\nip link", id="empty lines and comments"),
        pytest.param("1. flows\n2. done\n3. flows", "flows\ndone", id="numbered, and nothing after done"),
        pytest.param("x" * 9000, "x" * 2000, id="a long line"),
        pytest.param("flows\n" * 900, "\n".join(["flows"] * 300), id="many lines"),
    ],
)
def test_what_was_typed_is_a_script(field: IncidentField, text: str, value: str) -> None:
    assert field.read(text) == value


def test_nothing_is_no_script(field: IncidentField) -> None:
    with pytest.raises(Unreadable):
        field.read(" \n# only a comment")


def test_a_line_is_answered_where_one_has_gone_to(field: IncidentField) -> None:
    node = incident_of(asked()).scene.nodes[0]
    held, said = typed(field, "ssh nowhere", f"ssh {node}", "ip link", "flows", "exit", "exit", "kubectl get nodes", "")
    assert said[0].startswith("there is no host 'nowhere'")
    assert "cni0" in said[2] or "lo" in said[2]
    assert "flows do not do what they did before" in said[3]
    assert said[4] == said[5] == said[7] == ""
    assert held.lines == (f"{node}: ip link", "flows", "kubectl get nodes")
    assert (held.prompt("en"), held.over) == ("$ ", False)


def test_a_shell_in_a_pod_is_gone_to_and_a_pod_that_was_made_stays(field: IncidentField) -> None:
    pod = next(one.name for one in incident_of(asked()).broken.cluster.pods if one.namespace == "default")
    held, said = typed(
        field, f"kubectl exec -it {pod} -- sh", "hostname", "exit", "kubectl run t --image=a -it -- sh", "hostname"
    )
    assert (said[1], said[4]) == (f"{pod}\n", "t\n")
    assert [line.partition(": ")[2] or line for line in held.lines] == [
        "hostname",
        "kubectl run t --image=a -it -- sh",
        "hostname",
    ]
    again = field.replies("\n".join(held.lines))
    assert again is not None
    assert again.reply("pod/default/t: hostname", "en")[0] == "t\n"


@pytest.mark.parametrize(
    ("line", "begins", "kept"),
    [
        pytest.param("diagnose", "diagnose NUMBER PLACE", 0, id="the choices"),
        pytest.param("report", "Since ", 0, id="the report"),
        pytest.param("diagnose the selector of catalog", "Noted: the selector", 1, id="a diagnosis"),
        pytest.param("rm -rf /", "rm: it is dangerous to operate", 1, id="a step too far"),
        pytest.param("telnet a", "sh: telnet: command not found", 1, id="no tool"),
        pytest.param("done", "", 1, id="the end"),
    ],
)
def test_the_words_of_an_incident(field: IncidentField, line: str, begins: str, kept: int) -> None:
    held, said = typed(field, line)
    assert said[0].startswith(begins)
    assert (len(held.lines), held.over) == (kept, line == "done")


def test_it_is_taken_up_again_after_its_lines(field: IncidentField) -> None:
    held = field.replies(field.truth)
    assert held is not None
    assert (held.over, held.lines) == (False, tuple(field.truth.split("\n"))[:-1])
    assert held.reply("flows", "en")[0] == "Every flow does what it did before."


def test_the_lines_have_an_end(field: IncidentField) -> None:
    held = field.replies("\n".join(["# none", *["diagnose x"] * 299]))
    assert held is not None
    assert held.reply("ip link", "en")[0].startswith("That was the last line")
    assert held.reply("done", "en")[1].over


def test_a_wrong_path_is_told_what_it_was() -> None:
    world = World(asked())
    task = make_task(world)
    found = grade(task, {PATH: "flows\ndone"})
    first, second = causes_of(world, task, found)
    assert found.score == 0.0
    assert "the Service's selector matches no pod" in first.text.en
    assert "flows deviate in the end" in second.text.en
    assert causes_of(world, task, grade(task, {PATH: task.fields[0].truth})) == ()


def test_seniors_get_them_and_juniors_do_not() -> None:
    found = kind("incident")
    assert (found.in_interviews, found.for_juniors) == (True, False)


def test_a_fault_that_there_is_not_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "18-incidents" / "nobody-answers.yaml"
    file.parent.mkdir()
    text = next(path for path in FILES if path.stem == file.stem).read_text(encoding="utf-8")
    line = text[: text.index("ask:")].count("\n") + 1
    file.write_text(text.replace("endpoints-empty", "endpoints-gone"), encoding="utf-8")
    with pytest.raises(QuizError, match=rf"{file.name}:{line}: .*'endpoints-gone' is not allowed"):
        make_task(World(draw(find(str(file)), "1")))
