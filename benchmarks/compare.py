"""The figures of docs/performance.md, before and after: two checkouts in turn, in one run.

    git worktree add ../before 5580c72
    python benchmarks/compare.py --before ../before [--rounds N] [--only WORD] [--json]

Every case runs in a process of its own, once in each checkout, round after round, so that a busy machine disturbs both
alike; processor time counts, and the fewest of the rounds. `after` is the checkout that this file stands in. What limits
a figure runs beside it: the libraries it is built on, doing that part of the work alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent

# A synthetic cluster as kubectl prints it. Names: n Services, m endpoints, the file to write.
MANIFESTS = """
import json, sys, ipaddress, yaml
n, m, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def pod(number): return str(ipaddress.ip_address("10.244.0.0") + number // 200 * 256 + number % 200 + 10)
items = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
          "status": {"addresses": [{"type": "InternalIP", "address": f"192.168.1.{10 + i}"}]}}
         for i, name in enumerate(("node1", "node2"))]
for s in range(n):
    ip, labels = str(ipaddress.ip_address("10.96.0.10") + s), {"kubernetes.io/service-name": f"svc-{s}"}
    items.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"svc-{s}", "namespace": "default"},
        "spec": {"clusterIP": ip, "clusterIPs": [ip], "selector": {"app": f"a{s}"},
                 "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]}})
    items.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": f"svc-{s}-x", "namespace": "default", "labels": labels},
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [pod(s * m + e)], "nodeName": f"node{1 + e % 2}",
                       "conditions": {"ready": True, "serving": True, "terminating": False},
                       "targetRef": {"kind": "Pod", "name": f"svc-{s}-{e}", "namespace": "default"}}
                      for e in range(m)]})
whole = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
with open(out, "w") as file:
    if out.endswith(".json"): json.dump(whole, file, indent=4)
    else: yaml.dump(whole, file, Dumper=yaml.CSafeDumper)
"""

# Beginnings of snippets. What a snippet leaves in `taken` is the figure, in seconds of processor time.
CLOCK = """
import time
def timed(work, rounds=1):
    fewest = float("inf")
    for _ in range(rounds):
        begin = time.process_time(); work(); fewest = min(fewest, time.process_time() - begin)
    return fewest
"""
COMPILE = """
import dataclasses
try:
    from engine.cost.sizes import synthetic_cluster
    from engine.cost.count import costs
except ImportError:  # before engine.cost was a package
    from engine.scale import synthetic_cluster
    from engine.cost import costs
from engine import Request, outcomes, resolve
import engine.proxy.interface as interface
anew = getattr(interface, "fresh_rules", interface.compile_rules)
shared = getattr(interface, "shared_rules", interface.compile_rules)
cluster = synthetic_cluster({services}, {endpoints})
request = Request("node/node1", cluster.services[-1].cluster_ips[0] + ":80")
"""


@dataclasses.dataclass(frozen=True)
class Case:
    """`command` is the program's words, its whole process counted, with `typed` at its input; or `snippet` leaves its
    own figure in `taken`. `memory`: the figure is the process's peak in MiB. `alone`: runs in the new checkout only, a
    limit to compare with."""

    name: str
    command: str = ""
    snippet: str = ""
    typed: str = ""
    memory: bool = False
    alone: bool = False
    slow: bool = False


def _load(file: str) -> str:
    return f"from engine import load_cluster; taken = timed(lambda: load_cluster(['{{folder}}/{file}']))"


def _compile(mode: str, services: int, work: str, endpoints: int = 10) -> str:
    cluster = COMPILE.replace("{services}", str(services)).replace("{endpoints}", str(endpoints))
    return cluster + work.replace("MODE", repr(mode))


FIRST_NODE = "taken = timed(lambda: anew(cluster, 'node1', MODE), 5)"
AND_PRINTED = "taken = timed(lambda: str(anew(cluster, 'node1', MODE)), 5)"
SECOND_NODE = "shared(cluster, 'node1', MODE, 'ipv4'); taken = timed(lambda: shared(cluster, 'node2', MODE, 'ipv4'))"
SECOND_CALL = (
    "resolve(cluster, 'node1', request, MODE); taken = timed(lambda: resolve(cluster, 'node1', request, MODE), 3)"
)
SECOND_WALK = (
    "outcomes(cluster, request, MODE, seed=1); taken = timed(lambda: outcomes(cluster, request, MODE, seed=1), 5)"
)
SECOND_RULES = (
    "interface.compile_rules(cluster, 'node1', MODE);"
    "taken = timed(lambda: interface.compile_rules(cluster, 'node1', MODE), 3)"
)
EVERY_WAY = "outcomes(cluster, request, MODE); taken = timed(lambda: outcomes(cluster, request, MODE), 3)"
COSTS = "taken = timed(lambda: costs(MODE, 10000, 10))"
PARSED = """
from pathlib import Path
try:
    from k8squiz.bank.find import load
