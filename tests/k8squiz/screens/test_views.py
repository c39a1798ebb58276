"""Which field has a view of its own under a grade."""

from __future__ import annotations

import pytest

from k8squiz.screens.fields.views import VIEWS

# A field's class, and what its module is called.
LOOKS = {
    "OrderField": "order",
    "MenuField": "menu",
    "PathField": "path",
    "DesignField": "compare",
    "WriteField": "write",
    "RepairField": "repair",
    "TalkField": "talk",
    "ProbeField": "talk",
    "PointField": "point",
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_field_is_shown_by_its_own_view(name: str) -> None:
    assert VIEWS[name] == f"k8squiz.screens.fields.{LOOKS[name]}"


def test_no_view_is_untold() -> None:
    assert set(VIEWS) == set(LOOKS)
