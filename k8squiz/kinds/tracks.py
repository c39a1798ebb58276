"""Tracks: whom one prepares for. A row says which questions fit, and how often each level and theme comes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.errors import unknown
from k8squiz.kinds.interface import REGISTRY, kind

DEFAULT = "senior"


@dataclass(frozen=True, slots=True)
class Track:
    """`about` says whom it is for. `mix`: how often each level comes; `simple`: the kinds that suit juniors alone; `exam`: those that
    exams have alone; `asked`: how often its themes come up, 5 in almost every interview to 1 hardly ever, and what is about
    none of them is left out (none: all themes, as THEMES has it); `open_every`: one of so many questions of a mock interview is an
    open one, 0 for none."""

    title: Text
    about: Text
    mix: Mapping[int, int]
    simple: bool = False
    exam: bool = False
    asked: Mapping[str, int] = dataclasses.field(default_factory=dict)
    open_every: int = 3

    def weight(self, meta: QuestionMeta) -> int:
        """How often what a question is about comes up, 5 to 1; 0 where it is left out. One that does not name its themes (of a pack
        of one's own) has the most."""
        if not meta.themes:
            return _MOST
        told = self.asked or {name: theme.asked for name, theme in THEMES.items()}
        return max((told.get(theme, 0) for theme in meta.themes), default=0)

    def fits(self, meta: QuestionMeta) -> bool:
        """Whether a question is of its levels, kinds and themes."""
        if meta.level not in self.mix or not self.weight(meta):
            return False
        if not (self.simple or self.exam):
            return True
        known = kind(meta.kind) if meta.kind in REGISTRY else None
        return known is not None and (known.for_juniors or not self.simple) and (known.in_exams or not self.exam)


_MOST = 5
# The Linux Foundation's curriculum of 2025: Services and networking 20 %, troubleshooting 30 %; tasks at a terminal, no open questions.
_CKA = {
    "reading-evidence": 5, "selectors-and-ports": 5, "network-policy": 5, "cluster-dns": 5, "ingress": 4, "readiness": 4,
    "pod-to-pod": 4, "cni-add": 4, "nodeport-path": 4, "kube-proxy-down": 3, "endpoint-slices": 3, "host-network": 3,
    "missing-route": 3, "external-traffic-policy": 3, "internal-traffic-policy": 2, "cni-plugins": 2, "egress": 2, "mtu": 2,
    "graceful-termination": 2, "session-affinity": 1, "dual-stack": 1,
}  # fmt: skip
# Counted in interview notes and hand-books in Chinese of 2024 to 2026: in how many of them a theme is treated.
_CN = {
    "ingress": 5, "cluster-dns": 5, "network-policy": 5, "cni-plugins": 5, "pod-to-pod": 5, "proxy-modes": 5, "iptables-chains": 5,
    "graceful-termination": 5, "nodeport-path": 4, "ipvs-dataplane": 4, "external-traffic-policy": 4, "source-ip": 4, "readiness": 4,
    "egress": 4, "cni-add": 4, "long-lived-connections": 4, "reading-evidence": 4, "selectors-and-ports": 4, "endpoint-slices": 3,
    "endpoint-choice": 3, "rule-cost": 3, "ebpf": 3, "dns-race": 3, "conntrack-full": 3, "tunnel-overhead": 3, "metallb": 2,
    "stale-udp": 2, "kube-proxy-down": 2, "partial-sync": 2, "ipvs-schedulers": 2, "session-affinity": 2, "service-mesh": 2, "mtu": 2,
    "hairpin": 1, "host-network": 2, "terminating-endpoints": 3,
}  # fmt: skip
TRACKS: dict[str, Track] = {
    "junior": Track(
        Text("Junior", "初级"),
        Text("levels 1 to 3, without what has to be typed or designed", "难度 1 到 3，不含手写与设计题"),
        {1: 3, 2: 4, 3: 3}, simple=True,
    ),
    "senior": Track(Text("Senior", "高级"), Text("levels 2 to 4, every kind", "难度 2 到 4，所有题型"), {2: 2, 3: 4, 4: 3}),
    "expert": Track(Text("Expert", "专家"), Text("levels 3 to 5, every kind", "难度 3 到 5，所有题型"), {3: 3, 4: 5, 5: 3}),
    "cka": Track(
        Text("CKA-like", "CKA 类"),
        Text(
            "as in the CKA exam: find what is broken, mend it, write policies and Services; no open questions",
            "类似 CKA 考试：找出故障并修复，编写策略与 Service；没有开放题",
        ),
        {2: 3, 3: 4, 4: 2},
        exam=True, asked=_CKA, open_every=0,
    ),
    "cn": Track(
        Text("Chinese interviews", "国内面试"),
        Text(
            "levels 2 to 4, what interviews in China ask most: CNI plugins, modes of kube-proxy, DNS, Ingress, rollouts",
            "难度 2 到 4，国内面试问得最多的内容：CNI 插件、kube-proxy 模式、DNS、Ingress、滚动更新",
        ),
        {1: 1, 2: 3, 3: 4, 4: 2},
        asked=_CN,
    ),
}  # fmt: skip


def track(name: str) -> Track:
    """The track of that name; raises QuizError for an unknown one."""
    if name not in TRACKS:
        raise unknown("track", name, TRACKS)
    return TRACKS[name]


def of_track(known: Iterable[QuestionMeta], name: str | None) -> tuple[QuestionMeta, ...]:
    """Those of `known` that fit the track; all of them without one. Raises QuizError for an unknown track."""
    chosen = None if name is None else track(name)
    return tuple(meta for meta in known if chosen is None or chosen.fits(meta))
