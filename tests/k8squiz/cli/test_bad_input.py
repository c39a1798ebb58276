"""Bad input through the real program: exit code 2, one message with file and line, no traceback, nothing on stdout."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.k8squiz.runner import CLUSTER, ROOT, k8squiz, process
from tests.work import childrens_cpu_seconds

Capture = pytest.CaptureFixture[str]

NODE = """\
apiVersion: v1
kind: Node
metadata: {name: node1}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.10
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
"""
SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.244.9.9], nodeName: elsewhere}]
"""

# Manifest text -> what the message says after "FILE:LINE: ", with the line where there is one.
MANIFESTS: dict[str, tuple[str, int | None, str]] = {
    "broken YAML": ("a: [1\nb: }\n", 2, ""),
    "not an object": ("- just\n- a list\n", 1, ""),
    "a wrong type": (NODE + SERVICE.replace("port: 80,", "port: eighty,"), 13, "eighty"),
    "a list for a name": (NODE + SERVICE.replace("name: web", "name: [web]"), 9, "name"),
    "an address that is none": (NODE.replace("192.168.1.10", "192.168.1.300"), 5, "192.168.1.300"),
    "a port out of range": (NODE + SERVICE.replace("port: 80,", "port: 80000,"), 13, "80000"),
    "a nodePort twice": (NODE + SERVICE + SERVICE.replace("name: web", "name: two").replace("0.10", "0.11"), None, "30080"),
    "an endpoint on an unknown node": (NODE + SERVICE + SLICE, 20, "elsewhere"),
    "a key twice": (NODE.replace("kind: Node", "kind: Node\nkind: Node"), 3, "kind"),
    "no as a boolean": (NODE + SERVICE.replace("name: web", "name: no"), 9, "name"),
    "12:30 as a number": (NODE + SERVICE.replace("targetPort: 8080", "targetPort: 12:30"), 13, ""),
    "no Node at all": (SERVICE, None, "there is no Node"),
    "an escape in a name": (NODE + SERVICE.replace("name: web", 'name: "\\e[2Jweb"'), 9, "name"),
    "not YAML's characters": ("kind: \x07\n", 1, ""),
    "a tag that makes objects": ("!!python/object/apply:os.system ['true']\n", 1, ""),
}  # fmt: skip


def refused(result: tuple[int, str, str]) -> str:
    """The message of a refusal that is as it should be."""
    code, out, err = result
    assert code == 2, err
    assert out == ""
    assert err.startswith("k8squiz: ")
    assert "Traceback" not in err
    assert "\x1b" not in err
    return err.removeprefix("k8squiz: ")


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests(name: str, tmp_path: Path, capsys: Capture) -> None:
    text, line, said = MANIFESTS[name]
    file = tmp_path / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    message = refused(k8squiz(capsys, "trace", str(file), "--from", "client", "--to", "svc/web", "--node", "node1"))
    assert said in message
    if line is not None:
        assert message.startswith(f"{file}:{line}: ")
    elif name != "no Node at all":
        assert message.startswith(f"{file}:")


