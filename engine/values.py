"""`dataclass(frozen=True, slots=True)` that costs little until it is used.

dataclasses writes six methods for each class and has them compiled at import; the engine has some hundred classes, and
that was a third of every start. Here a class shares its methods with all others, and `__init__` is compiled when the
first object is made. Behaviour is dataclasses' own: fields(), replace(), match_args, defaults, signature,
FrozenInstanceError, slots. Left out on purpose: kw_only, InitVar, order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """The class decorator. Both arguments must be True: they are written out for whoever reads the class."""
        if not (frozen and slots):
            raise TypeError("this is for frozen values with slots; use dataclasses.dataclass")
        return _value


__all__ = ["dataclass"]

_set = object.__setattr__
_MISSING = dataclasses.MISSING


def _value(cls: type) -> type:
    documented = cls.__doc__
    # Without a text, dataclasses makes one from the signature, which takes longer than all the rest.
    cls.__doc__ = documented or "."
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, frozen=False)(cls)
    fields: dict[str, dataclasses.Field[Any]] = made.__dataclass_fields__
    real = [field for field in fields.values() if field._field_type is dataclasses._FIELD]  # type: ignore[attr-defined]
    slotted = _with_slots(made, real)
    slotted.__doc__ = documented
    compared = [field.name for field in real if field.compare]
    key = attrgetter(*compared) if compared else _nothing
    members: dict[str, Any] = {
        "__signature__": _LazySignature(slotted, real),
        "__init__": _first_init(slotted, real),
        "__repr__": _repr(tuple(field.name for field in real if field.repr)),
        "__eq__": _eq(slotted, key),
        "__hash__": lambda self: hash(key(self)),
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
        "__getstate__": _getstate,
        "__setstate__": _setstate,
    }
    for name, member in members.items():
        if name not in cls.__dict__ or name == "__hash__" and "__eq__" not in cls.__dict__:
            setattr(slotted, name, member)
    return slotted


def _nothing(value: object) -> tuple[()]:
    return ()


def _with_slots(cls: type, fields: list[dataclasses.Field[Any]]) -> type:
    """The class anew, with slots for the fields its bases do not have already."""
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    names = tuple(field.name for field in fields)
    body = dict(cls.__dict__)
    for name in (*names, "__dict__", "__weakref__"):
        body.pop(name, None)
    body["__slots__"] = tuple(name for name in names if name not in inherited)
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _first_init(cls: type, fields: list[dataclasses.Field[Any]]) -> Callable[..., None]:
    """An __init__ that has the real one compiled, puts it in its own place and goes on there."""

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        real = _compile_init(cls, fields)
        cls.__init__ = real  # type: ignore[misc]
        real(self, *args, **kwargs)

    return __init__


class _LazySignature:
    """What inspect.signature() and help() say of the class, made when they ask. A subclass says its own."""

    def __init__(self, cls: type, fields: list[dataclasses.Field[Any]]) -> None:
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


def _compile_init(cls: type, fields: list[dataclasses.Field[Any]]) -> Callable[..., None]:
    scope: dict[str, Any] = {"_set": _set, "_MISSING": _MISSING}
    parameters, body = [], []
    for field in fields:
        name, value = field.name, field.name
        made = field.default_factory is not _MISSING
        if made:
            scope[f"_factory_{name}"] = field.default_factory
            value = f"_factory_{name}() if {name} is _MISSING else {name}" if field.init else f"_factory_{name}()"
        elif field.default is not _MISSING:
            scope[f"_default_{name}"] = field.default
            value = name if field.init else f"_default_{name}"
        if field.init:
            default = "=_MISSING" if made else f"=_default_{name}" if field.default is not _MISSING else ""
            parameters.append(f"{name}{default}")
        body.append(f" _set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    text = f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(body) or " pass")
    # Its words are the fields' names in a class body of this program, never data; dataclasses does the same.
    exec(text, scope)  # noqa: S102
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(names: tuple[str, ...]) -> Callable[[object], str]:
    def __repr__(self: object) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({inside})"

    return __repr__


def _eq(cls: type, key: Callable[[object], Any]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:
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
