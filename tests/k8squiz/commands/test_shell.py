"""`k8squiz shell`: a host, a command there, lines from a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.k8squiz.runner import process

CLUSTER = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node1}, spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}, status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node1, containers: [{name: c, ports: [{containerPort: 8080}]}]}, status: {podIP: 10.244.1.5}}
"""


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    path = tmp_path / "cluster.yaml"
    path.write_text(CLUSTER, encoding="utf-8")
    return str(path)


COMMANDS = {
    "on a node": (("node1", "--", "ip", "route", "show", "dev", "cni0"), "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n", 0),
    "a whole line": (("node1", "--", "ip r | wc -l"), "3\n", 0),
    "in a pod": (("pod/a", "--", "cat", "/etc/hostname"), "a\n", 0),
    "its exit status": (("pod/a", "--", "false"), "", 1),
    "where kubectl is": (("--", "echo", "a"), "a\n", 0),
}  # fmt: skip


@pytest.mark.parametrize(("words", "stdout", "code"), COMMANDS.values(), ids=COMMANDS)
def test_a_command(cluster: str, words: tuple[str, ...], stdout: str, code: int) -> None:
    done = process("shell", cluster, *words)
    assert (done.out, done.code) == (stdout, code)


def test_lines_from_a_pipe(cluster: str) -> None:
    done = process("shell", cluster, stdin="ssh node1\ncat /etc/hostname\nexit\ncat /x\n")
    assert done.out == "node1\n"
    assert done.err.endswith("cat: /x: No such file or directory\n")
    assert done.code == 1


MISTAKES = {
    "no such host": (("{}", "node9"), "没有主机 'node9'；现有：node1, pod/a, client", "there is no host 'node9'; there are node1, pod/a, client"),
    "no cluster": (("nothing.yaml",), "nothing.yaml：没有这个文件或目录；请先给出集群清单", "nothing.yaml: no such file or folder; name the cluster's manifests first"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "zh", "en"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(cluster: str, words: tuple[str, ...], zh: str, en: str) -> None:
    for lang, message in (("en", en), ("zh", zh)):
        done = process("shell", *(word.format(cluster) for word in words), "--lang", lang)
        assert done.err.endswith(f"k8squiz: {message}\n")
        assert done.code == 2
