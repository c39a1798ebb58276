"""kubectl get: as a table, wide, as YAML, JSON, names, or by a JSONPath."""

from __future__ import annotations

import json

from engine.manifests.write import Document, yaml_text
from engine.shell.api import Resource
from engine.shell.deployments import workload_documents
from engine.shell.interface import Call, Result
from engine.shell.readiness import event_documents, with_probe
from engine.shell.tools.kubectl.jsonpath import BadPath, evaluate
from engine.shell.tools.kubectl.tables import TABLES, table
from engine.shell.tools.kubectl.words import BadWords, Words, asked_for, matching


def run(call: Call, words: Words) -> Result:
    """`kubectl get KIND[,KIND] [NAME...] [-n NS|-A] [-l SELECTOR] [-o wide|yaml|json|name|jsonpath=...]`."""
    output = words.values.get("output", "")
    asked = asked_for(words)
    beside = tuple(workload_documents(call.live)) if any(resource.group == "apps" for resource, _ in asked) else ()
    if any(resource.kind == "Event" for resource, _ in asked):
        beside = (*beside, *event_documents(call.live))
    found = [(resource, matching(call.live.cluster, resource, names, words, beside)) for resource, names in asked]
    if output in ("yaml", "json", "name") or output.startswith("jsonpath="):
        named = any(names for _, names in asked)
        shown_as = [(resource, with_probe(call.live, o) if resource.kind == "Pod" else o) for resource, many in found for o in many]  # fmt: skip
        return Result(_documents(shown_as, output, named))
    if output not in ("", "wide"):
        raise BadWords(
            f'error: unable to match a printer suitable for the output format "{output}", allowed formats are: json,name,wide,yaml,jsonpath'
        )
    if not any(many for _, many in found):
        where = (
            "" if "all-namespaces" in words.flags or not asked[0][0].namespaced else f" in {words.namespace} namespace"
        )
        return Result(stderr=f"No resources found{where}.\n")
    shown = [
        _table(resource, many, words, output == "wide", several=len(found) > 1) for resource, many in found if many
    ]
    return Result("\n".join(shown))


def _table(resource: Resource, many: list[Document], words: Words, wide: bool, *, several: bool) -> str:
    headers, further, row = TABLES[resource.kind]
    everywhere = "all-namespaces" in words.flags and resource.namespaced
    titles = [*(("NAMESPACE",) if everywhere else ()), *headers, *(further if wide else ())]
    rows = []
    for o in many:
        cells = row(o, wide)
        if several:
            cells[0] = f"{resource.full}/{cells[0]}"
        if "show-labels" in words.flags:
            labels = o["metadata"].get("labels", {})
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
