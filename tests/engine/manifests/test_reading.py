"""Where manifests come from: files, folders, standard input; and endpoints where only pods and selectors are there."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import pytest

from engine import ManifestError, load_cluster

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: %s}\n"


def names(*paths: str | Path, stdin: str | None = None, text: str | None = None) -> list[str]:
    return [node.name for node in load_cluster(paths, stdin=stdin, text=text).nodes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file, node in (("b.yaml", "b"), ("a.yml", "a"), ("c.json", "c")):
        (tmp_path / file).write_text(NODE % node)
    (tmp_path / "readme.txt").write_text("not: [yaml")
    (tmp_path / "case.json").write_text('{"why": "", "nodes": {}}')
    (tmp_path / "sub.yaml").mkdir()
    return tmp_path


def test_files_folders_stdin_and_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(folder / "b.yaml", folder / "a.yml") == ["b", "a"]
    assert names(folder) == ["a", "b", "c"]
    assert [node.name for node in load_cluster(str(folder / "c.json")).nodes] == ["c"]
    assert names("-", stdin=NODE % "x") == ["x"]
    assert names(folder / "c.json", "-", stdin=NODE % "x", text=NODE % "y") == ["c", "x", "y"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((NODE % "z").encode())))
    assert names("-") == ["z"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(NODE % "z"))
    assert names("-") == ["z"]
    assert names() == []


def test_what_is_no_kubernetes_object_is_passed_over_in_a_folder_only(folder: Path) -> None:
    (notice,) = [n for n in load_cluster([folder]).notices if "passed over" in n[0]]
    assert str(folder / "case.json") in notice[0] and str(folder / "case.json") in notice[1]
    with pytest.raises(ManifestError, match="an object without kind"):
        load_cluster([folder / "case.json"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "n.yaml"
    file.write_bytes(("# 节点\n" + NODE % "a").encode(encoding))
    assert names(file) == ["a"]


def test_links(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "d.yaml"
    outside.write_text(NODE % "d")
    (folder / "again.json").symlink_to(folder / "readme.txt")
    (folder / "readme.txt").write_text(NODE % "inside")
    assert names(folder) == ["a", "inside", "b", "c"]
    (folder / "d.yaml").symlink_to(outside)
    with pytest.raises(ManifestError, match=r"d\.yaml: is a link that leads out of its folder"):
        load_cluster([folder])
    assert names(outside) == ["d"]


def refused(*paths: str | Path, stdin: str | None = None) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        load_cluster(paths, stdin=stdin)
    assert str(caught.value).isprintable()
    return caught.value


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert str(refused("nowhere.yaml")) == "nowhere.yaml: cannot be read: no such file or folder"
    assert "holds no *.yaml, *.yml or *.json file" in str(refused(tmp_path))
    (tmp_path / "bad.yaml").write_bytes(b"a: 1\nb: \xff\n")
    error = refused(tmp_path / "bad.yaml")
    assert (error.line, "not UTF-8 text (byte 0xff)" in error.message) == (2, True)
    assert "\\x1b" in str(refused("no\x1b[31m.yaml"))
    assert "cannot be read" in str(refused("a\x00b"))
    assert "cannot be read" in str(refused("x" * 5000))
    (tmp_path / "bad.yaml").write_text("a: [1")
    error = refused(tmp_path / "bad.yaml")
    assert (error.file, error.line) == (str(tmp_path / "bad.yaml"), 1)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = tmp_path / "n.yaml"
    file.write_text("")
    file.chmod(0)
    assert "cannot be read: Permission denied" in str(refused(file))


def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.yaml"
    with bomb.open("wb") as file:
        file.write(b"a: &a [x]\nb: [*a")
        file.truncate(200 * 1024 * 1024)
    begin = time.process_time()
    assert "200 MiB are more than the 128 MiB" in str(refused(bomb))
    assert time.process_time() - begin < 1


def test_all_files_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.manifests import reading, source

    monkeypatch.setattr(source, "MAX_BYTES", 100)
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(NODE % name)
    assert names(tmp_path / "a.yaml", tmp_path / "b.yaml") == ["a", "b"]
    assert "MiB" in str(refused(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"#" * 200)))
    assert "<stdin>" in str(refused("-"))
    assert "<stdin>" in str(refused("-", stdin="#" * 200))


def test_a_pipe_is_read_too(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, (NODE % "piped").encode())
    os.close(write)
    try:
        assert names(f"/dev/fd/{read}") == ["piped"]
    finally:
        os.close(read)
