"""`k8squiz data`: the user's own data, out, in, away, and where it lies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from engine.errors import os_reason
from k8squiz.bank.limits import MOST_IMPORT_BYTES
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.locale.typed import plain
from k8squiz.terminal.console import print_machine, print_plain
from k8squiz.terminal.files import read_text


def export(lang: Lang, out: Path | None) -> int:
    """Write all data as JSON to `out`, or print it."""
    from k8squiz.commands.explain import write
    from k8squiz.history.export import export_pieces
    from k8squiz.history.store import read_store

    store = read_store(os.environ)
    try:
        with store.reading():
            if out is None:
                print_machine(export_pieces(store))
            else:
                write(out, export_pieces(store))
    finally:
        store.close()
    return 0


def take_in(lang: Lang, file: str) -> int:
    """Merge an export (- is standard input) into the data; the same file twice changes nothing."""
    from k8squiz.history.export import take_in as merge
    from k8squiz.history.store import open_store

    text = read_text(file, MOST_IMPORT_BYTES)
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
        return plain(input(question)).casefold() in ("y", "yes", "是")
    except EOFError:
        return False


def rescue(lang: Lang) -> int:
    """Save what can be read of damaged data: the damaged file is kept under another name, and the data begins anew with
    what was saved. 0 where nothing is damaged, too."""
    from k8squiz.history.database import DataDamaged
    from k8squiz.history.export import export_pieces
    from k8squiz.history.folder import FILE, data_folder
    from k8squiz.history.store import read_store

    target = data_folder(os.environ) / FILE
    try:
        store = read_store(os.environ)
        try:
            sound = store.is_sound()
            for _ in export_pieces(store):
                pass
        finally:
            store.close()
    except DataDamaged:
        sound = False
    if sound:
        print_plain(f"{target}：没有损坏。\n" if lang == "zh" else f"{target}: nothing is damaged.\n")
        return 0
    return _rescued(target, lang)


def _rescued(target: Path, lang: Lang) -> int:
    from k8squiz.history.export import take_in as merge
    from k8squiz.history.rescue import rescued
    from k8squiz.history.store import open_store
    from k8squiz.terminal.files import write_text

    stamp = time.strftime("%Y%m%d-%H%M%S")
    saved, aside = target.with_name(f"rescued-{stamp}.json"), target.with_name(f"{target.name}.damaged-{stamp}")
    try:
        found = rescued(target)
        write_text(saved, found.text)
        for end in ("", "-wal", "-journal"):
            source = target.with_name(target.name + end)
            if source.exists():
                source.rename(aside.with_name(aside.name + end))
        target.with_name(target.name + "-shm").unlink(missing_ok=True)
    except OSError as error:
        en, zh = os_reason(error)
        raise QuizError(f"{target}: cannot be rescued: {en}", f"{target}：无法抢救：{zh}") from None
    store = open_store(os.environ)
    try:
        merge(store, found.text, str(saved))
    finally:
        store.close()
    if lang == "zh":
        print_plain(f"已保存 {found.records} 条记录（{saved}），{found.lost} 条无法读出；损坏的文件保留为 {aside}。\n")
    else:
        print_plain(
            f"{found.records} records saved ({saved}), {found.lost} could not be read; the damaged file is kept as {aside}.\n"
        )
    return 0


def path(lang: Lang) -> int:
    """Print where the data lies."""
    from k8squiz.history.store import FILE, data_folder

    print_plain(f"{data_folder(os.environ) / FILE}\n")
    return 0
