"""What two checkouts print for the same words, byte for byte: rules in three modes, walks, drawn questions with their keys.

    git worktree add ../before REVISION
    python benchmarks/same_outputs.py --before ../before [--seeds N]

For a change that is to make something quicker and nothing else. Lists what differs; 1 where anything does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
# Prints an object of name -> text. Arguments: a folder of manifests, a folder of questions, how many seeds.
PRINTED = """
import contextlib, hashlib, io, json, pathlib, sys
from k8squiz.__main__ import main
clusters, questions, seeds = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml")), pathlib.Path(sys.argv[2]), int(sys.argv[3])
found = {}
def note(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    found[" ".join(words)] = hashlib.sha256(f"{code} {out.getvalue()} {err.getvalue()}".encode()).hexdigest()
for path in map(str, clusters):
    for mode in ("iptables", "ipvs", "nftables"):
        note("rules", path, "--node", "node1", "--mode", mode, "--all")
        for to in ("node/node1:30080", "svc/web:80"):
            note("trace", path, "--from", "client", "--to", to, "--mode", mode, "--all", "--json")
for path in sorted(questions.glob("*/*.yaml")):
    if path.parent.name != "clusters":
        for seed in range(1, seeds + 1):
            note("questions", "show", str(path), "--seed", str(seed), "--answer", "--json")
note("scale", "--services", "300", "--no-growth", "--json")
json.dump(found, sys.__stdout__)
"""


def printed(checkout: Path, folder: Path, seeds: int) -> dict[str, str]:
    """What that checkout prints of the manifests and questions in `folder`: the words, and a digest of what came."""
    done = subprocess.run(
        [sys.executable, "-c", PRINTED, str(folder / "docs" / "examples"), str(folder / "questions"), str(seeds)],
        cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout), "LC_ALL": "C.UTF-8"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print the words for which the two differ, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    # The files of `before` in both, for it knows no newer ones.
    folder = options.before.resolve()
    before, after = (printed(checkout, folder, options.seeds) for checkout in (folder, HERE))
    differ = [words for words in before if before[words] != after[words]]
    for words in differ:
        print(words)
    print(f"{len(differ)} of {len(before)} differ")
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
