"""The picture in a terminal: whole, at 80 columns and wider, in both languages; hostile names; nothing wider than there is."""

from __future__ import annotations

import pytest

from k8squiz.locale.i18n import Lang
from k8squiz.story.picture.lines import Detail, picture_lines
from k8squiz.terminal.width import width_of
from tests.k8squiz.story.picture.walks import WALKS, hostile, laid_out

BRIEF = """\
client  1.2.3.4
│   router
│   │   node1  192.168.1.10
│   │   │   node2  192.168.1.11
│   │   │   │   pod-b  10.244.2.8
│   │   │   │   │  Request
●━━►│   │   │   │  1.2.3.4:54321 → 192.168.1.10:30080
│   ●━━►│   │   │  1.2.3.4:54321 → 192.168.1.10:30080
│   │   ●   │   │  [DNAT] dst 192.168.1.10:30080 » 10.244.2.8:8080
│   │   ┃   │   │  [SNAT] src 1.2.3.4:54321 » 10.244.1.0:23885
│   │   ┗══►│   │  10.244.1.0:23885 → 10.244.2.8:8080 in VXLAN 192.168.1.10 →
│   │   │   │   │    192.168.1.11
│   │   │   ●━━►│  10.244.1.0:23885 → 10.244.2.8:8080
│   │   │   │   ■  the server sees 10.244.1.0
│   │   │   │   │  Reply
│   │   │   │◄━━●  10.244.2.8:8080 → 10.244.1.0:23885
│   │   │◄══●   │  10.244.2.8:8080 → 10.244.1.0:23885 in VXLAN 192.168.1.11 →
│   │   │   │   │    192.168.1.10
│   │   ●   │   │  [conntrack] dst 10.244.1.0:23885 » 1.2.3.4:54321
│   │   ┃   │   │  [conntrack] src 10.244.2.8:8080 » 192.168.1.10:30080
│   │◄━━┛   │   │  192.168.1.10:30080 → 1.2.3.4:54321
│◄━━●   │   │   │  192.168.1.10:30080 → 1.2.3.4:54321
■   │   │   │   │
= DELIVERED 10.244.2.8:8080: answered from the address spoken to
"""

DIES_THERE = """\
pod-a  10.244.1.5
│   node1  192.168.1.10
│   │  请求
●━━►│  10.244.1.5:54321 → 10.96.0.10:80
│   ●  [DNAT] dst 10.96.0.10:80 » 10.244.1.5:8080
│◄━━┛  10.244.1.5:54321 → 10.244.1.5:8080
╳   │  [LOST] pod-a
= LOST 10.244.1.5:8080：在途中丢失：客户端超时
  pod-a 的内核丢弃了从 eth0 进来、源地址为 10.244.1.5 的数据包：该地址是 pod-a
    自己的地址或属于 127.0.0.0/8（martian 包）。
"""

DIES_HERE = """\
pod-a  10.244.1.5
│   node1  192.168.1.10
│   │  Request
●   │  1 connect
┗━━►│  10.244.1.5:54321 → 10.96.0.10:80
│   ●  2-8 veth › prerouting › dnat
│   ┃  [mark] 0x0 » 0x4000
│   ┃  [DNAT] dst 10.96.0.10:80 » 10.244.1.5:8080
│   ╳  [LOST] node1
= LOST 10.244.1.5:8080: lost on the way: the client times out
  the frame would have to leave cni0 by veth71866a09, the port it came in by,
    and hairpin mode is off there: the bridge refuses.
"""

SPREAD = """\
 client    router     node1     node2     pod-b
 1.2.3.4          192.168.1.10         10.244.2.8
                            192.168.1.11
    │         │         │         │         │       Request
    ●━━━━━━━━►│         │         │         │       1.2.3.4:54321 → 192.168.1.10:30080
"""


def text(name: str, lang: Lang, width: int, detail: Detail) -> str:
    lines = picture_lines(laid_out(name), lang, width, detail)
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


@pytest.mark.parametrize(
    ("name", "lang", "width", "detail", "picture"),
    [
        pytest.param("nodeport", "en", 80, Detail.BRIEF, BRIEF, id="brief, fits 24 lines"),
        pytest.param("martian", "zh", 80, Detail.BRIEF, DIES_THERE, id="dies where it was on its way to"),
        pytest.param("refused by the bridge", "en", 80, Detail.STAGES, DIES_HERE, id="dies where it is"),
    ],
)
def test_the_picture_whole(name: str, lang: Lang, width: int, detail: Detail, picture: str) -> None:
    assert text(name, lang, width, detail) == picture


def test_wider_puts_the_names_in_one_line() -> None:
    assert text("nodeport", "en", 120, Detail.BRIEF).startswith(SPREAD)


def test_a_rejecting_rule_stands_where_it_rejects() -> None:
    told = text("rejected", "en", 80, Detail.BRIEF)
    dies, rule = told.splitlines()[4:6]
    assert dies.startswith("│   ╳  [REJECT] node1 FORWARD kube-proxy cluster-ips-check") and rule.startswith(
        "│   │    ip daddr"
    )


def test_each_rule_that_decided_stands_with_its_hop() -> None:
    told = text("nodeport", "en", 200, Detail.RULES)
    for number, rule in (
        (8, "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"),
        (17, '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully'),
    ):  # fmt: skip
        assert f"  {number} {rule}\n" in told


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", WALKS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, lang: Lang) -> None:
    for detail in Detail:
        assert max(width_of(line) for line in text(name, lang, width, detail).splitlines()) <= width


def test_foreign_names_cannot_write_to_the_terminal() -> None:
    layout = hostile("\x1b[31mred\x1b]0;title\x07\n\u202eevil")
    lines = ["".join(span.text for span in line) for line in picture_lines(layout, "en", 400, Detail.RULES)]
    assert all(line.isprintable() for line in lines)
    assert any("\\x1b[31mred" in line for line in lines)
