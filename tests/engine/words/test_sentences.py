"""Sentences that no walk of test_told.py tells, or tells with two figures alike: each figure in its place."""

from __future__ import annotations

import pytest

from engine.hooks import Hook
from engine.netfilter.skb import RuleEvent, TargetAction
from engine.packet import L4, FiveTuple
from engine.trace import Text
from engine.words import hops
from engine.words.rules import rule_note
from tests.rows import named

BEFORE = FiveTuple(L4.TCP, "1.2.3.4", 40000, "10.96.0.10", 80)
AFTER = FiveTuple(L4.TCP, "1.2.3.4", 40000, "10.244.1.5", 8080)
PING = FiveTuple(L4.ICMP, "1.2.3.4", 7, "10.244.1.5", 0)
REDIRECTED = RuleEvent(Hook.PREROUTING, "nat", "PREROUTING", None, 0, ("PREROUTING",), TargetAction.REDIRECT)

SENTENCES = named(
    {
        "NAT repeated": (
            hops.nat_repeated("PREROUTING", BEFORE, AFTER),
            (
                "PREROUTING: conntrack repeats the connection's NAT without looking at the nat table: "
                f"{BEFORE} becomes {AFTER}."
            ),
            f"PREROUTING：conntrack 直接沿用该连接的 NAT，不查 nat 表：{BEFORE} 变为 {AFTER}。",
        ),
        "a real server of a firewall-mark service": (
            hops.ipvs("FWM 1", BEFORE, AFTER, undo=False),
            "IPVS picks a real server of FWM 1: 10.96.0.10:80 becomes 10.244.1.5:8080.",
            "IPVS 为虚拟服务器 FWM 1 选出真实服务器：10.96.0.10:80 变为 10.244.1.5:8080。",
        ),
        "a ping": (
            hops.connect("default/pod-a", PING, None, False),
            "default/pod-a sends an ICMP echo request: 1.2.3.4 -> 10.244.1.5.",
            "default/pod-a 发送 ICMP echo 请求：1.2.3.4 -> 10.244.1.5。",
        ),
        "an answered ping": (
            hops.answer("default/pod-a", PING),
            "default/pod-a's kernel sends an echo reply: 1.2.3.4 -> 10.244.1.5.",
            "default/pod-a 的内核发送 echo reply：1.2.3.4 -> 10.244.1.5。",
        ),
        "a ping that arrives": (
            hops.socket_request("default/pod-a", PING),
            "default/pod-a's kernel gets the echo request; it came from 1.2.3.4.",
            "default/pod-a 的内核收到 echo 请求，来源为 1.2.3.4。",
        ),
        "a load balancer that checks": (
            hops.load_balancer("203.0.113.50", "node2", checked=True),
            (
                "The load balancer keeps the destination 203.0.113.50 and hands the packet to node2, a node that passes its "
                "health check."
            ),
            "负载均衡器保留目的地址 203.0.113.50，把数据包交给 node2（通过健康检查的节点）。",
        ),
        "REDIRECT": (
            rule_note(REDIRECTED, None, BEFORE, AFTER),
            "PREROUTING sends the packet to this host itself: 10.96.0.10:80 becomes 10.244.1.5:8080.",
            "PREROUTING 把数据包转给本机：目的地址 10.96.0.10:80 变为 10.244.1.5:8080。",
        ),
    }
)


@pytest.mark.parametrize(("told", "en", "zh"), SENTENCES)
def test_each_figure_stands_in_its_place(told: Text, en: str, zh: str) -> None:
    assert (told.en, told.zh) == (en, zh)
