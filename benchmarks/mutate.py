"""Does a test fail for every row of the tables that make an answer key? Each row is deleted, and changed for the next one.

    python benchmarks/mutate.py [TABLE...] [--list]

A row is changed in a copy of the project, and the tests that mirror its table are run there; what survives is listed, and
the exit code is 1. TABLE is the name of a table, or a file or folder whose tables are meant (default: all). Of a table of
words and fields each field goes, or changes for the next row's, by itself; of sentences each two figures that stand beside
each other change places, in each language by itself. Where a table is `unordered`, what would only change the order of its
rows is left out: that the order means nothing is a test of its own, which the table names. Members of a set keep their place.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import itertools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_PARTS = ("engine", "k8squiz", "questions", "docs", "tests", "pyproject.toml", "README.md")
_SCHEMA = "tests/k8squiz/bank/test_schema.py"
_KINDS = "tests/k8squiz/kinds/test_rows.py"
_WORLD = "tests/k8squiz/world/test_rows.py"
_WORDS = "tests/engine/words/test_tables.py"
_CHAINS = (_WORDS, "tests/engine/fabric/test_chains.py")
_TOLD = ("tests/engine/words/test_sentences.py", "tests/engine/words/test_told.py")
_RELEASES = "tests/engine/proxy/test_releases.py"
_READ = ("tests/engine/netfilter/test_parts.py",)
_ORDER = "tests/engine/netfilter/test_registry.py"
_NETWORK = "tests/engine/cluster/test_facts.py"
_FAULTS = ("tests/engine/faults/test_rows.py",)
_RUNS = ("tests/engine/faults/test_run.py",)
_LOOKUPS = (
    "tests/engine/dns/test_addresses.py",
    "tests/engine/dns/test_resolver_config.py",
    "tests/engine/dns/test_lookup.py",
)
_HOOKS = ("tests/engine/test_hooks.py",)
_FRAMES = ("tests/engine/proxy/test_frames.py",)
_PING = ("tests/engine/netfilter/test_packet_facts.py",)
_TIMELINE = ("tests/k8squiz/kinds/test_timeline.py",)
_CAUSES = ("tests/k8squiz/world/test_told.py",)
_REPAIR = ("tests/k8squiz/kinds/test_option_spelling.py",)
_WRITE = ("tests/k8squiz/kinds/test_write.py",)
_THEMES = ("tests/k8squiz/lint/test_themes.py",)
_COMPARED = ("tests/engine/lab/test_compare.py",)
# The name of every sentence of a file.
SENTENCES = "sentences"


class Table(NamedTuple):
    """A table, the file it stands in, the tests that mirror it, those first that fail soonest. `deep`: field by field, not
    only row by row. `unordered`: the test that says so, which is asked last."""

    name: str
    file: str
    tests: tuple[str, ...]
    deep: bool = False
    unordered: str = ""


TABLES = (
    Table("BY_CODE", "k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    Table("ENDINGS", "k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    Table("REVEALS", "k8squiz/kinds/outcome/endings.py", (_KINDS,)),
    Table("PARTS", "k8squiz/kinds/outcome/parts.py", (_KINDS,)),
    Table("_ROWS", "k8squiz/kinds/stages.py", (_KINDS,)),
    Table("FACTS", "k8squiz/world/facts.py", (_WORLD,)),
    Table("HOP_FACTS", "k8squiz/world/facts.py", (_WORLD, _SCHEMA)),
    Table("CONNTRACK_FACTS", "k8squiz/world/facts.py", (_WORLD, _SCHEMA)),
    Table("COMPARISONS", "k8squiz/world/comparisons.py", (_WORLD,)),
    Table("OPERATORS", "k8squiz/world/predicates.py", (_WORLD,)),
    Table("VALUES", "k8squiz/world/predicates.py", (_WORLD,)),
    Table("FIGURES", "k8squiz/world/virtual_servers.py", ("tests/k8squiz/world/test_sizes.py",)),
    Table("WAYS", "k8squiz/bank/params.py", (_SCHEMA, "tests/k8squiz/bank/test_draw.py")),
    Table("NetworkFacts", "engine/cluster/facts.py", (_NETWORK, _SCHEMA), deep=True),
    Table("NodeFacts", "engine/cluster/facts.py", (_NETWORK, _SCHEMA), deep=True),
    Table("SHAPES", "engine/manifests/fact_shapes.py", (_NETWORK,)),
    Table("REGISTRY", "k8squiz/kinds/interface.py", (_SCHEMA, "tests/test_one_place_quiz.py")),
    Table(
        "VIEWS",
        "k8squiz/screens/fields/views.py",
        ("tests/test_one_place_quiz.py", "tests/k8squiz/screens/test_views.py"),
    ),
    Table("ReasonCode", "engine/trace.py", (_WORDS,)),
    Table("Stage", "engine/trace.py", (_WORDS,)),
    Table("_REASONS", "engine/words/endings.py", (_WORDS,), deep=True),
    Table(SENTENCES, "engine/words/endings.py", (_WORDS,)),
    *(Table("ROWS", f"engine/proxy/{mode}_chains.py", _CHAINS, deep=True) for mode in ("iptables", "ipvs", "nftables")),
    *(Table("WRITER", f"engine/proxy/{mode}_chains.py", _CHAINS) for mode in ("iptables", "ipvs", "nftables")),
    Table("REFUSALS", "engine/proxy/chain_texts.py", _CHAINS, deep=True),
    Table("REASONS", "engine/proxy/chain_texts.py", _CHAINS, deep=True),
    Table("MODES", "engine/fabric/chains.py", _CHAINS),
    Table("PARTS", "engine/fabric/without.py", (_WORDS, "tests/engine/fabric/test_without.py"), deep=True),
    *(
        Table("WRITER", f"engine/cni/{module}.py", _CHAINS, deep=True)
        for module in (
            "flannel/chains",
            "calico/chains",
            "kindnet/chains",
            "vpc/chains",
            "chained/portmap",
            "chained/ip_masq",
            "chained/portmap_nft",
        )
    ),
    Table("UNMODELLED", "engine/cni/unmodelled.py", ("tests/engine/cni/test_detection.py",)),
    Table("ENFORCEMENTS", "engine/cni/enforcement.py", ("tests/engine/walk/test_policies.py",)),
    Table("WORDS", "k8squiz/world/facts.py", (_SCHEMA,)),
    Table("_STAGE", "engine/walk/hooks.py", ("tests/engine/walk/test_stages.py",)),
    Table("_NAT_STAGE", "engine/walk/hooks.py", ("tests/engine/walk/test_stages.py",)),
    Table("MANIP_AT", "engine/netfilter/nat.py", ("tests/engine/walk/test_kernel_paths.py",)),
    Table("_STARTS", "engine/netfilter/conntrack.py", ("tests/engine/netfilter/test_stack.py",)),
    Table("_ALL", "engine/cni/__init__.py", ("tests/engine/cni/test_plugins.py",)),
    Table("DIFFERENCES", "engine/proxy/releases.py", (_WORDS, _RELEASES), deep=True),
    Table("_OUTER", "engine/walk/hooks.py", ("tests/engine/walk/test_edges.py",)),
    Table(SENTENCES, "engine/words/hops.py", _TOLD),
    Table(SENTENCES, "engine/words/rules.py", _TOLD),
    Table("MODULES", "engine/netfilter/registry.py", _READ, unordered=_ORDER),
    Table("IPTABLES_PRIORITY", "engine/hooks.py", _HOOKS),
    Table("TAKE_AT", "engine/netfilter/ipvs.py", _HOOKS),
    Table("ANSWER_AT", "engine/netfilter/ipvs.py", _HOOKS),
    Table("ICMP_NAMES", "engine/netfilter/packet_facts.py", _PING),
    Table("_UNREACHABLE", "engine/netfilter/packet_facts.py", _PING),
    Table("_ECHO", "engine/netfilter/packet_facts.py", _PING),
    Table(
        "OVERHEAD",
        "engine/network/tunnel.py",
        ("tests/engine/network/test_network.py", "tests/engine/walk/test_sizes.py"),
    ),
    Table("_ACTIONS", "engine/networkpolicy/decision.py", ("tests/engine/networkpolicy/test_words.py",)),
    Table("_PRECEDENCE", "engine/dns/addresses.py", _LOOKUPS, deep=True),
    Table("_CODES", "engine/dns/glibc.py", _LOOKUPS),
    Table("_GLIBC_FLAGS", "engine/dns/resolver_config.py", _LOOKUPS),
    Table("POLICIES", "engine/dns/pod.py", ("tests/engine/dns/test_pod.py",), unordered="tests/engine/dns/test_pod.py"),
    Table("POD_MODES", "engine/dns/records.py", ("tests/engine/dns/test_records.py",)),
    Table("SCHEDULERS", "engine/ipvs/registry.py", ("tests/engine/ipvs/test_service.py",)),
    Table("_ALL", "engine/ipvs/scenarios.py", ("tests/engine/ipvs/test_scenarios.py",)),
    Table("SETS", "engine/proxy/ipvs_sets.py", _FRAMES),
    Table("SET_RULES", "engine/proxy/ipvs_sets.py", _FRAMES),
    Table("_CHAINS", "engine/proxy/ipvs_rules.py", _FRAMES),
    Table("_JUMPS", "engine/proxy/ipvs_rules.py", _FRAMES, deep=True),
    Table("BASE_CHAINS", "engine/proxy/iptables_frame.py", _FRAMES),
    Table("JUMPS", "engine/proxy/iptables_frame.py", _FRAMES, deep=True),
    Table("SHARED_CHAINS", "engine/proxy/naming.py", _FRAMES),
    *(
        Table(name, "engine/proxy/nftables_frame.py", _FRAMES, deep=True)
        for name in ("_ALL_BEFORE_DNAT", "_FILTER_AFTER_DNAT", "_NAT_CHAINS", "_REGULAR_CHAINS")
    ),
    Table("MODULES", "engine/faults/registry.py", _FAULTS),
    *(
        Table("FAULTS", f"engine/faults/{family}.py", _FAULTS, deep=True)
        for family in ("services", "policies", "routes", "kernels", "firewalls", "proxies")
    ),
    *(
        Table(name, "engine/faults/networks.py", _FAULTS)
        for name in ("BRIDGED", "TUNNELLED", "ENFORCING", "ALONE_BEFORE_ROUTING", "EVERY")
    ),
    Table("PARTS", "engine/faults/grade.py", _RUNS),
    Table("_PATTERNS", "engine/faults/dangers.py", _RUNS, unordered=_RUNS[0]),
    Table("MODULES", "engine/shell/registry.py", ("tests/engine/shell/test_registry.py",)),
    Table("_BY_STATE", "engine/shell/conntrack_table.py", ("tests/engine/shell/test_conntrack_table.py",)),
    Table("_PLAIN", "engine/shell/conntrack_table.py", ("tests/engine/shell/test_conntrack_table.py",)),
    Table("LOOKUP_FACTS", "k8squiz/world/lookups.py", ("tests/k8squiz/world/test_lookups.py",)),
    Table("PLACED", "engine/faults/placed.py", (*_FAULTS, "tests/engine/faults/test_placed.py"), deep=True),
    Table("_POSSIBLE", "k8squiz/kinds/outcome/endings.py", ("tests/k8squiz/kinds/test_menu_of_endings.py",)),
    Table(
        "RULES_OF_THUMB", "k8squiz/kinds/rules_of_thumb.py", ("tests/k8squiz/kinds/test_rules_of_thumb.py",), deep=True
    ),
    Table("_WHY", "k8squiz/kinds/outcome/why.py", ("tests/k8squiz/kinds/test_why_it_ends_so.py",)),
    Table("TRACKS", "k8squiz/mock/plan.py", ("tests/k8squiz/mock/test_plan.py",), deep=True),
    Table("_FATES", "k8squiz/kinds/timeline/why.py", _TIMELINE),
    Table("_FORMS", "k8squiz/world/over_time.py", _TIMELINE),
    Table("_WORKINGS", "k8squiz/world/working.py", _CAUSES),
    Table("_NAMES", "k8squiz/world/working.py", _CAUSES),
    Table("_BY_OPERATOR", "k8squiz/world/evidence.py", _CAUSES),
    *(
        Table(name, "k8squiz/kinds/repair/option_spelling.py", _REPAIR)
        for name in ("_NAT", "_PORTS", "_OWN", "_ADDED", "_NAMES_ONE")
    ),
    Table("KINDS", "k8squiz/kinds/write/typed.py", _WRITE, deep=True),
    *(Table(name, "k8squiz/kinds/write/typed.py", _WRITE) for name in ("_HEAD", "_METADATA")),
    Table("THEMES", "k8squiz/bank/themes.py", _THEMES, deep=True),
    Table("_EXPECTED", "engine/lab/compare.py", _COMPARED),
    Table("_HEARD_OF", "engine/lab/compare.py", _COMPARED),
    Table("_PASSING", "engine/netfilter/parts/opaque.py", _READ, unordered=_ORDER),
    Table("_KNOWN", "engine/netfilter/parts/opaque.py", _READ, unordered=_ORDER),
    *(
        Table("PART", str(path.relative_to(ROOT)), _READ, unordered=_ORDER)
        for path in sorted((ROOT / "engine/netfilter/parts").glob("[!_]*.py"))
    ),
)
# The fields of rows that are calls, where some are given by place.
FIELDS = {
    "Row": ("name", "lead", "card", "code", "role", "part"),
    "ChainMeaning": ("name", "lead", "card", "code", "role", "part"),
    "Text": ("en", "zh"),
    "RemovablePart": ("name", "meaning", "drops", "undoes"),
    "Difference": ("name", "since", "until", "modes", "what", "source", "also"),
    "fact": ("default", "name", "shape", "told", "low", "high"),
    "KnownFault": ("name", "level", "what", "lives", "trigger", "terms", "cases"),
    "BaseChain": ("name", "type", "hook", "priority", "jumps"),
    "Track": ("text", "levels", "simple"),
    "_theme": ("asked", "en", "zh"),
    "KnownKind": ("api", "fields", "check"),
    "PlacedFault": ("text", "place", "put"),
}
# Rows whose fields, all but the first, may be left out.
OPTIONAL = ("Row", "ChainMeaning", "RemovablePart")


class Mutant(NamedTuple):
    """A table's file with one row changed."""

    what: str
    source: str


