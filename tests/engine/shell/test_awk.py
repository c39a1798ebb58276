"""awk: programs as one types them, held against mawk where it is there; what is no program, and what has no end."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from .clusters import opened

_MAWK = shutil.which("mawk")
_LINES = "web 1/1 Running 0 12d\nweb 0/1 Pending 3 12d\ndb 1/1 Running 10 2d\n\n10.244.1.0/24 dev cni0\n"
PROGRAMS = (
    "{print $1}", "{print $1 $2, $NF}", "NR>1{print NR\": \"$0}", "/web/{c++} END{print c}", "$3==\"Running\"{print $1}", "$4>5", "$1 ~ /^1/", "$1 !~ /^w/",
    "{s+=$4} END{print s, NR}", "{c[$1]++} END{print c[\"web\"], c[\"none\"]+0}", "BEGIN{OFS=\"-\"} {print $1,$2}", "NF", "NF>3{n++} END{print n+0}",
    "{$2=\"z\"}1", "{printf \"%-8s|%3d|%s\\n\", $1, $4, $2}", "{print substr($0,2,5), length($1), toupper($1)}", "{gsub(/[0-9]+/,\"N\"); print}",
    "{if ($1 ~ /^d/) print \"D\"; else if (NF<3) print \"S\"; else print \"O\"}", "{for(i=NF;i>0;i--) printf \"%s \", $i; print \"\"}",
    "NR==1{next} {print $1; if (NR>2) exit}", "{print 1/3, 2^10, 7%3, -3, 1e3, 100000000}", "BEGIN{print 1==1.0, \"a\"<\"b\", \"10\"<\"9\", 10<9}",
    "{print $1\"=\"$4+1}", "{m=($4>m)?$4:m} END{print m}", "BEGIN{while(i<3){print i; i++}}", "{k=$1; v[k]=v[k]\",\"$2} END{print v[\"web\"]}",
    "BEGIN{a[\"x\"]; if (\"x\" in a) print \"in\"; if (!(\"y\" in a)) print \"not\"}", "$1&&$4", "{print($1)}", "{print ($1)($2)}", "{print $(NF)}",
)  # fmt: skip


@pytest.mark.skipif(_MAWK is None, reason="mawk is not here")
@pytest.mark.parametrize("separator", ["", "/"])
def test_programs_print_what_mawk_prints(separator: str) -> None:
    shell = opened().run("node1", f"cat > /tmp/d << 'EOF'\n{_LINES}EOF").shell
    option, differing = [f"-F{separator}"] if separator else [], []
    for program in PROGRAMS:
        real = subprocess.run([str(_MAWK), *option, program], input=_LINES, capture_output=True, text=True, timeout=20, check=False)  # fmt: skip
        ours = shell.run("node1", f"awk {' '.join(option)} '{program}' /tmp/d")
        if ours.stdout != real.stdout:
            differing.append((program, ours.shown, real.stdout))
    assert differing == []


REFUSED = {
    "nothing": ("''", "awk: a program is needed"),
    "an open block": ("'{print'", "awk: line 1: syntax error at or near end of file"),
    "a function of one's own": ("'function f(x) {return x}'", "awk: function is not simulated here"),
    "output to a file": ("'{print > \"x\"}'", "awk: output to files and commands is not simulated here"),
    "no end": ("'BEGIN{while(1) x++}'", "awk: stopped after 200000 steps"),
    "a text without end": ("'BEGIN{x=\"a\"; while(1) x=x x}'", "awk: text too long"),
    "much output": ("'BEGIN{x=\"aaaaaaaaaa\"; for(i=0;i<12;i++) x=x x; while(1) print x}'", "awk: stopped after 4000000 characters"),
    "an array that is none": ("'$1 in'", "awk: line 1: syntax error at or near end of file"),
    "a division": ("'BEGIN{print 1/0}'", "awk: division by zero"),
    "a number that is none": ("'{print $1+1}' <<< 1e400", "awk: number out of range"),
    "a number too large": ("'BEGIN{print 10^400}'", "awk: number out of range"),
    "parentheses": (f"'BEGIN{{print {'(' * 60}1{')' * 60}}}'", "awk: more than 30 expressions one inside the other"),
    "an expression that runs away": ("'/(a+)+$/'", "awk: a repetition inside a repetition"),
    "a field before the first": ("'{print $(NF-9)}' /etc/hostname", "awk: trying to access out of range field -8"),
}  # fmt: skip


@pytest.mark.parametrize(("program", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_program(program: str, said: str) -> None:
    reply = opened().run("node1", f"echo a | awk {program}")
    assert reply.status == 2
    assert reply.stderr.startswith(said)
