"""How long k8squiz takes to answer, in starts of a bare interpreter (`python -c pass`) of the same run.

    python benchmarks/bench_startup.py [--rounds N] [--json]

The promise is a factor of wall time: --version and --help within 5, `explain hairpin` and practice's first question
within 20. Rounds are interleaved and the fastest of each counts, so that a busy machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

BARE = "python -c pass"
CASES: dict[str, tuple[list[str], str, int]] = {
    BARE: (["-c", "pass"], "", 1),
    "k8squiz --version": (["-m", "k8squiz", "--version"], "", 5),
    "k8squiz --help": (["-m", "k8squiz", "--help"], "", 5),
    "k8squiz explain hairpin": (["-m", "k8squiz", "explain", "hairpin"], "", 20),
    "k8squiz practice (first question)": (["-m", "k8squiz", "practice", "--seed", "1"], "quit\n", 20),
}


def once(arguments: list[str], typed: str) -> float:
    """Wall seconds of one run."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], input=typed.encode(), capture_output=True, check=True, env=environment)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, float]:
    """Case -> fastest wall seconds of `rounds` runs, after one run that fills the caches."""
    fastest = dict.fromkeys(CASES, float("inf"))
    for number in range(rounds + 1):
        for name, (arguments, typed, _) in CASES.items():
            taken = once(arguments, typed)
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