class Source:
    """The text of a module, to be cut at the nodes of its tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        lines = text.splitlines(keepends=True)
        self._lines = lines
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, first: ast.expr | ast.keyword | ast.stmt, last: ast.AST | None = None) -> tuple[int, int]:
        """Where a node stands, or all from one to another, in characters: ast counts bytes of a line."""
        last = last or first
        return self._at(first.lineno, first.col_offset), self._at(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def of(self, node: ast.expr) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def put(self, *cuts: tuple[tuple[int, int], str]) -> str:
        """The text with other words in some places."""
        text = self.text
        for (start, end), words in sorted(cuts, reverse=True):
            text = text[:start] + words + text[end:]
        return text


class Row(NamedTuple):
    """`first` is where a row begins (its key, where it has one), `value` what it holds."""

    first: ast.expr | ast.keyword | ast.stmt
    value: ast.expr
    of_a_set: bool = False


def rows(tree: ast.Module, table: str) -> list[list[Row]]:
    """The rows of the table, and of the tables in it where it is a call with tables for arguments."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == table:
            fields = [one for one in node.body if isinstance(one, (ast.Assign, ast.AnnAssign))]
            return [[Row(one, one.value) for one in fields if one.value is not None]]
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == table for target in targets):
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            assert node.value is not None
            return _rows(node.value)
    raise SystemExit(f"there is no table {table}")


