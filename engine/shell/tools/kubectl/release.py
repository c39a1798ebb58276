"""The release of kubectl, which is the cluster's."""

from __future__ import annotations

import re

from engine.shell.live import LiveCluster

_NEWEST = "v1.34.0"


def release_of(live: LiveCluster) -> tuple[int, int]:
    """(major, minor)."""
    major, minor = release_text(live).removeprefix("v").split(".")[:2]
    return int(major), int(minor)


def release_text(live: LiveCluster) -> str:
    """`v1.34.0`."""
    told = next((node.proxy_version for node in live.cluster.nodes if node.proxy_version), live.release or _NEWEST)
    found = re.match(r"v?([0-9]{1,3}\.[0-9]{1,3})(\.[0-9]{1,3})?", told)
    return _NEWEST if found is None else f"v{found[1]}{found[2] or '.0'}"
