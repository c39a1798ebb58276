"""kubectl get: as a table, wide, as YAML, JSON, names, by a JSONPath, or in columns of one's own."""

from __future__ import annotations

import json
from typing import Any

from engine.manifests.write import Document, yaml_text
from engine.shell.api import Resource
from engine.shell.deployments import with_cordon, workload_documents
from engine.shell.interface import Call, Result
from engine.shell.readiness import event_documents, with_probe
from engine.shell.tools.kubectl.jsonpath import BadPath, evaluate, find, value_text
from engine.shell.tools.kubectl.tables import TABLES, table
from engine.shell.tools.kubectl.words import BadWords, Words, asked_for, matching

_FORMATS = "json,name,wide,yaml,jsonpath,custom-columns"
_OTHERS = ("go-template", "jsonpath-as-json", "jsonpath-file", "custom-columns-file", "templatefile", "template")


def run(call: Call, words: Words) -> Result:
    """`kubectl get KIND[,KIND] [NAME...] [-n NS|-A] [-l SELECTOR] [--field-selector FIELDS] [--sort-by PATH]
    [-L LABELS] [-o wide|yaml|json|name|jsonpath=...|custom-columns=...]`."""
    output = words.values.get("output", "")
    asked = asked_for(words)
    beside = tuple(workload_documents(call.live)) if any(resource.group == "apps" for resource, _ in asked) else ()
    if any(resource.kind == "Event" for resource, _ in asked):
        beside = (*beside, *event_documents(call.live))
    found = [(resource, matching(call.live.cluster, resource, names, words, beside)) for resource, names in asked]
    found = [(resource, [with_cordon(call.live, o) for o in many]) for resource, many in found]
    if output in ("yaml", "json", "name") or output.startswith("jsonpath="):
        named = any(names for _, names in asked)
        shown_as = [(resource, with_probe(call.live, o) if resource.kind == "Pod" else o) for resource, many in found for o in many]  # fmt: skip
        return Result(_documents(shown_as, output, named))
    if output.startswith("custom-columns="):
        every = [o for _, many in found for o in many]
        return Result(custom_columns(every, output.partition("=")[2], headed="no-headers" not in words.flags))
    if output.startswith(_OTHERS):
        raise BadWords(f"error: -o {output.partition('=')[0]} is not simulated here; there are {_FORMATS}")
    if output not in ("", "wide"):
        raise BadWords(
            f'error: unable to match a printer suitable for the output format "{output}", allowed formats are: {_FORMATS}'
        )
    if "lenient" in words.flags and not any(many for _, many in found):
        return Result()
    if not any(many for _, many in found):
        where = (
            "" if "all-namespaces" in words.flags or not asked[0][0].namespaced else f" in {words.namespace} namespace"
        )
        return Result(stderr=f"No resources found{where}.\n")
    shown = [
        _table(resource, many, words, output == "wide", several=len(found) > 1) for resource, many in found if many
    ]
    watched = "(nothing changes meanwhile: ended as by Ctrl-C)\n" if "watch" in words.flags else ""
    out = "\n".join(shown)
    return Result(out, watched, shown=out + watched)


def custom_columns(found: list[Document], spec: str, *, headed: bool) -> str:
    """`-o custom-columns=TITLE:PATH,...`. Raises BadWords. Source: kubectl/pkg/cmd/get/customcolumn.go."""
    parts = [part.partition(":") for part in spec.split(",")]
    bad = next((part for part in parts if not part[0] or not part[2]), None)
    if bad is not None or not spec:
        raise BadWords(
            f"error: unexpected custom-columns spec: {''.join(bad or ()) or spec}, expected <header>:<json-path-expr>"
        )
    try:
        paths = [path.strip("{}") for _, _, path in parts]
        rows = [[_cell(find(path if path.startswith(".") else f".{path}", o)) for path in paths] for o in found]
    except BadPath as error:
        raise BadWords(f"error: error parsing jsonpath, {error}") from None
    return table([title for title, _, _ in parts], rows, headed=headed)


def _cell(values: list[Any]) -> str:
    shown = [value_text(value) for value in values if value is not None]
    return ",".join(shown) or "<none>"


def _table(resource: Resource, many: list[Document], words: Words, wide: bool, *, several: bool) -> str:
    headers, further, row = TABLES[resource.kind]
    everywhere = "all-namespaces" in words.flags and resource.namespaced
    columns = [name for name in words.values.get("columns", "").split(",") if name]
    titles = [*(("NAMESPACE",) if everywhere else ()), *headers, *(further if wide else ())]
    titles += [name.rpartition("/")[2].upper() for name in columns]
    rows = []
    for o in many:
        cells = row(o, wide)
        if several:
            cells[0] = f"{resource.full}/{cells[0]}"
        labels = o["metadata"].get("labels", {})
        cells += [labels.get(name, "") for name in columns]
        if "show-labels" in words.flags:
            cells.append(",".join(f"{name}={value}" for name, value in sorted(labels.items())) or "<none>")
        rows.append([o["metadata"].get("namespace", "default"), *cells] if everywhere else cells)
    if "show-labels" in words.flags:
        titles.append("LABELS")
    return table(titles, rows, headed="no-headers" not in words.flags)


def _documents(found: list[tuple[Resource, Document]], output: str, named: bool) -> str:
    if output == "name":
        return "".join(f"{resource.full}/{o['metadata']['name']}\n" for resource, o in found)
    alone = named and len(found) == 1
    document: Document = found[0][1] if alone else {"apiVersion": "v1", "items": [o for _, o in found], "kind": "List", "metadata": {"resourceVersion": ""}}  # fmt: skip
    if output == "yaml":
        return yaml_text(document)
    if output == "json":
        return json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        return evaluate(output.removeprefix("jsonpath="), document)
    except BadPath as error:
        raise BadWords(f"error: error parsing jsonpath {output.removeprefix('jsonpath=')}, {error}") from None
