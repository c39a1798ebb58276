"""Does a test fail for every row of the tables that make an answer key? Each row is deleted, and changed for the next one.

    python benchmarks/mutate.py [TABLE...] [--list]

A row is changed in a copy of the project, and the tests that mirror its table are run there; what survives is listed, and
the exit code is 1. TABLE is a name of TABLES (default: all). A table in `engine/` or elsewhere is one line here.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_PARTS = ("engine", "k8squiz", "questions", "docs", "tests", "pyproject.toml", "README.md")
_SCHEMA = "tests/k8squiz/bank/test_schema.py"
_KINDS = "tests/k8squiz/kinds/test_rows.py"
_WORLD = "tests/k8squiz/world/test_rows.py"

# A table, the file it stands in, and the tests that mirror it.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "BY_CODE": ("k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    "ENDINGS": ("k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    "REVEALS": ("k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    "PARTS": ("k8squiz/kinds/outcome/parts.py", (_KINDS,)),
    "_ROWS": ("k8squiz/kinds/stages.py", (_KINDS,)),
    "FACTS": ("k8squiz/world/facts.py", (_WORLD,)),
    "HOP_FACTS": ("k8squiz/world/facts.py", (_WORLD, _SCHEMA)),
    "CONNTRACK_FACTS": ("k8squiz/world/facts.py", (_WORLD, _SCHEMA)),
    "COMPARISONS": ("k8squiz/world/predicates.py", (_WORLD,)),
    "OPERATORS": ("k8squiz/world/predicates.py", (_WORLD,)),
    "VALUES": ("k8squiz/world/predicates.py", (_WORLD,)),
    "FIGURES": ("k8squiz/world/virtual_servers.py", ("tests/k8squiz/world/test_sizes.py",)),
    "WAYS": ("k8squiz/bank/params.py", (_SCHEMA, "tests/k8squiz/bank/test_draw.py")),
    "NETWORK_FACTS": ("k8squiz/bank/network_facts.py", (_SCHEMA,)),
    "REGISTRY": ("k8squiz/kinds/interface.py", (_SCHEMA, "tests/test_one_place_quiz.py")),
    "VIEWS": (
        "k8squiz/screens/fields/views.py",
        ("tests/test_one_place_quiz.py", "tests/k8squiz/screens/test_views.py"),
    ),
}


class Mutant(NamedTuple):
    """A table's file with one row changed."""

    what: str
    source: str


def rows(source: str, table: str) -> tuple[list[ast.expr], list[ast.expr]]:
    """The rows of the table: keys (of a dict, else the rows again) and values."""
    for node in ast.parse(source).body:
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        if not any(isinstance(target, ast.Name) and target.id == table for target in targets):
            continue
        value = node.value  # type: ignore[union-attr]
        if isinstance(value, ast.Dict):
            return [key for key in value.keys if key is not None], value.values
        if isinstance(value, (ast.Tuple, ast.List)):
            return value.elts, value.elts
    raise SystemExit(f"there is no table {table}")


def span(source: str, first: ast.expr, last: ast.expr) -> tuple[int, int]:
    """Where a node stands in `source`, in characters: ast counts bytes of a line."""
    lines = source.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    return at(first.lineno, first.col_offset), at(last.end_lineno or 0, last.end_col_offset or 0)


def mutants(source: str, table: str) -> Iterator[Mutant]:
    """The table with each row gone, and with each row's value changed for the next one's."""
    keys, values = rows(source, table)
    for key, value in zip(keys, values, strict=True):
        start, end = span(source, key, value)
        after = source[end:].lstrip()
        comma = end + len(source[end:]) - len(after) + 1 if after.startswith(",") else end
        yield Mutant(f"without {ast.unparse(key)[:60]}", source[:start] + source[comma:])
    for key, one, other in zip(keys, values, values[1:], strict=False):
        (a, b), (c, d) = (span(source, part, part) for part in (said(one), said(other)))
        if source[a:b] != source[c:d]:
            swapped = source[:a] + source[c:d] + source[b:c] + source[a:b] + source[d:]
            yield Mutant(f"{ast.unparse(key)[:60]} as the next one", swapped)


def said(row: ast.expr) -> ast.expr:
    """What a row says of its key: of a tuple the last, of a call the second argument, else all of it."""
    if isinstance(row, ast.Tuple):
        return row.elts[-1]
    return row.args[1] if isinstance(row, ast.Call) and len(row.args) > 1 else row


def survives(tree: Path, file: str, mutant: Mutant, tests: tuple[str, ...]) -> bool:
    """Whether the tests pass with the mutant in the file's place."""
    (tree / file).write_text(mutant.source, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", default=list(TABLES), metavar="TABLE")
    parser.add_argument("--list", action="store_true", help="the mutants, without running anything")
    arguments = parser.parse_args()
    made = killed = 0
    left: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in _PARTS if not arguments.list else ():
            source = ROOT / part
            ignored = shutil.ignore_patterns("__pycache__", "recordings")
            shutil.copytree(source, tree / part, ignore=ignored) if source.is_dir() else shutil.copy(
                source, tree / part
            )
        for table in arguments.tables:
            file, tests = TABLES[table]
            source_text = (ROOT / file).read_text(encoding="utf-8")
            for mutant in mutants(source_text, table):
                made += 1
                if arguments.list:
                    print(f"{table}: {mutant.what}")
                elif survives(tree, file, mutant, tests):
                    left.append(f"{file}: {table}: {mutant.what}")
                    print(f"SURVIVES {left[-1]}", flush=True)
                else:
                    killed += 1
            if not arguments.list:
                (tree / file).write_text(source_text, encoding="utf-8")
                print(f"{table}: {killed} of {made} killed so far", flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
