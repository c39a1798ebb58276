"""YAML's traps, one a row: what is written, at which line it is refused, and by which words."""

from __future__ import annotations

import pytest

from k8squiz.bank.strictyaml import parse
from k8squiz.errors import QuizError
from tests.k8squiz.fakes import anything

REFUSED = [
    ("a: 1\na: 2\n", 2, "duplicate key 'a'"),
    ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "duplicate key 'b'"),
    ("country: no\n", 1, "no is a boolean"),
    ("a: 1\nswitch: On\n", 2, "On is a boolean"),
    ("no: 1\n", 1, "the key no is a boolean"),
    ("time: 12:30\n", 1, "base-60"),
    ("port: 0644\n", 1, "octal"),
    ("a: &x 1\nb: *x\n", 1, "anchors"),
    ("a: !!python/name:os.system x\n", 1, "tags"),
    ("? [a]\n: 1\n", 1, "a key must be a plain word"),
    ("a: 1\n<<: {b: 2}\n", 2, "merge keys"),
    ("a: [1\nb: 2\n", 2, "not valid YAML"),
    ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
    ("a: " + "[" * 60 + "]" * 60 + "\n", 1, "nested more than"),
]


@pytest.mark.parametrize(("text", "line", "words"), REFUSED)
def test_refused(text: str, line: int, words: str) -> None:
    with pytest.raises(QuizError) as caught:
        parse(text, "q.yaml")
    assert str(caught.value).startswith(f"q.yaml:{line}: ")
    assert words in str(caught.value)


READ = [
    ("no-such-word", "no-such-word"),
    ("'no'", "no"),
    ('"12:30"', "12:30"),
    ("true", True),
    ("0x4000", 0x4000),
    ("1_000", 1000),
    ("10.5", 10.5),
    ("1.28.3", "1.28.3"),
    ("2026-07-01", "2026-07-01"),
    ("10.0.0.1:80", "10.0.0.1:80"),
    ("~", None),
    ("-3", -3),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_read(text: str, value: object) -> None:
    found = anything(parse(f"a: {text}\n", "q.yaml").data)["a"]
    assert found == value
    assert type(found) is type(value)


def test_lines_lead_to_the_nearest_thing_written() -> None:
    document = parse("a:\n  - b: 1\n    c: 2\n", "q.yaml")
    assert document.line(("a", 0, "c")) == 3
    assert document.line(("a", 0, "missing", "deeper")) == 2


def test_a_file_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(QuizError, match="larger than 200 kB"):
        parse("a: " + "x" * 300_000, "q.yaml")
