"""`k8squiz explain`: list the stories, tell one, walk it step by step, or write it to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from k8squiz.story.blocks import Story


def run(
    lang: Lang,
    topic: str | None,
    without: tuple[str, ...],
    step: bool,
    export: Path | None,
    live: bool = False,
    release: str | None = None,
) -> int:
    """Tell `topic` on the terminal, or write it to `export` (.html, .svg, .md). Without a topic: the list. `live`: have
    this machine's kernel do what the story tells."""
    if topic is None:
        if without or step or export is not None or release is not None:
            raise QuizError(
                "which topic? name it: k8squiz explain TOPIC; without any option k8squiz explain lists them",
                "哪个主题？请写成 k8squiz explain 主题；不带选项的 k8squiz explain 会列出所有主题",
            )
        return _list(lang)
    from k8squiz.explain import TOPICS, tell

    if all(entry.name != topic for entry in TOPICS):
        # A story needs nothing of the bank.
        from k8squiz.bank.find import SCALE

        if topic == SCALE:
            return _scale(lang, bool(without or step or live or export is not None), release)
    if live:
        from k8squiz.commands import live as kernel

        return kernel.run(lang, topic, frozenset(without), release)

    if export is not None:
        from k8squiz.story.picture.export import check_suffix

        check_suffix(export)
    parts = frozenset(without)
    story = tell(topic, parts, release)
    _say_release(release, lang)
    from k8squiz.screens.explain import story_view
    from k8squiz.terminal.console import has_keys, make_console

    if export is not None:
        write(export, _exported(story, export.suffix, lang, parts))
        return 0
    console = make_console()
    if step:
        from k8squiz.commands.foretelling import play

        play(story, console, lang, _somebody(), parts)
        return 0
    if not has_keys():
        console.print(story_view(story, lang, parts))
        return 0
    from k8squiz.commands.chapters import read

    read(story, console, lang, _asked, parts)
    return 0


def _somebody() -> Callable[[str], str] | None:
    """Who answers: somebody at a terminal, else the lines of standard input; nobody where the prompts could not be seen."""
    from k8squiz.screens.practice import Plain
    from k8squiz.terminal.console import has_keys

    if has_keys():
        from k8squiz.screens.keys import line_with_arrows

        return line_with_arrows("p", "")
    return None if sys.stdin.isatty() and not sys.stdout.isatty() else Plain().line


def _say_release(release: str | None, lang: Lang) -> None:
    """On stderr, that a story's prose was read for one release, where its walks are another's."""
    if release is None:
        return
    from k8squiz.commands.input import say_note
    from k8squiz.world.release import RELEASE, spoken

    if spoken(release) != spoken(RELEASE):
        say_note(
            f"Walks and rules are those of kube-proxy {spoken(release)}; what the prose says was read for {spoken(RELEASE)}.",
            f"路径与规则按 kube-proxy {spoken(release)}；文字说明按 {spoken(RELEASE)} 写成。",
            lang,
        )


def _scale(lang: Lang, optioned: bool, release: str | None) -> int:
    """The story of that topic is a command of its own."""
    if optioned:
        raise QuizError(
            "the story of scale is the command k8squiz scale, which has options of its own: k8squiz scale --help",
            "scale 的讲解是命令 k8squiz scale，它有自己的选项：k8squiz scale --help",
        )
    from k8squiz.commands import scale

    return scale.run(lang, 1000, 10, grow=True, measure=False, export=None, json=False, release=release)


def _list(lang: Lang) -> int:
    from rich.table import Table

    from k8squiz.bank.find import SCALE
    from k8squiz.explain import TOPICS
    from k8squiz.locale.help import COMMANDS
    from k8squiz.locale.i18n import pick
    from k8squiz.terminal.console import make_console

    table = Table.grid(padding=(0, 2))
    for entry in TOPICS:
        table.add_row(f"  k8squiz explain {entry.name}", pick(entry.about, lang))
    table.add_row("  k8squiz scale", COMMANDS[SCALE][lang == "zh"])
    make_console().print(table)
    return 0


def _asked(prompt: str) -> str:
    """What is typed at a terminal; prompt and answer leave the screen again."""
    typed = input(prompt)
    sys.stdout.write("\x1b[1A\x1b[2K")
    sys.stdout.flush()
    return typed


def _exported(story: Story, suffix: str, lang: Lang, without: frozenset[str]) -> str:
    if suffix == ".md":
        from k8squiz.story.markdown import story_markdown

        return story_markdown(story, lang, without)
    if suffix == ".html":
        from k8squiz.story.page import story_page

        return story_page(story, lang, without)
    from k8squiz.story.picture.drawing import svg_drawing

    return svg_drawing(story.drawings(), (lang,))


def write(path: Path, text: str | Iterable[str]) -> None:
    from k8squiz.terminal.files import write_text

    write_text(path, text)
    sys.stderr.write(f"{path}\n")
