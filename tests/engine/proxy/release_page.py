"""docs/releases.md, written from the table: python -m tests.engine.proxy.release_page > docs/releases.md"""

from __future__ import annotations

from engine.proxy.releases import DIFFERENCES, NEWEST, RELEASES, Difference

HEAD = f"""\
# What differs between releases of kube-proxy

Releases {RELEASES[0]} to {NEWEST} are modelled. `k8squiz rules --release 1.30` and `k8squiz trace --release 1.30` (in Python
`release="1.30"`) say which; without it each node's own counts, as its `status.nodeInfo` reports it (`kubeProxyVersion`, else
`kubeletVersion`), and where it reports none the newest. Any spelling will do (`1.30`, `v1.30.5`, `v1.30.5+k3s1`); without
a patch number a release stands for its last patch release. Others are refused.

Held against what kube-proxy itself left in a kernel: v1.30.5, v1.34.9 (nftables mode), v1.36.3, and v1.37's two rule changes
in nftables mode. The releases between and before were read. Questions and stories speak of one release, which
`k8squiz/world/release.py` names.

This page is written from the table in `engine/proxy/releases.py`.
"""


def page() -> str:
    """The whole page, ending in a newline."""
    parts = [HEAD]
    for title, rows in (
        ("In every mode", [row for row in DIFFERENCES if len(row.modes) > 1]),
        ("iptables mode", [row for row in DIFFERENCES if row.modes == ("iptables",)]),
        ("nftables mode", [row for row in DIFFERENCES if row.modes == ("nftables",)]),
    ):
        lines = [f"| {_when(row)} | {row.what.en} | {row.source} |" for row in rows]
        parts.append("\n".join([f"## {title}", "", "| releases | what | source |", "|---|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def _when(row: Difference) -> str:
    return ", ".join([_span(row), *(f"v{version}" for version in row.also)])


def _span(row: Difference) -> str:
    if row.since is not None and row.until is not None:
        return f"v{row.since} to v{row.until}"
    return f"since v{row.since}" if row.since is not None else f"up to v{row.until}"


if __name__ == "__main__":
    print(page(), end="")
