"""The static checks, as part of the suite: one command decides whether a change may go in."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SCRIPTS = Path(sys.executable).parent
ROOMS = [folder for name in ("engine", "k8squiz", "tests", "benchmarks", "docs") if (folder := ROOT / name).is_dir()]
SOURCES = sorted(path for room in ROOMS for path in room.rglob("*.py"))
TEXTS = [
    *SOURCES,
    *ROOT.glob("*.md"),
    ROOT / "pyproject.toml",
    *(ROOT / ".ci").iterdir(),
    ROOT / ".pre-commit-config.yaml",
    *(ROOT / ".github").rglob("*.yml"),
    *(ROOT / "questions").rglob("*.*"),
    *(ROOT / "tests").rglob("*.md"),
    *(ROOT / "tests" / "recordings").rglob("*.csv"),
]

CHECKS = {
    "ruff check": ["ruff", "check", "--no-cache", *map(str, ROOMS)],
    "ruff format": ["ruff", "format", "--no-cache", "--check", *map(str, ROOMS)],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-cache"],
}

# What a repository that travels must not hold: paths of the machine it was written on, and where packages come from.
FOREIGN = re.compile(r"/(?:root|work|home/\w+)/\w|(?:pypi|pythonhosted)\.org|/tmp/\w{4,}")
LONGEST_FILE = 450


@pytest.mark.parametrize("name", CHECKS)
def test_check_is_clean(name: str) -> None:
    program, *arguments = CHECKS[name]
    found = shutil.which(program, path=str(SCRIPTS)) or shutil.which(program)
    assert found is not None, f"{program} is missing: install k8squiz[test]"
    result = subprocess.run([found, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_text_names_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path in TEXTS
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert not found, "\n".join(found)


def test_sources_say_what_they_are_and_stay_short() -> None:
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if text.strip() and not text.lstrip().startswith(('"""', "#!")):
            found.append(f"{path.relative_to(ROOT)}: no docstring at the top")
        longest = LONGEST_FILE if path.is_relative_to(ROOT / "engine") or path.is_relative_to(ROOT / "k8squiz") else 600
        if text.count("\n") > longest:
            found.append(f"{path.relative_to(ROOT)}: over {longest} lines: one idea a file")
    assert not found, "\n".join(found)


def test_the_same_checks_run_before_a_commit() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    assert {hook["name"]: hook["entry"].split()[0] for hook in local["hooks"]} == {
        name: arguments[0] for name, arguments in CHECKS.items()
    }


def test_ci_runs_the_oldest_and_the_newest_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [entry.rpartition(" ")[2] for entry in project["classifiers"] if re.search(r":: 3\.\d+$", entry)]
    (job,) = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == [named[0], named[-1]]
    assert project["requires-python"] == f">={named[0]}"
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert "secrets" not in str(job)


def test_every_package_has_its_tests_where_contributing_says() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    elsewhere = dict(re.findall(r"^\| `((?:engine|k8squiz)/[\w/]+)/` \| `pytest (tests/[\w/]+)", page, re.MULTILINE))
    assert all((ROOT / folder).is_dir() for folder in elsewhere.values())
    packages = {
        path.parent.relative_to(ROOT) for name in ("engine", "k8squiz") for path in (ROOT / name).glob("*/__init__.py")
    }
    without = {path.as_posix() for path in packages if not any((ROOT / "tests" / path).glob("test_*.py"))}
    assert without == set(elsewhere)


def test_every_dependency_is_declared() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
    ours = {"engine", "k8squiz", "tests", *sys.stdlib_module_names, *(path.stem for path in SOURCES)}
    imported = {name for path in SOURCES for name in _imports(path)} - ours
    owners = importlib.metadata.packages_distributions()
    assert [name for name in imported if not any(o.lower() in declared for o in owners.get(name, [name]))] == []


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
