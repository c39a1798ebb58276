"""What stands in place of a file that is named: pipes, devices, links, other encodings, for every command that reads one."""

from __future__ import annotations

import io
import os
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import errors
from k8squiz.bank.pack import packed
from tests.k8squiz.cli.test_bad_input import WALK, refused
from tests.k8squiz.runner import CLUSTER, ROOT, k8squiz, process

Capture = pytest.CaptureFixture[str]

# Every command that reads a file, {} in place of its name, and a text that it takes.
MANIFEST = Path(CLUSTER).read_text(encoding="utf-8")
QUESTION = (ROOT / "questions" / "04-hairpin" / "hairpin-what-breaks.yaml").read_text(encoding="utf-8")
SCENARIO = "servers: [{name: a}, {name: b}]\nrequirements: [{metric: spread, at_most: 2}]\nwords: {en: x, zh: 乙}\n"
READERS: dict[str, tuple[list[str], str]] = {
    "trace": (["trace", "{}", *WALK[2:]], MANIFEST),
    "against": ([*WALK, "--against", "{}"], MANIFEST),
    "rules": (["rules", "{}", "--node", "node1"], MANIFEST),
    "shell": (["shell", "{}", "node1", "--", "ip", "link"], MANIFEST),
    "saved rules": ([*WALK, "--rules", "node1={}"], "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"),
    "question": (["questions", "show", "{}"], QUESTION),
    "scenario": (["schedulers", "--scenario", "{}"], SCENARIO),
    "script": (["incident", "--fault", "hairpin-off", "--seed", "1", "--script", "{}"], "flows\ndone\n"),
    "import": (["data", "import", "{}"], '{"format": "k8squiz-data", "version": 1, "sessions": [], "cards": [], "reviews": []}'),
}  # fmt: skip


def read_by(capsys: Capture, name: str, path: Path) -> tuple[int, str, str]:
    words, _ = READERS[name]
    return k8squiz(capsys, *(word.format(path) for word in words))


@pytest.fixture
def folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(errors, "PIPE_SECONDS", 0.05)
    return tmp_path


@pytest.fixture
def strange(folder: Path) -> Iterator[dict[str, Path]]:
    """What is no file with a text in it, by what it is."""
    os.mkfifo(folder / "pipe.yaml")
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "bytes.yaml").write_bytes(b"a: 1\n\xff\xfe\xfd\n")
    with socket.socket(socket.AF_UNIX) as bound:
        # A socket's name is short.
        here = Path.cwd()
        os.chdir(folder)
        bound.bind("s.yaml")
        os.chdir(here)
        yield {
            "a pipe that nobody writes": folder / "pipe.yaml",
            "a link to itself": folder / "circle.yaml",
            "a folder": folder / "folder.yaml",
            "bytes": folder / "bytes.yaml",
            "a socket": folder / "s.yaml",
            "a device without end": Path("/dev/zero"),
            "below a file": folder / "bytes.yaml" / "x.yaml",
        }


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_refused(name: str, strange: dict[str, Path], capsys: Capture) -> None:
    for what, path in strange.items():
        message = refused(read_by(capsys, name, path))
        assert str(path) in message, what


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 with its mark": lambda text: text.encode("utf-16"),
    "lines as Windows ends them": lambda text: text.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", READERS)
def test_what_windows_writes_is_read(name: str, encoding: str, folder: Path, capsys: Capture) -> None:
    path = folder / "given.yaml"
    path.write_text(READERS[name][1], encoding="utf-8")
    expected = read_by(capsys, name, path)
    path.write_bytes(ENCODINGS[encoding](READERS[name][1]))
    found = read_by(capsys, name, path)
    assert expected[0] in (0, 1)
    assert found[:2] == expected[:2]


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_that_somebody_writes_is_read(
    name: str, folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "pipe.yaml"
    os.mkfifo(path)
    monkeypatch.setattr(errors, "PIPE_SECONDS", 20.0)
    writer = threading.Thread(target=path.write_text, args=(READERS[name][1], "utf-8"))
    writer.start()
    code, _, err = read_by(capsys, name, path)
    writer.join()
    assert code in (0, 1), err


WRITERS = {
    "explain": ["explain", "hairpin", "--export", "{}.md"],
    "trace": [*WALK, "--export", "{}.svg"],
    "sheet": ["incident", "--fault", "hairpin-off", "--seed", "1", "--interviewer", "{}.md"],
    "data": ["data", "export", "--out", "{}.json"],
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_pipe_that_nobody_reads_is_refused(name: str, folder: Path, capsys: Capture) -> None:
    words = [word.format(folder / "pipe") for word in WRITERS[name]]
    os.mkfifo(words[-1])
    assert "other end of this pipe" in refused(k8squiz(capsys, *words))


@pytest.mark.parametrize("name", WRITERS)
def test_a_pipe_that_somebody_reads_is_written(
    name: str, folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word.format(folder / "pipe") for word in WRITERS[name]]
    os.mkfifo(words[-1])
    monkeypatch.setattr(errors, "PIPE_SECONDS", 20.0)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(Path(words[-1]).read_text, "utf-8")
        assert k8squiz(capsys, *words).code == 0
        assert len(read.result()) > 20


LONG = "x" * 300
TOO_LONG = {
    **{name: words for name, (words, _) in READERS.items()},
    "lint": ["questions", "lint", "{}"],
    "practice": ["practice", "--question", "{}"],
    "pack": ["questions", "pack", "{}"],
    "bank": ["--bank", "{}", "questions", "list"],
    "export": [*WALK, "--export", "{}.md"],
}


@pytest.mark.parametrize("end", ["", ".yaml"])
@pytest.mark.parametrize("name", TOO_LONG)
def test_a_name_that_no_file_can_have(name: str, end: str, folder: Path, capsys: Capture) -> None:
    message = refused(k8squiz(capsys, *(word.format(folder / (LONG + end)) for word in TOO_LONG[name])))
    assert "the system refuses" not in message and LONG in message


def test_a_cluster_of_a_name_that_no_file_can_have(folder: Path, capsys: Capture) -> None:
    path = folder / "04-hairpin" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(QUESTION.replace("\ncluster:\n", f"\ncluster:\n  from: {LONG}\n"), encoding="utf-8")
    assert f"there is no {folder}/clusters/{LONG}.yaml" in refused(k8squiz(capsys, "questions", "show", str(path)))


def test_a_pack_passes_over_what_is_no_file(folder: Path) -> None:
    topic = folder / "04-hairpin"
    topic.mkdir()
    (topic / "mine.yaml").write_text(QUESTION, encoding="utf-8")
    os.mkfifo(topic / "pipe.yaml")
    with zipfile.ZipFile(io.BytesIO(packed(folder))) as pack:
        assert pack.namelist() == ["04-hairpin/mine.yaml"]


def test_binary_is_no_script() -> None:
    assert refused(process("incident", "--fault", "hairpin-off", "--script", "-", stdin="flows\n\0\n")).startswith(
        "-:2: "
    )
