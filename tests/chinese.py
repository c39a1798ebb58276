"""Every Chinese text of the project, with where it stands: what the glossary and the rules of punctuation are held to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from k8squiz.world.texts import without_folds

ROOT = Path(__file__).parent.parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def files() -> list[Path]:
    """Files that may hold Chinese for a reader: the program, the bank, the README."""
    source = [path for room in ("engine", "k8squiz") for path in sorted((ROOT / room).rglob("*.py"))]
    return [*source, *sorted((ROOT / "questions").rglob("*.yaml")), ROOT / "README.zh.md"]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of each Chinese text of a file; what is filled in later stands as {…}."""
    found = _OF[path.suffix](path.read_text(encoding="utf-8"))
    return ((line, text) for line, text in found if CHINESE.search(text))


def _of_source(source: str) -> Iterator[tuple[int, str]]:
    """String literals, docstrings aside (they are English). Regular expressions and lists of typed words have no sentence."""
    tree = ast.parse(source)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


def _of_question(source: str) -> Iterator[tuple[int, str]]:
    def scalars(node: yaml.Node) -> Iterator[tuple[int, str]]:
        if isinstance(node, yaml.ScalarNode):
            yield node.start_mark.line + 1, without_folds(node.value.strip())
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from scalars(item)
        elif isinstance(node, yaml.MappingNode):
            for _, value in node.value:
                yield from scalars(value)

    root = yaml.compose(source)
    return scalars(root) if root is not None else iter(())


def _of_page(source: str) -> Iterator[tuple[int, str]]:
    """Lines of Markdown, without what stands as code."""
    code = False
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith("```"):
            code = not code
        elif not code:
            yield number, re.sub(r"`[^`]*`", "``", line)


_OF = {".py": _of_source, ".yaml": _of_question, ".md": _of_page}
