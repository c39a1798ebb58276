"""kubectl rollout and scale: Deployments, whose pods are made anew, and the DaemonSet kube-proxy, which starts anew and syncs.

Sources: staging/src/k8s.io/kubectl/pkg/cmd/{rollout,scale}.
"""

from __future__ import annotations

from engine.manifests.write import Document
from engine.shell.api import Resource
from engine.shell.deployments import MOST_REPLICAS, deployments, scaled
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.changes import Changes, each
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.release import release_of
from engine.shell.tools.kubectl.stored import started_anew
from engine.shell.tools.kubectl.words import asked_for, looked_up

_NO_SUCH = ("history", "undo", "pause", "resume")
_SPOKEN = {"DaemonSet": "daemon set"}


def run(call: Call, words: Words) -> Result:
    """`kubectl rollout restart|status KIND [NAME...]`, `kubectl scale deployment NAME... --replicas=N [--current-replicas=N]`."""
    if words.rest[0] == "scale":
        return _scale(call, words)
    verb = words.rest[1] if len(words.rest) > 1 else ""
    if verb in _NO_SUCH or not verb:
        raise BadWords(
            f"error: kubectl rollout {verb} is not simulated here; restart and status are".replace("  ", " ")
        )
    if verb not in ("restart", "status"):
        raise BadWords(
            f"error: unknown command \"{' '.join(words.rest[1:])}\"\nSee 'kubectl rollout -h' for help and examples"
        )
    asked = Words(("rollout", *words.rest[2:]), words.values, words.flags)
    return each(call, asked, _restart if verb == "restart" else _status, all_of=True)


def _restart(changes: Changes, resource: Resource, o: Document) -> None:
    name = o["metadata"]["name"]
    if resource.kind in ("DaemonSet", "Deployment"):
        changes.live = started_anew(changes.live, o)
    else:
        raise BadWords(f'error: {resource.plural} "{name}" restarting is not supported')
    changes.say(resource, name, "restarted")


def _status(changes: Changes, resource: Resource, o: Document) -> None:
    if resource.kind not in ("DaemonSet", "Deployment"):
        raise BadWords(f"error: no status viewer has been implemented for {resource.kind}")
    status = o["status"]
    if resource.kind == "Deployment" and status["availableReplicas"] < status["updatedReplicas"]:
        raise BadWords(
            f'Waiting for deployment "{o["metadata"]["name"]}" rollout to finish: {status["availableReplicas"]} of {status["updatedReplicas"]} '
            "updated replicas are available...\nerror: waiting is not simulated here"
        )
    spoken = _SPOKEN.get(resource.kind, resource.kind.lower())
    changes.out += f'{spoken} "{o["metadata"]["name"]}" successfully rolled out\n'


def _scale(call: Call, words: Words) -> Result:
    if "replicas" not in words.values:
        raise BadWords('error: required flag(s) "replicas" not set')
    wanted = int(words.values["replicas"])
    if wanted < 0:
        raise BadWords("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if wanted > MOST_REPLICAS:
        raise BadWords(f"error: at most {MOST_REPLICAS} replicas are made here")
    current = int(words.values.get("current-replicas", "-1"))
    asked = asked_for(words, verb="scale")
    found = [looked_up(call.live, resource, names, words) for resource, names in asked]
    if not any(many for many, _ in found) and release_of(call.live) >= (1, 33):
        said = "".join(missing for _, missing in found).replace("Error from server (NotFound): ", "")
        raise BadWords(f"error: no objects passed to scale {said}".rstrip())

    def change(changes: Changes, resource: Resource, o: Document) -> None:
        if resource.kind == "ReplicaSet":
            raise BadWords(
                "error: scaling a ReplicaSet is not modelled here; scale its Deployment, which would undo it"
            )
        if resource.kind != "Deployment":
            raise BadWords("Error from server (NotFound): the server could not find the requested resource")
        if current not in (-1, o["spec"]["replicas"]):
            raise BadWords(f"error: Expected replicas to be {current}, was {o['spec']['replicas']}")
        key = f"{o['metadata']['namespace']}/{o['metadata']['name']}"
        changes.live = scaled(changes.live, deployments(changes.live)[key], wanted)
        changes.say(resource, o["metadata"]["name"], "scaled")

    return each(call, words, change)
