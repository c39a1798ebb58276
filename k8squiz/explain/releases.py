"""What Kubernetes releases did, and plan, for the proxy modes. Dated: read at the KEPs on 2026-11-26."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.story.blocks import Grid, same

AS_OF = Text("as of v1.37, November 2026", "截至 v1.37，2026 年 11 月")

_Rows = tuple[tuple[str, Text], ...]

# KEP-265; KEP-5495, graduation criteria, stages 1 to 4.
IPVS: _Rows = (
    ("v1.11", Text("ipvs mode GA (KEP-265)", "ipvs 模式 GA（KEP-265）")),
    ("v1.35", Text("deprecated: kube-proxy warns (KEP-5495)", "弃用：kube-proxy 发出警告（KEP-5495）")),
    ("v1.37", Text("behind the gate KubeProxyIPVS, still on", "受特性门控 KubeProxyIPVS 控制，默认仍开启")),
    ("v1.40", Text("planned: the gate is off by default", "计划：门控默认关闭")),
    ("v1.43", Text("planned: removed", "计划：移除")),
)
# KEP-3866; KEP-5343, still provisional.
NFTABLES: _Rows = (
    ("v1.29", Text("alpha (KEP-3866)", "alpha（KEP-3866）")),
    ("v1.31", Text("beta", "beta")),
    ("v1.33", Text("GA; needs Linux 5.13", "GA；需要 Linux 5.13")),
    ("v1.37", Text(
        "the default is still iptables; kube-proxy warns that this will change",
        "默认仍是 iptables；kube-proxy 警告默认值将会改变",
    )),
    ("v1.40", Text(
        "planned: nftables becomes the default on Linux (KEP-5343, provisional)",
        "计划：在 Linux 上成为默认模式（KEP-5343，provisional）",
    )),
)  # fmt: skip


def releases_grid(rows: _Rows) -> Grid:
    """One row a release."""
    return Grid(AS_OF, (Text("release", "版本"), Text("what", "变化")), tuple((same(v), text) for v, text in rows))
