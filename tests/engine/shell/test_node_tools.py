"""conntrack, ipvsadm, ipset, nft, ss, systemctl and the resolver's tools on a live cluster."""

from __future__ import annotations

import dataclasses

import pytest

from engine import Request
from engine.packet import L4, FiveTuple
from engine.shell import Shell
from engine.trace import ConntrackView

from .clusters import opened, run

SPOKEN = "conntrack v1.4.7 (conntrack-tools): "
TOLD = {
    "no connection": ("iptables", "node1", (), "conntrack -L", "", f"{SPOKEN}0 flow entries have been shown.\n", 0),
    "a closed connection": ("iptables", "node1", ("kubectl exec c -- curl -s 10.96.0.10",), "conntrack -L -p tcp | grep -c 'TIME_WAIT src=10.244.1.7 dst=10.96.0.10'", "1\n", f"{SPOKEN}1 flow entries have been shown.\n", 0),
    "a connection deleted": ("iptables", "node1", ("kubectl exec c -- curl -s 10.96.0.10", "conntrack -D -d 10.96.0.10"), "conntrack -C", "0\n", "", 0),
    "nothing to delete": ("iptables", "node1", (), "conntrack -D -d 10.96.0.99", "", f"{SPOKEN}0 flow entries have been deleted.\n", 1),
    "a bad option": ("iptables", "node1", (), "conntrack -L --frob", "", f"{SPOKEN}unknown option `--frob'\nTry `conntrack -h' or 'conntrack --help' for more information.\n", 2),
    "virtual servers": ("ipvs", "node1", (), "ipvsadm -Ln -t 10.96.0.10:80 | tail -3", "TCP  10.96.0.10:80 rr\n  -> 10.244.1.5:8080              Masq    1      0          0         \n  -> 10.244.2.8:8080              Masq    1      0          0         \n", "", 0),
    "no virtual server": ("ipvs", "node1", (), "ipvsadm -Ln -t 10.96.0.99:80", "", "No such service\n", 255),
    "a set": ("ipvs", "node1", (), "ipset list KUBE-CLUSTER-IP | tail -1", "10.96.0.10,tcp:80\n", "", 0),
    "a set's revision and header": ("ipvs", "node1", (), "ipset list KUBE-LOOP-BACK | sed 's/0x.*/0x/' | sed -n 3,4p", "Revision: 6\nHeader: family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x\n", "", 0),
    "a set is saved": ("ipvs", "node1", (), "ipset save KUBE-IPVS-IPS | sed 's/0x.*/0x/'", "create KUBE-IPVS-IPS hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x\nadd KUBE-IPVS-IPS 10.96.0.10\n", "", 0),
    "ports have no hash": ("ipvs", "node1", (), "ipset save KUBE-NODE-PORT-TCP", "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\nadd KUBE-NODE-PORT-TCP 30080\n", "", 0),
    "kube-ipvs0 is in all nodes' group": ("ipvs", "node1", (), "bridge fdb show dev kube-ipvs0", "33:33:00:00:00:01 self permanent\n", "", 0),
    "a bridge port's address, in the default VLAN too": ("iptables", "node1", (), "bridge fdb show | grep veth95fe02fe | grep master | cut -d' ' -f 2-", "dev veth95fe02fe vlan 1 master cni0 permanent\ndev veth95fe02fe master cni0 permanent\n", "", 0),
    "not in a set": ("ipvs", "node1", (), "ipset test KUBE-CLUSTER-IP 10.96.0.99,tcp:80", "10.96.0.99,tcp:80 is NOT in set KUBE-CLUSTER-IP.\n", "", 1),
    "no set": ("ipvs", "node1", (), "ipset list X", "", "ipset v7.17: The set with the given name does not exist\n", 1),
    "nft's tables": ("nftables", "node1", (), "nft list tables", "table ip kube-proxy\ntable ip6 kube-proxy\n", "", 0),
    "an nft chain": ("nftables", "node1", (), "nft list chain ip kube-proxy masquerading | grep -c 'masquerade fully-random'", "2\n", "", 0),
    "no nft chain": ("nftables", "node1", (), "nft list chain ip kube-proxy x", "", "Error: No such file or directory\nlist chain ip kube-proxy x\n", 1),
    "who listens": ("iptables", "pod/a", (), "ss -ltnH", "LISTEN 0      4096   *:8080 *:*\n", "", 0),
    "kube-proxy runs": ("iptables", "node1", (), "systemctl is-active kube-proxy", "active\n", "", 0),
    "kube-proxy stopped": ("iptables", "node1", ("systemctl stop kube-proxy",), "systemctl is-active kube-proxy", "inactive\n", "", 3),
    "no unit": ("iptables", "node1", (), "systemctl status x", "", "Unit x.service could not be found.\n", 4),
    "who listens, by what": ("iptables", "node1", (), "ss -Htlnp sport = :10256 | grep -o 'users.*'", 'users:(("kube-proxy",pid=812,fd=12))\n', "", 0),
    "connections alone": ("iptables", "node1", (), "ss -tn", "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n", "", 0),
    "all of TCP": ("iptables", "node1", (), "ss -Htan | wc -l", "2\n", "", 0),
    "a filter that is not here": ("iptables", "node1", (), "ss -tn foo bar", "", "ss: foo bar is not simulated here; there are `state STATE` and `sport = :PORT`\n", 1),
    "counters of virtual servers": ("ipvs", "node1", (), "ipvsadm -Ln --stats", "", "ipvsadm: --stats is not simulated here: it lists (-Ln, -Lnc) and saves (-Sn); kube-proxy writes the virtual servers\n", 2),
    "timeouts of ipvs": ("ipvs", "node1", (), "ipvsadm -Ln --timeout", "Timeout (tcp tcpfin udp): 900 120 300\n", "", 0),
    "a connection's family": ("iptables", "node1", ("curl -s -m 2 10.96.0.10",), "conntrack -L -o extended | grep -o '^ipv4     2 tcp      6'", "ipv4     2 tcp      6\n", "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n", 0),
    "connections by their translation": ("iptables", "node1", ("curl -s -m 2 10.96.0.10",), "conntrack -L -g | wc -l; conntrack -L -u UNREPLIED 2>&1 | grep -c ' 0 flow'", "1\n1\n", "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n", 0),
    "its identity": ("iptables", "node1", (), "conntrack -L -o id", "", "conntrack v1.4.7 (conntrack-tools): -o id is not simulated here; there is -o extended\nTry `conntrack -h' or 'conntrack --help' for more information.\n", 2),
    "nft's handles": ("nftables", "node1", (), "nft -a list ruleset", "", "nft: of its options -n and -s are simulated here; handles and JSON are not\n", 1),
    "a bit of a header": ("iptables", "node1", (), "tcpdump 'tcp[13] & 2 != 0'", "", "tcpdump: tcp[13] is not simulated here; there are host, net, port, portrange, src, dst, tcp, udp, icmp\n", 1),
    "a name": ("iptables", "pod/c", (), "nslookup web | grep Name", "Name:\tweb.default.svc.cluster.local\n", "", 0),
    "no name": ("iptables", "pod/c", (), "nslookup nothing | grep find", "** server can't find nothing: NXDOMAIN\n", "", 0),
    "a record": ("iptables", "pod/c", (), "dig +short web.default.svc.cluster.local", "10.96.0.10\n", "", 0),
    "a short name is not searched": ("iptables", "pod/c", (), "dig +short web", "", "", 0),
}  # fmt: skip


