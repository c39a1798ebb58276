"""The simulated kubectl beside a real one: the same lines on drawn incidents, the real one's API server being a stub.

    python benchmarks/kubectl_beside.py KUBECTL [--cases N] [--seed S] [--only WORD] [--show N]

KUBECTL is a binary of kubectl v1.31 or later. Compared are standard output, standard error, the exit status, and what the API server
holds afterwards. How columns are set, what a client says and what it sends is so held against the real one; which columns the
server's tables have, and what it answers, is the simulation's own (kubectl_server.py). Figures are in docs/incidents.md.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import difflib
import pathlib
import random
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator

from kubectl_server import StubServer

from engine.faults import draw_incident
from engine.faults.registry import names
from engine.shell import Shell, api
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.words import documents

_LINES = pathlib.Path(__file__).with_name("kubectl_lines.txt")
_CONTEXT = "kubernetes-admin@kubernetes"
_CONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: kubernetes, cluster: {{server: {url}}}}}]
users: [{{name: kubernetes-admin, user: {{}}}}]
contexts: [{{name: {context}, context: {{cluster: kubernetes, user: kubernetes-admin}}}}]
current-context: {context}
"""
# A client counts an age from its own clock.
_AGE = re.compile(r"\b[0-9]+y[0-9]*d?\b")
# What a client says of a watch that ends at once, as the stub's do.
_CLOSED = ("watch closed before UntilWithoutRetry timeout", "timed out waiting for the condition")
_SHORT = re.compile(r"^[IW][0-9]{4} .*very short watch.*\n", re.MULTILINE)
_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Said:
    """What one kubectl did: both streams, its status, the objects afterwards."""

    stdout: str
    stderr: str
    status: int
    held: dict[tuple[str, str, str], api.Document]


def lines() -> Iterator[tuple[str, str, str | None]]:
    """(what is asked, the line behind `kubectl`, its standard input)."""
    group = ""
    for line in _LINES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            group = line[2:]
        elif line:
            words, _, stdin = line.partition(" <<< ")
            yield group, words, stdin.replace("\\n", "\n") or None


def drawn(case: int, seed: str, version: str) -> LiveCluster:
    """The cluster of an incident, of the release of the kubectl."""
    rng = random.Random(f"kubectl:{seed}:{case}")
    live = draw_incident(rng.choice(names()), seed=f"{seed}.{case}").broken
    nodes = tuple(dataclasses.replace(node, proxy_version=version) for node in live.cluster.nodes)
    return dataclasses.replace(live, cluster=dataclasses.replace(live.cluster, nodes=nodes))


def named(live: LiveCluster) -> dict[str, str]:
    """What stands for the words in braces."""
    cluster = live.cluster
    pod = next(one for one in cluster.pods if one.namespace == "default" and one.name.count("-"))
    owned = {one.name.rpartition("-")[0] for one in cluster.pods if one.namespace == "default"}
    services = [one.name for one in cluster.services if one.namespace == "default" and one.selector]
    service = next((name for name in services if name in owned), services[0])
    policies = [one.name for one in cluster.network_policies if one.namespace == "default"]
    slices = [one.name for one in cluster.slices if one.namespace == "default"]
    return {"pod": pod.name, "deploy": pod.name.rpartition("-")[0], "svc": service, "node": cluster.nodes[0].name, "netpol": (policies or ["egress"])[0], "slice": (slices or ["none"])[0]}  # fmt: skip


def held(live: LiveCluster) -> dict[tuple[str, str, str], api.Document]:
    return {api.key_of(o): o for resource in api.RESOURCES for o in documents(live, resource)}


def real(binary: str, live: LiveCluster, words: str, stdin: str | None, folder: str) -> Said:
    """What the real kubectl says, talking to a stub that has these objects."""
    server = StubServer(live)
    try:
        config = pathlib.Path(folder, "config")
        config.write_text(_CONFIG.format(url=server.url, context=_CONTEXT), encoding="utf-8")
        environment = {
            "KUBECONFIG": str(config),
            "KUBECACHEDIR": f"{folder}/{server.url[-5:]}",
            "HOME": folder,
            "PATH": folder,
            "TZ": "UTC",
        }
        done = subprocess.run([binary, *shlex.split(words)], input=stdin or "", capture_output=True, text=True, check=False, timeout=_SECONDS, env=environment, cwd=folder)  # fmt: skip
        return Said(
            _AGE.sub("12d", done.stdout),
            _SHORT.sub("", done.stderr).replace(*_CLOSED),
            done.returncode,
            held(server.live),
        )
    finally:
        server.close()


def simulated(live: LiveCluster, words: str, stdin: str | None) -> Said:
    """What the simulation's says."""
    line = f"kubectl {words}"
    reply = Shell(live).run("", line if stdin is None else f"cat << 'E_O_F' | {line}\n{stdin}\nE_O_F")
    return Said(_AGE.sub("12d", reply.stdout), reply.stderr, reply.status, held(reply.shell.live))


def difference(one: Said, other: Said) -> list[str]:
    """Where they differ, as a diff; nothing where they are alike."""
    found: list[str] = []
    for what in ("stdout", "stderr"):
        found += difflib.unified_diff(getattr(one, what).splitlines(), getattr(other, what).splitlines(), f"real {what}", f"simulated {what}", lineterm="", n=1)  # fmt: skip
    if one.status != other.status:
        found.append(f"status: real {one.status}, simulated {other.status}")
    for key in sorted({*one.held, *other.held}):
        if one.held.get(key) != other.held.get(key):
            found += [f"then {key}", f"  real {one.held.get(key)}", f"  simulated {other.held.get(key)}"]
    return found


def _filled(text: str, words: dict[str, str]) -> str:
    """With the words for those in braces."""
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kubectl")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="", help="lines with that word alone")
    parser.add_argument("--show", type=int, default=20, help="lines of a difference")
    asked = parser.parse_args()
    told = subprocess.run(
        [asked.kubectl, "version", "--client"], capture_output=True, text=True, check=True, timeout=_SECONDS
    ).stdout
    version = told.split()[2]
    counted: collections.Counter[str] = collections.Counter()
    different: collections.Counter[str] = collections.Counter()
    for case in range(asked.cases):
        live = drawn(case, asked.seed, version)
        words_of = named(live)
        for group, line, stdin in lines():
            if asked.only not in line:
                continue
            typed, given = _filled(line, words_of), None if stdin is None else _filled(stdin, words_of)
            with tempfile.TemporaryDirectory() as folder:
                found = difference(real(asked.kubectl, live, typed, given, folder), simulated(live, typed, given))
            counted[group] += 1
            if found:
                different[group] += 1
                print(f"case {case}: kubectl {typed}", *found[: asked.show], sep="\n")
    print(f"\n| kubectl {version} | lines | differences |\n| --- | --- | --- |")
    for group, number in counted.items():
        print(f"| {group} | {number} | {different[group]} |")
    return int(bool(different))


if __name__ == "__main__":
    raise SystemExit(main())
