"""kubectl on a live cluster: what it shows, what a change does to endpoints and walks, what it says of a mistake."""

from __future__ import annotations

import json

import pytest

from engine import Request
from engine.shell import Shell

from .clusters import opened, run

SHOWN = {
    "nodes": ("kubectl get nodes", "NAME    STATUS   ROLES    AGE   VERSION\nnode1   Ready    <none>   12d   <unknown>\nnode2   Ready    <none>   12d   <unknown>\n"),
    "a pod, wide": ("kubectl get pod a -o wide", "NAME   READY   STATUS    RESTARTS   AGE   IP           NODE    NOMINATED NODE   READINESS GATES\na      1/1     Running   0          12d   10.244.1.5   node1   <none>           <none>\n"),
    "Services": ("kubectl get svc", "NAME   TYPE       CLUSTER-IP   EXTERNAL-IP   PORT(S)        AGE\nweb    NodePort   10.96.0.10   <none>        80:30080/TCP   12d\n"),
    "kinds together": ("kubectl get svc,endpointslices -o name", "service/web\nendpointslice.discovery.k8s.io/web-ipv4-0\n"),
    "slices": ("kubectl get endpointslices", "NAME         ADDRESSTYPE   PORTS   ENDPOINTS               AGE\nweb-ipv4-0   IPv4          8080    10.244.1.5,10.244.2.8   12d\n"),
    "by label": ("kubectl get pods -l app=web -o name", "pod/a\npod/b\n"),
    "not by label": ("kubectl get pods -l app!=web -o name", "pod/c\n"),
    "by path": ("kubectl get svc web -o jsonpath='{.spec.ports[0].nodePort}'", "30080"),
    "by paths": ("kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}={.status.podIP}{\"\\n\"}{end}'", "a=10.244.1.5\nb=10.244.2.8\nc=10.244.1.7\n"),
    "as YAML": ("kubectl get svc web -o yaml | head -3", "apiVersion: v1\nkind: Service\nmetadata:\n"),
    "kube-proxy's configuration": ("kubectl get cm kube-proxy -n kube-system -o jsonpath='{.data.config\\.conf}' | grep -c clusterCIDR", "1\n"),
    "a command in a pod": ("kubectl exec c -- cat /etc/hostname", "c\n"),
    "described": ("kubectl describe svc web | grep Endpoints", "Endpoints:                10.244.1.5:8080,10.244.2.8:8080\n"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "told"), SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("host", ["", "node1"], ids=["the administrator's machine", "a node"])
def test_shown(host: str, line: str, told: str) -> None:
    reply = run(opened(), host, line)
    assert (reply.stdout, reply.stderr, reply.status) == (told, "", 0)


CHANGED = {
    "targetPort": ("kubectl patch svc web -p '{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":9999}]}}'", "service/web patched\n", "10.244.1.5:9999,10.244.2.8:9999"),
    "a selector": ("kubectl patch svc web -p '{\"spec\":{\"selector\":{\"app\":\"wbe\"}}}'", "service/web patched\n", "<none>"),
    "a selector, as JSON patch": ("kubectl patch svc web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/selector/app\",\"value\":\"x\"}]'", "service/web patched\n", "<none>"),
    "a label": ("kubectl label pod a app=x --overwrite", "pod/a labeled\n", "10.244.2.8:8080"),
    "no label": ("kubectl label pod a app-", "pod/a unlabeled\n", "10.244.2.8:8080"),
    "a label that is there": ("kubectl label pod a app=web", "pod/a not labeled\n", "10.244.1.5:8080,10.244.2.8:8080"),
    "a pod is gone": ("kubectl delete pod b", 'pod "b" deleted from default namespace\n', "10.244.1.5:8080"),
    "nothing": ("kubectl patch svc web -p '{\"spec\":{\"type\":\"NodePort\"}}'", "service/web patched (no change)\n", "10.244.1.5:8080,10.244.2.8:8080"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "told", "endpoints"), CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_changed(mode: str, line: str, told: str, endpoints: str) -> None:
    reply = run(opened(mode), "", line)
    assert (reply.stdout, reply.stderr, reply.status) == (told, "", 0)
    assert reply.shell.run("", "kubectl get ep web --no-headers").stdout.split()[1] == endpoints


def test_a_change_is_in_the_rules_at_once() -> None:
    shell = run(opened(), "", 'kubectl patch svc web -p \'{"spec":{"ports":[{"port":80,"targetPort":9999}]}}\'').shell
    outcome, _ = shell.live.walk(Request("pod/c", "svc/web"))
    assert outcome.destination.endswith(":9999")


def test_a_policy_that_is_applied_counts() -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny"},
        "spec": {"podSelector": {}},
    }
    reply = run(opened(), "", f"echo '{json.dumps(policy)}' | kubectl apply -f -", "kubectl get netpol --no-headers")
    assert reply.stdout == "deny   <none>   12d\n"