@pytest.mark.parametrize(("mode", "host", "before", "line", "stdout", "stderr", "status"), TOLD.values(), ids=TOLD)
def test_told(mode: str, host: str, before: tuple[str, ...], line: str, stdout: str, stderr: str, status: int) -> None:
    reply = run(opened(mode), host, *before, line)
    assert (reply.stdout, reply.stderr, reply.status) == (stdout, stderr, status)


def test_a_connection_runs_out() -> None:
    shell = run(opened(), "pod/c", "curl -s 10.96.0.10").shell
    assert shell.run("node1", "conntrack -C").stdout == "1\n"
    assert Shell(shell.live.later(121)).run("node1", "conntrack -C").stdout == "0\n"


# conntrack.udpTimeout, udpStreamTimeout in seconds -> an answered entry of UDP is there after 100 seconds.
UDP_TIMEOUTS = {"the kernel's own": ((30, 120), True), "the stream's shortened": ((30, 90), False), "the other": ((5, 120), True)}  # fmt: skip


@pytest.mark.parametrize(("timeouts", "there"), UDP_TIMEOUTS.values(), ids=UDP_TIMEOUTS)
def test_entries_of_udp_live_as_long_as_kube_proxy_says(timeouts: tuple[int, int], there: bool) -> None:
    flow = FiveTuple(L4.UDP, "10.244.1.7", 40000, "10.244.2.8", 53)
    entry = ConntrackView("node1", flow, flow.reply(), "", replied=True)
    live = opened().live
    configured = dataclasses.replace(live.cluster, proxy=dataclasses.replace(live.cluster.proxy, udp_timeouts=timeouts))
    shell = Shell(dataclasses.replace(live, cluster=configured).remembering([entry]).later(100))
    assert shell.run("node1", "conntrack -C").stdout == ("1\n" if there else "0\n")
    for name, seconds in zip(("udp_timeout", "udp_timeout_stream"), timeouts, strict=True):
        assert shell.run("node1", f"sysctl -n net.netfilter.nf_conntrack_{name}").stdout == f"{seconds}\n"


def test_nft_flushed_breaks_the_service() -> None:
    shell = run(opened("nftables"), "node1", "nft flush table ip kube-proxy").shell
    assert shell.live.walk(Request("pod/c", "svc/web"))[0].verdict != "DELIVERED"


def test_a_stopped_kube_proxy_follows_no_change() -> None:
    shell = run(opened(), "node1", "systemctl stop kube-proxy", "kubectl delete pod a").shell
    assert "10.244.1.5:8080" in shell.run("node1", "iptables-save").stdout
    assert "10.244.1.5:8080" not in run(shell, "node1", "systemctl start kube-proxy", "iptables-save").stdout
