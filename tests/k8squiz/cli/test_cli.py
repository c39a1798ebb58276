"""The command line as such: help in both languages, exit codes, pipes, colours, interruptions."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from k8squiz import __version__
from k8squiz.cli import commands as cli
from k8squiz.locale.help import ARGUMENTS, COMMANDS, ZH
from k8squiz.terminal.width import width_of, wrap
from tests.k8squiz.runner import CLUSTER, ROOT, k8squiz, process


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(cli.root()))


def test_help_lists_the_commands_there_are() -> None:
    assert list(COMMANDS) == list(cli.root().commands)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_text_has_its_chinese(path: tuple[str, ...]) -> None:
    command = ALL[path]
    texts = [command.help, *(param.help for param in command.params if isinstance(param, click.Option))]
    texts += [ARGUMENTS[param.metavar or ""] for param in command.params if isinstance(param, click.Argument)]
    assert [text for text in texts if text not in ZH] == []


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_help_fits_the_screen(
    path: tuple[str, ...], lang: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = k8squiz(capsys, *path, "--help", "--lang", lang)
    assert (code, err) == (0, "")
    assert max(map(width_of, out.splitlines())) <= width
    chinese = any(unicodedata.east_asian_width(char) == "W" for char in out)
    assert chinese == (lang == "zh")
    assert "--lang" in out


@pytest.mark.parametrize("words", [("--help",), (), ("--lang", "en"), ("--lang=en", "--help")], ids=str)
def test_the_help_given_at_once_is_the_help_of_the_command_line(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with cli.root().make_context("k8squiz", [], obj="en") as ctx:
        assert k8squiz(capsys, *words).out == cli.root().get_help(ctx) + "\n"


@pytest.mark.parametrize(
    "words", [("--version",), ("--lang", "zh", "--version"), ("--version", "--lang", "zh")], ids=str
)
def test_version(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert k8squiz(capsys, *words) == (0, f"k8squiz {__version__}\n", "")


BAD_USE = [
    (("tracee",), "Did you mean trace", "是不是想用 trace"),
    (("questions", "shw"), "Did you mean show", "是不是想用 show"),
    (("questions",), "Missing command", "缺少子命令"),
    (("practice", "--levle", "3"), "--level", "--level"),
    (("practice", "--level", "9"), "1<=x<=5", "不在范围 1<=x<=5"),
    (("practice", "--count", "many"), "not a valid integer", "不是整数"),
    (("practice", "extra"), "unexpected extra argument", "多余的参数"),
    (("trace", "x.yaml"), "--from", "缺少参数 --from"),
    (("trace", "x.yaml", "--from"), "requires an argument", "需要一个值"),
    (("rules", CLUSTER, "--node", "node1", "--mode", "ebpf"), "'iptables', 'ipvs', 'nftables'", "之一"),
    (("--lang", "fr"), "en and zh", "en 和 zh"),
]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("words", "english", "chinese"), BAD_USE, ids=[" ".join(case[0]) for case in BAD_USE])
def test_bad_use(
    words: tuple[str, ...], english: str, chinese: str, lang: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("K8SQUIZ_LANG", lang)
    code, out, err = k8squiz(capsys, *words)
    assert (code, out) == (2, "")
    assert (chinese if lang == "zh" else english) in err
    assert err.startswith("k8squiz: ")


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}], ids=str)
def test_piped_output_is_plain(environment: dict[str, str]) -> None:
    code, out, _ = process("explain", cwd=None, **environment)
    assert code == 0
    assert "\x1b" not in out


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m k8squiz trace {CLUSTER} --from client --to svc/web --node node1 --all"
    script = f"({command}; echo $? >&2) | head -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr == "0\n"
    assert done.stdout.startswith("TCP 1.2.3.4:54321")


def test_ctrl_c_ends_with_130() -> None:
    command = [sys.executable, "-m", "k8squiz", "practice", "--seed", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        while (line := running.stdout.readline()) and "quit" not in line:
            pass
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=20) == 130


def test_a_locale_that_cannot_show_it_shows_a_question_mark() -> None:
    code, out, err = process("--help", "--lang", "zh", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (code, err) == (0, "")
    assert "k8squiz [??]" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_module(name: str) -> None:
    assert importlib.import_module(f"k8squiz.commands.{name}").__doc__


def test_the_first_answers_import_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules); from k8squiz.__main__ import main; main(['--help']); "
        "main(['--version']); heavy = {'click', 'typer', 'rich', 'yaml', 'engine', 'dataclasses', 'difflib'}; "
        "sys.exit(bool(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        ("practice --question nodeport-cross-node-rewrites --seed 1", "prompt_toolkit asyncio fsrs engine.ipvs.simulate engine.netfilter.nft_parse engine.netfilter.ipt_parse engine.networkpolicy engine.fabric.rule_devices engine.shell k8squiz.mock.score"),
        ("explain hairpin", "yaml sqlite3 prompt_toolkit asyncio engine.ipvs engine.netfilter.nft_parse engine.netfilter.ipt_parse engine.networkpolicy k8squiz.bank.draw k8squiz.bank.forms k8squiz.commands.input"),
        ("questions list", "sqlite3 prompt_toolkit engine.manifests engine.walk engine.proxy k8squiz.bank.draw"),
        ("stats", "yaml prompt_toolkit engine.manifests engine.walk engine.proxy k8squiz.bank.draw"),
        ("rules docs/examples/cluster.yaml --node node1", "sqlite3 engine.walk engine.ipvs k8squiz.bank"),
    ],
)  # fmt: skip
def test_a_command_does_not_load_what_it_does_not_need(words: str, unneeded: str, tmp_path: Path) -> None:
    script = (
        "import sys; from k8squiz.__main__ import main; code = main(sys.argv[1].split()); "
        "print(code, *(name for name in sys.argv[2].split() if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, words, unneeded],
        cwd=ROOT, capture_output=True, text=True, input="quit\n", check=True,
        env={**os.environ, "K8SQUIZ_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stderr.strip() == "0"


def test_nothing_is_looked_through_as_the_program_ends() -> None:
    # What was registered first is called last.
    script = (
        "import atexit, gc, sys; atexit.register(lambda: print(gc.get_freeze_count() > 1000)); "
        "sys.argv[1:] = ['--version']; from k8squiz.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("数据包到达节点。", 8, ["数据包到", "达节点。"]),
        ("数据包到达节。", 12, ["数据包到达", "节。"]),
        ("到达 node1，然后", 10, ["到达", "node1，然", "后"]),
        ("（见下）好", 4, ["（见", "下）", "好"]),
    ],
)
def test_wrapping_knows_both_languages(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@pytest.mark.parametrize(
    ("words", "same"), [(["help"], ["--help"]), (["help", "practice"], ["practice", "--help"]), ([], ["--help"])]
)
def test_help_is_there_whatever_one_calls_it(
    words: list[str], same: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for lang in ("en", "zh"):
        asked, known = k8squiz(capsys, "--lang", lang, *words), k8squiz(capsys, "--lang", lang, *same)
        assert asked == known
        assert asked.code == 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("k8squiz pra", "practice"), ("k8squiz questions s", "show schema"), ("k8squiz trace --fr", "--from")],
)
def test_a_shell_can_complete_words(typed: str, offered: str) -> None:
    count = str(len(typed.split()) - 1)
    found = process(_K8SQUIZ_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    assert found.out.split() == offered.split()


@pytest.mark.parametrize(
    ("words", "redirected", "code", "said"),
    [
        (["trace", "-", "--from", "client", "--to", "svc/web"], "<&-", 2, "there is no Node"),
        (["practice", "--seed", "1"], "<&-", 0, ""),
        (["explain", "hairpin"], ">&-", 0, ""),
        (["--help"], ">&- 2>&-", 0, ""),
        (["explain", "hairpin"], ">/dev/full", 2, "cannot write to standard output: the disk is full"),
        (["rules", CLUSTER, "--node", "node1"], ">/dev/full", 2, "cannot write to standard output: the disk is full"),
    ],
)
def test_streams_that_are_closed_or_full(words: list[str], redirected: str, code: int, said: str) -> None:
    command = f'"$0" -m k8squiz "$@" {redirected}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("words", ["questions lint --seeds 2000", "scale"])
def test_ctrl_c_ends_what_is_shared_out_among_processors(words: str) -> None:
    begun = subprocess.Popen(
        [sys.executable, "-m", "k8squiz", *words.split()],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    time.sleep(1.5)
    begun.send_signal(signal.SIGINT)
    # The pipes are the processes' own too: they end with the last of them.
    out, err = begun.communicate(timeout=10)
    assert (begun.returncode, out, err) == (130, "", "")
