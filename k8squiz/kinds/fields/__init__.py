"""The blanks a candidate fills in. Each says itself how it is asked for, read, scored, shown, printed and explained.

Every kind of question is a set of such fields, so a new kind needs no new grading; one that is to look unlike a row of
the table under a grade has a view in screens/fields. Nothing here prints, and no field knows a kind.
"""

from k8squiz.kinds.fields.address import AddressField
from k8squiz.kinds.fields.interface import Dialogue, Field, FieldBase, Item, Turn, Unreadable, Value
from k8squiz.kinds.fields.menu import MenuField
from k8squiz.kinds.fields.name import NameField
from k8squiz.kinds.fields.number import NumberField
from k8squiz.kinds.fields.order import OrderField

__all__ = [
    "AddressField",
    "Dialogue",
    "Field",
    "FieldBase",
    "Item",
    "MenuField",
    "NameField",
    "NumberField",
    "OrderField",
    "Turn",
    "Unreadable",
    "Value",
]
