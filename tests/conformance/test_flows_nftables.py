"""Every packet-flow fact of kube-proxy's nftables tests, answered by the rules this engine compiles."""

from __future__ import annotations

import pytest

from .flows import Flow, check, flows


@pytest.mark.parametrize("flow", flows("nftables"))
def test_flow(flow: Flow) -> None:
    check(flow, "nftables")
