"""An incident worked on in the lab, by real lines and graded by real connections."""

from __future__ import annotations

import pytest

from engine.faults.grade import graded
from engine.faults.incident import from_id
from engine.faults.run import expert_path
from engine.faults.script import read_script_line
from engine.lab.incident_run import begin_in_lab, open_in_lab
from engine.lab.requirements import why_not

_REASON = why_not()
pytestmark = pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")


def test_an_expert_mends_it_and_nothing_does_not() -> None:
    incident = from_id("ip-forward-off.1")
    with open_in_lab(incident) as lab:
        run = begin_in_lab(incident, lab)
        nothing = graded(run)
        assert (nothing.score, nothing.mended) == (0.0, False)
        assert nothing.broken
        for text in expert_path(incident):
            line = read_script_line(text)
            assert line is not None
            if line.word == "diagnose":
                run = run.diagnose(line.text)
            elif not line.word:
                _, run = run.run(line.host, line.text)
        assert graded(run).score == 1.0


def test_a_line_on_another_host_runs_there() -> None:
    incident = from_id("ip-forward-off.1")
    (node,) = incident.case.place
    with open_in_lab(incident) as lab:
        reply, run = begin_in_lab(incident, lab).run("", f"ssh root@{node} 'cat /proc/sys/net/ipv4/ip_forward'")
        assert reply.stdout == "0\n"
        run.run("", f"ssh {node} sysctl -w net.ipv4.ip_forward=1")
        assert lab.run(node, "cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
