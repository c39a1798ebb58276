"""What verbs that change objects have in common: the cluster meanwhile, what is said of each object, names that nobody has.

Sources: staging/src/k8s.io/kubectl/pkg/cmd (label, patch, delete), cli-runtime/pkg/genericclioptions/name_flags.go.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.manifests.write import Document
from engine.shell import api
from engine.shell.api import Resource
from engine.shell.interface import Call, Result
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.get import in_full
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.release import release_of
from engine.shell.tools.kubectl.stored import deleted
from engine.shell.tools.kubectl.words import asked_for, looked_up

_FORCED = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may "
    "continue to run on the cluster indefinitely.\n"
)
_NO_NAME = "error: resource(s) were provided, but no name was specified"


class Changes:
    """The cluster while one command changes its objects, and what is printed of each."""

    def __init__(self, live: LiveCluster, words: Words) -> None:
        self.live = live
        self._words = words
        self._output = words.values.get("output", "")
        self.out = ""
        self.err = ""
        self.warned = ""
        if self._output not in ("", "name", "yaml", "json"):
            raise BadWords(
                f"error: -o {self._output} is not simulated here of kubectl {words.rest[0]}; name, yaml and json are"
            )
        dry = words.values.get("dry-run", "none")
        if dry not in ("none", "client", "server"):
            raise BadWords(f'error: Invalid dry-run value ({dry}). Must be "none", "server", or "client".')
        self._dry = {"client": " (dry run)", "server": " (server dry run)"}.get(dry, "")

    def say(self, resource: Resource, name: str, done: str, document: Document | None = None) -> None:
        """What became of one object; `document` is how it is now."""
        if self._output == "name":
            self.out += f"{resource.full}/{name}\n"
        elif self._output and document is not None:
            self.out += in_full(document, self._output)
        else:
            self.out += f"{resource.full}/{name} {done}{self._dry}\n"

    def line(self, text: str) -> None:
        """A line that has a form of its own."""
        self.out += f"{text}{self._dry}\n"

    def result(self) -> Result:
        return Result(self.out, self.warned + self.err, int(bool(self.err)), live=None if self._dry else self.live)


def unmade(live: LiveCluster, metadata: Document) -> Document:
    """The metadata of an object that the API server has not seen: before v1.34 its time is said to be none."""
    return metadata if release_of(live) >= (1, 34) else {"creationTimestamp": None, **metadata}


def each(
    call: Call, words: Words, change: Callable[[Changes, Resource, Document], None], *, all_of: bool = False
) -> Result:
    """`change` done to every object that is asked for. `all_of`: a kind alone asks for all. Raises BadWords."""
    changes = Changes(call.live, words)
    asked = asked_for(words, verb=words.rest[0])
    for _, names in asked:
        if not names and not all_of and "all" not in words.flags and not words.values.get("selector") and not words.values.get("field-selector"):  # fmt: skip
            raise BadWords(_NO_NAME)
    for resource, names in asked:
        many, missing = looked_up(changes.live, resource, names, words)
        changes.err += "" if "ignore-not-found" in words.flags else missing
        for o in many:
            try:
                change(changes, resource, o)
            except api.Refused as error:
                changes.err += f"{error.en}\n"
            except BadWords as error:
                changes.err += f"{error}\n"
    return changes.result()


def delete_one(changes: Changes, resource: Resource, o: Document, words: Words) -> None:
    """Delete it, and say so: with its namespace since v1.34 (pkg/cmd/delete/delete.go)."""
    forced = "force" in words.flags
    if forced:
        changes.warned = _FORCED
    changes.live = deleted(changes.live, o)
    within = resource.namespaced and release_of(changes.live) >= (1, 34)
    where = f" from {o['metadata'].get('namespace', 'default')} namespace" if within else ""
    if words.values.get("output") == "name":
        changes.say(resource, o["metadata"]["name"], "")
    else:
        changes.line(f'{resource.full} "{o["metadata"]["name"]}" {"force " if forced else ""}deleted{where}')
