"""Faults of a node's tables that have no room for what comes next."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from engine.faults.interface import Case, KnownFault, ToolEvidence
from engine.faults.restarts import all_proxies
from engine.faults.scene import DNS, IncidentScene
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.shell.standing import COUNT, MAX, StandingConnections
from engine.trace import Text

_DATABASE = ("198.51.100.20", 5432)


def with_pools(scene: IncidentScene, live: LiveCluster) -> LiveCluster:
    """The callers of each node hold a pool of connections to a database open; kube-proxy leaves nf_conntrack_max as it is."""
    proxy = dataclasses.replace(live.cluster.proxy, conntrack_max_per_core=0)
    drawn = random.Random(f"pools:{live.seed}:{scene.front}")
    standing = {}
    for node in scene.nodes:
        count = drawn.randint(1300, 1900)
        standing[node] = StandingConnections(f"default/{scene.caller}", *_DATABASE, count, count)
    live = live.with_cluster(dataclasses.replace(live.cluster, proxy=proxy))
    return dataclasses.replace(live, standing=standing)


def _full(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    for node in scene.nodes:
        here = live.conntrack_count(node)
        yield Case(
            (node,),
            ((node, f"sysctl -w {MAX}=1024"),),
            (
                ToolEvidence(node, f"sysctl {MAX}", rf"{MAX} = 1024"),
                ToolEvidence(node, f"sysctl {COUNT}", rf"{COUNT} = 1[0-9]{{3}}"),
                ToolEvidence(node, "dmesg -T", "table full, dropping packet"),
                ToolEvidence(node, "conntrack -S", r"drop=[1-9]"),
            ),
            (((node, f"sysctl -w {MAX}=131072"),), ((node, f"echo 262144 > /proc/sys/{MAX.replace('.', '/')}"),)),
            (
                *all_proxies(),
                restart(scene, live, scene.front),
                restart(scene, live, scene.caller),
                restart(scene, live, DNS, "kube-system"),
                ((node, "conntrack -F"),),
                ((node, f"conntrack -D -d {_DATABASE[0]}"),),
                ((node, f"sysctl -w {MAX}={here - 100}"),),
                ((node, "sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=3600"),),
            ),
        )  # fmt: skip


FAULTS = (
    KnownFault(
        "conntrack-full", 3,
        Text("nf_conntrack_max is too low on a node: its conntrack table is full, and new connections are dropped", "某节点的 nf_conntrack_max 过小：conntrack 表已满，新连接被丢弃"),
        Text("on one node: its conntrack table, and the sysctl that limits it", "在某个节点上：它的 conntrack 表，以及限制其大小的 sysctl"),
        Text("a profile of sysctls that save memory was tried on a node", "有个节点试用过一套节省内存的 sysctl 配置"),
        (r"conntrack|连接跟踪", r"full|max|limit|too (low|small)|room|overflow|满|上限|过小|太小"), _full, prepare=with_pools,
    ),
)  # fmt: skip