def _rows(value: ast.expr) -> list[list[Row]]:
    if isinstance(value, ast.Dict):
        own = [Row(key, one) for key, one in zip(value.keys, value.values, strict=True) if key is not None]
        return [own, *(found for row in own if isinstance(row.value, ast.Dict) for found in _rows(row.value))]
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return [[Row(one, one, isinstance(value, ast.Set)) for one in value.elts]]
    if isinstance(value, (ast.DictComp, ast.GeneratorExp)):
        return _rows(value.generators[0].iter)
    if isinstance(value, ast.Call) and value.keywords:
        # What a Part holds for one tool is a table; the classes are told from the text.
        own = [Row(word, word.value) for word in value.keywords]
        inner = [*value.args, *(word.value for word in value.keywords)]
        return [own, *(found for each in inner for found in _rows(each))]
    return _rows(value.args[0]) if isinstance(value, ast.Call) and value.args else []


def mutants(text: str, table: Table) -> Iterator[Mutant]:
    """The table with each row gone, and with each row's value changed for the next one's."""
    source, tree = Source(text), ast.parse(text)
    if table.name == SENTENCES:
        yield from _sentences(source, tree)
        return
    for found in rows(tree, table.name):
        for row in found:
            gone = _with_comma(source, row.first, row.value)
            end = source.span(found[-1].value)[1]
            # What is left of two rows is still a tuple.
            comma = () if re.match(r"\s*,", text[end:]) or row is found[-1] else (((end, end), ","),)
            yield Mutant(f"without {_name(row)}", source.put((gone, ""), *comma))
        for row, other in itertools.pairwise(found):
            order_alone = row.first is row.value is said(row.value)
            unordered = row.of_a_set or table.unordered
            if not table.deep and not isinstance(row.first, ast.keyword) and not (unordered and order_alone):
                yield from _swapped(source, row, said(row.value), said(other.value), "")
        if table.deep:
            yield from _fields(source, found)


