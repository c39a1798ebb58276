"""A command line as sh reads it."""

from __future__ import annotations

import pytest

from engine.shell.line import LineError, read_line

READ = {
    "words": ("ip  route get 10.0.0.1", [[("ip", "route", "get", "10.0.0.1")]]),
    "single quotes": ("echo 'a  b' c", [[("echo", "a  b", "c")]]),
    "double quotes": ('echo "a \\"b\\""', [[("echo", 'a "b"')]]),
    "a backslash": ("echo a\\ b", [[("echo", "a b")]]),
    "quotes inside a word": ("echo a'b c'd", [[("echo", "ab cd")]]),
    "an empty word": ("echo ''", [[("echo", "")]]),
    "a pipe": ("ss -lnt | grep 80|wc -l", [[("ss", "-lnt"), ("grep", "80"), ("wc", "-l")]]),
    "a list": ("a; b && c || d", [[("a",)], [("b",)], [("c",)], [("d",)]]),
    "a comment": ("echo a # b | c", [[("echo", "a")]]),
    "no comment inside a word": ("echo a#b", [[("echo", "a#b")]]),
    "a dollar": ("awk '{print $2}'", [[("awk", "{print $2}")]]),
    "a brace word": ("kubectl get -o jsonpath={.items}", [[("kubectl", "get", "-o", "jsonpath={.items}")]]),
    "nothing": ("   ", []),
    "a line's end": ("a;", [[("a",)]]),
}


@pytest.mark.parametrize(("line", "words"), READ.values(), ids=READ)
def test_words(line: str, words: list[list[tuple[str, ...]]]) -> None:
    assert [[command.words for command in pipeline.commands] for pipeline in read_line(line)] == words


REDIRECTED = {
    "out": ("echo 1 > /f", ("echo", "1"), [(1, "/f", False, None)]),
    "appended": ("echo 1 >>/f", ("echo", "1"), [(1, "/f", True, None)]),
    "standard error": ("cat x 2>/dev/null", ("cat", "x"), [(2, "/dev/null", False, None)]),
    "a number that is a word": ("echo 2 >/f", ("echo", "2"), [(1, "/f", False, None)]),
    "error to out": ("cat x 2>&1", ("cat", "x"), [(2, "", False, 1)]),
    "both": ("cat x &>/f", ("cat", "x"), [(1, "/f", False, None), (2, "", False, 1)]),
    "in": ("wc -l < /f", ("wc", "-l"), [(0, "/f", False, None)]),
}


@pytest.mark.parametrize(("line", "words", "redirections"), REDIRECTED.values(), ids=REDIRECTED)
def test_redirections(line: str, words: tuple[str, ...], redirections: list[tuple[int, str, bool, int | None]]) -> None:
    (pipeline,) = read_line(line)
    (command,) = pipeline.commands
    assert command.words == words
    assert [(r.number, r.path, r.append, r.duplicate) for r in command.redirections] == redirections


REFUSED = {
    "an open quote": ("echo 'a", "Unterminated quoted string"),
    "a pipe into nothing": ("a |", "end of file unexpected"),
    "a pipe from nothing": ("| a", '"|" unexpected'),
    "two pipes": ("a | | b", '"|" unexpected'),
    "two connectors": ("a && && b", '"&&" unexpected'),
    "an open connector": ("a &&", "end of file unexpected"),
    "a redirection into nothing": ("a >", "newline unexpected"),
    "a bad descriptor": ("a 2>&7", "Bad fd number"),
    "command substitution": ("echo $(date)", "command substitution is not available"),
    "a loop": ("for i in 1 2", '"for" is not available'),
    "a variable": ("echo $HOME", "there are no variables here"),
    "a here-document": ("cat << EOF", "here-documents are not available"),
    "a subshell": ("(a)", '"(" unexpected'),
    "a very long line": ("a" * 100_001, "line too long"),
    "many commands": ("true;" * 201, "too many commands in one line (201, at most 200)"),
    "many pipes": ("true" + "|cat" * 200, "too many commands in one line (201, at most 200)"),
}


@pytest.mark.parametrize(("line", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(line: str, message: str) -> None:
    with pytest.raises(LineError, match="^sh: ") as error:
        read_line(line)
    assert message in str(error.value)
