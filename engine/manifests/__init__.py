"""Kubernetes YAML -> Cluster: the only room that knows Kubernetes' spelling.

PyYAML is imported here alone, and nothing here knows what a rule or a packet is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.cluster import Cluster
from engine.errors import ManifestError
from engine.manifests.check import check_cluster
from engine.manifests.collect import Collector
from engine.manifests.quick_json import ReadAgain, json_pieces, looks_like_json
from engine.manifests.reading import texts
from engine.manifests.source import Piece

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
    names = (paths,) if isinstance(paths, (str, Path)) else paths
    # All of it, before any is understood: a text may have to be read twice, and a pipe can be once.
    found = list(texts(names, stdin))
    if text is not None:
        found.append(("<text>", text, False))
    cluster = _understood(found)
    if strict:
        check_cluster(cluster)
    return cluster


def _understood(found: Sequence[tuple[str, str, bool]]) -> Cluster:
    """The quickest way of reading that can tell: JSON as JSON, a List an item at a time; then JSON as YAML, which knows
    all lines; then each document whole."""
    for quick_json, by_item in ((True, True), (False, True)):
        with contextlib.suppress(ReadAgain):
            return _collected(found, quick_json, by_item)
    return _collected(found, quick_json=False, by_item=False)


def _collected(found: Sequence[tuple[str, str, bool]], quick_json: bool, by_item: bool) -> Cluster:
    collector, unlined = Collector(), False
    wrong: ManifestError | None = None
    try:
        for file, content, in_folder in found:
            quick = quick_json and looks_like_json(content)
            unlined = unlined or quick
            for piece in json_pieces(content, file) if quick else _yaml_pieces(content, file, by_item):
                if piece.index is not None:
                    wrong = wrong or _complaint(collector, piece, file)
                elif piece.of_list:
                    # What is wrong with an item is wrong only if this is a List, and the text holds together.
                    collector.end_list(piece.value, file)
                    if wrong is not None:
                        raise wrong
                else:
                    collector.add(piece.value, file, piece.line, in_folder)
        return collector.cluster()
    except ManifestError:
        # Its line may be missing.
        if unlined:
            raise ReadAgain from None
        raise


def _yaml_pieces(content: str, file: str, by_item: bool) -> Iterator[Piece]:
    # PyYAML is imported for a text that is no JSON alone.
    from engine.manifests.composer import pieces

    return pieces(content, file, by_item)


def _complaint(collector: Collector, piece: Piece, file: str) -> ManifestError | None:
    """Add an item of a List; returns what is wrong with it."""
    try:
        collector.add_item(piece.value, file, piece.index or 0)
    except ManifestError as error:
        return error
    return None
