"""Help pages: an example under each, whatever asks for them; values that a shell completes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from k8squiz import __version__
from k8squiz.cli.commands import root
from k8squiz.locale.examples import EXAMPLES
from tests.k8squiz.runner import CLUSTER, k8squiz, process


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        path = f"{before} {name}".strip()
        yield path, command
        if isinstance(command, click.Group):
            yield from commands(command, path)


COMMANDS = dict(commands(root()))


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_help_page_has_an_example(path: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = k8squiz(capsys, *path.split(), "--help", "--lang", lang)
    assert code == 0
    assert ("Examples:" if lang == "en" else "示例：") in out
    assert "k8squiz " + EXAMPLES[path][0][0] in out
    assert k8squiz(capsys, *path.split(), "-h", "--lang", lang).out == out


def test_no_example_is_of_a_command_that_is_none() -> None:
    assert set(EXAMPLES) == {"", *COMMANDS}


EXAMPLE_LINES = [line for path in COMMANDS for line, _, _ in EXAMPLES.get(path, ())]


@pytest.mark.parametrize("line", EXAMPLE_LINES)
def test_every_example_is_one_that_the_command_line_takes(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With --help behind it nothing is run, and an unknown option or command is refused all the same."""
    words = shlex.split(line)
    at = 2 if words[0] in ("lab", "questions", "data") and len(words) > 1 else 1
    code, out, err = k8squiz(capsys, *words[:at], "--help", *words[at:])
    assert (code, err) == (0, "")
    for option in (word for word in words[at:] if word.startswith("--")):
        assert option == "--" or option in out


def test_the_version_by_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["version"], ["--version"], ["--lang", "zh", "version"]):
        assert k8squiz(capsys, *words)[:2] == (0, f"k8squiz {__version__}\n")


COMPLETED = [
    ("k8squiz explain no", "nodeport"),
    ("k8squiz explain sc", "schedulers scale"),
    ("k8squiz explain hairpin --without ha", "hairpin-mode"),
    ("k8squiz practice --topic nf", "nftables"),
    ("k8squiz practice --question hairpin-e", "hairpin-ending"),
    ("k8squiz questions show hairpin-m", "hairpin-mend"),
    ("k8squiz questions new --kind sc", "scheduler"),
    ("k8squiz mock --track j", "junior"),
    ("k8squiz schedulers --scenario long-and-short-", "long-and-short-kube-proxy"),
    ("k8squiz schedulers --metric mean", "mean_queue mean_wait"),
    ("k8squiz stats --lang z", "zh"),
    ("k8squiz stats --theme l", "light"),
    (f"k8squiz trace {CLUSTER} --from n", "node/node1 node/node2"),
    (f"k8squiz trace {CLUSTER} --from pod/pod-a", "pod/pod-a"),
    (f"k8squiz trace {CLUSTER} --to s", "svc/web"),
    (f"k8squiz rules {CLUSTER} --node n", "node1 node2"),
    (f"k8squiz shell {CLUSTER} c", "client"),
    ("k8squiz trace no-such-file.yaml --to s", ""),
]


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_a_shell_completes_values(typed: str, offered: str) -> None:
    count = str(len(typed.split()) - 1)
    found = process(_K8SQUIZ_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    assert found.out.split() == offered.split()
    assert found.err == ""


def test_from_its_host_on_a_lab_s_command_has_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = k8squiz(capsys, "lab", "shell", "node1", "ip", "-br", "addr")
    assert code == 2
    assert "no lab is up" in err