def _with_comma(source: Source, first: ast.expr | ast.keyword | ast.stmt, last: ast.expr) -> tuple[int, int]:
    start, end = source.span(first, last)
    comma = re.compile(r"\s*,").match(source.text, end)
    return start, comma.end() if comma else end


def _swapped(source: Source, row: Row, one: ast.expr, other: ast.expr, field: str) -> Iterator[Mutant]:
    if source.of(one) != source.of(other):
        changed = source.put((source.span(one), source.of(other)), (source.span(other), source.of(one)))
        yield Mutant(f"{_name(row)}{field} as the next one", changed)


def _fields(source: Source, found: list[Row]) -> Iterator[Mutant]:
    """Each field of each row gone, and changed for the next one's that is another."""
    held = [dict(_leaves(row.value, "")) for row in found]
    for at, row in enumerate(found):
        for field, value in held[at].items():
            others = (later[field] for later in held[at + 1 :] if field in later)
            other = next((one for one in others if source.of(one) != source.of(value)), None)
            if other is not None:
                yield from _swapped(source, row, value, other, field)
        if isinstance(row.value, ast.Call) and _called(row.value) in OPTIONAL:
            for value in row.value.args[1:]:
                yield Mutant(f"{_name(row)} without {source.of(value)[:60]}", source.put((source.span(value), "None")))
            for word in row.value.keywords:
                yield Mutant(
                    f"{_name(row)} without {word.arg}", source.put((_with_comma(source, word, word.value), ""))
                )


