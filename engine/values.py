"""What a module makes as it is imported, and costs little until it is used: `dataclass(slots=True)`, `pattern`.

dataclasses writes six methods for each class and has them compiled at import; the engine has some hundred classes, and
that was a third of every start. Here a class shares its methods with all others, and its `__init__` is compiled only
where more than a few objects are made. Behaviour is dataclasses' own: fields(), replace(), match_args, defaults,
signature, FrozenInstanceError, slots. Left out on purpose: kw_only, InitVar, order.

A regular expression takes up to a millisecond to compile, and a start meets a hundred: pattern() compiles one when it is
first matched against.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
    from re import compile as pattern
else:

    class _Pattern:
        """re.compile(text, flags), made when one of its members is first asked for."""

        def __init__(self, text: str, flags: int = 0) -> None:
            self._made = text, flags

        def __getattr__(self, name: str) -> object:
            # Kept, so that the next look-up is an object's own attribute like any other.
            found = getattr(re.compile(*self._made), name)
            setattr(self, name, found)
            return found

    pattern = _Pattern

    def dataclass(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
        """The class decorator. `slots` must be True: it is written out for whoever reads the class."""
        if not slots:
            raise TypeError("this is for classes with slots; use dataclasses.dataclass")
        return lambda cls: _value(cls, frozen, eq)

    def replace(value: Any, /, **changes: object) -> Any:
        """dataclasses.replace in a third of its time, for an object of a class that was made here."""
        return value.__replace__(**changes)


__all__ = ["dataclass", "pattern", "replace"]

_set = object.__setattr__
_MISSING = dataclasses.MISSING
# To compile an __init__ takes as long as it saves on some two hundred calls of the general one, and a short command makes
# fewer objects of most classes.
_FEW = 200
# From so many fields on an object is filled more quickly as one of a twin class that takes attributes, and made one of its own
# class at the end: to store an attribute takes a tenth of a call to its slot, to change the class as much as two calls.
_MANY = 4
_set_class = object.__dict__["__class__"].__set__


def _value(cls: type, frozen: bool, eq: bool) -> type:
    every, own = _fields(cls)
    fields = tuple(every.values())
    members: dict[str, Any] = {
        "__dataclass_fields__": every,
        "__match_args__": tuple(field.name for field in fields if field.init),
        "__repr__": _repr(tuple(field.name for field in fields if field.repr)),
        "__getstate__": _getstate,
        "__setstate__": _setstate,
        "__replace__": _replacing(tuple(field.name for field in fields if field.init)),
    }
    if eq:
        compared = [field.name for field in fields if field.compare]
        key = attrgetter(*compared) if compared else _nothing
        members["__eq__"] = _eq(key)
        members["__hash__"] = (lambda self: hash(key(self))) if frozen else None
    if frozen:
        members |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
    body = dict(cls.__dict__)
    for name in (*(field.name for field in own), "__dict__", "__weakref__"):
        body.pop(name, None)
    # type() gives a class with an __eq__ of its own the __hash__ None: not what its author has written.
    if body.get("__hash__", members) is None and "__eq__" in body:
        del body["__hash__"]
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    made = type(cls)(
        cls.__name__,
        cls.__bases__,
        {**members, **body, "__slots__": tuple(field.name for field in own if field.name not in inherited)},
    )
    made.__qualname__ = cls.__qualname__
    made.__signature__ = _LazySignature(made, fields)  # type: ignore[attr-defined]
    if "__init__" not in body:
        made.__init__ = _general_init(made, fields, frozen)  # type: ignore[misc]
    return made


def _fields(cls: type) -> tuple[dict[str, dataclasses.Field[Any]], list[dataclasses.Field[Any]]]:
    """All fields by name, those of its bases first; and its own."""
    every: dict[str, dataclasses.Field[Any]] = {}
    for base in cls.__mro__[:0:-1]:
        every |= base.__dict__.get("__dataclass_fields__", {})
    own = []
    for name, annotation in cls.__annotations__.items():
        # A text where the module says `from __future__ import annotations`.
        if str(annotation).removeprefix("typing.").startswith("ClassVar"):
            continue
        default = cls.__dict__.get(name, _MISSING)
        field: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
        if type(field.default).__hash__ is None:
            raise ValueError(f"mutable default for field {name}: use default_factory")
        field.name, field.type, field.kw_only = name, annotation, False
        field._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
        every[name] = field
        own.append(field)
    return every, own


def _nothing(value: object) -> tuple[()]:
    return ()


def _general_init(cls: type, fields: Sequence[dataclasses.Field[Any]], frozen: bool) -> Callable[..., None]:
    """An __init__ that works for any class. After a number of objects, or where the arguments do not fit, it has the
    class's own compiled, puts that in its place and goes on there."""
    # A field's name, its default, and what makes one.
    told: list[tuple[bool, str, Any, Any]] = [(f.init, f.name, f.default, f.default_factory) for f in fields]
    taken = [(name, default, make) for init, name, default, make in told if init]
    others = [(name, default, make) for init, name, default, make in told if not init and default is not make]
    checked = hasattr(cls, "__post_init__")
    setters: list[Callable[[object, object], None]] = []
    made = 0

    def __init__(self: Any, *args: object, **kwargs: object) -> None:
        nonlocal made
        made += 1
        values = args if len(args) == len(taken) and not kwargs else _completed(taken, args, kwargs)
        if values is None or made > _FEW:
            own = _compile_init(cls, fields, frozen)
            cls.__init__ = own  # type: ignore[misc]
            own(self, *args, **kwargs)
            return
        if not setters:
            setters.extend(getattr(cls, name).__set__ for name, _, _ in taken)
        for put, value in zip(setters, values, strict=True):
            put(self, value)
        for name, default, make in others:
            _set(self, name, default if make is _MISSING else make())
        if checked:
            self.__post_init__()

    return __init__


