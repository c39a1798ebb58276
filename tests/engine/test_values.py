"""engine.values against dataclasses itself: whatever one says of a class, the other says too."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import pydoc
import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from engine import values
from tests.rows import named

T = TypeVar("T")


@values.dataclass(frozen=True, slots=True)
class Base:
    """Documented."""

    a: int
    b: str = "b"


@values.dataclass(frozen=True, slots=True)
class Derived(Base):
    c: tuple[int, ...] = dataclasses.field(default_factory=lambda: (1, 2))
    hidden: object = dataclasses.field(default=None, init=False, repr=False, compare=False)

    def total(self) -> int:
        return self.a + sum(self.c)


@values.dataclass(frozen=True, slots=True)
class Wide(Derived):
    d: int = 4
    e: int = 5


@values.dataclass(frozen=True, slots=True)
class WideOf(Generic[T]):
    a: T
    b: int = 2
    c: int = 3
    d: int = 4


class WideSubclass(Wide):
    """Not decorated: its objects have a __dict__."""


@values.dataclass(frozen=True, slots=True)
class Checked:
    a: int

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("a")


@values.dataclass(frozen=True, slots=True)
class Empty:
    pass


@values.dataclass(slots=True)
class Mutable:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)
    c: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.c = self.a + len(self.b)


@values.dataclass(slots=True, eq=False)
class Own:
    a: int


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    a: int
    b: str = "b"
    c: tuple[int, ...] = dataclasses.field(default_factory=lambda: (1, 2))
    hidden: object = dataclasses.field(default=None, init=False, repr=False, compare=False)


SAME: dict[str, Callable[[Any], object]] = {
    "repr": lambda made: repr(made).replace("Derived", "Model"),
    "fields": lambda made: [field.name for field in dataclasses.fields(made)],
    "asdict": dataclasses.asdict,
    "match_args": lambda made: type(made).__match_args__,
    "replace": lambda made: dataclasses.astuple(dataclasses.replace(made, b="x")),
    "no dict": lambda made: hasattr(made, "__dict__"),
    "hash": hash,
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("arguments", [(1,), (1, "x"), (1, "x", (3,))], ids=str)
def test_says_what_dataclasses_says(name: str, arguments: tuple[Any, ...]) -> None:
    assert SAME[name](Derived(*arguments)) == SAME[name](Model(*arguments))


@pytest.mark.parametrize("made", [Base(1), Derived(2, c=(5,)), Checked(1), Empty()], ids=repr)
def test_copies_are_equal(made: Any) -> None:
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), dataclasses.replace(made)):
        assert again == made
        assert hash(again) == hash(made)


def test_the_signature_shows_the_fields() -> None:
    assert str(inspect.signature(Derived)) == str(inspect.signature(Model))
    before = str(inspect.signature(Base))
    Base(1)
    assert str(inspect.signature(Base)) == before == "(a: 'int', b: 'str' = 'b') -> None"
    assert str(inspect.signature(Empty)) == "() -> None"


def test_help_shows_the_fields() -> None:
    assert "Base(a: 'int', b: 'str' = 'b')" in pydoc.plain(pydoc.render_doc(Base))


def test_a_subclass_that_is_no_such_class_has_its_own_signature() -> None:
    class Plain(Base):
        def __init__(self, only: int) -> None:
            super().__init__(only)

    assert list(inspect.signature(Plain).parameters) == ["only"]


def test_classes_and_values_are_told_apart() -> None:
    assert Base(1) == Base(1, "b")
    assert Base(1) != Base(2)
    assert Base(1) != Derived(1)
    assert Derived(1).total() == 4
    assert (Base.__doc__, Derived.__doc__) == ("Documented.", None)


@pytest.mark.parametrize(
    ("make", "error"),
    named(
        {
            "too few": (Base, TypeError),
            "too many": (lambda: Base(1, "b", 3), TypeError),  # type: ignore[call-arg]
            "an unknown field": (lambda: Base(1, d=3), TypeError),  # type: ignore[call-arg]
            "what __post_init__ refuses": (lambda: Checked(-1), ValueError),
            "without slots": (lambda: values.dataclass(frozen=True, slots=False), TypeError),
            "setting a field": (lambda: setattr(Base(1), "a", 2), dataclasses.FrozenInstanceError),
            "setting what is no field": (lambda: setattr(Base(1), "new", 2), dataclasses.FrozenInstanceError),
            "deleting a field": (lambda: delattr(Base(1), "a"), dataclasses.FrozenInstanceError),
        }
    ),
)
def test_refusals(make: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_a_class_that_is_not_frozen() -> None:
    one, same = Mutable(1, [2]), Mutable(1, b=[2])
    assert one == same
    assert (one.c, repr(one)) == (2, "Mutable(a=1, b=[2], c=2)")
    one.b.append(3)
    one.a = 5
    assert one != same
    assert copy.copy(one) == one
    assert not hasattr(one, "__dict__")
    assert Mutable.__hash__ is None


def test_a_class_without_equality_compares_by_identity() -> None:
    one = Own(1)
    assert one == one
    assert one != Own(1)
    assert hash(one) == object.__hash__(one)


def test_the_first_objects_and_the_later_ones_are_made_alike() -> None:
    # The later ones by an __init__ that was compiled for the class.
    for _ in range(240):
        assert (Base(1), Base(a=1, b="x"), Derived(2, c=(5,))) == (Base(1, "b"), Base(1, "x"), Derived(2, "b", (5,)))
        with pytest.raises(TypeError, match="argument"):
            Base(1, a=1)  # type: ignore[misc]


def test_many_fields_are_filled_as_few_are() -> None:
    for number in range(240):
        made, other = Wide(number, c=(1,), e=6), WideSubclass(number)
        assert dataclasses.astuple(WideOf(number, d=5)) == (number, 2, 3, 5)
        assert (type(made), type(other)) == (Wide, WideSubclass)
        assert dataclasses.astuple(made) == (number, "b", (1,), None, 4, 6)
        assert dataclasses.astuple(other) == (number, "b", (1, 2), None, 4, 5)
        assert pickle.loads(pickle.dumps(made)) == made
        assert not hasattr(made, "__dict__")
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.d = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("made", "changes"),
    named(
        {
            "one field": (Checked(1), {"a": 2}),
            "some": (Wide(1), {"b": "x", "e": 7}),
            "a subclass": (Derived(1), {"c": ()}),
            "none": (Wide(1), {}),
            "a class that is not frozen": (Mutable(1), {"b": [2]}),
        }
    ),
)
def test_replace_does_what_dataclasses_does(made: Any, changes: dict[str, object]) -> None:
    assert values.replace(made, **changes) == dataclasses.replace(made, **changes)
    assert type(values.replace(made, **changes)) is type(made)
    with pytest.raises(TypeError):
        values.replace(made, unknown=1)


def test_annotations_may_be_types() -> None:
    scope: dict[str, Any] = {"dataclass": values.dataclass}
    text = "import typing\n@dataclass(slots=True)\nclass Evaluated:\n    a: int\n    b: typing.ClassVar[int] = 3\n"
    # This module's own annotations are texts.
    exec(compile(text, "evaluated", "exec", dont_inherit=True), scope)
    made = scope["Evaluated"](1)
    assert (made.a, made.b, [field.name for field in dataclasses.fields(made)]) == (1, 3, ["a"])


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    word = values.pattern("[A-Z]+", re.IGNORECASE)
    assert [bool(word.fullmatch(text)) for text in ("Az", "a1", "b")] == [True, False, True]
    assert (word.pattern, word.sub("-", "1ab2"), word.findall("a1b")) == ("[A-Z]+", "1-2", ["a", "b"])


def test_a_pattern_is_compiled_when_it_is_first_matched_against() -> None:
    wrong = values.pattern("(")
    with pytest.raises(re.error):
        wrong.match("")


@pytest.mark.parametrize(("text", "read"), [("0", True), ("12", True), ("", False), ("²", False), ("٣", False), ("1_0", False), ("-1", False), ("1.0", False)])  # fmt: skip
def test_decimals(text: str, read: bool) -> None:
    assert values.is_decimal(text) is read
