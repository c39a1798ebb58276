"""How long k8squiz takes to answer, in starts of a bare interpreter (`python -c pass`) of the same run.

    python benchmarks/bench_startup.py [--rounds N] [--json]

The promise is a factor of processor time: --version and --help within 3, the list of 275 questions within 20, practice's
first question within 17, `explain hairpin` within 17, mock's first question within 27. Rounds are interleaved and the
fastest of each counts, so that a busy machine disturbs all alike. Use the Python of an environment into which the wheel is
installed: an editable install has more folders to look through at every import.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

BARE = "python -c pass"
CASES: dict[str, tuple[list[str], str, int]] = {
    BARE: (["-c", "pass"], "", 1),
    "k8squiz --version": (["-m", "k8squiz", "--version"], "", 3),
    "k8squiz --help": (["-m", "k8squiz", "--help"], "", 3),
    "k8squiz explain hairpin": (["-m", "k8squiz", "explain", "hairpin"], "", 17),
    # By name: which one a seed draws changes with the bank.
    "k8squiz practice (first question)": (
        ["-m", "k8squiz", "practice", "--question", "nodeport-cross-node-rewrites", "--seed", "1"],
        "quit\n",
        17,
    ),
    "k8squiz questions list": (["-m", "k8squiz", "questions", "list"], "", 20),
    "k8squiz mock (first question)": (["-m", "k8squiz", "mock", "--seed", "1"], "quit\n", 27),
}


def once(arguments: list[str], typed: str, home: str) -> float:
    """Seconds of processor time, user's and system's, of one run."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "", "K8SQUIZ_HOME": home}
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], input=typed.encode(), capture_output=True, check=True, env=environment)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def measure(rounds: int) -> dict[str, float]:
    """Case -> the fewest seconds of `rounds` runs, after one run that fills the caches."""
    fastest = dict.fromkeys(CASES, float("inf"))
    with tempfile.TemporaryDirectory() as home:
        for number in range(rounds + 1):
            for name, (arguments, typed, _) in CASES.items():
                taken = once(arguments, typed, home)
                if number:
                    fastest[name] = min(fastest[name], taken)
    return fastest


def main() -> int:
    """Print a table (or JSON); 1 where a factor is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    fastest = measure(options.rounds)
    rows = [
        {"case": name, "ms": round(fastest[name] * 1000, 1), "factor": round(fastest[name] / fastest[BARE], 1), "limit": limit}
        for name, (_, _, limit) in CASES.items()
    ]  # fmt: skip
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            print(f"{row['case']:36} {row['ms']:8} ms {row['factor']:6} x  (limit {row['limit']} x)")
    return 0 if all(row["factor"] <= row["limit"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
