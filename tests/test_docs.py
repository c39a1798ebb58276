"""README and its sisters against the program: commands, options, links, examples."""

from __future__ import annotations

import ast
import doctest
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import engine
from engine.fabric.without import PARTS
from k8squiz.cli import commands as cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("questions", "tests", "benchmarks")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / folder / "README.md" for folder in FOLDERS)]
)
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]


def blocks(language: str) -> list[str]:
    """README's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def spoken(text: str) -> Iterator[list[str]]:
    """Every `k8squiz ...` that a page writes as code, in words."""
    code = re.findall(r"`(k8squiz [^`\n]+)`", text)
    for block in re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        code += re.findall(r"(?:^|&& |bin/)(k8squiz [^\n|>#&]+)", block, re.MULTILINE)
    for line in code:
        yield shlex.split(line)[1:]


def test_the_two_commands_come_first() -> None:
    practise, test = blocks("sh")[:2]
    assert practise.strip().endswith("k8squiz practice")
    assert len(practise.strip().splitlines()) == len(test.strip().splitlines()) == 1


def test_ci_runs_what_readme_says_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    run = [line for line in script if line and not line.startswith("#")]
    assert run == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', ".ci/lab-tools", blocks("sh")[1].strip()]
    assert all((ROOT / ".ci" / name).stat().st_mode & 0o111 for name in ("run", "lab-tools"))


def test_ci_installs_the_tools_that_readme_names() -> None:
    (named,) = re.findall(r"`(?:sudo )?apt-get install ([^`]+)`", README)
    (installed,) = re.findall(
        r"apt-get install -y -qq ([\w ]+?) \|\|", (ROOT / ".ci" / "lab-tools").read_text(encoding="utf-8")
    )
    assert named.split() == installed.split()


@pytest.mark.parametrize("ci", ["", "1"], ids=["not in CI", "in CI, without a network"])
def test_what_cannot_be_installed_does_not_stop_ci(ci: str, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n", encoding="utf-8")
    (tmp_path / "timeout").write_text("#!/bin/sh\necho no network >&2; exit 100\n", encoding="utf-8")
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 100\n", encoding="utf-8")
    for name in ("id", "timeout", "apt-get"):
        (tmp_path / name).chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, ROOT / ".ci" / "lab-tools"], env={"PATH": str(tmp_path), "CI": ci}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_readme_shows_every_command() -> None:
    told = {words[0] for words in spoken(README)}
    assert told >= set(cli.root().commands)


def _command(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = cli.root()
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_pages_name_commands_and_options_that_exist(path: Path) -> None:
    for words in spoken(path.read_text(encoding="utf-8")):
        command, rest = _command(words)
        known = {option for param in command.params for option in param.opts} | {"--help"}
        assert [word for word in rest if word.startswith("--") and word.split("=")[0] not in known] == [], words


def test_options_told_in_prose_exist() -> None:
    known = {option for command in _all(cli.root()) for param in command.params for option in param.opts}
    known |= {"--help", "--benchmark-enable"}
    assert set(re.findall(r"`(--[a-z]+)", README)) <= known


def _all(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _all(inner)


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "tests/README.md"])
def test_paths_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"`((?:engine|k8squiz|tests|questions|benchmarks|docs)/[\w./-]*)`", text):
        assert (ROOT / target).exists(), target


def test_every_helper_of_the_tests_is_in_their_index() -> None:
    helpers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_") and path.name != "__init__.py"
    }
    page = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    assert sorted(helpers) == sorted(re.findall(r"^\| `(tests/[\w/]+\.py)` \| \S", page, re.MULTILINE))


CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")
# What a page shows, in order: whatever it says in between may be said in another language.
SHOWN = {
    "sections": r"^(#+) ",
    "blocks of code": r"^```\w*\n(?:.*\n)*?```",
    "commands told in prose": r"`(k8squiz [^`]+|(?:kubectl|apt-get|pipx) [^`]+)`",
    "pictures": r'<img src="[^"]+" width="\d+"|!\[[^\]]+\](\([^)]+\))',
    "numbered steps": r"^(\d)\. ",
    "columns": r"^\|(?: --- \|)+$",
}


@pytest.mark.parametrize("pattern", SHOWN.values(), ids=SHOWN)
def test_the_chinese_readme_shows_what_readme_shows(pattern: str) -> None:
    ours, theirs = (re.findall(pattern, page, re.MULTILINE) for page in (README, CHINESE))
    assert theirs == ours != []


def _rows(page: str) -> list[list[str]]:
    """The rows of a page's tables, each as the code that it names in order."""
    return [re.findall(r"`([^`]+)`", line) for line in page.splitlines() if line.startswith("| ")]


