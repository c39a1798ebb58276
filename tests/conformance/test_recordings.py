"""The recordings travel with the code: every set is there and whole, is read safely, and says nothing of a machine."""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conformance import locate
from tests.recordings import pack
from tests.test_hygiene import FOREIGN

# set, what a case of it is, how many there are
SETS = [
    ("cni", "*/node.iptables-save", 7),
    ("dns", "recorded.json", 1),
    ("dumps", "*", 18),
    ("field", "*/cluster.yaml", 21),
    ("flows", "*/**/flows.json", 39),
    ("ipvs", "*.json", 107),
    ("ipvs-rules", "**/*.ipvs", 196),
    ("networkpolicy", "*.json", 146),
    ("rules", "*/cluster.yaml", 74),
    ("rules", "*/*.ip*tables-save", 165),
    ("rules", "*/*.nft", 159),
    ("rules-new", "1.34/*/*.nft", 217),
    ("rules-new", "1.36/*/*.ip*tables-save", 221),
    ("rules-new", "1.36/*/*.nft", 217),
    ("rules-new", "1.37/*/*.nft", 217),
    ("rules-new", "cases/*/cluster.yaml", 20),
]
TABLES = [path.stem for path in sorted((pack.HOME / "measured").iterdir())]


@pytest.mark.parametrize(("name", "cases", "count"), SETS)
def test_a_set_is_whole(name: str, cases: str, count: int) -> None:
    assert len(list(locate.own(name).glob(cases))) == count


def test_every_set_is_counted_and_told_of() -> None:
    assert {name for name, _, _ in SETS} == set(locate.SETS)
    readme = (pack.HOME / "README.md").read_text(encoding="utf-8")
    assert [name for name in locate.SETS if f"\n### {name}\n" not in readme] == []
    assert [name for name in TABLES if f"| `{name}` |" not in readme] == []


@pytest.mark.parametrize("name", locate.SETS)
def test_the_same_files_make_the_same_archive(name: str) -> None:
    packed = lzma.decompress((pack.HOME / (name + pack.SUFFIX)).read_bytes())
    assert pack.tar_of(locate.own(name)) == packed


@pytest.mark.parametrize("name", locate.SETS)
def test_a_recording_names_no_machine(name: str) -> None:
    home = locate.own(name)
    texts = {path.relative_to(home): path.read_text(encoding="utf-8") for path in home.rglob("*") if path.is_file()}
    assert [str(path) for path, text in texts.items() if FOREIGN.search(text)] == []


@pytest.mark.parametrize("name", ["rules", "rules-new", "ipvs-rules"])
def test_every_dump_has_its_cluster(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(locate.VARIABLE, raising=False)
    dumps = [path for path in locate.own(name).rglob("*") if path.suffix in (".nft", ".iptables-save", ".ipvs")]
    for case in sorted({path.parent for path in dumps}):
        described = locate.cluster_folder(case)
        assert (described / "cluster.yaml").is_file() and (described / "case.json").is_file()


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_table_has_all_its_columns(name: str) -> None:
    rows = locate.table(name)
    assert rows
    assert [row for row in rows if None in row or None in row.values()] == []


def test_what_is_not_there_is_an_error_that_says_what_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no recorded set 'rule'; there are cni, .*, rules, rules-new"):
        locate.folder("rule")
    with pytest.raises(FileNotFoundError, match="no cluster.yaml"):
        locate.cluster_folder(tmp_path / "rules" / "a-case")
    monkeypatch.setenv(locate.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="K8SQUIZ_CONFORMANCE=.*nowhere is no folder"):
        locate.folder("rules")


def test_the_variable_points_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    monkeypatch.setenv(locate.VARIABLE, str(tmp_path))
    assert locate.folder("rules") == tmp_path / "rules"
    assert locate.folder("flows") == locate.own("flows")
    monkeypatch.setenv(locate.VARIABLE, "")
    assert locate.folder("rules") == locate.own("rules")


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return made


@pytest.mark.parametrize(
    "evil",
    [
        member("../outside"),
        member("/outside"),
        member("a/../../outside"),
        member("a", tarfile.SYMTYPE),
        member("a", tarfile.LNKTYPE),
        member("a", tarfile.CHRTYPE),
        member("a", tarfile.FIFOTYPE),
    ],
    ids=lambda evil: f"{evil.name} {evil.type.decode()}",
)
def test_an_archive_that_reaches_outside_is_refused_whole(evil: tarfile.TarInfo, tmp_path: Path) -> None:
    archive, target = tmp_path / "evil.tar.xz", tmp_path / "target"
    with tarfile.open(archive, "w:xz") as opened:
        opened.addfile(member("good"), io.BytesIO())
        opened.addfile(evil)
    with pytest.raises(ValueError, match="no plain file inside the folder"):
        pack.unpack(archive, target)
    assert not target.exists()


def test_only_plain_files_are_packed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="only plain files can be packed"):
        pack.tar_of(tmp_path)


UNPACK = "import sys, pathlib; from tests.conformance import locate; print(locate.unpacked(*map(pathlib.Path, sys.argv[1:])))"


def test_processes_may_unpack_side_by_side(tmp_path: Path) -> None:
    archive = pack.HOME / f"flows{pack.SUFFIX}"
    command = [sys.executable, "-c", UNPACK, str(archive), str(tmp_path)]
    root = pack.HOME.parents[1]
    running = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {process.communicate()[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * 4
    (target,) = answers
    assert list(tmp_path.iterdir()) == [Path(target)]
    assert pack.tar_of(Path(target)) == lzma.decompress(archive.read_bytes())


def test_an_earlier_archives_files_go(tmp_path: Path) -> None:
    source, archive, shelf = tmp_path / "set", tmp_path / "set.tar.xz", tmp_path / "shelf"
    source.mkdir()
    for content in ("first", "second"):
        (source / "case").write_text(content)
        pack.pack(source, archive)
        target = locate.unpacked(archive, shelf)
        assert (target / "case").read_text() == content
        assert list(shelf.iterdir()) == [target]
