"""Every row of the tables that make an answer key, said a second time: delete or swap a row, and something here fails.

benchmarks/mutate.py does just that, row by row.
"""

from __future__ import annotations

import dataclasses

import pytest

from engine.trace import Outcome, ReasonCode, Verdict
from k8squiz.kinds.fields import AddressField
from k8squiz.kinds.outcome.endings import BY_CODE, ENDINGS, REVEALS, ending, reveals
from k8squiz.kinds.outcome.parts import PARTS
from k8squiz.kinds.stages import STAGES
from tests.k8squiz.fakes import DELIVERED, DROPPED, world


def ended(verdict: Verdict, code: str) -> Outcome:
    assert DROPPED.where is not None
    return dataclasses.replace(
        DROPPED, verdict=verdict, where=dataclasses.replace(DROPPED.where, code=ReasonCode(code))
    )


# The engine's own codes, and the ending each is asked as.
CODES = [
    (Verdict.DROP, "no-local-endpoints", "dropped-no-local-endpoints"),
    (Verdict.DROP, "source-ranges", "dropped-source-ranges"),
    (Verdict.DROP, "rule-drop", "dropped-otherwise"),
    (Verdict.DROP, "martian-source", "dropped-otherwise"),
    (Verdict.LOST, "bridge-refuses-same-port", "lost-bridge"),
    (Verdict.LOST, "martian-source", "lost-martian"),
    (Verdict.LOST, "martian-destination", "lost-otherwise"),
    (Verdict.LOST, "wrong-reply-source", "lost-wrong-reply"),
    (Verdict.LOST, "no-route", "lost-nowhere"),
    (Verdict.LOST, "no-such-host", "lost-nowhere"),
    (Verdict.LOST, "no-neighbour", "lost-nowhere"),
    (Verdict.LOST, "blackhole", "lost-nowhere"),
    (Verdict.LOST, "rp-filter", "lost-rp-filter"),
    (Verdict.LOST, "no-local-endpoints", "lost-otherwise"),
    (Verdict.REJECT, "no-endpoints", "rejected"),
    (Verdict.REFUSED, "nobody-listens", "refused"),
]


@pytest.mark.parametrize(("verdict", "code", "expected"), CODES)
def test_a_code_is_an_ending(verdict: Verdict, code: str, expected: str) -> None:
    way = ended(verdict, code)
    assert ending(world(way), "request", way) == expected


def test_every_code_is_told() -> None:
    assert set(BY_CODE) <= {(verdict, ReasonCode(code)) for verdict, code, _ in CODES}


def test_what_is_delivered_is_told_by_its_source() -> None:
    kept = dataclasses.replace(DELIVERED, source_seen="1.2.3.4")
    assert ending(world(DELIVERED), "request", DELIVERED) == "delivered-rewritten"
    assert ending(world(kept), "request", kept) == "delivered-kept"


# A word of each ending that no other has, in each language.
ENDING_WORDS = {
    "delivered-kept": ("untouched", "保持不变"),
    "delivered-rewritten": ("rewritten on the way", "被改写"),
    "rejected": ("ICMP port unreachable", "ICMP 端口不可达"),
    "refused": ("RST", "没有进程监听"),
    "dropped-no-local-endpoints": ("no local endpoint", "没有本地端点"),
    "dropped-source-ranges": ("not in loadBalancerSourceRanges", "不在 loadBalancerSourceRanges"),
    "dropped-otherwise": ("another rule", "其他规则"),
    "lost-bridge": ("the bridge does not send", "网桥不会"),
    "lost-martian": ("own address", "自己的地址"),
    "lost-wrong-reply": ("never spoke to", "从未访问过"),
    "lost-nowhere": ("no route leads there", "没有通往目的地的路由"),
    "lost-rp-filter": ("rp_filter", "rp_filter"),
    "lost-otherwise": ("another reason", "其他原因"),
}


def test_every_ending_has_its_own_words() -> None:
    assert list(ENDING_WORDS) == list(ENDINGS)
    for code, (en, zh) in ENDING_WORDS.items():
        assert [other for other, text in ENDINGS.items() if en in text.en] == [code]
        assert [other for other, text in ENDINGS.items() if zh in text.zh] == [code]


