"""Deployments as their pods tell of them: scaled, restarted, edited, and what their endpoints become."""

from __future__ import annotations

import json

import pytest

from engine.manifests import load_cluster
from engine.shell import Shell, open_shell


def opened() -> Shell:
    """Two nodes, a Deployment of one pod behind a Service."""
    node = {"apiVersion": "v1", "kind": "Node"}
    items = [
        {**node, "metadata": {"name": f"node{n}"}, "spec": {"podCIDR": f"10.244.{n}.0/24", "podCIDRs": [f"10.244.{n}.0/24"]}, "status": {"addresses": [{"type": "InternalIP", "address": f"192.168.1.1{n}"}]}}
        for n in (1, 2)
    ]  # fmt: skip
    ready = {"podIP": "10.244.1.5", "conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"nodeName": "node1", "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}]}
    items += [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-bcdfg", "labels": {"app": "web"}}, "spec": spec, "status": ready},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "clusterIP": "10.96.0.10", "ports": [{"port": 80, "targetPort": 8080}]}},
    ]  # fmt: skip
    return open_shell(load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items})))


ENDPOINTS = "kubectl get endpoints web --no-headers"
# Lines on the administrator's machine -> what the last one prints.
LINES = {
    "as it is": (("kubectl get deploy --no-headers",), "web   1/1   1     1     12d\n"),
    "scaled": (("kubectl scale deploy/web --replicas=3", ENDPOINTS), "web   10.244.2.2:8080,10.244.1.5:8080,10.244.1.6:8080   12d\n"),
    "scaled to nothing": (("kubectl scale deploy/web --replicas=0", ENDPOINTS), "web   <none>   12d\n"),
    "and back": (("kubectl scale deploy/web --replicas=0", "kubectl scale deploy web --replicas=1", ENDPOINTS), "web   10.244.2.2:8080   12d\n"),
    "restarted": (("kubectl rollout restart deployment/web", ENDPOINTS), "web   10.244.1.6:8080   12d\n"),
    "rolled out": (("kubectl rollout status deployment/web",), 'deployment "web" successfully rolled out\n'),
    "edited": (("kubectl get svc web -o yaml > f", "cat f | kubectl edit svc web"), ""),
    "logs": (("kubectl logs deploy/web",), "listening on :8080\n"),
    "logs of kube-proxy": (("kubectl logs ds/kube-proxy -n kube-system | grep -c iptables",), "1\n"),
    "the DaemonSet": (("kubectl get ds -n kube-system --no-headers",), "kube-proxy   2     2     2     2     2     <none>   12d\n"),
    "a node's shell": (("kubectl debug node/node1 -it --image=busybox -- cat /etc/hostname",), "node1\n"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "told"), LINES.values(), ids=LINES)
def test_told(lines: tuple[str, ...], told: str) -> None:
    shell = opened()
    for line in lines:
        reply = shell.run("", line)
        shell = reply.shell
    assert reply.stdout == told


def test_an_edited_service_is_what_the_editor_left() -> None:
    shell = opened()
    text = shell.run("", "kubectl get svc web -o yaml").stdout.replace("targetPort: 8080", "targetPort: 9090")
    for part in text.splitlines():
        shell = shell.run("", f"echo '{part}' >> f").shell
    reply = shell.run("", "kubectl edit svc web < f")
    assert reply.stdout == "service/web edited\n"
    assert ":9090" in reply.shell.run("", ENDPOINTS).stdout


def test_a_stopped_kube_proxy_is_in_its_journal() -> None:
    shell = opened()
    stopped = shell.run("node1", "systemctl stop kube-proxy").shell
    assert "Stopped kube-proxy.service" in stopped.run("node1", "journalctl -u kube-proxy -n 1").stdout
    assert "web" in shell.run("node1", "crictl ps").stdout
