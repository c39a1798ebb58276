"""YAML text -> values that know their lines; what YAML 1.1 would get wrong, and what would blow up."""

from __future__ import annotations

import time
from typing import Any

import pytest

from engine.errors import ManifestError
from engine.manifests import composer, source
from engine.manifests.composer import documents
from engine.manifests.source import Map, Seq, Trap


def only(text: str) -> Any:
    ((value, _),) = documents(text, "f")
    return value


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("False", False), ("8080", 8080), ("-3", -3),
        ("1.5", 1.5), ("1e3", 1000.0), ("web", "web"), ("'8080'", "8080"), ('"no"', "no"), ("!!str 8", "8"),
        ("!!int 8", 8), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), ("10.244.0.0/16", "10.244.0.0/16"),
        ("10.96.0.10", "10.96.0.10"), ("fd00::1", "fd00::1"), ("0.0", 0.0), ("9" * 50, "9" * 50), ("0b2", "0b2"), ("0b_", "0b_"),
        ("no", Trap("no", "a boolean", False)), ("On", Trap("On", "a boolean", True)),
        ("12:30", Trap("12:30", "a number to the base of 60")), ("010", Trap("010", "an octal number", 8)),
        ("0o17", Trap("0o17", "an octal number", 15)), ("089", "089"), ("0x1F", Trap("0x1F", "a hexadecimal number", 31)),
        ("-0b11", Trap("-0b11", "a binary number", -3)), ("1_000", Trap("1_000", "a number", 1000)),
    ],
)  # fmt: skip
def test_scalars(scalar: str, value: object) -> None:
    found = only(f"a: {scalar}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_lines() -> None:
    text = "# a comment\na: 1\nb:\n- x\n-\n  c: 2\n---\nd: 3\n"
    (first, first_line), (second, second_line) = documents(text, "f")
    assert isinstance(first["b"], Seq) and isinstance(first["b"][1], Map)
    assert (first_line, second_line) == (2, 8)
    assert (first.line_of("a"), first.line_of("b"), first.line_of("absent")) == (2, 3, 2)
    assert (first["b"].line_of(0), first["b"].line_of(1), first["b"][1].line_of("c")) == (4, 6, 6)
    assert second.line_of("d") == 8


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("&k a: 1\nb: {*k : 2}", {"a": 1, "b": {"a": 2}}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {p: 1}\nb: {p: 2, <<: [*x, {r: 4}]}", {"a": {"p": 1}, "b": {"p": 2, "r": 4}}),
        ('{"a": [1, {"b": null}],\n\t"c": "d"}', {"a": [1, {"b": None}], "c": "d"}),
        ('{"a": "\\ud83d\\ude00", "b": [true, {"c": 1}]}', {"a": "😀", "b": [True, {"c": 1}]}),
        ("? a\n: 1", {"a": 1}),
        ("{}", {}),
    ],
)
def test_anchors_merges_and_json(text: str, value: object) -> None:
    assert only(text) == value


def test_no_document_and_empty_documents() -> None:
    assert list(documents("# nothing\n", "f")) == []
    assert [value for value, _ in documents("---\n---\na: 1\n", "f")] == [None, {"a": 1}]


def test_a_key_that_is_a_boolean_is_remembered() -> None:
    assert only("{no: 1, 'yes': 2}").traps == ["no"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "duplicate key 'a' (first on line 1)"),
        ("{<<: {a: 1}, <<: {b: 2}}", 1, "duplicate key '<<'"),
        ("a:\n  b: [1, 2", 2, "not valid YAML"),
        ("a: b: c", 1, "not valid YAML"),
        ("a: 'x", 1, "not valid YAML"),
        ("{'a': [", 1, "not valid YAML"),
        ("a: &x\n  b: *x", 2, "the alias 'x' stands inside what it stands for"),
        ("a: *x", 1, "not"),
        (
            "a: 1\n---\nb: !!python/object/apply:os.system [ls]",
            3,
            "the YAML tag 'tag:yaml.org,2002:python/object/apply",
        ),
        ("a: !secret x", 1, "the YAML tag '!secret' is not understood"),
        ("[a, b]: 1", 1, "a key of a mapping must be a word, not a list or a mapping"),
        ("a: &x [1]\n*x : 2", 2, "a key of a mapping must be a word"),
        ("a: 1\nb: {<<: 3}", 2, "a merge key (<<) takes a mapping"),
        ("a: 1\nb: \x1b[31m", 2, "the character '\\x1b', which YAML forbids"),
        ("[" * 101 + "]" * 101, 1, "nested more than 100 deep"),
        ("{a: " * 101 + "1" + "}" * 101, 1, "nested more than 100 deep"),
    ],
)
def test_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        list(documents(text, "f.yaml"))
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("f.yaml", line)


def _laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(_laughs(), id="billion laughs"),
        pytest.param("a: &a {x: 1}\nb: [" + "*a," * 1_000_000 + "*a]", id="a million aliases"),
        pytest.param(
            "a: &a [1]\n" + "".join(f"b{n}: &b{n} {{<<: *b{n - 1}, k{n}: *a}}\n" for n in range(1, 9)), id="merges"
        ),
    ],
)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    begin = time.process_time()
    with pytest.raises(ManifestError, match=r"alias|more than"):
        list(documents(bomb, "bomb"))
    assert time.process_time() - begin < 5


def test_size_and_count_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ManifestError, match="200 MiB are more than the 128 MiB that are read at most"):
        source.check_size(200 * 1024 * 1024, "big.yaml")
    monkeypatch.setattr(composer, "MAX_VALUES", 10)
    with pytest.raises(ManifestError, match="more than 10 values"):
        list(documents("[1,2,3,4,5,6,7,8,9,10,11,12]", "f"))


def test_the_slow_loader_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = "a: &x [1, no]\nb: {<<: {c: 1}, d: *x}\n"
    fast = only(text)
    monkeypatch.setattr(composer, "_LOADER", yaml.SafeLoader)
    assert only(text) == fast
    with pytest.raises(ManifestError, match="not valid YAML"):
        only("a: [")
