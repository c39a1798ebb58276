"""The error k8squiz raises on bad input. The command line prints its message and exits with 2."""

from __future__ import annotations

from collections.abc import Iterable


class QuizError(Exception):
    """What is wrong, where (file:line where there is one) and what to do, in one message for a person.

    `error.en` (and `str(error)`) is the English message, `error.zh` the Chinese one.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        self.en = message
        self.zh = zh or message
        super().__init__(message)


def unknown(what: str, name: str, known: Iterable[str]) -> QuizError:
    """A QuizError for a name that does not exist, with the nearest names that do.

    `what` is the kind of thing ("topic"), `known` all names there are.
    """
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif names and len(names) <= 12:
        hint = f"there is {', '.join(names)}"
    else:
        hint = f"there are {len(names)}, none of them like it" if names else "there are none"
    return QuizError(f"no such {what}: {name!r} ({hint})")
