"""The simulated tools against the real ones, and drawn incidents on the kernel: a little of each.

More: `k8squiz lab verify --shell --cases 40`, `k8squiz lab verify --incidents --cases 300`.
"""

from __future__ import annotations

import pytest

from engine.cluster import Mode
from engine.faults.scene import draw_scene
from engine.lab.incidents import verify_incident
from engine.lab.requirements import why_not
from engine.lab.tool_lines import ROWS, tool_lines
from engine.lab.tool_output import compare_tools
from engine.shell.live import LiveCluster

_REASON = why_not()
needs_lab = pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")
# Tools that wait, or that not every machine has.
_LEFT_OUT = ("ping", "nc", "tracepath", "traceroute", "tcpdump", "getent", "dig", "nslookup", "ethtool", "curl NAME")


def live(plugin: str, mode: Mode) -> LiveCluster:
    return LiveCluster(draw_scene("tools", plugin, mode, 2).cluster, mode, None, "tools")


@needs_lab
@pytest.mark.parametrize(("plugin", "mode"), [("flannel/vxlan", Mode.IPTABLES), ("kindnet/ptp", Mode.NFTABLES)])
def test_tools_print_what_the_real_ones_print(plugin: str, mode: Mode) -> None:
    cluster = live(plugin, mode)
    lines = [line for line in tool_lines(cluster) if not line.name.startswith(_LEFT_OUT)]
    found = compare_tools(plugin, cluster, lines)
    assert [(one.line.line, one.simulated, one.real) for one in found if not one.equal] == []
    assert sum(one.skipped is None for one in found) > 35


@needs_lab
@pytest.mark.parametrize("id_", ["missing-pod-route.k-0", "kube-proxy-stale.k-4", "endpoints-empty.k-1"])
def test_an_incident_on_the_kernel(id_: str) -> None:
    found = verify_incident(id_)
    if found.skipped is not None:
        pytest.skip(found.skipped.en)
    assert (found.disagreements, found.failed) == ((), ())
    before, broken, mended = found.failing
    assert (before, mended) == (0, 0)
    assert broken > 0


def test_lines_are_filled_in() -> None:
    lines = list(tool_lines(live("flannel/vxlan", Mode.IPTABLES)))
    assert len({line.name for line in lines}) >= 25
    assert not [line for line in lines if "{" in line.line.replace("%{", "")]
    assert len(lines) <= len(ROWS)
