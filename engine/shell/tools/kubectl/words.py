"""What kubectl's words ask for: kinds and names, and the objects that have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.manifests.write import Document
from engine.shell.api import Resource, key_of, objects, resource_named
from engine.shell.defaults import controlled, filled
from engine.shell.deployments import owner_of, with_cordon, workload_documents
from engine.shell.live import LiveCluster
from engine.shell.readiness import event_documents, with_probe
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords, not_simulated_kind
from engine.shell.tools.kubectl.release import release_of
from engine.shell.tools.kubectl.selectors import check_selectors, fields_match, selected

_NO_OBJECT = """error: You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""
_NO_KIND = {
    "get": """You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.

error: Required resource not specified.
Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
See 'kubectl get -h' for help and examples""",
    "describe": 'error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
    "rollout": "error: required resource not specified",
}
_TWO_FORMS = (
    "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
    "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
)
_DEPRECATED = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"
_ALL = ("pods", "services", "daemonsets", "deployments", "replicasets", "statefulsets", "horizontalpodautoscalers", "cronjobs", "jobs")  # fmt: skip


def resource_of(word: str) -> Resource:
    """Raises BadWords."""
    found = resource_named(word)
    if found is None and (said := not_simulated_kind(word)) is not None:
        raise BadWords(said)
    if found is None:
        raise BadWords(f'error: the server doesn\'t have a resource type "{word.partition(".")[0]}"')
    return found


def asked_for(words: Words, *, verb: str = "get") -> list[tuple[Resource, tuple[str, ...]]]:
    """What `get svc,po`, `get svc web`, `get svc/web pod/a` ask for: kinds, each with names (none: all), in the order they are
    typed in. Raises BadWords."""
    rest = words.rest[1:]
    if not rest:
        raise BadWords(_NO_KIND.get(verb, _NO_OBJECT))
    if "/" in rest[0]:
        if not all("/" in word for word in rest):
            raise BadWords(_TWO_FORMS)
        found: list[tuple[Resource, tuple[str, ...]]] = []
        for word in rest:
            kind, _, name = word.partition("/")
            if not kind or not name or "/" in name:
                raise BadWords("error: arguments in resource/name form must have a single resource and name")
            resource = resource_of(kind)
            if found and found[-1][0] == resource:
                found[-1] = (resource, (*found[-1][1], name))
            else:
                found.append((resource, (name,)))
    else:
        if any("/" in word for word in rest[1:]):
            raise BadWords(_TWO_FORMS)
        if "all" in rest[0].split(",") and len(rest) > 1:
            raise BadWords("error: you must specify only one resource")
        kinds = [kind for word in rest[0].split(",") for kind in (_ALL if word == "all" else (word,))]
        found = [(resource_of(kind), rest[1:]) for kind in kinds]
    if any(names for _, names in found):
        _check_names(words)
    return found


def _check_names(words: Words) -> None:
    """Names go with nothing that selects."""
    if words.values.get("selector") or words.values.get("field-selector") or (words.rest[0] != "label" and words.rest[0] != "annotate" and "all" in words.flags):  # fmt: skip
        raise BadWords("error: name cannot be provided when a selector is specified")
    if "all-namespaces" in words.flags:
        raise BadWords("error: a resource cannot be retrieved by name across all namespaces")


def one_kind(words: Words) -> tuple[Resource, tuple[str, ...]]:
    """What is asked for where it has to be of one kind. Raises BadWords."""
    asked = asked_for(words, verb=words.rest[0])
    if len(asked) > 1:
        raise BadWords(f"error: kubectl {words.rest[0]} takes objects of one kind at a time here")
    return asked[0]


def warned(live: LiveCluster, resources: Iterable[Resource]) -> str:
    """What the API server says of kinds that are on their way out (apiserver/pkg/endpoints/deprecation); a line, or nothing."""
    asked = any(resource.kind == "Endpoints" for resource in resources)
    return _DEPRECATED if asked and release_of(live) >= (1, 33) else ""


def documents(live: LiveCluster, resource: Resource) -> Iterator[Document]:
    """Every object of the kind that the API server holds."""
    if resource.group == "apps":
        held: Iterable[Document] = workload_documents(live)
    elif resource.kind == "Event":
        held = event_documents(live)
    else:
        held = objects(live.cluster)
    for o in held:
        if o["kind"] == resource.kind:
            yield _as_held(live, o)


def _as_held(live: LiveCluster, o: Document) -> Document:
    """The object with what others wrote into it: its controller, its probe, notes."""
    made = with_cordon(live, filled(live, o))
    if o["kind"] == "Pod":
        owner = owner_of(o)
        made = made if owner is None else controlled(made, "ReplicaSet", owner)
        made = with_probe(live, made) if live.probes else made
    notes = live.notes.get(key_of(o))
    if notes is None:
        return made
    metadata = {key: value for key, value in {**made["metadata"], **notes}.items() if value != {}}
    return {**made, "metadata": metadata}


def looked_up(
    live: LiveCluster, resource: Resource, names: tuple[str, ...], words: Words
) -> tuple[list[Document], str]:
    """(the objects that are asked for, what is said of names that nobody has, a line each). Raises BadWords for a selector that
    cannot be read."""
    everywhere = "all-namespaces" in words.flags or not resource.namespaced
    held = [
        o
        for o in documents(live, resource)
        if everywhere or o["metadata"].get("namespace", "default") == words.namespace
    ]
    if not names:
        check_selectors(resource, words.values.get("selector", ""), words.values.get("field-selector", ""))
        held = [o for o in held if selected(o, words.values.get("selector", ""))]
        held = [o for o in held if fields_match(o, words.values.get("field-selector", ""))]
        return sorted(held, key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"])), ""
    by_name = {o["metadata"]["name"]: o for o in held}
    missing = "".join(f"{not_found(resource, name)}\n" for name in names if name not in by_name)
    return [by_name[name] for name in names if name in by_name], missing


def not_found(resource: Resource, name: str) -> str:
    """What is said of a name that nobody has."""
    return f'Error from server (NotFound): {resource.plural} "{name}" not found'


def matching(live: LiveCluster, resource: Resource, names: tuple[str, ...], words: Words) -> list[Document]:
    """As looked_up, where every name has to be there. Raises BadWords."""
    found, missing = looked_up(live, resource, names, words)
    if missing:
        raise BadWords(missing)
    return found