def _leaves(value: ast.expr, name: str) -> Iterator[tuple[str, ast.expr]]:
    """What a row holds, by where it stands in it: .card.zh."""
    if isinstance(value, ast.Call):
        names = FIELDS.get(_called(value), ())
        for at, one in enumerate(value.args):
            yield from _leaves(one, f"{name}.{names[at] if at < len(names) else at}")
        for word in value.keywords:
            yield from _leaves(word.value, f"{name}.{word.arg}")
    elif isinstance(value, ast.Tuple):
        for at, one in enumerate(value.elts):
            yield from _leaves(one, f"{name}.{at}")
    else:
        yield name, value


def _called(value: ast.Call) -> str:
    return value.func.id if isinstance(value.func, ast.Name) else ""


def _sentences(source: Source, tree: ast.Module) -> Iterator[Mutant]:
    """Each sentence with two of its figures, one after the other, in each other's place."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        if not is_text or id(node) in told | inner:
            continue
        assert isinstance(node, (ast.JoinedStr, ast.Constant))
        start, end = source.span(node)
        figures = list(re.finditer(r"\{[^{}]+\}", source.text[start:end]))
        for one, other in itertools.pairwise(figures):
            if one[0] != other[0]:
                spans = [(start + found.start(), start + found.end()) for found in (one, other)]
                changed = source.put((spans[0], other[0]), (spans[1], one[0]))
                yield Mutant(f"line {node.lineno}: {one[0]} and {other[0]}", changed)


def _name(row: Row) -> str:
    value = row.value
    if row.first is value and isinstance(value, ast.Call) and value.args:
        return ast.unparse(value.args[0])[:60]
    if isinstance(row.first, ast.keyword):
        return f"{row.first.arg}="
    return " ".join(ast.unparse(row.first).split())[:60]


def said(row: ast.expr) -> ast.expr:
    """What a row says of its key: of a tuple the last, of a call the second argument, else all of it."""
    if isinstance(row, ast.Tuple):
        return row.elts[-1]
    return row.args[1] if isinstance(row, ast.Call) and len(row.args) > 1 else row


class Copy:
    """A copy of the project, in which one file is another. Tests run in a child that finds pytest and what it loads
    already there: most of what a run of few tests takes is imports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in _PARTS:
            source = ROOT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "recordings")
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy(source, folder / part)
        for name in ("pytest", "hypothesis", "yaml", "rich.console"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        # Else each child looks through all of it twice for garbage.
        gc.freeze()

    def write(self, file: str, text: str) -> None:
        """The file with that text; what was compiled of it goes, as its size may be the same."""
        path = self.folder / file
        path.write_text(text, encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()

    def passes(self, tests: Iterable[str], keep: bool = False) -> bool:
        """Whether the tests pass; `keep` what is compiled on the way."""
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = self._run(tuple(tests), keep)
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == _ELSEWHERE:
            raise SystemExit("the tests ran on another copy of the project")
        return code == 0

    def _run(self, tests: tuple[str, ...], keep: bool) -> int:
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        os.environ["PYTHONPATH"] = str(self.folder)
        sys.dont_write_bytecode = not keep
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        options = ["-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-o", "addopts=--strict-markers"]
        # What takes longer to start than most tests do to fail: pytest-benchmark asks git six times.
        for plugin in ("cacheprovider", "benchmark", "xdist", "unraisableexception", "threadexception"):
            options += ["-p", f"no:{plugin}"]
        # A folder of its own: what other runs on the machine make and delete at the same time must kill no mutant.
        options.append(f"--basetemp={self.folder / 'tmp'}")
        code = int(importlib.import_module("pytest").main([*options, *tests]))
        found = getattr(sys.modules.get("engine"), "__file__", None)
        return code if found is None or Path(found).is_relative_to(self.folder) else _ELSEWHERE


_ELSEWHERE = 99


def run(table: Table, copy: Copy) -> tuple[int, list[str]]:
    """How many mutants the table has, and those that no test notices."""
    text = (ROOT / table.file).read_text(encoding="utf-8")
    if not copy.passes(table.tests, keep=True):
        raise SystemExit(f"{' '.join(table.tests)}: fails as it is")
    made, left = 0, []
    for mutant in mutants(text, table):
        made += 1
        copy.write(table.file, mutant.source)
        if copy.passes(table.tests) and (not table.unordered or copy.passes((table.unordered,))):
            left.append(f"{table.file}: {table.name}: {mutant.what}")
            print(f"SURVIVES {left[-1]}", flush=True)
    copy.write(table.file, text)
    if not made:
        raise SystemExit(f"{table.file}: {table.name} has no rows that are found")
    print(f"{table.file} {table.name}: {made} mutants, {made - len(left)} killed, {len(left)} survived", flush=True)
    return made, left


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE")
    parser.add_argument("--list", action="store_true", help="the mutants, without running anything")
    arguments = parser.parse_args()
    wanted = arguments.tables
    chosen = [t for t in TABLES if not wanted or t.name in wanted or any(t.file.startswith(name) for name in wanted)]
    if arguments.list:
        for table in chosen:
            for mutant in mutants((ROOT / table.file).read_text(encoding="utf-8"), table):
                print(f"{table.file} {table.name}: {mutant.what}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        done = [run(table, copy) for table in chosen]
    print(f"{sum(made for made, _ in done)} mutants, {sum(len(left) for _, left in done)} survived")
    return 1 if any(left for _, left in done) else 0


if __name__ == "__main__":
    sys.exit(main())
