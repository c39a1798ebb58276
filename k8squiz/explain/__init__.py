"""Guided stories, one module a topic. Every figure in them is computed when the story is built.

What a story is made of and written as is in k8squiz.story; no story prints, and none is told by another.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Protocol, cast

from engine.trace import Text
from engine.values import dataclass
from k8squiz.errors import QuizError, unknown
from k8squiz.story.blocks import BesideWalk, Block, Story, Walk


class Topic(Protocol):
    """What a topic's module offers."""

    WITHOUT: tuple[str, ...]

    def build(self, without: frozenset[str] = frozenset()) -> Story: ...


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic in the list: the word on the command line, its module, one line on what it tells."""

    name: str
    module: str
    about: Text
    live: bool = False
    """Whether `--live` can run it on this machine's kernel."""


TOPICS: tuple[TopicEntry, ...] = (
    TopicEntry(
        "nodeport",
        "nodeport",
        Text("a request from outside, hop by hop, and back", "外部请求到达 Pod 的逐跳路径与回程"),
        live=True,
    ),
    TopicEntry(
        "traffic-policy",
        "traffic_policy",
        Text("Cluster and Local, external and internal", "Cluster 与 Local，外部与内部流量策略"),
        live=True,
    ),
    TopicEntry(
        "iptables-vs-ipvs",
        "iptables_vs_ipvs",
        Text("what each Service costs, and whom", "每个 Service 的开销落在谁身上"),
    ),
    TopicEntry("ipvs", "ipvs", Text("kube-ipvs0, virtual servers, ipsets", "kube-ipvs0、虚拟服务器与 ipset")),
    TopicEntry("nftables", "nftables", Text("verdict maps, and what users notice", "判决映射，以及用户会察觉的不同")),
    TopicEntry("schedulers", "schedulers", Text("what each IPVS scheduler computes", "每种 IPVS 调度算法计算什么")),
    TopicEntry(
        "hairpin", "hairpin", Text("a pod calls itself through its Service", "Pod 通过 Service 访问自己"), live=True
    ),
    TopicEntry(
        "pod-to-pod", "pod_to_pod", Text("two nodes, three tables, no NAT", "两个节点、三张表、没有 NAT"), live=True
    ),
    TopicEntry(
        "network-policy",
        "network_policy",
        Text("who may talk to whom, judged at two doors", "谁能访问谁，两端各检查一次"),
    ),
    TopicEntry("dns", "dns", Text("what one name costs, and who answers", "一个名称要查几次，由谁回答")),
    TopicEntry("mtu", "mtu", Text("small packets pass, full ones hang", "小包能通，满载的包卡住")),
    TopicEntry("egress", "egress", Text("whose address leaves the cluster", "出集群用谁的地址"), live=True),
    TopicEntry(
        "ebpf",
        "ebpf",
        Text("the choice at the socket, DSR, what is not seen", "在 socket 处选择、DSR、看不到的部分"),
        live=True,
    ),
    TopicEntry("rollout", "rollout", Text("a pod is replaced while requests go on", "请求不断时替换 Pod")),
)


def tell(topic: str, without: frozenset[str] = frozenset(), release: str | None = None) -> Story:
    """The story of `topic` with the parts in `without` taken away, its walks and rules as kube-proxy `release` writes them.
    Raises QuizError for an unknown word of either, UnsupportedFeature for an unknown release."""
    entry = next((entry for entry in TOPICS if entry.name == topic), None)
    if entry is None:
        raise unknown("topic", topic, (known.name for known in TOPICS))
    module = cast(Topic, importlib.import_module(f"k8squiz.explain.{entry.module}"))
    for part in sorted(without):
        if part not in module.WITHOUT:
            raise unknown("part to go without", part, module.WITHOUT)
    if release is None:
        return _told(module, without)
    # The list of stories asks for neither.
    from engine.proxy.releases import behaviour_of
    from k8squiz.world.release import told_of

    known = behaviour_of(release).release
    since = getattr(module, "SINCE", known)
    if int(known.split(".")[1]) < int(since.split(".")[1]):
        raise QuizError(
            f"{topic} tells of rules that kube-proxy writes since v{since}; --release {release} has others",
            f"{topic} 讲的是 kube-proxy 自 v{since} 起的规则；--release {release} 的规则与之不同",
        )
    with told_of(known):
        return _told(module, without)


def _told(module: Topic, without: frozenset[str]) -> Story:
    story = module.build(without)
    return _beside_the_whole(story, module.build(), without) if without else story


def _beside_the_whole(story: Story, whole: Story, without: frozenset[str]) -> Story:
    """Each walk of a story without some parts, followed by what differs from the same walk with everything in place."""
    from k8squiz.story.picture.beside import beside

    walks = iter([block for section in whole.sections for block in section.blocks if isinstance(block, Walk)])
    parts = ", ".join(sorted(without))
    names = (Text("everything in place", "一切正常"), Text(f"without {parts}", f"去掉 {parts}"))
    caption = Text("What differs from the walk with everything in place", "与一切正常时的不同之处")
    sections = []
    for section in story.sections:
        blocks: list[Block] = []
        for block in section.blocks:
            blocks.append(block)
            as_it_was = next(walks, None) if isinstance(block, Walk) else None
            if as_it_was is not None and isinstance(block, Walk):
                blocks.append(BesideWalk(caption, names, beside(as_it_was.layout, block.layout)))
        sections.append(dataclasses.replace(section, blocks=tuple(blocks)))
    return dataclasses.replace(story, sections=tuple(sections))
