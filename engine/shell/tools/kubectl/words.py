"""kubectl's words: flags anywhere among them, what is asked for by kind and name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.cluster import Cluster
from engine.manifests.write import Document
from engine.shell.api import Resource, objects, resource_named
from engine.shell.tools.kubectl.problems import BadWords, not_simulated_kind
from engine.shell.tools.kubectl.selectors import by_fields, by_labels, sorted_by
from engine.values import dataclass

__all__ = ["BadWords", "Words", "asked_for", "matching", "one_kind", "read_words", "resource_of"]

_WITH_VALUE = {
    "-n": "namespace", "--namespace": "namespace", "-o": "output", "--output": "output", "-l": "selector", "--selector": "selector",
    "-p": "patch", "--patch": "patch", "--type": "type", "-f": "file", "--filename": "file", "-c": "container",
    "--container": "container", "--grace-period": "grace", "--field-selector": "field", "--sort-by": "sort", "--replicas": "replicas",
    "--tail": "tail", "--since": "since", "--image": "image", "--profile": "profile", "--target": "target",
    "--restart": "restart", "--labels": "labels", "--pod-running-timeout": "timeout", "-L": "columns", "--label-columns": "columns",
    "--for": "for", "--timeout": "timeout", "--context": "context", "--kubeconfig": "kubeconfig", "--request-timeout": "patience",
    "--since-time": "since", "--address": "address", "--chunk-size": "chunk", "--subresource": "subresource",
}  # fmt: skip
_FLAGS = {
    "-A": "all-namespaces", "--all-namespaces": "all-namespaces", "--overwrite": "overwrite", "--show-labels": "show-labels",
    "--no-headers": "no-headers", "-i": "stdin", "-t": "tty", "-it": "tty", "-ti": "tty", "--stdin": "stdin", "--tty": "tty",
    "--force": "force", "--all": "all", "--now": "now", "-w": "watch", "--watch": "watch", "-q": "quiet",
    "--rm": "rm", "--attach": "stdin", "--follow": "follow", "--previous": "previous", "--all-containers": "containers",
    "--prefix": "prefix", "--timestamps": "timestamps", "--ignore-not-found": "lenient", "--ignore-daemonsets": "daemonsets",
    "--delete-emptydir-data": "volumes", "--delete-local-data": "volumes", "--disable-eviction": "now", "-h": "help", "--help": "help",
    "--current": "current", "--minify": "minify", "--raw": "raw", "--client": "client", "--wait": "wait", "--watch-only": "watch",
}  # fmt: skip
# Letters that mean something else behind one verb.
_OF_LOGS = {"-f": "follow", "-p": "previous", "--follow": "follow"}
# Of the real one, and told apart from slips.
_NOT_SIMULATED = frozenset({"-v", "--v", "--dry-run", "--show-kind", "--show-managed-fields", "--template", "--server", "-s", "--token", "--as",
                            "--as-group", "--user", "--cluster", "--recursive", "-R", "--limit-bytes", "--max-log-requests", "--output-watch-events",
                            "--overrides", "--command", "--env", "--port", "--expose", "--share-processes", "--copy-to", "--custom"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """`rest` are the words that are no flags, the verb first; `behind` those behind `--`, None where there is none."""

    rest: tuple[str, ...]
    values: dict[str, str]
    flags: frozenset[str]
    behind: tuple[str, ...] | None = None

    @property
    def namespace(self) -> str:
        return self.values.get("namespace", "default")


def read_words(words: Sequence[str]) -> Words:
    """Raises BadWords."""
    rest: list[str] = []
    values: dict[str, str] = {}
    flags: set[str] = set()
    left = list(words)
    logs = "logs" in [word for word in left if not word.startswith("-")][:2]
    while left:
        word = left.pop(0)
        if word == "--":
            return Words(tuple(rest), values, frozenset(flags), tuple(left))
        name, equals, value = word.partition("=")
        if logs and word in _OF_LOGS:
            flags.add(_OF_LOGS[word])
        elif word in _FLAGS:
            flags.add(_FLAGS[word])
        elif name in _FLAGS and equals and name.startswith("--"):
            flags.update((_FLAGS[name],) if value != "false" else ())
        elif name in _WITH_VALUE:
            if not equals:
                if not left:
                    raise BadWords(
                        f"error: flag needs an argument: '{word.lstrip('-')[:1]}' in {word}\nSee 'kubectl --help' for usage."
                    )
                value = left.pop(0)
            values[_WITH_VALUE[name]] = value
        elif word[:2] in ("-o", "-n", "-l", "-L") and len(word) > 2 and not word.startswith("--"):
            values[_WITH_VALUE[word[:2]]] = word[2:].removeprefix("=")
        elif name in _NOT_SIMULATED or re.fullmatch("-v[0-9]+", word):
            raise BadWords(f"error: {name} is not simulated here")
        elif word.startswith("-") and len(word) > 1:
            raise BadWords(f"error: unknown flag: {word}\nSee 'kubectl --help' for usage.")
        else:
            rest.append(word)
    return Words(tuple(rest), values, frozenset(flags))


def resource_of(word: str) -> Resource:
    """Raises BadWords."""
    found = resource_named(word)
    if found is None and (said := not_simulated_kind(word)) is not None:
        raise BadWords(said)
    if found is None:
        raise BadWords(f'error: the server doesn\'t have a resource type "{word}"')
    return found


def asked_for(words: Words) -> list[tuple[Resource, tuple[str, ...]]]:
    """What `get svc,po`, `get svc web`, `get svc/web pod/a` ask for: kinds, each with names (none: all)."""
    rest = words.rest[1:]
    if not rest:
        raise BadWords('error: you must specify the type of resource to get. Use "kubectl api-resources" for a list.')
    if "/" in rest[0]:
        found: dict[Resource, tuple[str, ...]] = {}
        for word in rest:
            kind, _, name = word.partition("/")
            resource = resource_of(kind)
            found[resource] = (*found.get(resource, ()), name)
        return list(found.items())
    if rest[0] == "all":
        return [(resource_of(kind), ()) for kind in ("pods", "services", "daemonsets", "deployments", "replicasets")]
    asked = [(resource_of(kind), rest[1:]) for kind in rest[0].split(",") if kind]
    if not asked:
        raise BadWords('error: the server doesn\'t have a resource type ""')
    return asked


def one_kind(words: Words) -> tuple[Resource, tuple[str, ...]]:
    """What is asked for where it has to be of one kind. Raises BadWords."""
    asked = asked_for(words)
    if len(asked) > 1:
        raise BadWords(f"error: kubectl {words.rest[0]} takes objects of one kind at a time here")
    return asked[0]


def matching(
    cluster: Cluster, resource: Resource, names: tuple[str, ...], words: Words, beside: Iterable[Document] = ()
) -> list[Document]:
    """The objects that are asked for, by namespace and name; by -l; of the cluster's and those `beside`. Raises BadWords for a
    name that nobody has."""
    everywhere = "all-namespaces" in words.flags or not resource.namespaced
    held = [o for o in (*objects(cluster), *beside) if o["kind"] == resource.kind]
    held = [o for o in held if everywhere or o["metadata"].get("namespace", "default") == words.namespace]
    labelled = by_labels(words.values.get("selector", ""))
    chosen = by_fields(words.values.get("field", ""), resource.kind, resource.names[0])
    held = [o for o in held if labelled(o) and chosen(o)]
    held.sort(key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"]))
    held = sorted_by(held, words.values["sort"]) if words.values.get("sort") else held
    if not names:
        return held
    by_name = {o["metadata"]["name"]: o for o in held}
    if "lenient" in words.flags:
        return [by_name[name] for name in names if name in by_name]
    for name in names:
        if name not in by_name:
            raise BadWords(
                f'Error from server (NotFound): {resource.names[0]}{f".{resource.group}" if resource.group else ""} "{name}" not found'
            )
    return [by_name[name] for name in names]
