"""Somebody else's questions: a folder or a zip file that is used instead of the bank, or made to be passed on.

A pack is what questions/ is: folders of question files, TOPIC/NAME.yaml, and clusters/NAME.yaml beside them. It may come from
a stranger: question files hold no code; here it is seen to that nothing is read or written outside the pack, and that it is of
a sensible size.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from engine.errors import os_reason
from k8squiz.bank.limits import MOST_PACK_BYTES, MOST_PACK_FILES, MOST_PACK_TEXT
from k8squiz.bank.strictyaml import MAX_BYTES
from k8squiz.errors import QuizError
from k8squiz.terminal.sanitize import one_line

# The environment variable that names the pack to use; --bank sets it.
VARIABLE = "K8SQUIZ_BANK"
# A file of a pack, with the folder that a whole pack may stand in; other files are of no interest.
_FILE = re.compile(r"(?:(?P<top>[A-Za-z0-9][A-Za-z0-9._-]*)/)?(?P<file>[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*\.yaml)")
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|(?:^|/)\.\.(?:/|$)|[\x00-\x1f\x7f-\x9f]")
_LINK = 0o120000
_STAMP = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, EOFError, struct.error, ValueError,
    KeyError, IndexError, OverflowError,
)  # fmt: skip


@lru_cache(maxsize=4)
def pack_folder(named: str) -> Path:
    """The folder with the questions of the pack at `named`, a folder or a zip file; the latter is taken out into a folder
    that is gone with the process. Raises QuizError where it is no pack, or not a safe one."""
    path = Path(named)
    try:
        if not named.strip():
            raise QuizError("--bank needs a folder or a zip file", "--bank 需要一个目录或 zip 文件")
        if path.is_dir():
            _checked(path)
            return path.resolve()
        if path.is_file():
            return _unpacked(path)
    except (OSError, ValueError) as error:
        en, zh = os_reason(error)
        raise _refused(named, f"cannot be read: {en}", f"无法读取：{zh}") from error
    raise _refused(named, "there is no such folder or zip file", "没有这个目录或 zip 文件")


def topic_files(folder: Path) -> list[Path]:
    """The question files that lie in `folder` itself, sorted; none where it is a pack. Raises QuizError for a link."""
    found = []
    for entry in _listed(folder):
        if _FILE.fullmatch(f"topic/{entry.name}") and entry.is_symlink():
            raise _link(str(folder), entry.name)
        if _FILE.fullmatch(f"topic/{entry.name}") and entry.is_file():
            found.append(Path(entry.path))
    return sorted(found)


def packed(folder: Path) -> bytes:
    """A zip file of the pack in `folder`: the same files give the same bytes. Raises QuizError as pack_folder does."""
    names = _checked(folder)
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(names):
                entry = zipfile.ZipInfo(name, _STAMP)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, (folder / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)
    except OSError as error:
        en, zh = os_reason(error)
        raise _refused(str(folder), f"cannot be read: {en}", f"无法读取：{zh}") from error
    return out.getvalue()


def _refused(named: str, en: str, zh: str) -> QuizError:
    return QuizError(f"{one_line(named)}: {en}", f"{one_line(named)}：{zh}")


def _checked(folder: Path) -> list[str]:
    """The files of the pack, by their names in it. Raises QuizError where there is no question among them, too many files,
    or a link that may lead out of it, whatever its name."""
    named, names = str(folder), []
    for room in _listed(folder):
        if not room.is_dir():
            continue
        if room.is_symlink():
            raise _link(named, room.name)
        for entry in _listed(room):
            name = f"{room.name}/{entry.name}"
            if entry.is_symlink() and name.endswith(".yaml"):
                raise _link(named, name)
            if _FILE.fullmatch(name) and entry.is_file():
                names.append(name)
    _sensible(named, len(names), any(not name.startswith("clusters/") for name in names))
    return names


def _sensible(named: str, count: int, questions: bool) -> None:
    if count > MOST_PACK_FILES:
        raise _refused(
            named,
            f"{count} files; a pack has at most {MOST_PACK_FILES}",
            f"{count} 个文件；题库包最多 {MOST_PACK_FILES} 个",
        )
    if not questions:
        raise _refused(
            named, "there is no question in it: a pack holds folders of question files, TOPIC/NAME.yaml",
            "其中没有题目：题库包由存放题目文件的目录组成，形如“主题/名称.yaml”",
        )  # fmt: skip


def _listed(folder: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _link(named: str, name: str) -> QuizError:
    return _refused(
        named,
        f"{one_line(name)} is a link, which may lead out of the pack",
        f"{one_line(name)} 是链接，可能指向题库包之外",
    )


def _unpacked(path: Path) -> Path:
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="k8squiz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    unpack(path, folder)
    return folder


def unpack(path: Path, folder: Path) -> None:
    """Take the pack in a zip file out into an empty folder; nothing is written before all of it was looked at. Raises
    QuizError, OSError."""
    named = str(path)
    if path.stat().st_size > MOST_PACK_BYTES:
        raise _refused(named, f"larger than {MOST_PACK_BYTES >> 20} MiB", f"超过 {MOST_PACK_BYTES >> 20} MiB")
    try:
        with zipfile.ZipFile(path) as archive:
            texts = dict(_texts(named, archive))
    except (*_UNREADABLE, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        # A directory that points to before the file's beginning is EINVAL.
        raise _refused(named, "no zip file, or a damaged one", "不是 zip 文件，或者已损坏") from error
    _sensible(named, len(texts), any(not name.startswith("clusters/") for name in texts))
    for name, text in texts.items():
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(text)


def _texts(named: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """The files of a pack in an archive, each by its name within the pack. Raises QuizError, and what zipfile raises."""
    infos = archive.infolist()
    if len(infos) > MOST_PACK_FILES:
        _sensible(named, len(infos), True)
    for info in infos:
        if _OUTSIDE.search(info.filename):
            raise _refused(
                named,
                f"{one_line(info.filename)!r} would lie outside of the pack",
                f"{one_line(info.filename)!r} 位于题库包之外",
            )
        if info.external_attr >> 16 & 0o170000 == _LINK:
            raise _link(named, info.filename)
    left = MOST_PACK_TEXT
    seen: set[str] = set()
    for info, name in _within(infos):
        if name in seen:
            raise _refused(named, f"{name} is in it twice", f"其中有两个 {name}")
        seen.add(name)
        with archive.open(info) as stream:
            # A file that is too large is refused by its own name when it is read.
            text = stream.read(MAX_BYTES + 1)
        left -= len(text)
        if left < 0:
            raise _refused(
                named,
                f"more than {MOST_PACK_TEXT >> 20} MiB of questions",
                f"题目总量超过 {MOST_PACK_TEXT >> 20} MiB",
            )
        yield name, text


def _within(infos: Iterable[zipfile.ZipInfo]) -> list[tuple[zipfile.ZipInfo, str]]:
    """The entries that are files of a pack, without the one folder they may all stand in."""
    matched = [(info, found) for info in infos if (found := _FILE.fullmatch(info.filename))]
    tops = {found["top"] for _, found in matched}
    if len(tops) == 1:
        return [(info, found["file"]) for info, found in matched]
    return [(info, found["file"]) for info, found in matched if found["top"] is None]
