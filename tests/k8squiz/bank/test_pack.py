"""Somebody else's questions: what is taken of a folder or a zip file, what is refused, what is made of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from k8squiz.bank.find import shipped_folder
from k8squiz.bank.pack import VARIABLE, pack_folder, packed
from k8squiz.errors import QuizError
from tests.k8squiz.runner import k8squiz

QUESTION = (shipped_folder() / "12-services" / "wrong-target-port.yaml").read_bytes()
NAME = "12-services/wrong-target-port.yaml"
BASE = {f"clusters/{path.name}": path.read_bytes() for path in (shipped_folder() / "clusters").glob("*.yaml")}
WHOLE = {NAME: QUESTION, **BASE}


@pytest.fixture(autouse=True)
def no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """--bank stays in the environment of a process; here it goes with the test."""
    monkeypatch.setenv(VARIABLE, "")


def folder_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    root = tmp_path / "mine"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text)
    return root


def zip_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


TAKEN: dict[str, dict[str, bytes]] = {
    "as it is": WHOLE,
    "in a folder of its own": {f"pack-1.0/{name}": text for name, text in WHOLE.items()},
    "with files that are none of a pack": {**WHOLE, "README.md": b"x", "12-services/notes.txt": b"x", "a/b/c/d.yaml": b"x"},
}  # fmt: skip


@pytest.mark.parametrize("files", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("made", [folder_of, zip_of])
def test_what_is_taken(made: Callable[..., Path], files: dict[str, bytes], tmp_path: Path) -> None:
    if made is folder_of and NAME not in files:
        pytest.skip("a folder is the pack itself")
    folder = pack_folder(str(made(tmp_path, files)))
    assert (folder / NAME).read_bytes() == QUESTION
    if made is zip_of:
        assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")} == set(WHOLE)


REFUSED: dict[str, tuple[dict[str, bytes], str]] = {
    "upwards": ({**WHOLE, "../../evil.yaml": b"x"}, "'../../evil.yaml' would lie outside of the pack"),
    "upwards within": ({**WHOLE, "12-services/../../../x.yaml": b"x"}, "outside of the pack"),
    "absolute": ({**WHOLE, "/etc/cron.d/x": b"x"}, "outside of the pack"),
    "a drive": ({**WHOLE, "C:/x.yaml": b"x"}, "outside of the pack"),
    "backslashes": ({**WHOLE, "..\\x.yaml": b"x"}, "outside of the pack"),
    "an escape in a name": ({**WHOLE, "a/\x1b[31m.yaml": b"x"}, "outside of the pack"),
    "nothing": ({}, "there is no question in it"),
    "clusters alone": (BASE, "there is no question in it"),
    "too many": ({f"t/q{number}.yaml": b"" for number in range(2001)}, "2001 files"),
}


@pytest.mark.parametrize(("files", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises(QuizError) as error:
        pack_folder(str(zip_of(tmp_path, files)))
    assert message in error.value.en and error.value.en.isprintable() and error.value.zh.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.zip"]


def test_a_link_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(NAME)
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(QuizError, match="is a link"):
        pack_folder(str(path))


@pytest.mark.parametrize("name", [NAME, "clusters/two-nodes.yaml", "12-services", "other/Odd name.yaml"])
def test_a_link_in_a_folder(name: str, tmp_path: Path) -> None:
    root = folder_of(tmp_path, {"other/x.yaml": QUESTION})
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(shipped_folder() / "12-services" if name == "12-services" else "/etc/passwd")
    with pytest.raises(QuizError, match="is a link"):
        pack_folder(str(root))


DAMAGED = {
    "no archive": b"PK\x03\x04",
    "empty": b"",
    "cut": packed(shipped_folder())[:5000],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.zip"
    path.write_bytes(content)
    with pytest.raises(QuizError, match="no zip file, or a damaged one"):
        pack_folder(str(path))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--bank", ""], "--bank needs a folder"),
        (["--bank"], "--bank needs"),
        (["--bank", "/no/such"], "no such folder or zip"),
    ],
)
def test_no_pack(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = k8squiz(capsys, "questions", "list", *words)
    assert code == 2 and told in err


def test_made_and_used_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder_of(tmp_path, WHOLE)
    assert packed(root) == packed(root)
    code, out, err = k8squiz(capsys, "questions", "pack", str(root))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == str(tmp_path / "mine.zip")
    listed = json.loads(k8squiz(capsys, "questions", "list", "--json", "--bank", str(tmp_path / "mine.zip")).out)
    assert [one["id"] for one in listed] == ["wrong-target-port"]


def test_a_pack_that_lint_refuses_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder_of(tmp_path, {**BASE, NAME: QUESTION.replace(b"zh:", b"xx:")})
    assert k8squiz(capsys, "questions", "pack", str(root)).code == 1
    assert not (tmp_path / "mine.zip").exists()


def test_practice_asks_of_a_folder_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder_of(tmp_path, WHOLE)
    for folder in (root, root / "12-services"):
        monkeypatch.setattr("sys.stdin", io.StringIO("quit\n"))
        code, out, _ = k8squiz(capsys, "practice", "--question", str(folder), "--seed", "1", "--lang", "en")
        assert code == 0 and out.startswith("Question 1/1 ")


def test_cards_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(folder_of(tmp_path, WHOLE))
    cards = k8squiz(capsys, "questions", "export", "--bank", root, "--seed", "2").out.splitlines()
    assert [line for line in cards if line.startswith("#")][:2] == ["#separator:tab", "#html:true"]
    guid, front, back, tags = cards[-1].split("\t")
    assert guid == "wrong-target-port.2.en" and "services" in tags.split()
    assert front.startswith("<pre") and "<br>" in back and "\x1b" not in front + back
    lines = k8squiz(capsys, "questions", "export", "--bank", root, "--format", "jsonl").out.splitlines()
    assert set(json.loads(lines[0])) >= {"id", "answer", "explanation"}