def _completed(
    taken: Sequence[tuple[str, object, Any]], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> list[object] | None:
    """A value for each field; None where the arguments do not fit."""
    values, named = list(args), 0
    for name, default, make in taken[len(args) :]:
        if name in kwargs:
            values.append(kwargs[name])
            named += 1
        elif default is not _MISSING:
            values.append(default)
        elif make is not _MISSING:
            values.append(make())
        else:
            return None
    return values if named == len(kwargs) and len(values) == len(taken) else None


class _LazySignature:
    """What inspect.signature() and help() say of the class, made when they ask. A subclass says its own."""

    def __init__(self, cls: type, fields: Sequence[dataclasses.Field[Any]]) -> None:
        self._cls = cls
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> object:
        if owner is not self._cls:
            raise AttributeError("__signature__")
        import inspect

        parameters = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=_MADE if field.default_factory is not _MISSING else field.default
                if field.default is not _MISSING else inspect.Parameter.empty,
                annotation=field.type,
            )
            for field in self._fields
            if field.init
        ]  # fmt: skip
        return inspect.Signature(parameters, return_annotation=None)


class _Made:
    """The default of a field that is made anew for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE = _Made()


def _compile_init(cls: type, fields: Sequence[dataclasses.Field[Any]], frozen: bool) -> Callable[..., None]:
    scope: dict[str, Any] = {"_MISSING": _MISSING}
    parameters, values = [], {}
    for field in fields:
        name, value = field.name, field.name
        made = field.default_factory is not _MISSING
        if made:
            scope[f"_factory_{name}"] = field.default_factory
            value = f"_factory_{name}() if {name} is _MISSING else {name}" if field.init else f"_factory_{name}()"
        elif field.default is not _MISSING:
            scope[f"_default_{name}"] = field.default
            value = name if field.init else f"_default_{name}"
        elif not field.init:
            continue
        if field.init:
            default = "=_MISSING" if made else f"=_default_{name}" if field.default is not _MISSING else ""
            parameters.append(f"{name}{default}")
        values[name] = value
    stored = [f"self.{name} = {value}" for name, value in values.items()]
    body = _filled(cls, values, stored, scope) if frozen else stored
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    text = f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(f" {line}" for line in body) or " pass")
    # Its words are the fields' names in a class body of this program, never data; dataclasses does the same.
    exec(text, scope)  # noqa: S102
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _filled(cls: type, values: Mapping[str, str], stored: list[str], scope: dict[str, Any]) -> list[str]:
    """The lines that fill an object of a class that refuses to store; what they name is put into `scope`."""
    # The slot itself takes two thirds of the time of object.__setattr__, which looks for it by name.
    scope.update((f"_set_{name}", getattr(cls, name).__set__) for name in values)
    by_slots = [f"_set_{name}(self, {value})" for name, value in values.items()]
    # A class with type parameters can be inherited from by a `class` statement alone (Generic.__init_subclass__).
    if len(values) < _MANY or Generic in cls.__bases__:
        return by_slots
    members = {"__slots__": cls.__dict__["__slots__"], "__setattr__": object.__setattr__}
    scope |= {"_own": cls, "_twin": type(cls)(cls.__name__, cls.__bases__, members), "_set_class": _set_class}
    # An object of a subclass may have more slots than the twin.
    return [
        "if self.__class__ is _own:",
        *(f" {line}" for line in ("_set_class(self, _twin)", *stored, "self.__class__ = _own")),
        "else:",
        *(f" {line}" for line in by_slots),
    ]


def _repr(names: tuple[str, ...]) -> Callable[[object], str]:
    def __repr__(self: object) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({inside})"

    return __repr__


def _replacing(names: tuple[str, ...]) -> Callable[..., object]:
    if len(names) < 2:
        return dataclasses.replace
    key = attrgetter(*names)

    def __replace__(self: object, /, **changes: object) -> object:
        values = dict(zip(names, key(self), strict=True)) | changes
        return type(self)(*values.values())

    return __replace__


def _eq(key: Callable[[object], Any]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:
        if other is self:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(key(self) == key(other))

    return __eq__


def _refuse_set(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        _set(self, field.name, value)


def is_decimal(text: str) -> bool:
    """Whether int() reads `text` and every program reads it alike: ASCII digits alone. `isdigit` takes superscripts, which int()
    does not read, and digits of other scripts, which nothing in the kernel does."""
    return text.isascii() and text.isdigit()
