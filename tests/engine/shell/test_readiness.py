"""Readiness probes of a Deployment's pods: who asks, what it says where it fails, what a changed Deployment makes of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import Mode
from engine.faults.scene import draw_scene
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.shell.readiness import failure, probed

SCENE = draw_scene("readiness", "flannel/vxlan", Mode.IPTABLES, 2)
FRONT = SCENE.front
LIVE = LiveCluster(SCENE.cluster)
POD = next(pod for pod in LIVE.cluster.pods if pod.name.startswith(FRONT))


def with_probe(probe: dict[str, Any]) -> LiveCluster:
    return dataclasses.replace(LIVE, probes={f"default/{FRONT}": probe})


SAID = {
    "a command that ends well": ({"exec": {"command": ["true"]}}, None),
    "a command that fails": ({"exec": {"command": ["curl", "-sS", "http://nobody"]}}, "curl: (6) Could not resolve host: nobody"),
    "its port": ({"tcpSocket": {"port": SCENE.port}}, None),
    "another port": ({"tcpSocket": {"port": 99}}, f"dial tcp {POD.ips[0]}:99: connect: connection refused"),
    "a path": ({"httpGet": {"port": SCENE.port, "path": "/healthz"}}, None),
    "a path at another port": ({"httpGet": {"port": 99, "path": "/healthz"}}, f'Get "http://{POD.ips[0]}:99/healthz": dial tcp {POD.ips[0]}:99: connect: connection refused'),
}  # fmt: skip


@pytest.mark.parametrize(("probe", "said"), SAID.values(), ids=SAID)
def test_what_the_kubelet_says(probe: dict[str, Any], said: str | None) -> None:
    live = with_probe(probe)
    assert failure(live, POD) == said
    ready = {pod.ready for pod in probed(live).cluster.pods if pod.name.startswith(FRONT)}
    assert ready == {said is None}


def test_without_a_probe_nobody_is_asked() -> None:
    assert probed(LIVE) is LIVE


FAILING = probed(with_probe({"tcpSocket": {"port": 99}}))
PATCH = f"kubectl patch deploy {FRONT} --type=json -p "
AT = "/spec/template/spec/containers/0/readinessProbe"
SHOWN = {
    "get pods": (f"kubectl get pods -l app={FRONT} --no-headers", " 0/1 "),
    "get pod": (f"kubectl get pod {POD.name} -o yaml", "readinessProbe:"),
    "get deployment": (f"kubectl get deploy {FRONT} -o yaml", "port: 99"),
    "its status": (f"kubectl get deploy {FRONT} --no-headers", " 0/2 "),
    "describe": (f"kubectl describe pod {POD.name}", "Readiness:    tcp-socket :99 delay=0s timeout=1s period=10s #success=1 #failure=3"),
    "events": ("kubectl events", "Readiness probe failed: dial tcp"),
    "get events": ("kubectl get ev", f"pod/{POD.name}"),
    "no endpoint is left": (f"kubectl get ep {FRONT} --no-headers", f"{FRONT}         12d"),
    "no handler": (f"""{PATCH}'[{{"op": "replace", "path": "{AT}", "value": {{}}}}]'""", "must specify a handler type"),
    "no port": (f"""{PATCH}'[{{"op": "replace", "path": "{AT}", "value": {{"tcpSocket": {{"port": "http"}}}}}}]'""", "must be between 1 and 65535"),
    "no command": (f"""{PATCH}'[{{"op": "replace", "path": "{AT}", "value": {{"exec": {{}}}}}}]'""", "exec.command: Required value"),
    "what is not modelled": (f"""kubectl patch deploy {FRONT} -p '{{"spec": {{"paused": true}}}}'""", "can be changed here, nothing else"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "text"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown(line: str, text: str) -> None:
    assert text in Shell(FAILING).run("", line).shown


@pytest.mark.parametrize(
    "line",
    [
        f"""{PATCH}'[{{"op": "remove", "path": "{AT}"}}]'""",
        f"""kubectl patch deploy {FRONT} -p '{{"spec": {{"template": {{"spec": {{"containers": [{{"name": "main", "readinessProbe": {{"tcpSocket": {{"port": {SCENE.port}}}}}}}]}}}}}}}}'""",
    ],
    ids=["no probe", "another port"],
)
def test_a_rollout_makes_pods_with_the_new_probe(line: str) -> None:
    reply = Shell(FAILING).run("", line)
    assert reply.stdout == f"deployment.apps/{FRONT} patched\n"
    live = probed(reply.shell.live)
    pods = [pod for pod in live.cluster.pods if pod.name.startswith(FRONT)]
    assert [pod.ready for pod in pods] == [True, True]
    assert POD.name not in {pod.name for pod in pods}


def test_replicas_are_what_scale_makes_of_them() -> None:
    reply = Shell(LIVE).run("", f"""kubectl patch deploy {FRONT} -p '{{"spec": {{"replicas": 3}}}}'""")
    assert " 3/3 " in reply.shell.run("", f"kubectl get deploy {FRONT} --no-headers").stdout
