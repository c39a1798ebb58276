"""Every message of an error that a person may meet exists in English and in Chinese: read from the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Class -> where its Chinese stands among the positional arguments, if it is not the keyword zh.
ERRORS = {
    "QuizError": 1,
    "StoreUnavailable": 1,
    "Ambiguous": 1,
    "EngineError": 1,
    "UnsupportedFeature": 1,
    "NoSuchObject": 1,
    "LabUnavailable": 1,
    "NotInThisLab": 1,
    "ManifestError": 3,
    "RuleError": 3,
    "BadRule": 2,
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def messages(path: Path) -> Iterator[tuple[str, ast.expr | None]]:
    """(place, Chinese) of every error made in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in ERRORS and not any(isinstance(arg, ast.Starred) for arg in node.args):
                keyword = next((one.value for one in node.keywords if one.arg == "zh"), None)
                place = ERRORS[name]
                positional = node.args[place] if place < len(node.args) else None
                yield f"{path.relative_to(ROOT)}:{node.lineno}", keyword or positional


FILES = sorted([*(ROOT / "engine").rglob("*.py"), *(ROOT / "k8squiz").rglob("*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_error_has_its_chinese(path: Path) -> None:
    """A literal without a Chinese character would be English twice; anything else is passed on from elsewhere."""
    without = [
        place
        for place, chinese in messages(path)
        if chinese is None
        or isinstance(chinese, (ast.Constant, ast.JoinedStr))
        and not CHINESE.search(ast.unparse(chinese))
        and not any(getattr(part, "attr", getattr(part, "id", "")) == "zh" for part in ast.walk(chinese))
    ]
    assert without == []
