"""The shell's language held against bash itself: drawn lines of its own commands, which print the same in both."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from .clusters import opened

_BASH = shutil.which("bash")
_WORDS = ("x", "foo.tar.gz", "1", "10", "$a", "${a:-d}", "${b%.*}", "${b##*.}", "${#a}", '"$a $b"', "'q w'", "$((a+1))", "{x,y}", "{1..3}", "${a/o/0}",
          "$(echo s)", '"$(echo u v)"', "${b:+z}", "$'t\\tz'", "$?", "$#", '"$@"')  # fmt: skip
_CONDITIONS = (
    "[ $a -lt 3 ]",
    "[[ $a == f* ]]",
    "[[ -n $b && 1 -eq 1 ]]",
    "true",
    "false",
    "((a>1))",
    "! false",
    'test -z "$c"',
)
_PATTERNS = ("x", "*o*", "[0-9]*", "a|1", "?")
_DEEPEST, _LINES = 3, 60


class _Drawn:
    """Commands one inside the other, as a seed draws them."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def line(self) -> str:
        """Variables, then a few commands."""
        return f"a=1; b=foo.tar.gz; c=; set -- p 'q r'; {self._list(0)}; {self._list(0)}"

    def _word(self) -> str:
        return self._rng.choice(_WORDS)

    def _list(self, depth: int) -> str:
        return "; ".join(self._command(depth) for _ in range(self._rng.randint(1, 2)))

    def _command(self, depth: int) -> str:
        rng, number = self._rng, self._rng.randrange(11 if depth < _DEEPEST else 4)
        if number < 2:
            return "echo " + " ".join(self._word() for _ in range(rng.randint(1, 4)))
        if number == 2:
            return f"{rng.choice('abc')}={self._word()}"
        if number == 3:
            return f"printf '%s:%d\\n' {self._word()} {rng.randint(0, 9)}"
        inner = self._list(depth + 1)
        return (
            f"for {rng.choice('abc')} in {self._word()} {self._word()}; do {inner}; done",
            f"if {rng.choice(_CONDITIONS)}; then {inner}; else {self._list(depth + 1)}; fi",
            f"case {self._word()} in {rng.choice(_PATTERNS)}) {inner};; *) {self._list(depth + 1)};; esac",
            f"f() {{ {inner}; }}; f {self._word()} {self._word()}",
            f"for ((i=0;i<{rng.randint(0, 3)};i++)); do echo $i; {rng.choice(('continue', 'break', ':'))}; done",
            f'{{ {inner}; }} | while IFS={rng.choice(("", ":", " "))} read -r p q; do echo "<$p|$q>"; done',
            f"({inner})",
        )[number - 4]


@pytest.mark.skipif(_BASH is None, reason="bash is not here")
@pytest.mark.parametrize("seed", range(5))
def test_drawn_lines_print_what_bash_prints(seed: int) -> None:
    drawn, shell, differing = _Drawn(seed), opened(), []
    for _ in range(_LINES):
        line = drawn.line()
        real = subprocess.run([str(_BASH), "-c", line], capture_output=True, text=True, timeout=20, check=False)
        ours = shell.run("node1", line)
        if "stopped here" not in ours.stderr and ours.stdout != real.stdout:
            differing.append((line, ours.stdout, real.stdout))
    assert differing == []
