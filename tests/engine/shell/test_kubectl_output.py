"""What a real kubectl (v1.33 and v1.34) printed of these objects: paths, columns, order, quotes, descriptions, words of refusal."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess
import sys

import pytest

from engine.manifests.write import yaml_text
from engine.shell import Shell
from engine.shell.tools.kubectl.tabs import tabbed

from .clusters import opened, run

BESIDE = pathlib.Path(__file__).parents[3] / "benchmarks" / "kubectl_beside.py"

PATHS = {
    "a slice from the end": ("{.items[-1:].metadata.name}", "c"),
    "a slice": ("{.items[0:2].metadata.name}", "a b"),
    "every second": ("{.items[::2].metadata.name}", "a c"),
    "indexes": ("{.items[0,2].metadata.name}", "a c"),
    "a filter": ('{.items[?(@.spec.nodeName=="node1")].metadata.name}', "a c"),
    "a filter of numbers": ("{.items[?(@.spec.containers[0].ports[0].containerPort>8000)].metadata.name}", "a b c"),
    "a filter that asks whether it is there": ("{.items[?(@.status.podIP)].metadata.name}", "a b c"),
    "not so": ('{.items[?(@.metadata.labels.app!="web")].metadata.name}', "c"),
    "below all": ("{..podIP}", "10.244.1.5 10.244.2.8 10.244.1.7"),
    "names in brackets": ("{.items[0]['metadata.name','status.podIP']}", "a 10.244.1.5"),
    "any field": ("{.items[*].metadata.labels.*}", "web web client"),
    "a mapping": ("{.items[0].metadata.labels}", '{"app":"web"}'),
    "a range in a range": ('{range .items[*]}{.metadata.name}{" "}{range .spec.containers[*]}{.name}{","}{end}{"\\n"}{end}', "a main,\nb main,\nc main,\n"),
    "a range without an end": ("{range .items[*]}{.metadata.name}", "abc"),
    "what is not there": ("{.items[0].nope}", ""),
    "text alone": ("metadata.name", "metadata.name"),
    "a brace too many": ("{.items[0].kind}}", "Pod}"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "told"), PATHS.values(), ids=PATHS)
def test_a_path(path: str, told: str) -> None:
    reply = run(
        opened(), "", f'kubectl get pods -o jsonpath="{path.translate({34: chr(92) + chr(34), 36: chr(92) + chr(36)})}"'
    )
    assert (reply.stdout, reply.stderr, reply.status) == (told, "", 0)


COLUMNS = {
    "several": ("NAME:metadata.name,IP:.status.podIP,X:.x", "NAME   IP           X\na      10.244.1.5   <none>\nb      10.244.2.8   <none>\nc      10.244.1.7   <none>\n"),
    "a mapping": ("L:{.metadata.labels}", "L\nmap[app:web]\nmap[app:web]\nmap[app:client]\n"),
    "a list": ("C:.spec.containers[*].name", "C\nmain\nmain\nmain\n"),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "told"), COLUMNS.values(), ids=COLUMNS)
def test_columns(spec: str, told: str) -> None:
    assert run(opened(), "", f"kubectl get pods -o custom-columns='{spec}'").stdout == told


SAID = {
    "two kinds": ("kubectl get po,svc -A --no-headers", 0, "default   pod/a   1/1   Running   0     12d\ndefault   pod/b   1/1   Running   0     12d\ndefault   pod/c   1/1   Running   0     12d\ndefault   service/web   NodePort   10.96.0.10   <none>   80:30080/TCP   12d\n"),
    "a name that nobody has": ("kubectl get pods a x -o name", 1, 'pod/a\nError from server (NotFound): pods "x" not found\n'),
    "sorted": ("kubectl get pods --sort-by=.status.podIP -o name", 0, "pod/a\npod/c\npod/b\n"),
    "letters together": ("kubectl get pods -Aoname", 0, "pod/a\npod/b\npod/c\n"),
    "a letter that is none": ("kubectl get pods -x", 1, "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl get --help' for usage.\n"),
    "no kind": ("kubectl get", 1, "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples\n"),
    "a name and a selector": ("kubectl get pods a -l app=web", 1, "error: name cannot be provided when a selector is specified\n"),
    "a name in every namespace": ("kubectl get pods a -A", 1, "error: a resource cannot be retrieved by name across all namespaces\n"),
    "a label list": ("kubectl label --list pod a", 0, "app=web\n"),
    "a label's value": ("kubectl label pod a 'x=a=b'", 1, "error: invalid label spec: x=a=b\n"),
    "an annotation that stays": ("kubectl annotate pod a x=1 >/dev/null && kubectl annotate --list pod a", 0, "x=1\n"),
    "a dry run": ("kubectl delete pod a --dry-run=client", 0, 'pod "a" deleted from default namespace (dry run)\n'),
    "a template only": ("kubectl run t --image=i --dry-run=client -o yaml", 0, "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    run: t\n  name: t\nspec:\n  containers:\n  - image: i\n    name: t\n    resources: {}\n  dnsPolicy: ClusterFirst\n  restartPolicy: Always\nstatus: {}\n"),
    "a command without --": ("kubectl exec c ls", 1, "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples\n"),
    "an exposed pod": ("kubectl expose pod c --port=80 --target-port=8080", 0, "service/c exposed\n"),
    "a selector that is set": ("kubectl set selector svc web app=client && kubectl get ep web --no-headers 2>/dev/null", 0, "service/web selector updated\nweb   10.244.1.7:8080   12d\n"),
    "a status is not patched": ("kubectl patch pod a -p '{\"status\":{\"podIP\":\"1.2.3.4\"}}'", 0, "pod/a patched (no change)\n"),
    "a list of no key": ("kubectl patch svc web -p '{\"spec\":{\"ports\":[{\"targetPort\":1}]}}'", 1, "Error from server: map: map[targetPort:1] does not contain declared merge key: port\n"),
    "forced": ("kubectl delete pod a --force", 0, "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\npod \"a\" force deleted from default namespace\n"),
    "logs of nobody": ("kubectl logs nope", 1, 'error: error from server (NotFound): pods "nope" not found in namespace "default"\n'),
}  # fmt: skip


@pytest.mark.parametrize(("line", "status", "said"), SAID.values(), ids=SAID)
def test_a_line(line: str, status: int, said: str) -> None:
    reply = opened().run("", line)
    assert (reply.status, reply.stdout + reply.stderr if said.startswith("pod/a\n") else reply.shown) == (status, said)


RELEASES = {
    "v1.32.4": ("", ""),
    "v1.33.0": ("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n", ""),
    "v1.34.1": (
        "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n",
        " from default namespace",
    ),
}


@pytest.mark.parametrize(
    ("release", "warned", "where"), [(key, *value) for key, value in RELEASES.items()], ids=RELEASES
)
def test_what_depends_on_the_release(release: str, warned: str, where: str) -> None:
    live = opened().live
    nodes = tuple(dataclasses.replace(node, proxy_version=release) for node in live.cluster.nodes)
    shell = Shell(dataclasses.replace(live, cluster=dataclasses.replace(live.cluster, nodes=nodes)))
    assert shell.run("", "kubectl version --client").stdout.splitlines()[0] == f"Client Version: {release}"
    assert shell.run("", "kubectl get ep").stderr == warned
    assert shell.run("", "kubectl delete pod a").stdout == f'pod "a" deleted{where}\n'


def test_a_pod_of_a_file_runs() -> None:
    pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","ports":[{"containerPort":8080}]}]}}'
    reply = run(opened(), "", f"echo '{pod}' | kubectl apply -f -", "kubectl get ep web --no-headers")
    assert len(reply.stdout.split()[1].split(",")) == 3


TEXTS = {
    "what would be read as something else": ({"a": "True", "b": "", "c": "80", "d": "x"}, 'a: "True"\nb: ""\nc: "80"\nd: x\n'),
    "several lines": ({"a": "x: 1\ny: 2\n"}, "a: |\n  x: 1\n  y: 2\n"),
    "numbers in keys": ({"a10": 1, "a2": 1, "a": 1}, "a: 1\na2: 1\na10: 1\n"),
    "lists": ({"a": [{"b": 1, "c": []}]}, "a:\n- b: 1\n  c: []\n"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "told"), TEXTS.values(), ids=TEXTS)
def test_as_yaml(document: dict[str, object], told: str) -> None:
    assert yaml_text(document) == told


def test_columns_are_those_of_the_lines_beside_them() -> None:
    assert (
        tabbed("Name:\ta\nLong name:\tb\nText:\n  x\ty\tz\n  xx\tyy\tz\n")
        == "Name:       a\nLong name:  b\nText:\n  x   y   z\n  xx  yy  z\n"
    )


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl here")
def test_beside_a_real_one() -> None:
    line = [sys.executable, str(BESIDE), str(shutil.which("kubectl")), "--cases", "1", "--only", "svc {svc}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
