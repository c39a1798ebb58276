"""What is asked of a blank: all that differs from one sort of field to another is a member here.

A field is frozen and pure; a value is canonical (equal answers are equal values) and plain (it can be stored as JSON).
Whoever meets a field asks it, and never looks which class it is of: practice and mock for `how`, `prompt` and `words`,
and for `replies` where each line is answered; grading for `read` and `score`, reports for `full_label`, `options` and `turns`, lint for `flaws`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from engine.errors import sentence
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Answer, Value
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.typed import spellings

__all__ = ["Dialogue", "Field", "FieldBase", "Item", "Turn", "Unreadable", "Value"]


class Unreadable(Exception):
    """What was typed is no answer to this field; `text` tells the candidate what would be."""

    def __init__(self, en: str, zh: str) -> None:
        # What was typed stands in it, however long that is.
        self.text = Text(sentence(en), sentence(zh))
        super().__init__(self.text.en)


V = TypeVar("V")


def first_readable(typed: str, read: Callable[[str], V]) -> V:
    """What `read` makes of `typed`, or of what is left of it without the words around an answer (`选B`, `about 20`).
    Raises Unreadable as `read` does for all that was typed."""
    complaint: Unreadable | None = None
    for text in spellings(typed):
        try:
            return read(text)
        except Unreadable as error:
            complaint = complaint or error
    assert complaint is not None
    raise complaint


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be picked: `key` is its stable meaning, `letter` what one types for it, `reveals` what a wrong
    answer about it shows of whoever gives it (None: nothing in particular)."""

    letter: str
    key: str
    text: Text
    reveals: Text | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A typical wrong turn: what a candidate says, and what it reveals."""

    says: Text
    reveals: Text


class Dialogue(Protocol):
    """A blank that is filled in line by line, each line being answered. Frozen and pure: a line gives the next one."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What was typed so far, as the field's `read` takes it, one below the other."""

    @property
    def over(self) -> bool: ...
    @property
    def last_word(self) -> str:
        """The line that ends it."""

    def prompt(self, lang: Lang) -> str:
        """The text before the cursor."""

    def claims(self, line: str) -> bool:
        """Whether a line that is a command of the sitting too is meant for the dialogue."""

    def reply(self, line: str, lang: Lang) -> tuple[str, Dialogue]:
        """What the line answers ("" where nothing is said), and the dialogue after it."""


class Field(Protocol):
    """One blank."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> Text: ...
    @property
    def weight(self) -> float: ...
    @property
    def truth(self) -> Value: ...
    def read(self, typed: str) -> Value:
        """The value that was typed. Raises Unreadable."""

    def score(self, value: Value) -> float:
        """0 to 1."""

    def show(self, value: Value, zh: bool) -> str:
        """A value as text."""

    def reckoned(self, value: Value) -> Text | None:
        """How the credit for `value` comes about, where it is neither all nor nothing at one glance."""

    def how(self, lang: Lang, listed: bool = True) -> str:
        """What may be typed, in one line; without `listed`, what to do with the re-orderable list."""

    # FieldBase has what most fields answer to the rest.
    @property
    def row(self) -> Text | None:
        """What several fields are about together: one point of a walk."""

    @property
    def options(self) -> tuple[Item, ...]:
        """What can be picked; none where something is typed."""

    @property
    def ordered(self) -> bool:
        """Whether the options are put in order."""

    @property
    def tried(self) -> bool:
        """Whether what is typed is tried at once, and may be typed again."""

    @property
    def before(self) -> str:
        """What one is shown beforehand, as it stands, in English."""

    def before_in(self, lang: Lang) -> str:
        """As `before`, in that language."""

    @property
    def foreseen(self) -> bool:
        """Whether one may see it before anything is answered."""

    @property
    def full_label(self) -> Text:
        """The label by itself, on paper: with its row and its unit."""

    def prompt(self, lang: Lang) -> str:
        """The text before the cursor."""

    def words(self) -> tuple[str, ...]:
        """What may be completed while it is typed."""

    @property
    def long(self) -> bool:
        """Whether it is answered in several lines."""

    @property
    def alone(self) -> frozenset[str]:
        """The words, in lower case, each of which is a whole answer where several lines are asked for."""

    def replies(self, lines: str = "") -> Dialogue | None:
        """The dialogue in which it is filled in, after these `lines` of an earlier sitting; None where it is read at once."""

    @property
    def self_checked(self) -> bool:
        """Whether the candidate judges it: in an interview once that is over."""

    @property
    def lead(self) -> Text | None:
        """What is said before it is asked, where the question does not say it."""

    def after(self, answer: Answer) -> Field | None:
        """As it is asked once `answer` stands; None where there is nothing to ask any more."""

    def foregone(self, answer: Answer) -> Value | None:
        """The value it has where the candidate leaves it as it is; None where it is blank then."""

    def first_wrong(self, value: Value) -> int | None:
        """The index of the first wrong item of an order; None where nothing is wrong or there is no order."""

    def turns(self) -> Iterator[Turn]:
        """Typical wrong turns, the likeliest first."""

    def flaws(self) -> Iterator[Text]:
        """What makes it a poor question, whatever is asked."""


class FieldBase:
    """What most fields answer."""

    __slots__ = ()

    @property
    def row(self) -> Text | None:
        return None

    @property
    def options(self) -> tuple[Item, ...]:
        return ()

    @property
    def ordered(self) -> bool:
        return False

    @property
    def tried(self) -> bool:
        return False

    @property
    def before(self) -> str:
        return ""

    def before_in(self: Field, lang: Lang) -> str:
        # What tools print and manifests are the same in every language.
        return self.before

    @property
    def foreseen(self) -> bool:
        return True

    @property
    def full_label(self: Field) -> Text:
        if self.row is None:
            return self.label
        return Text(f"{self.row.en}, {self.label.en}", f"{self.row.zh}，{self.label.zh}")

    def prompt(self: Field, lang: Lang) -> str:
        label = pick(self.label, lang)
        return f"{label}> " if self.row is None else f"{pick(self.row, lang)} · {label}> "

    def words(self: Field) -> tuple[str, ...]:
        return tuple(item.letter for item in self.options)

    @property
    def long(self) -> bool:
        return False

    @property
    def alone(self) -> frozenset[str]:
        return frozenset()

    def replies(self, lines: str = "") -> Dialogue | None:
        return None

    @property
    def self_checked(self) -> bool:
        return False

    @property
    def lead(self) -> Text | None:
        return None

    def after(self: Field, answer: Answer) -> Field | None:
        return self

    def foregone(self, answer: Answer) -> Value | None:
        return None

    def first_wrong(self, value: Value) -> int | None:
        return None

    def reckoned(self, value: Value) -> Text | None:
        return None

    def turns(self) -> Iterator[Turn]:
        return iter(())

    def flaws(self: Field) -> Iterator[Text]:
        for lang in ("en", "zh"):
            if len({getattr(item.text, lang) for item in self.options}) != len(self.options):
                yield Text("two options read the same", "有两个选项文字相同")
