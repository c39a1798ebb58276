"""What the tools of engine.shell print, held against what the real ones print on the same cluster in the lab.

What a machine draws is taken out of both: indexes, MAC addresses, times, counters, ports, sequence numbers, the order of what
the kernel keeps in a hash table. What the lab builds otherwise than a node is named in LAB and taken out too.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess
import time
from collections.abc import Iterable, Iterator

from engine.errors import EngineError, UnsupportedFeature
from engine.lab.errors import NotInThisLab
from engine.lab.plain import PlainLab
from engine.lab.plan import WIRES
from engine.lab.tool_lines import ToolLine
from engine.netfilter.ipvs import IpvsRuleset
from engine.packet import Family
from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.trace import Text
from engine.values import dataclass

# Draws of the simulation that are tried until one is what the kernel drew: endpoints of a Service.
_MOST_DRAWS = 64
_VLAN = " vlan 1 master "
# ARP asks three times, a second apart.
_MOST_SECONDS = 8
_MAC = r"(?!33:33:|01:00:5e|ff:ff:ff:ff:ff:ff|00:00:00:00:00:00)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
DRAWN = (
    (r"(?m)^\d+: ", "N: "),
    (r"@(if\d+|eth0)\b", ""),
    (r" link-netnsid \d+", ""),
    (_MAC, "MAC"),
    (r"(?m)^# (Generated|Completed).*\n", ""),
    (r"\[\d+:\d+\]", "[0:0]"),
    (r"(?m)^ *\d+[KMG]? +\d+[KMG]? (?=\S+ +\S+ +--)", "0 0 "),
    (r"\d+ packets, \d+ bytes", "0 packets, 0 bytes"),
    (r"packets \d+ bytes \d+", "packets 0 bytes 0"),
    (r"(?m)(lladdr \S+) (REACHABLE|STALE|DELAY|PROBE)\b", r"\1 KNOWN"),
    (r"\bINCOMPLETE\b", "FAILED"),
    (r"time=\S+ ms", "time=T"),
    (r"time \d+ms", "time T"),
    (r"(?m)^rtt .*$", "rtt"),
    (r"(?m)^pipe \d+\n", ""),
    (r" +\d+\.\d{3} ?ms", " T"),
    (r"(?m)^ ?\d+:  no reply\n(?= ?\d+: .*!H)", ""),
    (r"after \d+ m", "after T m"),
    (r"\r", "\n"),
    (r"(?m)^ *(% Total|Dload|\d+ .*--:--:--).*\n", ""),
    (r"(?m)^(tcp|udp|icmp)( +\d+) \d+ ", r"\1\2 T "),
    (r"(?m)^\d\d:\d\d:\d\d\.\d{6}", "TIME"),
    (r"\b(seq|ack|win|ecr|val|wscale|id) \d+(:\d+)?", r"\1 N"),
    (r"length [1-9]\d*\b", "length N"),
    (r"(?m)^\d+ packets? (received by filter|dropped by kernel|captured)\n", ""),
    (r"Size in memory: \d+", "Size in memory: N"),
    (r"\(size=\d+\)", "(size=N)"),
    (r" expires [0-9a-z]+", " expires T"),
    (r"(?<=[ :])\d{10}(?=[ ,\n])", "JIFFIES"),
    (r"(?m)^(TCP|UDP) \d\d+:\d\d +", r"\1 MM:SS "),
    (r"\binitval 0x[0-9a-f]{8}", "initval N"),
)  # fmt: skip
# The lab's own: its cards are veth pairs, the fabric says which networks are on-link, one family is built, nfacct needs a
# counter that somebody has made, policies are enforced by a table of its own, each namespace has a tunl0 where the kernel
# has IPIP, and features of devices are the kernel's (6.1 and 6.18 name others). The last two are the simulation's: it holds
# no conntrack entries of the tunnels' own packets.
LAB = (
    (r"(N: eth\d: .*) qdisc \S+", r"\1"),
    (r" noprefixroute", ""),
    (r"(?m)^ *inet6 .*\n +valid_lft.*\n", ""),
    (r"(?m)^N: \S+ +inet6 .*\n", ""),
    (r"(?m) [0-9a-f:]*::[0-9a-f:]*/\d+(?= *$)", ""),
    (r" -m nfacct --nfacct-name  \S+| nfacct-name  \S+", ""),
    (r"(?ms)^table (ip6 \S+|ip k8squiz_\S+) \{$.*?^\}\n", ""),
    (r"(?m)^table (ip6 \S+|ip k8squiz_\S+)\n", ""),
    (r"(?m)^modprobe: .*\n", ""),
    (r"(?m)^N: (tunl0|fallback0)@NONE: <NOARP> .*\n(?: .*\n)*", ""),
    (r"(?m)^(tunl0|fallback0)@NONE +DOWN .*\n", ""),
    (r"(?m)^\s*(tx-tcp-accecn-segmentation|tx-lockless|netns-local|fcoe-mtu): .*\n", ""),
    (r"(?m)^udp .*dport=(8472|4789) .*\n", ""),
    (r"\d+ flow entries", "N flow entries"),
    # What rp_filter refuses: 6.1 and 6.18 again.
    (r"(?<=RTNETLINK answers: )Invalid cross-device link", "Invalid argument"),
)  # fmt: skip
_SORTED = (
    "ip neigh",
    "ss ",
    "conntrack",
    "bridge fdb",
    "ipset",
    "ipvsadm",
    "getent ahosts",
    "ls /proc/net/",
    "cat /proc/net/",
)
# Lists of `-m recent`; IPVS forgets a client with its real server.
_FORGET = (
    "for f in /proc/net/xt_recent/*; do echo / > $f; done; "
    "ipvsadm-save -n > /run/k8squiz-saved && ipvsadm -C && ipvsadm-restore < /run/k8squiz-saved"
)
_BLOCKS = ("ip addr", "ip -4 addr", "ip link")


@dataclass(frozen=True, slots=True)
class ToolComparison:
    """One line on one cluster: what both printed once what is drawn is taken out; `skipped`: why it was left out."""

    cluster: str
    line: ToolLine
    simulated: str
    real: str
    skipped: Text | None = None

    @property
    def equal(self) -> bool:
        return self.simulated == self.real


def compare_tools(name: str, live: LiveCluster, lines: Iterable[ToolLine]) -> list[ToolComparison]:
    """Every line in both, one after the other in one lab. `name` is what the results call the cluster."""
    try:
        with PlainLab(live) as lab:
            return [_compared(name, lab, line) for line in lines]
    except (NotInThisLab, UnsupportedFeature) as error:
        return [ToolComparison(name, line, "", "", Text(error.en, error.zh)) for line in lines]


def _compared(name: str, lab: PlainLab, line: ToolLine) -> ToolComparison:
    try:
        for attempt in range(2):
            if attempt:
                _settle(lab)
            real = _shaped(lab, line, _real(lab, line))
            simulated = ""
            for draw in range(_MOST_DRAWS):
                simulated = _shaped(lab, line, _simulated(dataclasses.replace(lab.live, seed=f"draw {draw}"), line))
                if _VLAN not in real:
                    # A kernel whose bridges filter no VLANs.
                    simulated = "\n".join(row for row in simulated.splitlines() if _VLAN not in row)
                if simulated == real:
                    return ToolComparison(name, line, simulated, real)
    except EngineError as error:
        return ToolComparison(name, line, "", "", Text(error.en, error.zh))
    return ToolComparison(name, line, simulated, real)


def _settle(lab: PlainLab) -> None:
    """Wait until no host asks for a neighbour any more: what an earlier line asked for in vain ends the next one sooner."""
    for _ in range(_MOST_SECONDS):
        if not any(" INCOMPLETE" in lab.run(host, "ip neigh").stdout for host in lab.namespaces if host != WIRES):
            return
        time.sleep(1)


def _forget(lab: PlainLab) -> None:
    """Let every node forget the clients that lines before spoke for: the simulation begins each line anew."""
    if all(service.session_affinity == "None" for service in lab.live.cluster.services):
        return
    for node in lab.fabric.nodes:
        sets = (name for table in lab.live.rules(node, Family.IPV4).tables.values() for name in table.sets)
        flushed = "".join(f"nft flush set ip kube-proxy {one}; " for one in sets if one.startswith("affinity-"))
        lab.run(node, f"{flushed}{_FORGET}")


def _real(lab: PlainLab, line: ToolLine) -> str:
    _forget(lab)
    if line.first:
        lab.run(line.host, "conntrack -F")
        for host in (one for one in lab.namespaces if one != WIRES):
            if line.line.startswith("ip neigh"):
                lab.run(host, "ip neigh flush all")
            elif line.line.startswith("bridge fdb"):
                lab.run(host, "for p in /sys/class/net/*/brport/flush; do [ -e $p ] && echo 1 > $p; done")
        lab.run(line.sender, line.first)
    if line.meanwhile:
        return _listened(lab, line)
    ran = lab.run(line.host, line.line)
    return f"{ran.stdout}{ran.stderr}status {ran.status}\n"


def _listened(lab: PlainLab, line: ToolLine) -> str:
    with lab.entered(line.host):
        process = subprocess.Popen(
            lab.words(line.host, "sh", "-c", f"exec timeout -s INT 20 {line.line} -l"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=lab.environment(line.host),
        )  # fmt: skip
    assert process.stderr is not None
    while (row := process.stderr.readline()) and not row.startswith("listening on"):
        pass
    lab.run(line.sender, line.meanwhile)
    time.sleep(0.4)
    subprocess.run(("pkill", "-INT", "-P", str(process.pid)), check=False)
    out, err = process.communicate(timeout=30)
    return out + err


def _simulated(live: LiveCluster, line: ToolLine) -> str:
    shell = Shell(live)
    if line.first:
        shell = shell.run(line.sender, line.first).shell
    if line.meanwhile:
        heard = shell.run(line.host, f"{line.line} &")
        sent = heard.shell.run(line.sender, line.meanwhile)
        return sent.stderr + heard.stderr
    reply = shell.run(line.host, line.line)
    return f"{reply.stdout}{reply.stderr}status {reply.status}\n"


def _shaped(lab: PlainLab, line: ToolLine, text: str) -> str:
    for pattern, instead in (*DRAWN, *LAB):
        text = re.sub(pattern, instead, text)
    text = _of_one_family(lab, line, _without_ports(lab, line, text))
    rows = [row.rstrip() for row in text.splitlines()]
    if line.line.startswith(("ping", "curl")):
        # The error stands on another stream than the rest.
        rows = sorted(row for row in rows if row)
    elif line.line.startswith(_BLOCKS):
        rows = sorted(re.split(r"\n(?=N: )", "\n".join(rows)))
    elif line.line.startswith("iptables-save"):
        rows = sorted(re.split(r"\n(?=\*|status)", "\n".join(rows)))
    elif line.line.startswith(_SORTED) or " -br" in line.line or " -o " in line.line:
        rows = sorted(re.sub(r" +", " ", row) for row in rows)
    elif line.meanwhile:
        rows = list(_packets(rows))
        if " port 53" in line.line:
            rows = sorted(_plain_answer(row) for row in rows)
    return "\n".join(rows)


def _plain_answer(row: str) -> str:
    """A row of a look-up without its number, and of an answer what is the name server's own (dnsmasq here): its flags, its SOA, the
    length. Which of two answers comes first is a race."""
    row = re.sub(r": \d+\+ ", ": ID+ ", row)
    return re.sub(r": \d+( NXDomain)?[*|$-]* (\d+)/\d+/\d+(.*) \(\d+\)$", r": ID\1 \2\3", row)


def _packets(rows: Iterable[str]) -> Iterator[str]:
    for row in rows:
        # Whether an ACK goes alone or with what follows is a matter of time.
        alone = " Flags [.]," in row and row.endswith("length 0")
        if row.startswith(("TIME IP", "IP ")) and not alone:
            yield row


def _of_one_family(lab: PlainLab, line: ToolLine, text: str) -> str:
    """The lab has the sets of IPv4 alone."""
    ruleset = lab.live.rules(line.host, Family.IPV6) if line.line.startswith("ipset") else None
    for one in ruleset.ipsets if isinstance(ruleset, IpvsRuleset) else ():
        text = re.sub(rf"(?ms)^Name: {one.name}$.*?(?=^Name: |^status)", "", text)
        text = re.sub(rf"(?m)^(create|add) {one.name} .*\n", "", text)
    return text if ruleset is None else re.sub(r"\n\n+", "\n", text)


def _without_ports(lab: PlainLab, line: ToolLine, text: str) -> str:
    """Ports that nobody listens on are drawn, by a socket or by NAT."""
    if not line.line.startswith(("conntrack", "tcpdump", "ipvsadm -Lnc")):
        return text
    known = {str(port) for pairs in lab.fabric.address_index.listening.values() for _, port in pairs}
    known |= {str(n) for s in lab.live.cluster.services for p in s.ports for n in (p.port, p.node_port)} | {"8472", "4789", "9", "0"}  # fmt: skip

    def put(found: re.Match[str]) -> str:
        return found[1] + (found[2] if found[2] in known else "P")

    return re.sub(r"(port=|\d+\.\d+\.\d+\.\d+[.:])(\d+)\b", put, text)
