"""How typer's commands show help and complain: k8squiz's own pages, in the language of the run."""

from __future__ import annotations

import difflib
import re
from typing import Any

import click
from typer.core import TyperArgument, TyperCommand, TyperGroup

from k8squiz.help import both, page, word
from k8squiz.i18n import Lang
from k8squiz.locale.help import HELP, ZH


def lang_of(ctx: Any) -> Lang:
    """The language of the run, which `cli.run` puts into the context."""
    return "zh" if ctx.find_root().obj == "zh" else "en"


def say(text: str, lang: Lang) -> str:
    """A help text in `lang`; the test suite sees to it that each has its Chinese."""
    return ZH.get(text, text) if lang == "zh" else text


class Command(TyperCommand):
    """A command whose help page is k8squiz's own."""

    def get_help(self, ctx: Any) -> str:
        lang = lang_of(ctx)
        arguments = [_argument(p, ctx, lang) for p in self.params if isinstance(p, TyperArgument)]
        options = [
            _option(p, lang)
            for p in self.params
            if not isinstance(p, TyperArgument) and not getattr(p, "hidden", False)
        ]
        options.append(("--help", both(HELP, lang)))
        usage = f"{ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}"
        sections = [("Arguments", arguments), ("Options", options)]
        return page(usage, say(self.help or "", lang), sections, lang).rstrip("\n")


class Group(TyperGroup):
    """A group whose help page is k8squiz's own."""

    def get_help(self, ctx: Any) -> str:
        lang = lang_of(ctx)
        rows = [(name, say(command.help or "", lang)) for name, command in self.commands.items()]
        options = [("--help", both(HELP, lang))]
        usage = f"{ctx.command_path} COMMAND [ARGS]..."
        sections = [("Commands", rows), ("Options", options)]
        return page(usage, say(self.help or "", lang), sections, lang).rstrip("\n")


def _argument(param: TyperArgument, ctx: Any, lang: Lang) -> tuple[str, str]:
    return param.make_metavar(ctx), say(param.help or "", lang)


def _option(param: Any, lang: Lang) -> tuple[str, str]:
    name = ", ".join(param.opts)
    if not param.is_flag:
        name += f" {param.metavar or 'TEXT'}"
    extra = []
    if param.required:
        extra.append(word("required", lang))
    if param.multiple:
        extra.append(word("may be repeated", lang))
    if param.show_default and param.default not in (None, False, [], ()) and not param.multiple:
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
    near = _nearest(error, ctx)
    return error.format_message() + (f" Did you mean {' or '.join(near)}?" if near else "")


def _zh(error: click.ClickException, ctx: click.Context | None) -> str:
    if isinstance(error, click.NoSuchOption):
        possible = f"是不是想用 {' 或 '.join(sorted(error.possibilities))}？" if error.possibilities else ""
        return f"没有选项 {error.option_name}。{possible}"
    if isinstance(error, click.MissingParameter):
        return f"缺少参数 {_name(error)}。"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)} 的值无效：{error.message}"
    near = _nearest(error, ctx)
    return error.format_message() + (f" 是不是想用 {' 或 '.join(near)}？" if near else "")


def _nearest(error: click.ClickException, ctx: click.Context | None) -> list[str]:
    """The commands most like the one that does not exist; empty for any other complaint."""
    quoted = re.match(r"No such command '(.*)'", error.format_message())
    if quoted is None or ctx is None or not isinstance(ctx.command, click.Group):
        return []
    return difflib.get_close_matches(quoted.group(1), list(ctx.command.commands), n=2, cutoff=0.5)


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return str(error.param_hint or "")
    return error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name.upper()
