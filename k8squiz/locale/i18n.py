"""Which language to speak: `--lang`, else K8SQUIZ_LANG, else the locale (LC_ALL, LC_MESSAGES, LANG), else English.

Imported before anything else on every start, so it imports next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from k8squiz.errors import QuizError

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = ("en", "zh")


class Bilingual(Protocol):
    """Anything with both languages side by side: engine.trace.Text above all."""

    @property
    def en(self) -> str: ...
    @property
    def zh(self) -> str: ...


def pick(text: Bilingual, lang: Lang) -> str:
    """The sentence in `lang`."""
    return text.zh if lang == "zh" else text.en


def joined(head: str, rest: str, lang: Lang) -> str:
    """`head: rest`, with the colon of the language."""
    return f"{head}：{rest}" if lang == "zh" else f"{head}: {rest}"


def listed(names: Iterable[str], lang: Lang) -> str:
    """Names in a row, with the comma of the language."""
    return ("、" if lang == "zh" else ", ").join(names)


def bracketed(text: str, lang: Lang) -> str:
    """`text` in brackets, behind another text."""
    return f"（{text}）" if lang == "zh" else f" ({text})"


def parse_lang(value: str, origin: str) -> Lang:
    """`en` or `zh` from what a person wrote (`zh`, `zh-cn`, `zh_CN.UTF-8`); QuizError for anything else."""
    head = value.strip().lower().replace("_", "-").split(".")[0].split("-")[0]
    if head == "en":
        return "en"
    if head == "zh":
        return "zh"
    # Which language to complain in is just what is not known.
    both = f"{origin} is {value!r}: the languages are en and zh / 支持的语言是 en 和 zh"
    raise QuizError(both, both)


def detect(args: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language of this run, from the command line (`--lang X`, `--lang=X`) and the environment."""
    for position, arg in enumerate(args):
        if arg == "--":
            break
        if arg == "--lang":
            return parse_lang(args[position + 1] if position + 1 < len(args) else "", "--lang")
        if arg.startswith("--lang="):
            return parse_lang(arg[len("--lang=") :], "--lang")
    if environ.get("K8SQUIZ_LANG"):
        return parse_lang(environ["K8SQUIZ_LANG"], "K8SQUIZ_LANG")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh" if environ[name].lower().startswith("zh") else "en"
    return "en"
