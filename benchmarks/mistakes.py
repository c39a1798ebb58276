"""How much is read after a mistake until its cause stands there: `python benchmarks/mistakes.py [TREE]`.

The mistakes are those of tests/k8squiz/kinds/test_causes.py, at least one of each kind, typed into `practice` through a pipe at
80 columns: in this checkout, and in another TREE beside it. Counted are the lines after the answer down to the cause, and the
times one presses Enter for them on a screen of 24 lines.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.interface import make_task
from k8squiz.world.world import World

HERE = Path(__file__).parents[1]
_SCREEN = 22  # lines, less the keys


def main() -> None:
    sys.path.insert(0, str(HERE))
    from tests.k8squiz.kinds.test_causes import MISTAKES

    trees = [HERE, *(Path(name).resolve() for name in sys.argv[1:2])]
    print(f"{'':58}{'kind':11}" + "".join(f"{tree.name[:14]:>16}" for tree in trees))
    for mistake, (name, seed, typed, cause, _) in MISTAKES.items():
        kind = find(name).meta.kind
        read = [_read(tree, name, seed, _lines(name, seed, typed), cause) for tree in trees]
        print(f"{mistake[:57]:58}{kind:11}" + "".join(f"{each:>16}" for each in read))


def _lines(name: str, seed: str, typed: list[str]) -> list[str]:
    """What is typed at the prompts."""
    fields = make_task(World(draw(find(name), seed))).fields
    lines = []
    for field, word in zip(fields, typed, strict=True):
        if word != "-":
            lines.append(field.show(field.truth, False).split(" (")[0] if word == "=" else word)
        elif not field.long:
            lines.append("")
        if field.long:
            lines.append("." if word != "-" else "")
    return lines


def _read(tree: Path, name: str, seed: str, typed: list[str], cause: str) -> str:
    """`lines/Enters` down to the cause; how many lines there are without it, or that there is no such question."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "k8squiz", "practice", "--question", name, "--seed", seed], cwd=tree, check=False,
            env={"PATH": os.environ["PATH"], "HOME": home, "K8SQUIZ_HOME": home, "PYTHONPATH": str(tree), "COLUMNS": "80",
                 "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            input="\n".join([*typed, "", "", ""]), capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        return "no such one"
    shown = done.stdout.splitlines()
    graded = next((at for at, line in enumerate(shown) if "Score" in line), len(shown))
    told = ""
    for count, line in enumerate(shown[graded:], 1):
        told = f"{told} {line.strip()}"
        if " ".join(cause.split()) in " ".join(told.split()):
            return f"{count}/{count // _SCREEN}"
    return f"not in {len(shown) - graded}"


if __name__ == "__main__":
    main()
