"""Paths -> texts: files, folders and standard input, none of them believed."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import ManifestError, not_text, os_reason, read_named, text_of
from engine.manifests.source import MAX_BYTES, check_size

SUFFIXES = (".yaml", ".yml", ".json")


def texts(paths: Sequence[str | Path], stdin: str | None) -> Iterator[tuple[str, str, bool]]:
    """(file as messages call it, its text, whether it was found in a folder) for every manifest file."""
    budget = MAX_BYTES
    for path in paths:
        if str(path) == "-":
            found = [("<stdin>", stdin if stdin is not None else _decoded(_standard_input(), "<stdin>"), False)]
            for name, text, in_folder in found:
                check_size(len(text), name)
                yield name, text, in_folder
            continue
        for file, in_folder in _files(Path(path)):
            raw = _bytes(file, budget)
            budget -= len(raw)
            yield _name(file), _decoded(raw, _name(file)), in_folder


def _name(path: Path) -> str:
    """The path as the user gave it, unless it could harm a terminal."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def _files(path: Path) -> list[tuple[Path, bool]]:
    try:
        if not path.is_dir():
            return [(path, False)]
        found = sorted(entry for entry in path.iterdir() if entry.suffix in SUFFIXES)
        inside = path.resolve()
        for entry in found:
            if entry.is_symlink() and not entry.resolve().is_relative_to(inside):
                raise ManifestError(
                    "is a link that leads out of its folder; name its target itself",
                    _name(entry),
                    zh="是指向目录之外的链接；请直接指明其目标",
                )
    except (OSError, ValueError) as error:
        raise ManifestError(
            f"cannot be read: {os_reason(error)[0]}", _name(path), zh=f"无法读取：{os_reason(error)[1]}"
        ) from None
    files = [(entry, True) for entry in found if entry.is_file()]
    if not files:
        raise ManifestError(
            "the folder holds no *.yaml, *.yml or *.json file; name the files or the subfolder",
            _name(path),
            zh="该目录中没有 *.yaml、*.yml 或 *.json 文件；请指明文件或子目录",
        )
    return files


def _bytes(file: Path, budget: int) -> bytes:
    try:
        status = file.stat()
        if stat.S_ISREG(status.st_mode):
            check_size(status.st_size + MAX_BYTES - budget, _name(file))
        raw = read_named(file, budget + 1)
    except (OSError, ValueError) as error:
        raise ManifestError(
            f"cannot be read: {os_reason(error)[0]}", _name(file), zh=f"无法读取：{os_reason(error)[1]}"
        ) from None
    check_size(len(raw) + MAX_BYTES - budget, _name(file))
    return raw


def _standard_input() -> bytes:
    source = getattr(sys.stdin, "buffer", None)
    raw = source.read(MAX_BYTES + 1) if source is not None else sys.stdin.read(MAX_BYTES + 1).encode()
    check_size(len(raw), "<stdin>")
    return bytes(raw)


def _decoded(raw: bytes, name: str) -> str:
    try:
        return text_of(raw)
    except UnicodeDecodeError as error:
        line, en, zh = not_text(raw, error)
        raise ManifestError(en, name, line, zh=zh) from None
