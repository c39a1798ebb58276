"""What is to be read before a question: manifests, what tools print. Page by page where it is long."""

from __future__ import annotations

from rich.console import Console

from k8squiz.kinds.interface import Task
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import Command, command
from k8squiz.screens import practice as keys
from k8squiz.screens.pages import Pages
from k8squiz.screens.question import material_view

# What stands with a question on its screen: its title, the line of commands, how to answer, the prompt.
_BESIDES = 4


def read_material(task: Task, question: int, keyboard: keys.Keyboard, console: Console, lang: Lang) -> bool:
    """Show it above a question of so many lines: at once where both fit the screen. Whether the question is to be asked:
    not where one leaves."""
    material = material_view(task, lang)
    if material is None:
        return True
    pages = Pages(console, [material, ""], above=1)
    if not keyboard.interactive or pages.left + question + _BESIDES <= console.height:
        console.print(material, "", sep="\n")
        return True
    while pages.left:
        pages.show()
        typed = keyboard.line(say("read-on" if pages.left else "to-question", lang, left=pages.left))
        obeyed = command(typed)
        if obeyed is not None and obeyed[0] is Command.QUIT:
            return False
    return True
