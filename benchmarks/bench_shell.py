"""How long a command of the simulated shell takes: the median, and the slowest, over an incident's hosts.

    python benchmarks/bench_shell.py [SEEDS]

CPU milliseconds of this process, so that a busy machine does not count. Figures are in README.md.
"""

from __future__ import annotations

import statistics
import sys
import time

from engine.faults import draw_incident
from engine.faults.run import begin
from engine.lab.tool_lines import tool_lines

# What a candidate types beside the tools of the lab's table.
_KUBECTL = (
    "kubectl get pods -o wide", "kubectl get svc,endpoints", "kubectl describe svc kube-dns -n kube-system", "kubectl get nodes -o yaml",
    "kubectl logs ds/kube-proxy -n kube-system", "kubectl get all -A", "kubectl rollout restart ds/kube-proxy -n kube-system",
)  # fmt: skip


def main(seeds: int) -> None:
    took: dict[str, list[float]] = {}
    for seed in range(seeds):
        for fault in ("hairpin-off", "missing-pod-route", "endpoints-empty"):
            run = begin(draw_incident(fault, seed=seed))
            lines = [(one.host, one.line) for one in tool_lines(run.live, seed) if not one.meanwhile]
            for host, line in (*lines, *(("", line) for line in _KUBECTL)):
                began = time.process_time()
                run.run(host, line)
                took.setdefault(" ".join(line.split()[:2]), []).append(1000 * (time.process_time() - began))
    every = sorted(one for many in took.values() for one in many)
    print(f"{len(every)} commands: median {statistics.median(every):.1f} ms, 95 % under {every[len(every) * 95 // 100]:.0f} ms, slowest {every[-1]:.0f} ms")  # fmt: skip
    for name, many in sorted(took.items(), key=lambda pair: -statistics.median(pair[1]))[:8]:
        print(f"{name:<32} {statistics.median(many):8.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
