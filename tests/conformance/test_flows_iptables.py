"""Every packet-flow fact of kube-proxy's iptables tests, answered by the rules this engine compiles."""

from __future__ import annotations

import pytest

from .flows import Flow, check, flows


@pytest.mark.parametrize("flow", flows("iptables"))
def test_flow(flow: Flow) -> None:
    check(flow, "iptables")
