"""What is installed: a wheel carries the bank and works from any folder; an editable install reads the checkout's.
And what is handed on as source: the recordings go with the tests."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from k8squiz import __version__
from tests.k8squiz.runner import process

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-q", "."]
    done = subprocess.run([*command, "-w", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / f"k8squiz-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's contents, as an installation has them."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_carries_all_that_is_needed_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {
        path.relative_to(ROOT).as_posix() for room in ("engine", "k8squiz") for path in (ROOT / room).rglob("*.py")
    }
    questions = {
        f"k8squiz/_questions/{path.relative_to(ROOT / 'questions').as_posix()}"
        for path in (ROOT / "questions").rglob("*")
        if path.is_file()
    }
    assert (sources | questions | {"engine/py.typed", "k8squiz/py.typed"}) <= names
    info = f"k8squiz-{__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"engine", "k8squiz", info}
    assert f"{info}/licenses/LICENSE" in names


def test_the_source_carries_the_recordings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(tmp_path / f"k8squiz-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    recordings = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests" / "recordings").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert recordings <= names
    assert not {name for name in names if name.startswith(".pytest_cache")}


def test_the_command_is_the_light_entry(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        points = archive.read(f"k8squiz-{__version__}.dist-info/entry_points.txt").decode()
    assert "k8squiz = k8squiz.__main__:main" in points


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--version"], __version__),
        (["questions", "list", "--json"], '"hairpin'),
        (["practice", "--seed", "1", "--topic", "hairpin"], "hairpin"),
        (["explain", "hairpin"], "MASQUERADE"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_an_installation_works_from_any_folder(words: list[str], said: str, installed: Path, tmp_path: Path) -> None:
    code, out, err = process(*words, stdin="quit\n", cwd=tmp_path, PYTHONPATH=str(installed))
    assert (code, err) == (0, "")
    assert said in out


def test_an_installation_reads_its_own_bank_and_the_checkout_its_own(installed: Path, tmp_path: Path) -> None:
    script = "from k8squiz.bank.find import bank_folder; print(bank_folder().resolve())"
    for home, bank in ((installed, installed / "k8squiz" / "_questions"), (ROOT, ROOT / "questions")):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(home)}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        assert Path(done.stdout.strip()) == bank.resolve()
