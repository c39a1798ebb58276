"""How commands show help and complain: k8squiz's own pages, in the language of the run."""

from __future__ import annotations

import difflib
import os
import re
from typing import Any

import click
from typer.core import TyperCommand, TyperGroup

from k8squiz.cli.help_pages import Row, both, examples, page, root_page, word
from k8squiz.locale.help import ARGUMENTS, BANK, COMMAND_LINE, HELP, LANG, THEME, ZH
from k8squiz.locale.i18n import Lang


def lang_of(ctx: click.Context) -> Lang:
    """The language of the run, which `cli.run` puts into the context."""
    return "zh" if ctx.find_root().obj == "zh" else "en"


def say(text: str, lang: Lang) -> str:
    """A help text in `lang`; the test suite sees to it that each has its Chinese."""
    return ZH.get(text, text) if lang == "zh" else text


_EVERYWHERE = ("--lang", "--theme", "--bank")


def _with_everywhere(params: list[click.Parameter] | None, options: dict[str, Any]) -> list[click.Parameter]:
    """What every command has, and values to complete for all that it has."""
    # Read before anything else (k8squiz.__main__); here these are only accepted and documented.
    every = [
        *(params or []),
        click.Option(["--lang"], metavar="en|zh", help=LANG[0], expose_value=False),
        click.Option(["--theme"], metavar="auto|light|dark|none", help=THEME[0], expose_value=False),
        click.Option(["--bank"], metavar="DIR", help=BANK[0], expose_value=False),
    ]
    options["context_settings"] = {**(options.get("context_settings") or {}), "help_option_names": ["-h", "--help"]}
    if "_K8SQUIZ_COMPLETE" in os.environ:
        from k8squiz.cli.completion import complete

        for param in every:
            complete(param)
    return every


class Command(TyperCommand):
    """A command whose help page is k8squiz's own."""

    def __init__(self, *args: Any, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(*args, params=_with_everywhere(params, options), **options)
        if any(param.metavar == COMMAND_LINE for param in self.params if isinstance(param, click.Argument)):
            # From the host on all words are the command's: `lab shell node1 ip -br addr`.
            self.allow_interspersed_args = False

    def get_help(self, ctx: click.Context) -> str:
        lang = lang_of(ctx)
        arguments = [_argument(param, lang) for param in self.params if isinstance(param, click.Argument)]
        sections = [("Arguments", arguments), ("Options", _options(self, lang))]
        usage = f"{ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}"
        return page(usage, say(self.help or "", lang), [*sections, _examples(ctx, lang)], lang).rstrip("\n")


class Group(TyperGroup):
    """A group whose help page is k8squiz's own."""

    def __init__(self, *args: Any, params: list[click.Parameter] | None = None, **options: Any) -> None:
        super().__init__(*args, params=_with_everywhere(params, options), **options)

    def get_help(self, ctx: click.Context) -> str:
        lang = lang_of(ctx)
        if ctx.parent is None:
            return root_page(lang).rstrip("\n")
        rows = [(name, say(command.help or "", lang)) for name, command in self.commands.items()]
        sections = [("Commands", rows), ("Options", _options(self, lang))]
        sections.append(_examples(ctx, lang))
        return page(f"{ctx.command_path} COMMAND [ARGS]...", say(self.help or "", lang), sections, lang).rstrip("\n")


def _examples(ctx: click.Context, lang: Lang) -> tuple[str, list[Row]]:
    return "Examples", examples(ctx.command_path.partition(" ")[2], lang)


def _options(command: click.Command, lang: Lang) -> list[Row]:
    rows = [_option(param, lang) for param in command.params if isinstance(param, click.Option)]
    # What every command has stands last.
    rows.sort(key=lambda row: row[0].startswith(_EVERYWHERE))
    return [*rows, ("-h, --help", both(HELP, lang))]


def _argument(param: click.Argument, lang: Lang) -> Row:
    name = param.metavar or ""
    return name, say(ARGUMENTS[name], lang)


def _option(param: click.Option, lang: Lang) -> Row:
    name = "/".join((param.opts[0], *param.secondary_opts)) if param.is_flag else f"{param.opts[0]} {param.metavar}"
    extra = []
    if param.required:
        extra.append(word("required", lang))
    if param.multiple:
        extra.append(word("may be repeated", lang))
    elif isinstance(param.default, (str, int)) and not param.is_flag:
        extra.append(f"{word('default', lang)}: {param.default}")
    text = say(param.help or "", lang)
    return name, f"{text} [{'; '.join(extra)}]" if extra else text


def complaint(error: click.ClickException, lang: Lang) -> str:
    """What a usage error says, with the page that helps."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = ctx.command_path if ctx is not None else "k8squiz"
    if lang == "zh":
        return f"{_zh(error, ctx)}\n“{path} --help” 显示用法。"
    return f"{_en(error, ctx)}\n'{path} --help' shows the usage."


def _en(error: click.ClickException, ctx: click.Context | None) -> str:
    if isinstance(error, click.NoSuchOption):
        likely = _like(error.option_name, ctx)
        return f"No such option {error.option_name}.{f' Did you mean {likely}?' if likely else ''}"
    near = _nearest(error, ctx)
    # click 8.4 and later add a hint of their own to format_message; ours names the nearest first.
    return f"{error.message} Did you mean {' or '.join(near)}?" if near else error.format_message()


# click's own sentences, and their Chinese.
_SENTENCES = (
    (r"No such command '(.*)'\.", r"没有命令 \1。"),
    (r"Missing command\.", "缺少子命令。"),
    (r"Option '(.*)' requires an argument\.", r"选项 \1 需要一个值。"),
    (r"Option '(.*)' does not take a value\.", r"选项 \1 不接受值。"),
    (r"Got unexpected extra arguments? \((.*)\)", r"多余的参数：\1。"),
    (r"(.*) is not in the range (.*)\.", r"\1 不在范围 \2 之内。"),
    (r"(.*) is not one of (.*)\.", r"\1 不是 \2 之一。"),
    (r"(.*) is not a valid integer(?: range)?\.", r"\1 不是整数。"),
)


def _sentence(text: str) -> str:
    for pattern, chinese in _SENTENCES:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return found.expand(chinese)
    return text


def _zh(error: click.ClickException, ctx: click.Context | None) -> str:
    if isinstance(error, click.NoSuchOption):
        likely = _like(error.option_name, ctx)
        return f"没有选项 {error.option_name}。{f'是不是想用 {likely}？' if likely else ''}"
    if isinstance(error, click.MissingParameter):
        return f"缺少参数 {_name(error)}。"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)} 的值无效：{_sentence(error.message)}"
    near = _nearest(error, ctx)
    return f"{_sentence(error.message)} 是不是想用 {' 或 '.join(near)}？" if near else _sentence(error.format_message())


def _like(option: str, ctx: click.Context | None) -> str:
    """The option most like the one that does not exist; empty where none is like it."""
    known = [name for param in ctx.command.params for name in param.opts] if ctx is not None else []
    return next(iter(difflib.get_close_matches(option, known, n=1, cutoff=0.7)), "")


def _nearest(error: click.ClickException, ctx: click.Context | None) -> list[str]:
    """The commands most like the one that does not exist; empty for any other complaint."""
    quoted = re.match(r"No such command '(.*)'", error.message)
    if quoted is None or ctx is None or not isinstance(ctx.command, click.Group):
        return []
    return difflib.get_close_matches(quoted.group(1), list(ctx.command.commands), n=2, cutoff=0.5)


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "")
    return error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name.upper()
