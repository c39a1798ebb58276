"""Letters typed for items, and how far two orders agree."""

from __future__ import annotations

import re

from k8squiz.kinds.fields.interface import Item, Unreadable


def longest_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for left in a:
        before = 0
        for index, right in enumerate(b, 1):
            before, row[index] = row[index], before + 1 if left == right else max(row[index], row[index - 1])
    return row[-1]


def letters_in(typed: str, items: tuple[Item, ...]) -> list[str]:
    """The letters in `B A D`, `b,a,d`, `BAD` or `2 1 4`."""
    words = [word for word in re.split(r"(?:->|[\s,，;；、→>])+", typed.strip()) if word]
    letters = {item.letter.lower() for item in items}
    if len(words) == 1 and len(words[0]) > 1 and all(char.lower() in letters for char in words[0]):
        return list(words[0])
    return words


def picked(word: str, items: tuple[Item, ...]) -> Item:
    for number, item in enumerate(items, 1):
        if word.upper() == item.letter or word == str(number):
            return item
    last = items[-1].letter
    raise Unreadable(
        f"{word!r} is not on the list; letters go from A to {last}", f"列表中没有 {word!r}；字母从 A 到 {last}"
    )
