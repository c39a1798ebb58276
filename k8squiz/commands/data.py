"""`k8squiz data`: the user's own data, out, in, away, and where it lies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.errors import os_reason
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import print_plain

_MOST = 64 * 1024 * 1024


def export(lang: Lang, out: Path | None) -> int:
    """Write all data as JSON to `out`, or print it."""
    from k8squiz.commands.explain import write
    from k8squiz.history.export import exported
    from k8squiz.history.store import read_store

    store = read_store(os.environ)
    try:
        text = exported(store)
    finally:
        store.close()
    if out is None:
        print_plain(text)
    else:
        write(out, text)
    return 0


def take_in(lang: Lang, file: str) -> int:
    """Merge an export (- is standard input) into the data; the same file twice changes nothing."""
    from k8squiz.history.export import take_in as merge
    from k8squiz.history.store import open_store

    text = _read(file)
    store = open_store(os.environ)
    try:
        sessions, cards, reviews = merge(store, text, file)
    finally:
        store.close()
    if lang == "zh":
        print_plain(f"新增：{sessions} 场、{cards} 张卡片、{reviews} 次作答。\n")
    else:
        print_plain(f"New: {sessions} sessions, {cards} cards, {reviews} answers.\n")
    return 0


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_MOST + 1) if file == "-" else _head(Path(file))
        if len(raw) > _MOST:
            raise QuizError(f"{file}: larger than any export", f"{file}：大于任何导出文件")
        return raw.decode("utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise QuizError(f"{file}: this is no text (not UTF-8)", f"{file}：不是文本（非 UTF-8）") from None
        en, zh = os_reason(error)
        raise QuizError(f"{file}: cannot be read: {en}", f"{file}：无法读取：{zh}") from None


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MOST + 1)


def delete(lang: Lang, yes: bool) -> int:
    """Delete all data, once asked (or told --yes); 1 where the answer is no."""
    from k8squiz.history.store import FILE, data_folder

    target = data_folder(os.environ) / FILE
    if not yes and not _agreed(target, lang):
        return 1
    try:
        for name in (target, *(target.with_name(FILE + end) for end in ("-wal", "-shm", "-journal", "-lock"))):
            name.unlink(missing_ok=True)
    except OSError as error:
        en, zh = os_reason(error)
        raise QuizError(f"{target}: cannot be deleted: {en}", f"{target}：无法删除：{zh}") from None
    print_plain((f"{target}：已删除。" if lang == "zh" else f"{target}: deleted.") + "\n")
    return 0


def _agreed(target: Path, lang: Lang) -> bool:
    if not sys.stdin.isatty():
        raise QuizError("nobody is there to ask; --yes deletes without asking", "没有人可以确认；用 --yes 直接删除")
    question = f"删除 {target} 中的全部数据？[y/N] " if lang == "zh" else f"Delete all data in {target}? [y/N] "
    try:
        return input(question).strip().lower() in ("y", "yes", "是")
    except EOFError:
        return False


def path(lang: Lang) -> int:
    """Print where the data lies."""
    from k8squiz.history.store import FILE, data_folder

    print_plain(f"{data_folder(os.environ) / FILE}\n")
    return 0