def test_an_object_that_is_there_is_merged_with_what_is_applied() -> None:
    spec = {"type": "ClusterIP", "selector": {"app": "client"}, "ports": [{"port": 80, "targetPort": 8080}]}
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    line = f"echo '{json.dumps(manifest)}' | kubectl apply -f -"
    first = run(opened(), "", line)
    assert (first.stdout, first.status) == ("service/web configured\n", 0)
    assert first.stderr.startswith("Warning: resource services/web is missing the kubectl.kubernetes.io/last-applied")
    assert run(first.shell, "", "kubectl get ep web --no-headers").stdout.split()[1] == "10.244.1.7:8080"
    again = run(first.shell, "", line)
    assert (again.stdout, again.stderr) == ("service/web unchanged\n", "")
    del manifest["spec"]["selector"]  # type: ignore[attr-defined]
    third = run(again.shell, "", f"echo '{json.dumps(manifest)}' | kubectl apply -f -", "kubectl get svc web -o yaml")
    assert "selector" not in third.stdout.split("spec:")[-1]


INVALID = 'error: error validating "STDIN": error validating data: '
OFF = "; if you choose to ignore these errors, turn validation off with --validate=false"
MISTAKES = {
    "no such pod": ("kubectl get pod x", 'Error from server (NotFound): pods "x" not found'),
    "no such kind": ("kubectl get foo", 'error: the server doesn\'t have a resource type "foo"'),
    "no such verb": ("kubectl frob", 'error: unknown command "frob" for "kubectl"'),
    "no such flag": ("kubectl get pods --frob", "error: unknown flag: --frob\nSee 'kubectl get --help' for usage."),
    "no JSON": ("kubectl patch svc web -p '{'", 'error: unable to parse "{": it is neither JSON nor YAML'),
    "no patch": ("kubectl patch svc web", "error: must specify --patch or --patch-file containing the contents of the patch"),
    "a label that is taken": ("kubectl label pod a app=x", "error: 'app' already has a value (web), and --overwrite is false"),
    "what may not change": ("kubectl patch svc web --type=merge -p '{\"spec\":{\"clusterIP\":\"10.96.0.99\"}}'", 'The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.99"]: may not change once set'),
    "what is no value": ("kubectl patch svc web -p '{\"spec\":{\"externalTrafficPolicy\":\"Foo\"}}'", 'The Service "web" is invalid: spec.externalTrafficPolicy: Unsupported value: "Foo": supported values: "Cluster", "Local"'),
    "a list where a mapping belongs": ("kubectl patch svc web --type=merge -p '[1]'", "Error from server (BadRequest): json: cannot unmarshal array into Go value of type map[string]interface {}"),
    "a spec that is none": ("kubectl patch svc web --type=merge -p '{\"spec\":[]}'", 'The Service "web" is invalid: spec must be a mapping, not a list'),
    "addresses that are none": ("kubectl patch svc web --type=merge -p '{\"spec\":{\"clusterIPs\":3}}'", 'The Service "web" is invalid: spec.clusterIPs must be a list, not 3'),
    "a manifest's spec that is none": ("echo '{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\"},\"spec\":\"x\"}' | kubectl replace -f -", "The Service \"web\" is invalid: spec must be a mapping, not 'x'"),
    "no apiVersion": ("echo '{\"kind\":\"Service\"}' | kubectl apply -f -", f"{INVALID}apiVersion not set{OFF}"),
    "a name that is none": ("echo '{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":[1]}}' | kubectl create -f -", 'The Pod "" is invalid: metadata.name: Required value: name or generateName is required'),
    "a namespace that is none": ("echo '{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\",\"namespace\":3}}' | kubectl apply -f -", "error: the namespace of pod/x is no string"),
    "a list of numbers": ("echo '{\"kind\":\"List\",\"items\":[3]}' | kubectl apply -f -", f"{INVALID}invalid object to validate{OFF}"),
    "nobody of that name": ("kubectl patch po web -p '{}'", 'Error from server (NotFound): pods "web" not found'),
    "no kind": ("kubectl get ,", 'error: the server doesn\'t have a resource type ""'),
    "a template": ("kubectl get svc -o jsonpath='{.items[0'", "error: error parsing jsonpath {.items[0, unterminated array"),
    "nothing there": ("kubectl get netpol", "No resources found in default namespace."),
    "a command that fails": ("kubectl exec c -- false", "command terminated with exit code 1"),
    "no command": ("kubectl exec c", "error: you must specify at least one command for the container"),
    "a file that is not there": ("kubectl apply -f x.yaml", 'error: the path "x.yaml" does not exist'),
    "not here": ("kubectl cp a:/x y", "error: kubectl cp is not simulated here: kubectl exec POD -- cat FILE is there"),
    "a kind that is not here": ("kubectl get sa", "error: kubectl get sa is not simulated here: accounts decide nothing here"),
    "a field that is none": ("kubectl get po --field-selector foo=a", "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \"foo=a\": field label not supported: foo"),
    "a column without a path": ("kubectl get po -o custom-columns=A", "error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>"),
    "an order by nothing": ("kubectl get po --sort-by=.foo", "No resources found in default namespace."),
    "a selector that is none": ("kubectl get po -l 'a in (b'", "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"a in (b\", field selector \"\": unable to parse requirement: 'a in (b'"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(line: str, message: str) -> None:
    reply = run(opened(), "", line)
    assert (reply.stdout, reply.stderr) == ("", message + "\n")


def test_kube_proxy_is_restarted() -> None:
    live = opened().live.with_proxy("node1", running=False)
    reply = Shell(live).run("", "kubectl rollout restart ds/kube-proxy -n kube-system")
    assert reply.stdout == "daemonset.apps/kube-proxy restarted\n"
    assert reply.shell.live.proxy("node1").running
