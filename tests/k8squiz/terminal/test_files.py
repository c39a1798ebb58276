"""Files the user named: what stood there stays whole until the new one is on the disk, whatever happens in between."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8squiz.errors import QuizError
from k8squiz.terminal.files import write_text
from tests.k8squiz.runner import CLUSTER, ROOT, process

OLD = "the old backup\n"


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_and_one_in_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_text(path, "节点\n")
    assert path.read_bytes() == "节点\n".encode()
    path.chmod(0o640)
    write_text(path, (piece for piece in ("half ", "\udcff")))
    assert path.read_bytes() == b"half \\udcff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert left(tmp_path) == ["a.json"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "far" / "real.md")
    write_text(link, "x")
    assert link.is_symlink()
    assert (tmp_path / "far" / "real.md").read_text(encoding="utf-8") == "x"


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    write_text(Path("/dev/null"), "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def fails() -> Iterator[str]:
    yield "half"
    raise QuizError("no more", "没有了")


def test_an_error_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(OLD, encoding="utf-8")
    with pytest.raises(QuizError, match="no more"):
        write_text(path, fails())
    assert path.read_text(encoding="utf-8") == OLD
    assert left(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("name", "said"), [("no/such/folder/a", "no such file or folder"), (".", "it is a folder"), ("a\0b", "usable path")]
)
def test_where_nothing_can_be_written(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(QuizError, match=said) as caught:
        write_text(tmp_path / name, "x")
    assert "无法写入" in caught.value.zh
    assert left(tmp_path) == []


# Every command that writes a file.
EXPORTS: dict[str, tuple[str, ...]] = {
    "explain html": ("explain", "nodeport", "--export", "{}.html"),
    "explain svg": ("explain", "nodeport", "--export", "{}.svg"),
    "explain md": ("explain", "nodeport", "--export", "{}.md"),
    "interviewer": ("mock", "--interviewer", "{}.md", "--questions", "1", "--seed", "1"),
    "data export": ("data", "export", "--out", "{}.json"),
}


def big_home(tmp_path: Path) -> Path:
    """A home whose export does not fit into a small file."""
    home = tmp_path / "home"
    code = (
        "from k8squiz.history.store import open_store\n"
        "store = open_store()\n"
        "store.append(store.start('practice', '1', 'en', {}, 1.0), 'answered', {'text': 'x' * 60000}, 2.0)\n"
        "store.close()\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, "K8SQUIZ_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )
    return home


@pytest.mark.parametrize("words", EXPORTS.values(), ids=EXPORTS)
def test_a_full_disk_leaves_the_old_file_whole(words: tuple[str, ...], tmp_path: Path) -> None:
    """No file may grow past 1 KiB, which write(2) refuses as it does on a full disk."""
    home = big_home(tmp_path) if words[0] == "data" else tmp_path / "none"
    command = [word.format(tmp_path / "out") for word in words]
    target = next(Path(word) for word in command if word.startswith(str(tmp_path)))
    target.write_text(OLD, encoding="utf-8")

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    done = subprocess.run(
        [sys.executable, "-m", "k8squiz", *command], capture_output=True, text=True, check=False, preexec_fn=small, cwd=ROOT,
        env={**os.environ, "K8SQUIZ_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert target.read_text(encoding="utf-8") == OLD
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob(".*.part"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_can_only_be_read(tmp_path: Path) -> None:  # pragma: no cover - not as root
    tmp_path.chmod(0o500)
    with pytest.raises(QuizError, match="permission denied"):
        write_text(tmp_path / "a", "x")
    tmp_path.chmod(0o700)


_WRITER = """
import itertools, sys
from pathlib import Path
from k8squiz.terminal.files import write_text
for number in itertools.count():
    write_text(Path(sys.argv[1]), ((f'{number}\\n') for _ in range(2000)))
"""


def test_a_kill_at_any_moment_leaves_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("-1\n" * 2000, encoding="utf-8")
    for wait in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as writer:
            time.sleep(0.25 + wait * 0.017)
            writer.kill()
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 2000 and len(set(lines)) == 1


# What a program reads is UTF-8 in every locale.
MACHINE = {
    "trace --json": ("trace", CLUSTER, "--from", "client", "--to", "node/node1:30080", "--json"),
    "questions list --json": ("questions", "list", "--json"),
    "data export": ("data", "export"),
    "questions new": ("questions", "new", "--kind", "choice", "--topic", "02-nodeport"),
}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
@pytest.mark.parametrize("words", MACHINE.values(), ids=MACHINE)
def test_machine_output_is_utf_8(words: tuple[str, ...], encoding: str, tmp_path: Path) -> None:
    home = big_home(tmp_path) if words[0] == "data" else tmp_path
    there = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    runs = [
        subprocess.run(
            [sys.executable, "-m", "k8squiz", *words], capture_output=True, check=True, cwd=ROOT,
            env={**there, "K8SQUIZ_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": each, "K8SQUIZ_LANG": "zh"},
        ).stdout
        for each in (encoding, "utf-8")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    runs[0].decode("utf-8")


def test_an_export_written_in_any_locale_comes_in_again(tmp_path: Path) -> None:
    home = big_home(tmp_path)
    out = subprocess.run(
        [sys.executable, "-m", "k8squiz", "data", "export"], capture_output=True, check=True, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "K8SQUIZ_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"},
    ).stdout  # fmt: skip
    (tmp_path / "b.json").write_bytes(out)
    assert json.loads(out)["format"] == "k8squiz-data"
    taken = process("data", "import", str(tmp_path / "b.json"), K8SQUIZ_HOME=str(tmp_path / "other"))
    assert (taken.code, taken.out) == (0, "New: 1 sessions, 0 cards, 0 answers.\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("new", [True, False], ids=["a new file", "over an old one"])
def test_a_disk_that_is_full_really(small_disk: Path, new: bool, lang: str) -> None:
    target = small_disk / "story.html"
    if not new:
        target.write_text("the old one", encoding="utf-8")
    with contextlib.suppress(OSError):
        (small_disk / "filler").write_bytes(bytes(128 * 1024))
    before = sorted(path.name for path in small_disk.iterdir())
    code, out, err = process("explain", "nodeport", "--export", str(target), "--lang", lang)
    assert (code, out) == (2, "")
    assert ("the disk is full" if lang == "en" else "磁盘已满") in err and "Traceback" not in err
    assert sorted(path.name for path in small_disk.iterdir()) == before
    assert new or target.read_text(encoding="utf-8") == "the old one"
