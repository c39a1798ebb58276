"""Letters typed for items, and how far two orders agree."""

from __future__ import annotations

from engine.errors import quoted
from engine.values import pattern
from k8squiz.kinds.fields.interface import Item, Unreadable
from k8squiz.locale.typed import plain

# What stands between letters, and around them.
_BETWEEN = pattern(
    r"(?:->|=>|然后|接着|最后|还有|以及|首先|其次|[\s,;.:>→⇒&+/|()\[\]{}<'\"~和与及跟先再后到]|(?<=\b[A-Za-z])-+(?=[A-Za-z]\b))+"
)
_AND = frozenset({"and", "then", "first", "finally"})


def longest_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for left in a:
        before = 0
        for index, right in enumerate(b, 1):
            before, row[index] = row[index], before + 1 if left == right else max(row[index], row[index - 1])
    return row[-1]


def letters_in(typed: str, items: tuple[Item, ...]) -> list[str]:
    """The letters in `B A D`, `b,a,d`, `BAD`, `2 1 4`, `B) A) D.`, `[B, A]` or `A and C`."""
    words = [word for word in _BETWEEN.split(plain(typed)) if word]
    letters = {item.letter.lower() for item in items}
    numbers = {str(number) for number in range(1, len(items) + 1)} if len(items) < 10 else set()
    if len(words) == 1 and len(words[0]) > 1:
        for known in (letters, numbers):
            if all(char.lower() in known for char in words[0]):
                return list(words[0])
    return [word for word in words if word.lower() not in _AND]


def named(typed: str, items: tuple[Item, ...]) -> Item | None:
    """The item that is typed by its own words, in either language."""
    found = [item for item in items if _folded(typed) in (_folded(item.text.en), _folded(item.text.zh))]
    return found[0] if len(found) == 1 else None


def _folded(text: str) -> str:
    return " ".join(plain(text).rstrip(".").lower().split())


def picked(word: str, items: tuple[Item, ...]) -> Item:
    """The item of a letter, a number or its own words. Raises Unreadable."""
    for number, item in enumerate(items, 1):
        if word.upper() == item.letter or word == str(number):
            return item
    by_words = named(word, items)
    if by_words is not None:
        return by_words
    last = items[-1].letter
    raise Unreadable(
        f"{quoted(word)} is not on the list; letters go from A to {last}",
        f"列表中没有 {quoted(word)}；字母从 A 到 {last}",
    )
