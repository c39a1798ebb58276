"""A command line as sh reads it."""

from __future__ import annotations

import pytest

from engine.shell.line import LineError, Unfinished, read_line
from engine.shell.syntax import Command

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
    assert [[words_of(command) for command in pipeline.commands] for pipeline in read_line(line)] == words


def words_of(command: object) -> tuple[str, ...]:
    assert isinstance(command, Command)
    return command.words


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
    assert words_of(command) == words
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
    "a variable of a variable": ("echo ${!A}", "${!A} is not simulated here"),
    "a menu": ("select a in b; do c; done", '"select" is not simulated here'),
    "a list of words": ("A=(b c)", "arrays are not simulated here"),
    "a file that is a command": ("diff <(a) <(b)", "process substitution is not simulated here"),
    "a case without a pattern": ("case a in ) b;; esac", '")" unexpected'),
    "a case's end alone": ("a; esac", '"esac" unexpected'),
    "two ends of a branch": ("a;; b", '";;" unexpected'),
    "a function of nothing": ("f() a", '"a" unexpected'),
    "a loop that counts by halves": ("for ((i=0;i<3)); do a; done", "Bad for loop variable"),
    "both ways": ("cat <> /f", "<> is not simulated here"),
    "braces in braces": ("echo " + "${a:-" * 60 + "}" * 60, "more than 50 of {} one inside the other"),
    "a loop's end alone": ("a; done", '"done" unexpected'),
    "a loop of nothing": ("for i in a; do done", '"done" unexpected'),
    "a loop over no name": ("for 1 in a; do b; done", "Bad for loop variable"),
    "a choice without a then": ("if a; else b; fi", '"else" unexpected'),
    "an open loop": ("for i in 1 2; do a", "end of file unexpected"),
    "an open choice": ("if a; then b", "end of file unexpected"),
    "an open group": ("{ a;", "end of file unexpected"),
    "an open subshell": ("(a", "end of file unexpected"),
    "an open substitution": ("echo $(a", "end of file unexpected"),
    "an open backquote": ("echo `a", "EOF in backquote"),
    "an open here-document": ("cat << EOF", "here-document delimited by end-of-file"),
    "a subshell that is closed twice": ("(a))", '")" unexpected'),
    "groups in groups": ("( " * 21 + "a" + ")" * 21, "more than 20 commands one inside the other"),
    "many words by braces": ("echo {1..5000}", "at most 1000 words"),
    "a very long line": ("a" * 100_001, "line too long"),
    "many commands": ("true;" * 201, "too many commands in one line (201, at most 200)"),
    "many pipes": ("true" + "|cat" * 200, "too many commands in one line (201, at most 200)"),
}


@pytest.mark.parametrize(("line", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(line: str, message: str) -> None:
    with pytest.raises(LineError, match="^sh: ") as error:
        read_line(line)
    assert message in str(error.value)


MORE = {
    "a quote": "echo 'a",
    "a pipe": "a |",
    "a connector": "a &&",
    "a loop": "for i in 1 2; do a",
    "a loop's condition": "while a",
    "a choice": "if a; then",
    "a here-document": "cat << EOF\na",
    "a parenthesis": "echo $(a",
}


@pytest.mark.parametrize("line", MORE.values(), ids=MORE)
def test_a_shell_asks_for_more(line: str) -> None:
    with pytest.raises(Unfinished) as error:
        read_line(line)
    assert error.value.document is ("<<" in line)


@pytest.mark.parametrize("line", ["a | | b", "a; done", "echo $((1))", "a\nb", "echo a # 'b"])
def test_it_does_not(line: str) -> None:
    try:
        read_line(line)
    except LineError as error:
        assert not isinstance(error, Unfinished)
