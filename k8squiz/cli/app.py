"""The program that the commands are added to: what `k8squiz` alone does, and how a command or a group joins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from k8squiz import __version__
from k8squiz.cli.help_layout import Command, Group
from k8squiz.locale.help import COMMANDS, DESCRIPTION, VERSION

app = typer.Typer(cls=Group, help=DESCRIPTION[0], add_completion=False, rich_markup_mode=None, suggest_commands=False)


@app.callback(invoke_without_command=True)
def _program(ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help=VERSION[0])] = False) -> None:
    if version:
        typer.echo(f"k8squiz {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def command(name: str, group: typer.Typer = app, text: str = "") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A decorator that adds a command of that name; `text` is its help where COMMANDS has none."""
    return group.command(name, cls=Command, help=text or COMMANDS[name][0])


def group_of(name: str) -> typer.Typer:
    """A group of that name."""
    group = typer.Typer(cls=Group, help=COMMANDS[name][0], suggest_commands=False)
    app.add_typer(group, name=name)
    return group
