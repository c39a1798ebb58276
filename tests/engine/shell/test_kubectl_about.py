"""kubectl about the cluster itself, kinds that it has none of, words that are nearly right, and a pod of one's own."""

from __future__ import annotations

import pytest

from .clusters import opened

SAID = {
    "version": ("kubectl version", 0, "Client Version: v1."),
    "where it is": ("kubectl cluster-info", 0, "Kubernetes control plane is running at"),
    "which one": ("kubectl config current-context", 0, "kubernetes-admin@kubernetes"),
    "all of them": ("kubectl config get-contexts", 0, "CURRENT"),
    "a part of config": ("kubectl config rename-context", 1, "error: of kubectl config there are view, current-context,"),
    "another context": ("kubectl get po --context foo", 1, 'error: context "foo" does not exist'),
    "its groups": ("kubectl api-versions", 0, "apps/v1\n"),
    "one's rights": ("kubectl auth can-i create pods", 0, "yes\n"),
    "how a verb is called": ("kubectl drain -h", 0, "Usage, as far as it is here:\n  kubectl drain NODE --ignore-daemonsets [--force]\n"),
    "a flag that is not here": ("kubectl get po -v=6", 1, "error: --v is not simulated here\n"),
    "a node that is none": ("kubectl cordon nope", 1, 'Error from server (NotFound): nodes "nope" not found\n'),
    "forwarded": ("kubectl port-forward svc/web :80", 0, "Forwarding from 127.0.0.1:8080 -> 8080\nForwarding from [::1]:8080 -> 8080\n(nothing connects to it here;"),
    "forwarded to nothing": ("kubectl port-forward svc/web 9", 1, "error: Service web does not have a service port 9\n"),
    "waited for": ("kubectl wait --for=condition=Ready pod/a", 0, "pod/a condition met\n"),
    "the container before": ("kubectl logs -p a", 1, "Error from server (BadRequest): previous terminated container"),
    "a log that is followed": ("kubectl logs -f a", 0, ""),
    "a Deployment": ("kubectl describe deploy coredns -n kube-system", 1, "Error from server (NotFound)"),
    "its kinds": ("kubectl api-resources", 0, "NAME "),
    "events": ("kubectl get events -A", 0, "No resources found\n"),
    "events by themselves": ("kubectl events", 0, "No events found in default namespace."),
    "a kind there is none of": ("kubectl get ing,pvc", 0, "No resources found in default namespace."),
    "no metrics": ("kubectl top pods", 1, "error: Metrics API not available"),
    "a slip": ("kubectl gte pods", 1, 'error: unknown command "gte" for "kubectl"\n\nDid you mean this?\n\tget\n'),
    "nothing like it": ("kubectl frob", 1, 'error: unknown command "frob" for "kubectl"\n'),
    "endpoints": ("kubectl describe ep web 2>/dev/null", 0, "Name:         web\n"),
    "not here, whatever its flags": ("kubectl autoscale deploy a --max=8", 1, "error: kubectl autoscale is not simulated here"),
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
    assert gone.stdout == 'tmp\npod "tmp" deleted from default namespace\n'
    assert len(gone.shell.live.cluster.pods) == 3
    stays = shell.run("", f"{RUN} -it -l app=client")
    assert stays.login == stays.shell.live.host_named("pod/tmp")
    assert [pod.labels for pod in stays.shell.live.cluster.pods if pod.name == "tmp"] == [{"app": "client"}]
    assert stays.shell.run("pod/tmp", "curl -s -m 2 10.96.0.10").status == 0


ASKED = {
    "by node": ("kubectl get po -A --field-selector spec.nodeName=node2 -o name", "pod/b\n"),
    "but one": ("kubectl get po --field-selector metadata.name!=a -o name | head -n1", "pod/b\n"),
    "by a set of labels": ("kubectl get po -l 'app in (web,none)' -o name", "pod/a\npod/b\n"),
    "by a set of others": ("kubectl get po -l 'app notin (web)' -o name | grep -c a", "0\n"),
    "in order": (
        "kubectl get po --sort-by=.status.podIP --no-headers -o custom-columns=I:.status.podIP | head -n1",
        "10.244.1.5\n",
    ),
    "in columns": ("kubectl get po a -o custom-columns=NAME:.metadata.name,X:.foo", "NAME   X\na      <none>\n"),
    "with a label": (
        "kubectl get po a -L app",
        "NAME   READY   STATUS    RESTARTS   AGE   APP\na      1/1     Running   0          12d   web\n",
    ),
}


@pytest.mark.parametrize(("line", "printed"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for(line: str, printed: str) -> None:
    assert opened().run("", line).stdout == printed


def test_a_node_is_cordoned_and_drained() -> None:
    shell = opened().run("", "kubectl cordon node1").shell
    assert "node1   Ready,SchedulingDisabled " in shell.run("", "kubectl get nodes").stdout
    assert "Unschedulable:      true" in shell.run("", "kubectl describe node node1").stdout
    refused = shell.run("", "kubectl drain node1")
    assert (refused.status, "use --ignore-daemonsets" in refused.stderr) == (1, True)
    drained = shell.run("", "kubectl drain node1 --ignore-daemonsets --force")
    assert "evicting pod default/a\n" in drained.stdout
    assert drained.shell.run("", "kubectl get po -A --field-selector spec.nodeName=node1").stdout == ""
    assert "node1   Ready  " in drained.shell.run("", "kubectl uncordon node1; kubectl get no").stdout


def test_a_namespace_of_ones_own() -> None:
    shell = opened().run("", "kubectl config set-context --current --namespace=kube-system").shell
    assert shell.run("", "kubectl get ds -o name").stdout == "daemonset.apps/kube-proxy\n"
