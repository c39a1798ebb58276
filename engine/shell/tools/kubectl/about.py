"""kubectl about the cluster itself: version, cluster-info, config, api-resources, events, top."""

from __future__ import annotations

import dataclasses

from engine.shell.api import RESOURCES
from engine.shell.interface import Call, Result
from engine.shell.readiness import event_documents
from engine.shell.tools.kubectl.problems import CONTEXT, BadWords
from engine.shell.tools.kubectl.tables import table
from engine.shell.tools.kubectl.words import Words

_SERVER = "https://127.0.0.1:6443"


def run(call: Call, words: Words) -> Result:
    """One of them."""
    verb = words.rest[0]
    if verb == "version":
        return Result(_version(call))
    if verb == "cluster-info":
        return Result(f"Kubernetes control plane is running at {_SERVER}\n")
    if verb == "config":
        return _config(call, words)
    if verb == "auth":
        return _auth(words)
    if verb == "api-versions":
        return Result("".join(f"{one}\n" for one in sorted({_version_of(resource.group) for resource in RESOURCES})))
    if verb == "api-resources":
        rows = [[one.names[0], one.names[-1] if len(one.names) > 2 else "", _version_of(one.group), str(one.namespaced).lower(), one.kind] for one in RESOURCES]  # fmt: skip
        return Result(table(("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"), rows))
    if verb == "events":
        found = [o for o in event_documents(call.live) if "all-namespaces" in words.flags or o["metadata"]["namespace"] == words.namespace]  # fmt: skip
        if found:
            rows = [["3s (x12 over 2m)", o["type"], o["reason"], f"Pod/{o['involvedObject']['name']}", o["message"]] for o in found]  # fmt: skip
            return Result(table(("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), rows))
        return Result(stderr="No events found" + ("" if "all-namespaces" in words.flags else f" in {words.namespace} namespace") + ".\n")  # fmt: skip
    # There is no metrics-server.
    raise BadWords("error: Metrics API not available")


def _version_of(group: str) -> str:
    return f"{group}/v1" if group else "v1"


def _version(call: Call) -> str:
    nodes = call.live.cluster.nodes
    version = next((node.proxy_version for node in nodes if node.proxy_version), "v1.31.4")
    return f"Client Version: {version}\nKustomize Version: v5.4.2\nServer Version: {version}\n"


def _auth(words: Words) -> Result:
    """Whoever is here may do everything."""
    asked = words.rest[1] if len(words.rest) > 1 else ""
    if asked == "can-i" and len(words.rest) > 2:
        return Result("yes\n")
    if asked == "whoami":
        rows = [["Username", "kubernetes-admin"], ["Groups", "[kubeadm:cluster-admins system:authenticated]"]]
        return Result(table(("ATTRIBUTE", "VALUE"), rows))
    raise BadWords("error: of kubectl auth there are can-i VERB KIND and whoami here")


def _config(call: Call, words: Words) -> Result:
    asked = words.rest[1] if len(words.rest) > 1 else ""
    if asked == "current-context":
        return Result(f"{CONTEXT}\n")
    if asked == "get-contexts":
        namespace = "" if call.live.namespace == "default" else call.live.namespace
        row = ["*", CONTEXT, "kubernetes", "kubernetes-admin", namespace]
        return Result(table(("CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"), [row]))
    if (
        asked == "set-context"
        and ("current" in words.flags or words.rest[2:] == (CONTEXT,))
        and "namespace" in words.values
    ):
        live = dataclasses.replace(call.live, namespace=words.namespace or "default")
        return Result(f'Context "{CONTEXT}" modified.\n', live=live)
    if asked == "use-context" and words.rest[2:] == (CONTEXT,):
        return Result(f'Switched to context "{CONTEXT}".\n')
    raise BadWords(
        "error: of kubectl config there are current-context, get-contexts, use-context and set-context --current --namespace=NS here"
    )
