"""Every packet-flow fact of kube-proxy's nftables tests, answered by the rules this engine compiles."""

from __future__ import annotations

import pytest

from .flows import Flow, check, flows


@pytest.mark.parametrize("flow", flows("nftables"))
@pytest.mark.parametrize("release", ["1.34", "1.36", "1.37"])
def test_flow(flow: Flow, release: str) -> None:
    check(flow, "nftables", release)
