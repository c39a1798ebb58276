"""`conntrack -L` read back: what NAT each entry tells of, and what is no entry."""

from __future__ import annotations

import pytest

from engine.errors import ManifestError
from engine.netfilter.conntrack_text import read_conntrack
from engine.netfilter.skb import Manip

TCP = "tcp      6 86399 ESTABLISHED src=10.244.1.5 dst=10.96.0.10 sport=40000 dport=80 src=10.244.2.8 dst=10.244.1.0 sport=8080 dport=40001 [ASSURED] mark=4 zone=2 use=1"
UDP = "udp      17 29 src=10.244.1.5 dst=10.96.0.53 sport=54321 dport=53 [UNREPLIED] src=10.244.2.99 dst=10.244.1.5 sport=53 dport=54321 mark=0 use=1"
EXTENDED = "ipv6     10 " + UDP.replace("10.244.1.5", "fd00::5").replace("10.96.0.53", "fd01::53").replace(
    "10.244.2.99", "fd00::99"
)
ICMP = "icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7 mark=0 use=1"
TOLD = "conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown."


def test_entries() -> None:
    tcp, udp, six = read_conntrack(f"{TCP}\n{ICMP}\n\n{UDP}\n{EXTENDED}\n{TOLD}", "f")
    assert (str(tcp.original), str(tcp.reply)) == (
        "10.244.1.5:40000 -> 10.96.0.10:80",
        "10.244.2.8:8080 -> 10.244.1.0:40001",
    )
    assert (tcp.replied, tcp.assured, tcp.mark, tcp.zone, tcp.translated) == (True, True, 4, 2, {Manip.SRC, Manip.DST})
    assert (udp.replied, udp.assured, udp.translated, udp.nat_done) == (False, False, {Manip.DST}, set(Manip))
    assert six.original.src == "fd00::5"


@pytest.mark.parametrize(
    "line",
    ["nonsense", "tcp", "tcp 6 5 SYN_SENT src=1.2.3.4", UDP.replace("54321", "99999"), UDP.replace("10.244.1.5", "x"), UDP.split("[", maxsplit=1)[0]],
)  # fmt: skip
def test_what_is_no_entry(line: str) -> None:
    with pytest.raises(ManifestError, match="is no line of `conntrack -L`") as caught:
        read_conntrack(f"{TCP}\n{line}\n", "f", 7)
    assert (caught.value.file, caught.value.line) == ("f", 8)