def test_the_chinese_readme_has_readme_s_rows() -> None:
    assert [sorted(row) for row in _rows(CHINESE)] == [sorted(row) for row in _rows(README)]


def test_the_readmes_link_to_each_other_and_to_the_same_pages() -> None:
    links = [set(re.findall(r"\]\(([^)]+)\)", page)) for page in (README, CHINESE)]
    assert links[0] - {"README.zh.md"} == links[1] - {"README.md", "docs/glossary.md"}
    assert "README.zh.md" in links[0] and "README.md" in links[1]


def test_readme_s_python_runs() -> None:
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "docs" / "examples", env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1/3 DELIVERED 10.244.1.5:8080 10.244.1.1"


def test_the_picture_can_be_drawn_again(tmp_path: Path) -> None:
    out = tmp_path / "picture.svg"
    subprocess.run([sys.executable, "docs/picture.py", str(out)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)
    assert out.read_text(encoding="utf-8").startswith("<svg")
    assert (ROOT / "docs" / "practice.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_walk_can_be_drawn_again(tmp_path: Path) -> None:
    out = tmp_path / "walk.svg"
    words = ("docs/examples/cluster.yaml", "--from", "client", "--to", "node/node1:30080", "--seed", "2")
    trace = [sys.executable, "-m", "k8squiz", "trace", *words, "--lang", "en", "--export", str(out)]
    subprocess.run(trace, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    assert out.read_text(encoding="utf-8") == (ROOT / "docs" / "walk.svg").read_text(encoding="utf-8")


def test_changelog_keeps_its_grammar() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings[0] == "# Changelog"
    assert headings[1] == "## [Unreleased]"
    release = re.compile(r"## \[(Unreleased|\d+\.\d+\.\d+)\](?(1)( - \d{4}-\d\d-\d\d)?)")
    change = re.compile(r"### (Added|Changed|Deprecated|Removed|Fixed|Security)")
    assert [line for line in headings[1:] if not (release.fullmatch(line) or change.fullmatch(line))] == []


def test_license_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_part_to_go_without_is_named() -> None:
    named = (ROOT / "docs" / "manifests.md").read_text(encoding="utf-8")
    assert [part for part in PARTS if f"`{part}`" not in named] == []


def test_the_engine_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert doctest.testfile(str(ROOT / "docs" / "engine.md"), module_relative=False, report=True).failed == 0


def test_the_engine_page_names_what_is_public() -> None:
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    assert [name for name in engine.__all__ if f"`{name}`" not in page] == []


def _packages() -> list[Path]:
    return sorted(path.parent for name in ("engine", "k8squiz") for path in (ROOT / name).rglob("__init__.py"))


@pytest.mark.parametrize("folder", _packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_says_what_lives_there_and_what_may_not(folder: Path) -> None:
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    lives, _, elsewhere = told.partition("\n\n")
    assert lives.endswith(".")
    assert elsewhere, "what may not live there?"


@pytest.mark.parametrize(("name", "most"), [("engine", 26), ("k8squiz", 20)])
def test_a_package_can_be_taken_in_at_a_glance(name: str, most: int) -> None:
    """Files and folders; __init__ aside."""
    there = {path.name for path in (ROOT / name).iterdir()} - {"__init__.py", "__pycache__"}
    assert len(there) <= most, sorted(there)


@pytest.mark.parametrize("name", ["engine", "k8squiz"])
def test_architecture_has_a_line_for_each_room(name: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = page.split(f"| `{name}/` |")[1].split("\n\n")[0]
    there = {path.name + ("/" if path.is_dir() else "") for path in (ROOT / name).iterdir()}
    ours = {each for each in there if not each.startswith("__") and each not in ("py.typed", "errors.py")}
    assert ours <= set(re.findall(r"`([\w.]+/?)`", rooms)) | {"_questions/"}
    named = re.findall(r"`((?:engine|k8squiz|tests|questions|benchmarks|docs)/[\w./-]*)`", page)
    missing = [each for each in named if not (ROOT / each).exists()]
    assert missing == ["engine/proxy/MODE.py", "engine/cni/PLUGIN/", "k8squiz/commands/NAME.py", "k8squiz/explain/TOPIC.py", "benchmarks/bench_NAME.py"]  # fmt: skip
