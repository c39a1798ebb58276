"""kubectl about the cluster itself: version, cluster-info, config, api-resources, api-versions, events, top, auth.

Sources: staging/src/k8s.io/kubectl/pkg/cmd/{version,clusterinfo,config,apiresources,events,top,auth}.
"""

from __future__ import annotations

import dataclasses

from engine.manifests.write import yaml_text
from engine.shell.api import RESOURCES
from engine.shell.interface import Call, Result
from engine.shell.readiness import event_documents
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import CONTEXT, BadWords
from engine.shell.tools.kubectl.release import release_of, release_text
from engine.shell.tools.kubectl.tables import table
from engine.shell.tools.kubectl.words import resource_of

_SERVER = "https://127.0.0.1:6443"
# Which kustomize is built into which kubectl (staging/src/k8s.io/kubectl/go.mod).
_KUSTOMIZE = {(1, 28): "v5.0.4-0.20230601165947-6ce0bf390ce3", (1, 29): "v5.0.4-0.20230601165947-6ce0bf390ce3", (1, 30): "v5.0.4-0.20230601165947-6ce0bf390ce3",
              (1, 31): "v5.4.2", (1, 32): "v5.5.0", (1, 33): "v5.6.0", (1, 34): "v5.7.1"}  # fmt: skip
_ASKED = "you must specify two arguments: verb resource or verb resource/resourceName"


def run(call: Call, words: Words) -> Result:
    """One of them."""
    verb = words.rest[0]
    if verb == "version":
        if len(words.rest) > 1:
            raise BadWords(f"error: extra arguments: [{' '.join(words.rest[1:])}]")
        return Result(_version(call, client="client" in words.flags))
    if verb == "cluster-info":
        return _cluster_info(words)
    if verb == "config":
        return _config(call, words)
    if verb == "api-resources":
        return Result(_resources(words))
    if verb == "api-versions":
        return Result("".join(f"{one}\n" for one in sorted({resource.version for resource in RESOURCES})))
    if verb == "events":
        return _events(call, words)
    if verb == "auth":
        return _auth(words)
    if len(words.rest) > 1 and words.rest[1] not in ("pod", "pods", "po", "node", "nodes", "no"):
        raise BadWords(
            f"error: unknown command \"{' '.join(words.rest[1:])}\"\nSee 'kubectl top -h' for help and examples"
        )
    # There is no metrics-server.
    raise BadWords("error: Metrics API not available")


def _version(call: Call, *, client: bool) -> str:
    version, release = release_text(call.live), release_of(call.live)
    kustomize = _KUSTOMIZE.get(release, _KUSTOMIZE[max(_KUSTOMIZE) if release > max(_KUSTOMIZE) else min(_KUSTOMIZE)])
    return f"Client Version: {version}\nKustomize Version: {kustomize}\n" + (
        "" if client else f"Server Version: {version}\n"
    )


def _cluster_info(words: Words) -> Result:
    if len(words.rest) > 1:
        raise BadWords("error: kubectl cluster-info dump is not simulated here; kubectl get -A -o yaml is")
    return Result(f"Kubernetes control plane is running at {_SERVER}\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")  # fmt: skip


def _resources(words: Words) -> str:
    if words.values.get("output") not in (None, "name", "wide"):
        raise BadWords(f"error: --output {words.values['output']} is not available")
    shown = sorted(RESOURCES, key=lambda one: (one.group, one.names[0]))
    if "namespaced" in words.values:
        shown = [one for one in shown if str(one.namespaced).lower() == words.values["namespaced"]]
    if "api-group" in words.values:
        shown = [one for one in shown if one.group == words.values["api-group"]]
    if words.values.get("output") == "name":
        return "".join(f"{one.plural}\n" for one in shown)
    rows = [
        [one.names[0], ",".join(one.names[2:]), one.version, str(one.namespaced).lower(), one.kind] for one in shown
    ]
    headed = "no-headers" not in words.flags
    return table(("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"), rows, headed=headed)


