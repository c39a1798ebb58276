"""Readiness probes of Deployments' pods, asked as the kubelet asks them: of its node, or by a command in the pod.

Sources: pkg/kubelet/prober/prober.go, pkg/probe/{exec,tcp,http}, v1.34. A probe that failed three times in a row
(failureThreshold) makes its pod not ready; here that is so at once, as everything that controllers do.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from engine.cluster import Pod
from engine.manifests.write import Document
from engine.packet import join_host_port
from engine.shell import api
from engine.shell.connect import Ending, attempt
from engine.shell.deployments import deployment_of
from engine.shell.live import LiveCluster

# readinessProbe of a container, as a manifest has it.
Probe: TypeAlias = Mapping[str, Any]
HANDLERS = ("exec", "tcpSocket", "httpGet")
_FAILURES = 3
_DIALLED = {Ending.REFUSED: "connection refused", Ending.NO_ROUTE: "no route to host", Ending.NO_NETWORK: "network is unreachable"}  # fmt: skip
_TIMINGS = "delay=0s timeout=1s period=10s #success=1 #failure=3"


def probe_of(live: LiveCluster, pod: Pod) -> Probe | None:
    """The probe of the pod's Deployment; None where it has none."""
    return live.probes.get(f"{pod.namespace}/{deployment_of(pod)}") or None


def failure(live: LiveCluster, pod: Pod) -> str | None:
    """What the kubelet says of a pod whose probe fails each time it is asked; None of one that passes or has none."""
    probe = probe_of(live, pod)
    if probe is None or not pod.ips:
        return None
    said: str | None = None
    for number in range(_FAILURES):
        said = _asked(dataclasses.replace(live, seed=f"{live.seed}:probe:{number}", captures=()), pod, probe)
        if said is None:
            return None
    return said


def _asked(live: LiveCluster, pod: Pod, probe: Probe) -> str | None:
    from engine.shell.shell import Shell

    if "exec" in probe:
        reply = Shell(live).run(f"pod/{pod.namespace}/{pod.name}", shlex.join(probe["exec"]["command"]))
        return reply.shown.strip() if reply.status else None
    handler = probe.get("tcpSocket") or probe.get("httpGet") or {}
    port = int(handler.get("port", 0))
    found = attempt(live, pod.node_name or "", pod.ips[0], port)
    if found.ending is Ending.CONNECTED and not found.hangs:
        return None
    to = join_host_port(pod.ips[0], port)
    why = f"dial tcp {to}: {'connect: ' if found.ending in _DIALLED else ''}{_DIALLED.get(found.ending, 'i/o timeout')}"
    return why if "tcpSocket" in probe else f'Get "http://{to}{handler.get("path", "/")}": {why}'


def probed(live: LiveCluster) -> LiveCluster:
    """`live` after the kubelets asked: the pods of Deployments whose probe somebody has set are ready where it passes."""
    for pod in live.cluster.pods if live.probes else ():
        if f"{pod.namespace}/{deployment_of(pod)}" not in live.probes:
            continue
        ready = failure(live, pod) is None
        if ready != pod.ready:
            live = live.with_cluster(api.changed(live.cluster, ("Pod", pod.namespace, pod.name), _readied(ready)))
    return live


def _readied(ready: bool) -> Any:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return lambda document: {**document, "status": {**document["status"], "conditions": conditions}}


def with_probe(live: LiveCluster, document: Document) -> Document:
    """A pod's document with its probe."""
    pod = _pod_of(live, document)
    probe = None if pod is None else probe_of(live, pod)
    if probe is None:
        return document
    first, *others = document["spec"]["containers"]
    containers = [{**first, "readinessProbe": dict(probe)}, *others]
    return {**document, "spec": {**document["spec"], "containers": containers}}


def probe_text(probe: Probe) -> str:
    """As kubectl describe has it (describe.go, DescribeProbe)."""
    if "exec" in probe:
        return f"exec [{' '.join(probe['exec']['command'])}] {_TIMINGS}"
    if "tcpSocket" in probe:
        return f"tcp-socket :{probe['tcpSocket']['port']} {_TIMINGS}"
    get = probe["httpGet"]
    return f"http-get http://:{get['port']}{get.get('path', '/')} {_TIMINGS}"


def failure_of(live: LiveCluster, document: Document) -> str | None:
    """As failure(), of a pod's document."""
    pod = _pod_of(live, document)
    return None if pod is None else failure(live, pod)


def _pod_of(live: LiveCluster, document: Document) -> Pod | None:
    metadata = document["metadata"]
    return next(
        (one for one in live.cluster.pods if (one.namespace, one.name) == (metadata["namespace"], metadata["name"])),
        None,
    )


def event_documents(live: LiveCluster) -> Iterator[Document]:
    """v1 Event of each pod whose probe fails."""
    for pod in live.cluster.pods if live.probes else ():
        said = failure(live, pod)
        if said is not None:
            yield {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{pod.name}.unhealthy", "namespace": pod.namespace},
                "type": "Warning",
                "reason": "Unhealthy",
                "message": f"Readiness probe failed: {said}",
                "involvedObject": {"kind": "Pod", "namespace": pod.namespace, "name": pod.name},
                "source": {"component": "kubelet", "host": pod.node_name},
            }