WALK = ["trace", CLUSTER, "--from", "client", "--to", "node/node1:30080"]
REQUESTS: dict[str, tuple[list[str], str]] = {
    "no such file": (["trace", "absent.yaml", "--from", "client", "--to", "svc/web"], "absent.yaml: cannot be read"),
    "an empty folder": (["trace", ".", "--from", "client", "--to", "svc/web"], "holds no *.yaml"),
    "an unknown node": (["rules", CLUSTER, "--node", "node9"], "known nodes: node1, node2"),
    "an unknown node to trace by": (["trace", CLUSTER, "--from", "client", "--to", "svc/web", "--node", "n"], "no node 'n'"),
    "an unknown mode": (["rules", CLUSTER, "--node", "node1", "--mode", "ebpf"], "'iptables', 'ipvs', 'nftables'"),
    "an unknown pod": (["trace", CLUSTER, "--from", "pod/pod-x", "--to", "svc/web"], "pod-x"),
    "an unknown Service": (["trace", CLUSTER, "--from", "client", "--to", "svc/wbe"], "wbe"),
    "nobody": (["trace", CLUSTER, "--from", "somebody", "--to", "svc/web"], "somebody"),
    "nowhere": (["trace", CLUSTER, "--from", "client", "--to", "10.96.0.10"], "10.96.0.10"),
    "a port in other digits": (["trace", CLUSTER, "--from", "client", "--to", "node/node1:٣٠٠٨٠"], "is not a port number"),
    "a port without end": (["trace", CLUSTER, "--from", "client", "--to", "node/node1:" + "9" * 5000], "is not a port number"),
    "a pod's port by a name it has not": (["trace", CLUSTER, "--from", "client", "--to", "pod/pod-b:http"], "is not a port number"),
    "a sender of many": (["trace", CLUSTER, "--from", "224.0.0.1", "--to", "node/node1:30080"], "not modelled"),
    "a sender of all": (["trace", CLUSTER, "--from", "255.255.255.255", "--to", "node/node1:30080"], "not modelled"),
    "a sender of none": (["trace", CLUSTER, "--from", "0.0.0.0", "--to", "node/node1:30080"], "not modelled"),
    "a destination of many": (["trace", CLUSTER, "--from", "pod/pod-a", "--to", "[ff02::1]:80"], "not modelled"),
    "an export of no story": (["explain", "--export", "x.html"], "which topic?"),
    "a part of no story": (["explain", "--without", "masquerade"], "which topic?"),
    "a folder to lint without questions": (["questions", "lint", "."], "holds no question"),
    "no question file": (["questions", "show", "absent.yaml"], "absent.yaml: cannot be read: no such file or folder"),
    "a port that is none": (["trace", CLUSTER, "--from", "client", "--to", "node/node1:99999"], "99999"),
    "two families": (["trace", CLUSTER, "--from", "fd00::1", "--to", "10.96.0.10:80"], "famil"),
    "an unknown topic": (["practice", "--topic", "harpin"], "did you mean hairpin?"),
    "an unknown topic to explain": (["explain", "nodprt"], "nodeport"),
    "an unknown part": (["explain", "hairpin", "--without", "masquerad"], "masquerade"),
    "an unknown question": (["questions", "show", "hairpin-what-brakes"], "hairpin-what-breaks"),
    "a name that leads out": (["questions", "show", "../../../etc/passwd"], "no such question"),
    "an unknown export": (["explain", "hairpin", "--export", "x.pdf"], ".html, .svg or .md"),
    "no rules file": ([*WALK, "--rules", "node1=absent"], "absent: cannot be read"),
    "no node for rules": ([*WALK, "--rules", "absent"], "NODE=FILE"),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_requests(name: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words, said = REQUESTS[name]
    assert said in refused(k8squiz(capsys, *words))


RULES: dict[str, tuple[bytes, str]] = {
    "chains in a circle": (
        b"*nat\n:PREROUTING ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A PREROUTING -j A\n-A A -j B\n-A B -j A\nCOMMIT\n",
        "A -> B -> A",
    ),
    "a chain that is not there": (b"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j GONE\nCOMMIT\n", ":3: "),
    "cut off": (b"*nat\n:PREROUTING ACCEPT [0:0]\n", "COMMIT"),
    "no rules": (b"hello\n", ":1: "),
    "no text": (b"\xff\xfe\x00", "not UTF-8"),
    "nft, unknown": (b"table ip x {\n\tfrobnicate f {\n\t}\n}\n", ":2: "),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_of_a_real_node(name: str, tmp_path: Path, capsys: Capture) -> None:
    raw, said = RULES[name]
    file = tmp_path / "rules"
    file.write_bytes(raw)
    message = refused(k8squiz(capsys, *WALK, "--rules", f"node1={file}"))
    assert message.startswith(f"{file}:")
    assert said in message


def test_a_question_without_a_language_is_a_finding(tmp_path: Path, capsys: Capture) -> None:
    source = next(path for path in sorted((ROOT / "questions").glob("*/*.yaml")) if path.parent.name != "clusters")
    text = source.read_text(encoding="utf-8")
    english_only = text.replace("  zh:", "  xx:", 1)
    assert english_only != text
    folder = tmp_path / source.parent.name
    folder.mkdir()
    (folder / source.name).write_text(english_only, encoding="utf-8")
    code, out, err = k8squiz(capsys, "questions", "lint", str(folder / source.name), "--seeds", "1")
    assert (code, err) == (1, "")
    assert f"{source.name}:" in out


def test_a_question_file_without_a_language_is_refused_where_it_is_to_be_shown(tmp_path: Path, capsys: Capture) -> None:
    source = ROOT / "questions" / "04-hairpin" / "hairpin-what-breaks.yaml"
    text = source.read_text(encoding="utf-8")
    (tmp_path / "topic").mkdir()
    file = tmp_path / "topic" / "mine.yaml"
    file.write_text(text.replace("  zh:", "  xx:", 1), encoding="utf-8")
    for words in (["questions", "show"], ["practice", "--question"]):
        message = refused(k8squiz(capsys, *words, str(file)))
        assert message.startswith(f"{file}:")
    file.write_text(text, encoding="utf-8")
    (tmp_path / "clusters").mkdir()
    for cluster in (ROOT / "questions" / "clusters").glob("*.yaml"):
        (tmp_path / "clusters" / cluster.name).write_bytes(cluster.read_bytes())
    code, out, err = k8squiz(capsys, "questions", "show", str(file))
    assert (code, err) == (0, "")
    assert "hairpin" in out


@pytest.mark.parametrize(
    ("text", "line", "en", "zh"),
    [
        ("a: [1\nb: }\n", 2, "goes on with a comma", "要有逗号"),
        ("a:\n\tb: 1\n", 2, "a tab", "制表符"),
        ("a: b: c\n", 1, "a colon where none can be", "不应出现冒号"),
        ("a: 'x\n", 1, "never closed", "没有闭合"),
        ("a: 1\n b: 2\n", 2, "", ""),
        ("a: @x\n", 1, "quote the value", "请给值加引号"),
        ("a:\n- b\nc\n", 3, "a key without its colon", "缺少冒号"),
    ],
)
def test_yaml_is_complained_of_in_both_languages(
    text: str, line: int, en: str, zh: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    for lang, said in (("en", en), ("zh", zh)):
        for words in (
            ["rules", str(file), "--node", "n"],
            ["questions", "show", str(file)],
            ["schedulers", "--scenario", str(file)],
        ):
            message = refused(k8squiz(capsys, "--lang", lang, *words))
            assert message.startswith((f"{file}:{line}: ", f"{file}:{line}："))
            assert said in message


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize("what", ["aliases", "size", "depth"])
def test_bombs_are_refused_quickly_and_cheaply(what: str, tmp_path: Path) -> None:
    file = tmp_path / "bomb.yaml"
    if what == "aliases":
        file.write_text(BOMB, encoding="utf-8")
    elif what == "depth":
        file.write_text("[" * 100_000, encoding="utf-8")
    else:
        with file.open("wb") as sparse:
            sparse.truncate(200_000_000)
    used = childrens_cpu_seconds()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    message = refused(process("rules", str(file), "--node", "node1"))
    assert message.startswith(f"{file}:")
    assert childrens_cpu_seconds() - used < 10
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 400_000)


def test_200_megabytes_from_a_pipe_are_refused() -> None:
    feeder = "import sys\nfor _ in range(200): sys.stdout.write('- *a\\n' * 200_000)"
    command = f'{sys.executable} -c "{feeder}" 2>&- | {sys.executable} -m k8squiz rules - --node node1'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert refused((done.returncode, done.stdout, done.stderr)).startswith("<stdin>: ")


def test_an_escape_in_a_file_name_is_shown_as_text(tmp_path: Path, capsys: Capture) -> None:
    message = refused(k8squiz(capsys, "rules", f"{tmp_path}/\x1b[2J.yaml", "--node", "node1"))
    assert "\\x1b[2J.yaml" in message
