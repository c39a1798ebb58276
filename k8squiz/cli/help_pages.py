"""Help pages in both languages, drawn the same way for the program, a group and a command.

The program's own page is made here without the command-line library, so that it is there at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8squiz.locale.examples import EXAMPLES
from k8squiz.locale.help import BANK, COMMANDS, COMPLETION, DESCRIPTION, HELP, LANG, MORE, THEME, VERSION, WORDS
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.width import screen_width, width_of, wrap

Row = tuple[str, str]


def word(text: str, lang: Lang) -> str:
    """One of the help pages' own words in `lang`."""
    return WORDS[text] if lang == "zh" else text


def both(pair: tuple[str, str], lang: Lang) -> str:
    return pair[1] if lang == "zh" else pair[0]


def table(rows: Sequence[Row], width: int) -> list[str]:
    """Two columns, the right one wrapped; a left entry that is too long stands on a line of its own."""
    left = min(max((width_of(name) for name, _ in rows), default=0), 26)
    lines = []
    for name, text in rows:
        body = wrap(text, width - left - 4)
        if width_of(name) > left:
            lines += _over_lines(name, width)
        else:
            lines.append(f"  {name}{' ' * (left - width_of(name))}  {body.pop(0)}".rstrip())
        lines += [" " * (left + 4) + rest for rest in body]
    return lines


def _over_lines(command: str, width: int) -> list[str]:
    """A name, or a command line that a shell still takes where it needs several lines."""
    first, *rest = wrap(command, width - 6)
    lines = [f"  {first}", *(f"    {line}" for line in rest)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def page(usage: str, description: str, sections: Sequence[tuple[str, Sequence[Row]]], lang: Lang, end: str = "") -> str:
    """A help page. `sections` are (heading, rows), the heading one of WORDS."""
    width = screen_width()
    colon = "：" if lang == "zh" else ":"
    lines = [
        f"{word('Usage', lang)}{colon}{'' if lang == 'zh' else ' '}{usage_words(usage, lang)}",
        "",
        *wrap(description, width),
    ]
    for heading, rows in sections:
        if rows:
            lines += ["", f"{word(heading, lang)}{colon}", *table(rows, width)]
    if end:
        lines += ["", *wrap(end, width)]
    return "\n".join(lines) + "\n"


def usage_words(usage: str, lang: Lang) -> str:
    """The words of a usage line that stand for others, in `lang`."""
    if lang == "zh":
        for english, chinese in (("[OPTIONS]", "[选项]"), ("COMMAND [ARGS]...", "命令 [参数]...")):
            usage = usage.replace(english, chinese)
    return usage


def examples(command: str, lang: Lang) -> list[Row]:
    """The examples of a command ("" for the program itself), each with what it does."""
    return [(f"k8squiz {line}", zh if lang == "zh" else en) for line, en, zh in EXAMPLES.get(command, ())]


def root_page(lang: Lang, commands: Iterable[str] = COMMANDS) -> str:
    """What `k8squiz --help` prints."""
    rows = [(name, both(COMMANDS[name], lang)) for name in commands]
    options = [
        ("--lang en|zh", both(LANG, lang)),
        ("--theme auto|light|dark|none", both(THEME, lang)),
        ("--bank DIR", both(BANK, lang)),
        ("--version", both(VERSION, lang)),
        ("--install-completion", both(COMPLETION, lang)),
        ("-h, --help", both(HELP, lang)),
    ]
    sections = [("Commands", rows), ("Options", options), ("Examples", examples("", lang))]
    usage = "k8squiz [OPTIONS] COMMAND [ARGS]..."
    return page(usage, both(DESCRIPTION, lang), sections, lang, end=both(MORE, lang))