# Said, true, and words of what that reveals in each language.
WRONG_ENDINGS = [
    (
        "delivered-kept",
        "delivered-rewritten",
        "the rule that masquerades this packet",
        "没有想到会对这个数据包做 MASQUERADE",
    ),
    ("delivered-rewritten", "delivered-kept", "Masquerades everything", "认为什么都会被 MASQUERADE"),
    ("delivered-kept", "lost-bridge", "Stops thinking at DNAT", "想到 DNAT 就停了"),
    ("rejected", "dropped-no-local-endpoints", "no local endpoint for no endpoint", "把“没有本地端点”当成“没有端点”"),
    ("dropped-no-local-endpoints", "rejected", "no endpoint for no local endpoint", "把“没有端点”当成“没有本地端点”"),
    ("rejected", "delivered-kept", "a policy to a caller whom it does not bind", "把策略用在了它并不约束的访问方身上"),
    ("lost-martian", "lost-bridge", "not who ends it", "不知道是谁终止了它"),
]


@pytest.mark.parametrize(("said", "true", "en", "zh"), WRONG_ENDINGS)
def test_what_a_wrong_ending_reveals(said: str, true: str, en: str, zh: str) -> None:
    assert en in reveals(said, true).en
    assert zh in reveals(said, true).zh


def test_every_wrong_ending_is_told() -> None:
    assert len(REVEALS) == len(WRONG_ENDINGS)


def test_the_parts_of_an_outcome() -> None:
    asked = world(DELIVERED)
    fields = {name: part(asked, "request") for name, part in PARTS.items()}
    assert {name: field.truth for name, field in fields.items()} == {
        "ending": ("delivered-rewritten",), "host": "pod-b", "seen": "10.244.1.0", "endpoint_node": "node2",
    }  # fmt: skip
    assert isinstance(fields["seen"], AddressField)


# Each stage: a word of its card in each language, whether it is offered where it does not happen (always, or where the
# question asks for it), and a word of what naming it reveals.
STAGE_ROWS = {
    "dns": ("name is resolved", "解析域名", "", ""),
    "connect": ("connect() sends", "connect() 发出", "", ""),
    "nic": ("comes in at the network card", "从网卡进入", "", ""),
    "prerouting": ("PREROUTING", "PREROUTING", "", ""),
    "dnat": ("rewrites the destination", "改写目的地址", "always", "second node translate again"),
    "routing": ("routing decision", "路由决策", "", ""),
    "input": ("INPUT hook", "INPUT hook 点", "always", "DNAT comes before routing"),
    "ipvs": ("IPVS picks", "IPVS 在", "always", "Mixes the modes"),
    "forward": ("FORWARD hook", "FORWARD hook 点", "asked", "for forwarded that the host sends"),
    "postrouting": ("POSTROUTING", "POSTROUTING", "", ""),
    "snat": ("rewrites the source", "改写源地址", "always", "Masquerades where nothing is marked"),
    "encapsulate": ("adds an outer header", "加上外层头部", "asked", "whether this network tunnels"),
    "wire": ("leaves on the wire", "发到物理网络", "", ""),
    "decapsulate": ("outer header is taken off", "去掉外层头部", "asked", "nobody has put on"),
    "output": ("OUTPUT hook", "OUTPUT hook 点", "asked", "a forwarded packet for one the host sends"),
    "bridge": ("passes the bridge cni0", "经过网桥 cni0", "asked", "Bridges what is routed"),
    "veth": ("across the veth pair", "穿过 veth pair", "", ""),
    "socket": ("the socket receives it", "套接字收到", "", ""),
    "answer": ("the server answers", "服务端发出响应", "", ""),
    "restore-dst": ("the destination is restored", "恢复目的地址", "", ""),
    "restore-src": ("the source is restored", "恢复源地址", "", ""),
}
# The order in which distractors are drawn from: another one draws other questions.
PLAUSIBLE = ["dnat", "input", "ipvs", "forward", "snat", "encapsulate", "decapsulate", "output", "bridge"]
MOMENTS = {
    "connect": "leaving", "nic": "arriving at", "dnat": "after DNAT on", "snat": "after SNAT on", "wire": "leaving",
    "encapsulate": "into the tunnel at", "decapsulate": "out of the tunnel at", "socket": "arriving at",
}  # fmt: skip


# What the engine has learnt besides, and no question asks about yet, has a row of the same form.
@pytest.mark.parametrize("name", STAGE_ROWS)
def test_a_stage_as_questions_speak_of_it(name: str) -> None:
    en, zh, offered, wrong = STAGE_ROWS[name]
    row = STAGES[name]
    assert row.name == name
    assert en in row.card.en
    assert zh in row.card.zh
    assert ("always" if row.always else "asked" if row.plausible else "") == offered
    assert wrong in (row.reveals.en if row.reveals is not None else "")
    assert (row.reveals is not None) is bool(wrong)
    assert (row.moment.en if row.moment is not None else None) == MOMENTS.get(name)


def test_distractors_are_drawn_from_the_plausible_stages_in_this_order() -> None:
    assert [row.name for row in STAGES.values() if row.plausible] == PLAUSIBLE
