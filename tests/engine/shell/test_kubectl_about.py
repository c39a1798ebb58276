"""kubectl about the cluster itself, kinds that it has none of, words that are nearly right, and a pod of one's own."""

from __future__ import annotations

import pytest

from .clusters import opened

SAID = {
    "version": ("kubectl version", 0, "Client Version: v1."),
    "where it is": ("kubectl cluster-info", 0, "Kubernetes control plane is running at"),
    "which one": ("kubectl config current-context", 0, "kubernetes-admin@kubernetes"),
    "all of them": ("kubectl config get-contexts", 0, "CURRENT"),
    "a part of config": ("kubectl config set-context --current", 1, "error: unknown flag"),
    "its kinds": ("kubectl api-resources", 0, "NAME "),
    "events": ("kubectl get events -A", 0, "No resources found."),
    "events by themselves": ("kubectl events", 0, "No events found in default namespace."),
    "a kind there is none of": ("kubectl get ing,pvc", 0, "No resources found in default namespace."),
    "no metrics": ("kubectl top pods", 1, "error: Metrics API not available"),
    "a slip": ("kubectl gte pods", 1, 'error: unknown command "gte" for "kubectl"\n\nDid you mean this?\n\tget\n'),
    "nothing like it": ("kubectl frob", 1, 'error: unknown command "frob" for "kubectl"\n'),
    "endpoints": ("kubectl describe ep web", 0, "Name:         web\n"),
    "not here, whatever its flags": ("kubectl drain node1 --ignore-daemonsets", 1, "error: kubectl drain is not available here"),
    "in a Service's pod": ("kubectl exec svc/web -- hostname", 0, "a\n"),
    "in a Service's pod that is none": ("kubectl exec svc/nope -- hostname", 1, "Error from server (NotFound)"),
    "in a Deployment's pod that is none": ("kubectl exec deploy/nope -- hostname", 1, "Error from server (NotFound)"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "status", "said"), SAID.values(), ids=SAID)
def test_a_line(line: str, status: int, said: str) -> None:
    reply = opened().run("", line)
    assert (reply.status, reply.shown[: len(said)]) == (status, said)


def test_endpoints_are_described() -> None:
    text = opened().run("", "kubectl describe endpoints web").stdout
    assert "  Addresses:          10.244.1.5,10.244.2.8\n" in text
    assert "    <unset>  8080  TCP\n" in text


RUN = "kubectl run tmp --image=busybox"
MADE = {
    "a command": (f"{RUN} --rm -it --restart=Never -- curl -s -m 2 10.96.0.10", 0, "server: "),
    "nothing to do": (RUN, 0, "pod/tmp created\n"),
    "a shell": (f"{RUN} -it -- sh", 0, "If you don't see a command prompt"),
    "no image": ("kubectl run tmp", 1, 'error: required flag(s) "image" not set'),
    "no name": ("kubectl run --image=a", 1, "error: NAME is required for run"),
    "a bad name": ("kubectl run A_b --image=a", 1, 'The Pod "A_b" is invalid'),
    "one that is there": ("kubectl run a --image=a", 1, 'Error from server (AlreadyExists): pods "a" already exists'),
    "gone before it is looked at": (f"{RUN} --rm", 1, "error: --rm should only be used"),
    "a bad label": (f"{RUN} -l a", 1, "error: unexpected label format"),
}


@pytest.mark.parametrize(("line", "status", "said"), MADE.values(), ids=MADE)
def test_a_pod_of_ones_own(line: str, status: int, said: str) -> None:
    reply = opened().run("", line)
    assert (reply.status, reply.shown[: len(said)]) == (status, said)


def test_it_goes_or_stays() -> None:
    shell = opened()
    gone = shell.run("", f"{RUN} --rm -i -- hostname")
    assert gone.stdout == 'tmp\npod "tmp" deleted\n'
    assert len(gone.shell.live.cluster.pods) == 3
    stays = shell.run("", f"{RUN} -it -l app=client")
    assert stays.login == stays.shell.live.host_named("pod/tmp")
    assert [pod.labels for pod in stays.shell.live.cluster.pods if pod.name == "tmp"] == [{"app": "client"}]
    assert stays.shell.run("pod/tmp", "curl -s -m 2 10.96.0.10").status == 0