def _events(call: Call, words: Words) -> Result:
    found = [o for o in event_documents(call.live) if "all-namespaces" in words.flags or o["metadata"]["namespace"] == words.namespace]  # fmt: skip
    if found:
        rows = [["3s (x12 over 2m)", o["type"], o["reason"], f"Pod/{o['involvedObject']['name']}", o["message"]] for o in found]  # fmt: skip
        return Result(table(("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), rows))
    return Result(stderr="No events found" + ("" if "all-namespaces" in words.flags else f" in {words.namespace} namespace") + ".\n")  # fmt: skip


def _auth(words: Words) -> Result:
    """Whoever is here is the administrator, who may do anything."""
    asked = words.rest[1] if len(words.rest) > 1 else ""
    if asked == "whoami":
        rows = [["Username", "kubernetes-admin"], ["Groups", "[kubeadm:cluster-admins system:authenticated]"]]
        return Result(table(("ATTRIBUTE", "VALUE"), rows))
    if asked != "can-i":
        raise BadWords("error: of kubectl auth there are can-i VERB KIND and whoami here")
    if len(words.rest) != 4:
        raise BadWords(f"error: {_ASKED}.\nSee 'kubectl auth can-i -h' for help and examples.")
    kind = words.rest[3].partition("/")[0]
    said = ""
    try:
        resource = None if kind in ("*", "") else resource_of(kind)
        if resource is not None and not resource.namespaced:
            group = f" group '{resource.group}'" if resource.group else ""
            said = (
                f"Warning: resource '{resource.names[0]}' is not namespace scoped{' in' + group if group else ''}\n\n"
            )
    except BadWords:
        said = f"Warning: the server doesn't have a resource type '{kind}'\n\n"
    return Result("" if "quiet" in words.flags else "yes\n", said)


def _config(call: Call, words: Words) -> Result:
    asked = words.rest[1] if len(words.rest) > 1 else ""
    headed = "no-headers" not in words.flags
    if asked == "current-context":
        return Result(f"{CONTEXT}\n")
    if asked == "get-contexts":
        row = [
            "*",
            CONTEXT,
            "kubernetes",
            "kubernetes-admin",
            "" if call.live.namespace == "default" else call.live.namespace,
        ]
        return Result(table(("CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"), [row], headed=headed))
    if asked == "get-clusters":
        return Result("NAME\nkubernetes\n")
    if asked == "get-users":
        return Result("NAME\nkubernetes-admin\n")
    if asked == "use-context":
        name = words.rest[2] if len(words.rest) > 2 else ""
        if name != CONTEXT:
            raise BadWords(f'error: no context exists with the name: "{name}"')
        return Result(f'Switched to context "{name}".\n')
    if asked == "view":
        return Result(_view(call))
    if (
        asked == "set-context"
        and ("current" in words.flags or words.rest[2:] == (CONTEXT,))
        and "namespace" in words.values
    ):
        live = dataclasses.replace(call.live, namespace=words.namespace or "default")
        return Result(f'Context "{CONTEXT}" modified.\n', live=live)
    raise BadWords(
        "error: of kubectl config there are view, current-context, get-contexts, get-clusters, get-users, use-context and set-context "
        "--current --namespace=NS here"
    )


def _view(call: Call) -> str:
    cluster, user = "kubernetes", "kubernetes-admin"
    within = {} if call.live.namespace == "default" else {"namespace": call.live.namespace}
    document = {
        "apiVersion": "v1",
        "clusters": [{"cluster": {"certificate-authority-data": "DATA+OMITTED", "server": _SERVER}, "name": cluster}],
        "contexts": [{"context": {"cluster": cluster, "user": user, **within}, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [
            {"name": user, "user": {"client-certificate-data": "DATA+OMITTED", "client-key-data": "DATA+OMITTED"}}
        ],
    }
    return yaml_text(document if release_of(call.live) >= (1, 34) else {**document, "preferences": {}})
