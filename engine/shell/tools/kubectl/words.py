"""kubectl's words: flags anywhere among them, what is asked for by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.cluster import Cluster
from engine.manifests.write import Document
from engine.shell.api import Resource, objects, resource_named
from engine.values import dataclass

_WITH_VALUE = {
    "-n": "namespace", "--namespace": "namespace", "-o": "output", "--output": "output", "-l": "selector", "--selector": "selector",
    "-p": "patch", "--patch": "patch", "--type": "type", "-f": "file", "--filename": "file", "-c": "container",
    "--container": "container", "--grace-period": "grace", "--field-selector": "field", "--sort-by": "sort", "--replicas": "replicas",
    "--tail": "tail", "--since": "since", "--image": "image", "--profile": "profile", "--target": "target",
    "--restart": "restart", "--labels": "labels", "--pod-running-timeout": "timeout",
}  # fmt: skip
_FLAGS = {
    "-A": "all-namespaces", "--all-namespaces": "all-namespaces", "--overwrite": "overwrite", "--show-labels": "show-labels",
    "--no-headers": "no-headers", "-i": "stdin", "-t": "tty", "-it": "tty", "-ti": "tty", "--stdin": "stdin", "--tty": "tty",
    "--force": "force", "--all": "all", "--now": "now", "-w": "watch", "--watch": "watch", "-q": "quiet",
    "--rm": "rm", "--attach": "stdin",
}  # fmt: skip


class BadWords(Exception):
    """What kubectl says of words that it does not take."""


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
    while left:
        word = left.pop(0)
        if word == "--":
            return Words(tuple(rest), values, frozenset(flags), tuple(left))
        name, equals, value = word.partition("=")
        if word in _FLAGS:
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
        elif word[:2] in ("-o", "-n", "-l") and len(word) > 2 and not word.startswith("--"):
            values[_WITH_VALUE[word[:2]]] = word[2:].removeprefix("=")
        elif word.startswith("-") and len(word) > 1:
            raise BadWords(f"error: unknown flag: {word}\nSee 'kubectl --help' for usage.")
        else:
            rest.append(word)
    return Words(tuple(rest), values, frozenset(flags))


def resource_of(word: str) -> Resource:
    """Raises BadWords."""
    found = resource_named(word)
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
    held = [o for o in held if _selected(o, words.values.get("selector", ""))]
    held.sort(key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"]))
    if not names:
        return held
    by_name = {o["metadata"]["name"]: o for o in held}
    for name in names:
        if name not in by_name:
            raise BadWords(
                f'Error from server (NotFound): {resource.names[0]}{f".{resource.group}" if resource.group else ""} "{name}" not found'
            )
    return [by_name[name] for name in names]


def _selected(document: Document, selector: str) -> bool:
    """An equality-based selector: a=b, a!=b, a, !a, joined by commas."""
    labels = document["metadata"].get("labels", {})
    for part in filter(None, selector.split(",")):
        name, equals, value = part.replace("==", "=").partition("=")
        if name.endswith("!") and equals:
            if labels.get(name[:-1]) == value:
                return False
        elif equals:
            if labels.get(name) != value:
                return False
        elif name.startswith("!"):
            if name[1:] in labels:
                return False
        elif name not in labels:
            return False
    return True
