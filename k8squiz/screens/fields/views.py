"""Which field has a view of its own: one line a class. All others are rows of one table."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from rich.console import RenderableType

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang

View: TypeAlias = Callable[[Field, FieldMark, Lang, Sequence[Cause]], list[RenderableType]]

# A field's class, and the module whose `view` shows one with its mark. Loaded when one is met.
VIEWS: dict[str, str] = {
    "OrderField": "k8squiz.screens.fields.order",
    "MenuField": "k8squiz.screens.fields.menu",
    "PathField": "k8squiz.screens.fields.path",
    "DesignField": "k8squiz.screens.fields.compare",
    "WriteField": "k8squiz.screens.fields.write",
    "RepairField": "k8squiz.screens.fields.repair",
    "TalkField": "k8squiz.screens.fields.talk",
    "ProbeField": "k8squiz.screens.fields.talk",
    "PointField": "k8squiz.screens.fields.point",
}


def view_of(field: Field) -> View | None:
    """How this field is shown under a grade: as its class is, or the class it is made from; None for a row of the table."""
    module = next((VIEWS[one.__name__] for one in type(field).__mro__ if one.__name__ in VIEWS), None)
    return None if module is None else cast(View, importlib.import_module(module).view)
