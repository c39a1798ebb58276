"""Kubernetes YAML -> Cluster: the only room that knows Kubernetes' spelling.

PyYAML is imported here alone, and nothing here knows what a rule or a packet is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.cluster import Cluster
from engine.manifests.check import check_cluster
from engine.manifests.collect import Collector
from engine.manifests.reading import texts
from engine.manifests.source import documents

__all__ = ["check_cluster", "load_cluster"]


def load_cluster(
    paths: Sequence[str | Path] | str | Path = (),
    *,
    text: str | None = None,
    stdin: str | None = None,
    strict: bool = False,
) -> Cluster:
    """The cluster that manifests describe.

    `paths` are files, folders (their *.yaml, *.yml and *.json) and "-" for standard input, whose text may be given as
    `stdin`; `text` is YAML or JSON itself. Any number of documents, `kind: List` included; kinds and fields that do not
    change the dataplane are ignored. `strict` also runs check_cluster. Raises ManifestError with file and line.
    """
    collector = Collector()
    names = (paths,) if isinstance(paths, (str, Path)) else paths
    for file, content, in_folder in texts(names, stdin):
        for document, line in documents(content, file):
            collector.add(document, file, line, in_folder)
    if text is not None:
        for document, line in documents(text, "<text>"):
            collector.add(document, "<text>", line)
    cluster = collector.cluster()
    if strict:
        check_cluster(cluster)
    return cluster