except ImportError:  # before the bank was a package
    from k8squiz.bank import load
files = [path for path in sorted(Path("{before}/questions").glob("*/*.yaml")) if path.parent.name != "clusters"]
taken = timed(lambda: [load(path) for path in files], 3)
"""
STACK = "import typer, rich.console, rich.table, rich.panel, yaml"
CASES = (
    Case("a bare interpreter", snippet="", command="", alone=True),
    Case("limit: typer, rich and PyYAML imported", snippet=STACK, alone=True),
    Case("--version", "--version"),
    Case("--help", "--help"),
    # One that both have: which one a seed draws changes with the bank.
    Case("practice, first question", "practice --question nodeport-cross-node-rewrites --seed 1", typed="quit\n"),
    Case("explain hairpin", "explain hairpin"),
    Case("trace", "trace docs/examples/cluster.yaml --from client --to node/node1:30080"),
    Case("questions list", "questions list"),
    Case("mock, first question", "mock --seed 1", typed="quit\n"),
    Case("load 1000 x 10, JSON", snippet=CLOCK + _load("1000.json")),
    Case(
        "limit: json.loads of it",
        snippet=CLOCK + "import json; text = open('{folder}/1000.json').read(); taken = timed(lambda: json.loads(text))",
        alone=True,
    ),
    Case("load 1000 x 10, YAML", snippet=CLOCK + _load("1000.yaml")),
    Case(
        "limit: libyaml's events of it",
        snippet=CLOCK
        + "import yaml; text = open('{folder}/1000.yaml').read();"
        + "taken = timed(lambda: [None for _ in yaml.parse(text, yaml.CSafeLoader)])",
        alone=True,
    ),
    Case("load 10,000 x 10, YAML List, MiB", snippet=CLOCK + _load("10000.yaml"), memory=True, slow=True),
    *(Case(f"compile 1000 x 10, {mode}", snippet=CLOCK + _compile(mode, 1000, FIRST_NODE)) for mode in ("iptables", "nftables", "ipvs")),
    *(Case(f"compile and print 1000 x 10, {mode}", snippet=CLOCK + _compile(mode, 1000, AND_PRINTED)) for mode in ("iptables", "nftables", "ipvs")),
    *(Case(f"the next node's, {mode}", snippet=CLOCK + _compile(mode, 1000, SECOND_NODE)) for mode in ("iptables", "nftables", "ipvs")),
    *(Case(f"resolve at 3000, second call, {mode}", snippet=CLOCK + _compile(mode, 3000, SECOND_CALL)) for mode in ("iptables", "nftables", "ipvs")),
    Case("compile_rules at 3000, second call, iptables", snippet=CLOCK + _compile("iptables", 3000, SECOND_RULES)),
    *(Case(f"resolve at {n}, second call", snippet=CLOCK + _compile("iptables", n, SECOND_CALL)) for n in (10, 10000)),
    *(Case(f"outcomes at {n}, second call", snippet=CLOCK + _compile("iptables", n, SECOND_WALK)) for n in (10, 10000)),
    # The questions of `before`, in both.
    Case("all questions parsed", snippet=CLOCK + PARSED),
    *(Case(f"every way to one of 300, {mode}", snippet=CLOCK + _compile(mode, 1, EVERY_WAY, 300)) for mode in ("iptables", "nftables", "ipvs")),
    *(Case(f"cost at 10,000 x 10, {mode}", snippet=CLOCK + _compile(mode, 1, COSTS)) for mode in ("iptables", "nftables", "ipvs")),
    Case("scale", "scale --json", slow=True),
    Case("scale, MiB", "scale --json", memory=True, slow=True),
    # The questions of `before`, in both: the bank has grown since.
    Case("questions lint --seeds 5, of the same", "questions lint {before}/questions --seeds 5", slow=True),
    Case("tenfold-growth, 5 seeds", "questions lint {before}/questions/08-scale/tenfold-growth.yaml --seeds 5", slow=True),
)  # fmt: skip


def run(case: Case, checkout: Path, folder: str, before: Path) -> float:
    """One figure: seconds of processor time, or MiB."""
    environment = {
        **os.environ, "PYTHONPATH": str(checkout), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "",
        "K8SQUIZ_HOME": folder,
    }  # fmt: skip
    peak = "import resource; peak = max(resource.getrusage(who).ru_maxrss for who in (0, -1)) / 1024"
    if case.command:
        # The program's own exit code is the lint's verdict, too.
        script = f"import sys; sys.argv[1:] = {case.command.format(before=before).split()!r}; from k8squiz.__main__ import main; main()"
    else:
        script = case.snippet.replace("{folder}", folder).replace("{before}", str(before))
    if case.memory:
        script += f"\n{peak}; print(peak, file=sys.stderr)" if case.command else f"\n{peak}; print(peak)"
    elif "taken" in script:
        script += "\nprint(taken)"
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=checkout, env=environment, input=case.typed, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    if case.memory or "taken" in script:
        return float((done.stderr if case.command else done.stdout).split()[-1])
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def measure(case: Case, checkouts: dict[str, Path], folder: str, rounds: int) -> dict[str, float]:
    """The fewest of each checkout, and "ratio", that of the two."""
    names = ["after"] if case.alone else list(checkouts)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range((2 if case.slow else rounds) + 1):
        for name in names:
            figure = run(case, checkouts[name], folder, checkouts["before"])
            # The first round fills the caches; a slow case has none worth it.
            if number or case.slow:
                found[name].append(figure)
    result = {name: min(figures) for name, figures in found.items()}
    if not case.alone:
        result["ratio"] = result["after"] / result["before"]
    return result


def main() -> int:
    """Print a line for each case: before, after, after / before, and processes as factors of a bare interpreter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    checkouts = {"before": options.before.resolve(), "after": HERE}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for services, name in ((1000, "1000.json"), (1000, "1000.yaml"), (10000, "10000.yaml")):
            subprocess.run([sys.executable, "-c", MANIFESTS, str(services), "10", f"{folder}/{name}"], check=True)
        bare = measure(CASES[0], checkouts, folder, options.rounds)["after"]
        for case in CASES:
            if options.only not in case.name:
                continue
            row: dict[str, Any] = {"case": case.name, **measure(case, checkouts, folder, options.rounds)}
            if "taken" not in case.snippet and not case.memory:
                row |= {f"{name}_factor": row[name] / bare for name in ("before", "after") if name in row}
            rows.append(row)
            if not options.json:
                print(_line(row, case.memory), flush=True)
    if options.json:
        print(json.dumps(rows, indent=1))
    return 0


def _line(row: dict[str, Any], memory: bool) -> str:
    def shown(name: str) -> str:
        if name not in row:
            return ""
        figure = float(row[name])
        factor = f" {float(row[f'{name}_factor']):5.1f} x" if f"{name}_factor" in row else ""
        return (f"{figure:9.0f} MiB" if memory else f"{figure * 1000:9.1f} ms ") + factor

    ratio = f"{float(row['ratio']):6.3f}" if "ratio" in row else ""
    return f"{row['case']:46} {shown('before'):22} {shown('after'):22} {ratio}"


if __name__ == "__main__":
    sys.exit(main())
