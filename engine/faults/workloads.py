"""Faults of what a Deployment says of its pods."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from engine.faults.interface import Case, KnownFault, Lines, ToolEvidence
from engine.faults.restarts import all_proxies, pods_of
from engine.faults.scene import APPLICATIONS, IncidentScene
from engine.faults.services import restart
from engine.shell import api
from engine.shell.live import LiveCluster
from engine.trace import Text

# Services that an application asks something of now and then, without which it does most of its work.
_ASKED = ("flags", "quota", "geoip", "licenses")
_PROBE = "/spec/template/spec/containers/0/readinessProbe"


def _dependency(scene: IncidentScene) -> str:
    return _ASKED[APPLICATIONS.index(scene.front) % len(_ASKED)]


def _service(scene: IncidentScene) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _dependency(scene), "namespace": "default"},
        "spec": {
            "selector": {"app": scene.other},
            "clusterIP": "10.96.4.40",
            "ports": [{"name": "http", "port": 80, "targetPort": scene.port, "protocol": "TCP"}],
        },
    }


def with_deep_probe(scene: IncidentScene, live: LiveCluster) -> LiveCluster:
    """The application's pods are ready while another Service answers them."""
    live = live.with_cluster(api.created(live.cluster, _service(scene)))
    command = f"curl -sS -f -m 1 http://{_dependency(scene)}".split()
    return dataclasses.replace(live, probes={f"default/{scene.front}": {"exec": {"command": command}}})


def _cascade(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    name, asked = scene.front, _dependency(scene)
    pod = pods_of(scene, live, name)[0]
    failed = rf"Readiness probe failed: curl: \(6\) Could not resolve host: {asked}"
    yield Case(
        (name, asked),
        (("", f"kubectl delete svc {asked}"),),
        (
            ToolEvidence("", f"kubectl get pods -l app={name} --no-headers", r"0/1 +Running"),
            ToolEvidence("", f"kubectl get endpointslices -l kubernetes.io/service-name={name} -o yaml", r"ready: false"),
            ToolEvidence("", f"kubectl describe pod {pod}", failed),
            ToolEvidence("", "kubectl get events", failed),
            ToolEvidence("", f"kubectl get deployment {name} -o yaml", rf"readinessProbe:[\s\S]*http://{asked}"),
        ),
        (
            _patched(name, [{"op": "remove", "path": _PROBE}]),
            _patched(name, [{"op": "replace", "path": _PROBE, "value": {"tcpSocket": {"port": scene.port}}}]),
            (("", f"echo '{json.dumps(_service(scene))}' | kubectl apply -f -"),),
        ),
        (
            *all_proxies(),
            restart(scene, live, name),
            restart(scene, live, scene.other),
            (("", f"kubectl scale deployment {name} --replicas=4"),),
            (("", f"kubectl rollout restart deployment/{name}"),),
            _patched(name, [{"op": "replace", "path": _PROBE, "value": {"tcpSocket": {"port": scene.port + 1}}}]),
        ),
    )  # fmt: skip


def _patched(name: str, patch: list[dict[str, Any]]) -> Lines:
    return (("", f"kubectl patch deployment {name} --type=json -p '{json.dumps(patch)}'"),)


FAULTS = (
    KnownFault(
        "readiness-cascade", 2,
        Text("the readiness probe asks another Service, which is gone: all pods are not ready at once, though they work", "就绪探针访问另一个 Service，而它已经不存在：所有 Pod 同时变为未就绪，尽管它们本身正常"),
        Text("in the Deployment: its readiness probe", "在 Deployment 里：它的就绪探针"),
        Text("Services that nobody seemed to use were deleted", "删除了一批看似没人使用的 Service"),
        (r"readiness|\bprobe|not ready|unready|就绪|探针",), _cascade, prepare=with_deep_probe,
    ),
)  # fmt: skip
