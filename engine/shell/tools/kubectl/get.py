"""kubectl get: as a table, wide, as YAML, JSON, names, by a JSONPath, or by columns of one's own.

Sources: staging/src/k8s.io/kubectl/pkg/cmd/get (get.go, customcolumn.go, sorter.go), cli-runtime/pkg/printers/tableprinter.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from engine.manifests.write import Document, yaml_text
from engine.shell.api import Resource
from engine.shell.go_text import go_json, go_syntax, go_text
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.jsonpath import BadPath, FailedPath, evaluate, find, relaxed
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.tables import TABLES, table
from engine.shell.tools.kubectl.words import asked_for, looked_up, warned

_FORMATS = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml"
_NOT_HERE = ("custom-columns-file", "go-template", "go-template-file", "jsonpath-as-json", "jsonpath-file", "template", "templatefile")  # fmt: skip
_ALONE = ("json", "yaml")

Found = list[tuple[Resource, Document]]


def run(call: Call, words: Words) -> Result:
    """`kubectl get KIND[,KIND] [NAME...] [-n NS|-A] [-l SELECTOR] [--field-selector FIELDS] [--sort-by PATH] [-o FORMAT]`."""
    if "filename" in words.values:
        raise BadWords("error: kubectl get -f is not simulated here; name what is asked for")
    kind, value = output_of(words)
    asked = asked_for(words)
    found: Found = []
    missing = ""
    for resource, names in asked:
        many, said = looked_up(call.live, resource, names, words)
        found += [(resource, o) for o in many]
        missing += said
    listed = [resource for resource, names in asked if not names]
    kinds = {resource.kind for resource in (*listed, *(resource for resource, _ in found))}
    if "sort-by" in words.values:
        found = _sorted(found, words.values["sort-by"], one_table=len(kinds) < 2 or kind not in ("", "wide"))
    if "ignore-not-found" in words.flags:
        missing = ""
    if kind in ("", "wide"):
        out = _tables(found, words, kind == "wide", several=len(kinds) > 1 or "show-kind" in words.flags)
        if not out and not missing and "ignore-not-found" not in words.flags:
            return Result(
                stderr=warned(call.live, (one for one, _ in asked)) + nothing_found(words, (one for one, _ in asked))
            )
    elif missing and not found:
        out = ""
    else:
        out = _documents(found, kind, value, words, alone=not listed and len(found) == 1 and not missing)
    warning = warned(call.live, (resource for resource, _ in asked))
    watched = "(nothing changes meanwhile: ended as by Ctrl-C)\n" if {"watch", "watch-only"} & words.flags else ""
    return Result(out, warning + missing + watched, int(bool(missing)), shown=warning + out + missing + watched)


def output_of(words: Words) -> tuple[str, str]:
    """(the format that -o names, what stands behind it). Raises BadWords."""
    given = words.values.get("output", "")
    kind, _, value = given.partition("=")
    if kind in ("jsonpath", "custom-columns"):
        if not value:
            what = "template format specified but no template" if kind == "jsonpath" else "custom-columns format specified but no custom columns"  # fmt: skip
            raise BadWords(f"error: {what} given")
        return kind, value
    if kind in _NOT_HERE:
        raise BadWords(f"error: -o {kind} is not simulated here; jsonpath and custom-columns are")
    if given.lower() in _ALONE or given in ("", "wide", "name"):
        return given.lower(), ""
    raise BadWords(f'error: unable to match a printer suitable for the output format "{given}", allowed formats are: {_FORMATS}')  # fmt: skip


def nothing_found(words: Words, resources: Iterable[Resource]) -> str:
    """What is said where there is nothing."""
    within = "all-namespaces" not in words.flags and all(resource.namespaced for resource in resources)
    return f"No resources found{f' in {words.namespace} namespace.' if within else ''}\n"


def _sorted(found: Found, path: str, *, one_table: bool) -> Found:
    """By the values at a path, text letter by letter, those that lack it first; none where nobody has it. Raises BadWords."""
    try:
        keyed = [(find(relaxed(path), o), resource, o) for resource, o in found]
    except (BadPath, FailedPath):
        return []
    if not one_table:
        raise BadWords(f'error: couldn\'t find any field with path "{{{relaxed(path)}}}" in the list of objects')
    if not any(values for values, _, _ in keyed):
        return []
    bad = next((values[0] for values, _, _ in keyed if values and (isinstance(values[0], bool) or not isinstance(values[0], int | float | str))), None)  # fmt: skip
    if bad is not None:
        kind = "map" if isinstance(bad, dict) else "slice" if isinstance(bad, list) else "bool"
        raise BadWords(f"error: unsortable type: {kind}")
    keyed.sort(key=lambda one: (bool(one[0]), *((isinstance(one[0][0], str), one[0][0]) if one[0] else ())))
    return [(resource, o) for _, resource, o in keyed]


def _tables(found: Found, words: Words, wide: bool, *, several: bool) -> str:
    """A table of each run of objects of one kind. With -A the column NAMESPACE stays once it was there."""
    shown: list[str] = []
    namespaced = False
    for resource, many in groupby(found, key=lambda one: one[0]):
        namespaced = namespaced or ("all-namespaces" in words.flags and resource.namespaced)
        shown.append(_table(resource, [o for _, o in many], words, wide, several=several, namespaced=namespaced))
    return ("" if "no-headers" in words.flags else "\n").join(shown)


def _table(
    resource: Resource, many: list[Document], words: Words, wide: bool, *, several: bool, namespaced: bool
) -> str:
    headers, further, row = TABLES[resource.kind]
    columns = [name for name in words.values.get("label-columns", "").split(",") if name]
    titles = [*(("NAMESPACE",) if namespaced else ()), *headers, *(further if wide else ())]
    titles += [name.rpartition("/")[2].upper() for name in columns]
    rows = []
    for o in many:
        cells = row(o, wide)
        labels = o["metadata"].get("labels", {})
        if several and "NAME" in headers:
            at = headers.index("NAME")
            cells[at] = f"{resource.full}/{cells[at]}"
        cells += [labels.get(name, "") for name in columns]
        if "show-labels" in words.flags:
            cells.append(",".join(f"{name}={value}" for name, value in sorted(labels.items())) or "<none>")
        rows.append([o["metadata"].get("namespace", ""), *cells] if namespaced else cells)
    if "show-labels" in words.flags:
        titles.append("LABELS")
    return table(titles, rows, headed="no-headers" not in words.flags)


def _documents(found: Found, kind: str, value: str, words: Words, *, alone: bool) -> str:
    if kind == "name":
        return "".join(f"{resource.full}/{o['metadata']['name']}\n" for resource, o in found)
    if kind == "custom-columns":
        return _columns([o for _, o in found], value, headed="no-headers" not in words.flags)
    document: Document = found[0][1] if alone else {"apiVersion": "v1", "items": [o for _, o in found], "kind": "List", "metadata": {"resourceVersion": ""}}  # fmt: skip
    if kind == "jsonpath":
        return by_path(value, document)
    return in_full(document, kind)


def in_full(document: Document, kind: str) -> str:
    """The object as `-o yaml` or `-o json` has it."""
    return yaml_text(document) if kind == "yaml" else go_json(document, 4) + "\n"


def by_path(template: str, document: Document) -> str:
    """What `-o jsonpath=TEMPLATE` prints. Raises BadWords."""
    try:
        return evaluate(template, document)
    except BadPath as error:
        raise BadWords(f"error: error parsing jsonpath {template}, {error}") from None
    except FailedPath as error:
        raise BadWords(
            f'error: error executing jsonpath "{template}": Error executing template: {error}. Printing more information for '
            f"debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{go_syntax(document)}\n\n\n"
        ) from None


def _columns(many: list[Document], spec: str, *, headed: bool) -> str:
    """`-o custom-columns=HEADER:PATH,...`. Raises BadWords."""
    headers, paths = [], []
    for part in spec.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise BadWords(f"error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        headers.append(header)
        try:
            paths.append(relaxed(path))
        except BadPath as error:
            raise BadWords(f"error: {error}") from None
    try:
        rows = [[",".join(map(go_text, find(path, o))) or "<none>" for path in paths] for o in many]
    except (BadPath, FailedPath) as error:
        raise BadWords(f"error: {error}") from None
    return table(headers, rows, headed=headed)
