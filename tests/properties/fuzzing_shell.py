"""Lines, files and scripts for the shell on a live cluster, damaged at random: what fuzzing.py's targets for it hand on.

Every input is a few lines one after the other, since what a line left behind (a route, a set of rules, a Service) is what the
next one meets; at the end somebody connects.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from engine import load_cluster
from engine.dns import lookup
from engine.errors import NoSuchObject
from engine.faults import draw_incident, names
from engine.faults.follow import follow
from engine.faults.grade import as_json, graded
from engine.faults.incident import Incident
from engine.faults.run import begin, expert_path
from engine.shell import Reply, Shell, open_shell
from engine.shell.files import FileRefused, write_file
from engine.shell.live import ADMINISTRATOR
from engine.shell.registry import names as tools
from tests.properties.mutations import damaged, dumped, scrambled
from tests.properties.scenes import EXAMPLE, saved, scenes

MODES = ("iptables", "ipvs", "nftables")
HOSTS = (ADMINISTRATOR, "node1", "node1", "node2", "pod/pod-a", "pod/pod-b", "client")
# A line of each tool, and of what a shell has beside them.
LINES = (
    "ip route", "ip route get 10.244.2.8 from 10.244.1.5 iif cni0", "ip -br addr show dev eth0", "ip route add 10.9.0.0/24 via 192.168.1.11 dev eth0 metric 50",
    "ip route replace 10.244.2.0/24 via 192.168.1.11 dev eth0 onlink", "ip route del 10.244.2.0/24", "ip addr add 10.0.0.1/24 dev eth0", "ip a del 192.168.1.10/24 dev eth0",
    "ip link set dev eth0 mtu 1400", "ip link set cni0 down", "ip -d link show type vxlan", "ip link add dummy0 type dummy", "ip link del flannel.1", "ip rule add fwmark 0x4000 table 100 pref 50",
    "ip neigh show dev flannel.1", "ip route show table all", "bridge -d link show dev cni0", "bridge link set dev cni0 hairpin on", "bridge fdb show dev flannel.1",
    "sysctl -w net.ipv4.ip_forward=0", "sysctl -a -r 'rp_filter'", "sysctl net.ipv4.conf.all.rp_filter net.netfilter.nf_conntrack_max", "echo 0 > /proc/sys/net/ipv4/ip_forward",
    "cat /proc/sys/net/ipv4/ip_forward /etc/hosts", "cat /etc/resolv.conf | grep -v '^search' > r", "echo nameserver 10.96.0.10 >> /etc/resolv.conf", "ls -l /sys/class/net | sort -rnk 2 -t / | uniq -c",
    "iptables -t nat -I PREROUTING 1 -p tcp -d 10.96.0.10 --dport 80 -j DNAT --to-destination 10.244.1.5:8080", "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP", "iptables -t nat -S KUBE-SERVICES",
    "iptables -L FORWARD -n -v --line-numbers", "iptables -P FORWARD DROP", "iptables -N X; iptables -A X -j RETURN; iptables -I INPUT -j X", "iptables -D FORWARD 1", "iptables -t nat -F KUBE-POSTROUTING", "iptables -X",
    "iptables-save -t nat > rules", "iptables-save | iptables-restore", "iptables-restore --noflush < rules", "ip6tables -A INPUT -s fd00::/8 -j REJECT --reject-with icmp6-port-unreachable", "iptables -C FORWARD -j ACCEPT || echo $?",
    "iptables -t mangle -A POSTROUTING -o eth0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", "nft list ruleset", "nft list chain ip kube-proxy services", "nft flush table ip kube-proxy", "nft list tables",
    "ipvsadm -Ln -t 10.96.0.10:80", "ipvsadm-save -n", "ipset list KUBE-CLUSTER-IP", "ipset test KUBE-CLUSTER-IP 10.96.0.10,tcp:80", "ipset save", "conntrack -L -p tcp --dport 80 -s 10.244.1.5", "conntrack -D -d 10.96.0.10 -p udp", "conntrack -C", "ss -ltnp",
    "systemctl stop kube-proxy", "systemctl restart kube-proxy && systemctl status kube-proxy", "curl -s -m 2 -o /dev/null -w '%{http_code}' http://10.96.0.10:80/x", "curl web.default.svc.cluster.local", "curl -sS --connect-timeout 1 --local-port 4000 [fd00::1]:80", "nc -zvu -w 1 10.244.2.8 53", "ping -c 3 -s 1472 -M do 192.168.1.11",
    "nslookup web.default 10.96.0.10", "dig @10.96.0.10 +short web.default.svc.cluster.local A", "getent hosts web", "tcpdump -ni any -c 3 'tcp port 80 and not host 10.244.1.5' &", "tcpdump -ni eth0 udp or icmp", "pkill tcpdump; kill %1",
    "awk -F: '/tcp/ {print $1, \"x\", $NF}' /etc/hosts", "grep -rEnoc -A 1 'a|b(c)*' /etc/hosts", "head -n -2 /etc/hosts | tail -n +2 | wc -lwc", "echo -n 'a  b' \"c $? d\" e\\ f; true || false; :", "cat < /etc/hostname 2>&1 | cat -n",
    "kubectl get pods,svc -A -o wide --show-labels", "kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{\"\\t\"}{.status.podIP}{\"\\n\"}{end}'", "kubectl get svc web -o yaml", "kubectl describe svc web", "kubectl describe node node1", "kubectl describe netpol -A",
    "kubectl get nodes -l kubernetes.io/os!=windows,a -o name", "kubectl label pod pod-a app=x --overwrite", "kubectl annotate node node1 k8squiz.dev/addresses=192.168.99.1", "kubectl delete pod pod-b --grace-period=0 --force", "kubectl delete svc --all", "kubectl exec -it pod-a -n default -c main -- curl -m 1 10.96.0.10",
    "kubectl patch svc web -p '{\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":9999}]}}'", "kubectl patch svc web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/selector/app\",\"value\":\"x\"},{\"op\":\"add\",\"path\":\"/spec/ports/-\",\"value\":{\"port\":81}}]'",
    "kubectl patch svc web --type merge -p '{\"spec\":{\"externalTrafficPolicy\":\"Local\",\"sessionAffinity\":\"ClientIP\"}}'", "kubectl get svc web -o json | kubectl replace -f -", "kubectl rollout restart ds/kube-proxy -n kube-system", "kubectl get pods -o yaml | kubectl apply -f -",
)  # fmt: skip
WORDS = ("-n", "-A", "-o", "--", "-", "|", "&&", ";", ">", "2>&1", "<", "&", "'", '"', "$?", "(", "yaml", "10.96.0.10", "10.244.2.8:8080", "0.0.0.0/0", "::", "fd00::/8", "1.2.3.4/33", "dev", "via", "eth0", "cni0", "node1", "pod-a",
         "default", "table", "65536", "-1", "1e9", "9" * 400, "{}", "[", "(a+)+$", "\x1b[2J", "节点", "\udcff", "all", "none", "tcp", "-j", "-t", "nat", "/etc/hosts", "%s", "{.items[*]}", "a=b", "app-", "x" * 3000, *tools())  # fmt: skip
# Who speaks to the Service when all is done: a walk over what the lines have left.
LAST = ("curl -s -m 1 10.96.0.10", "curl -s -m 1 10.244.2.8:8080", "ping -c 1 10.244.2.8", "nc -zu -w 1 10.96.0.10 80", "getent hosts web", "dig web.default.svc.cluster.local")  # fmt: skip


@lru_cache
def _opened(mode: str) -> Shell:
    return open_shell(load_cluster([EXAMPLE]), mode)


def _ran(shell: Shell, host: str, line: str) -> Shell:
    reply = shell.run(host, line)
    _is_whole(reply)
    return reply.shell


def _is_whole(reply: Reply) -> None:
    """What every reply keeps to, whatever was typed."""
    assert 0 <= reply.status < 256, reply.status
    assert max(map(len, (reply.stdout, reply.stderr, reply.shown))) < 10_000_000
    assert "Traceback" not in reply.stderr and "object at 0x" not in reply.shown
    json.dumps(reply.shown)


def _host(rng: random.Random, line: str) -> str:
    return ADMINISTRATOR if line.startswith("kubectl") and rng.random() < 0.9 else rng.choice(HOSTS)


def line(rng: random.Random) -> None:
    shell = _opened(rng.choice(MODES))
    for _ in range(rng.choice([1, 1, 2, 3])):
        text = rng.choice(LINES)
        host = _host(rng, text)
        shell = _ran(shell, host, scrambled(rng, text, WORDS) if rng.random() < 0.8 else text)
    _connects(rng, shell)


def _connects(rng: random.Random, shell: Shell) -> None:
    caller = rng.choice(("node1", "pod/pod-a", "client"))
    # A pod may be gone by then.
    try:
        shell.live.host_named(caller)
    except NoSuchObject:
        return
    _ran(shell, caller, rng.choice(LAST))


def objects(rng: random.Random) -> None:
    """What kubectl reads: manifests, and patches of each type."""
    shell = _opened(rng.choice(MODES))
    documents = damaged(rng, rng.choice(scenes()).documents)
    if rng.random() < 0.5:
        one = rng.choice(documents) if isinstance(documents, list) and documents else documents
        text = json.dumps(one)
        kind, name = _named(one)
        how = rng.choice(("merge", "strategic", "json"))
        patch = json.dumps(_operations(rng, one)) if how == "json" and rng.random() < 0.8 else text
        given = "'" + patch.replace("'", "") + "'"
        shell = _ran(shell, ADMINISTRATOR, f"kubectl patch {kind} {name} --type={how} -p {given}")
    else:
        text = "---\n".join(map(dumped, documents)) if isinstance(documents, list) else dumped(documents)
        shell = _typed(shell, ADMINISTRATOR, text, f"kubectl {rng.choice(('apply', 'create', 'replace'))} -f /f")
    for again in ("kubectl get nodes,pods,svc,ep,endpointslices,netpol,cm,ns -A -o wide", "kubectl describe svc -A"):
        shell = _ran(shell, ADMINISTRATOR, again)
    _connects(rng, shell)


def _named(document: Any) -> tuple[str, str]:
    """What a line calls the object, where it can be called so at all."""
    try:
        kind, name = document["kind"].lower(), document["metadata"]["name"]
    except (KeyError, TypeError, AttributeError):
        return "svc", "web"
    return (kind, name) if isinstance(name, str) and name.isascii() and name.isalnum() else (kind or "svc", "web")


def _operations(rng: random.Random, document: Any) -> Any:
    """A JSON patch, itself damaged."""
    paths = ("/spec/ports/0/port", "/spec/ports/-", "/spec/selector/app", "/metadata/labels/a~1b", "/spec", "/status/podIP", "", "/spec/ports/x")  # fmt: skip
    value = document.get(rng.choice(list(document)), 1) if isinstance(document, dict) and document else document
    made = [{"op": rng.choice(("add", "replace", "remove", "move", "test")), "path": rng.choice(paths), "value": value}]
    return damaged(rng, made) if rng.random() < 0.5 else made


def _typed(shell: Shell, host: str, text: str, command: str) -> Shell:
    """`command` after `text` was written to /f there."""
    try:
        live = write_file(shell.live, host, "/f", text)
    except FileRefused:
        # Longer than a file there may be.
        return shell
    return _ran(Shell(live), host, command)


def rules(rng: random.Random) -> None:
    """Rules typed or piped into a node's own tools."""
    mode = rng.choice(MODES)
    text = scrambled(rng, rng.choice(saved(mode)).text, [*WORDS, "-j", "DROP", "COMMIT", ":X - [0:0]", "*nat"])
    command = rng.choice(("iptables-restore < /f", "cat /f | iptables-restore -n", "ip6tables-restore </f", "iptables-restore --test < /f",
                          "nft -f /f", "cat /f | nft -f -", "ipset restore < /f", "ipvsadm -R < /f", "sysctl -p /f"))  # fmt: skip
    shell = _typed(_opened(rng.choice(MODES)), "node1", text, command)
    shell = _ran(
        shell, "node1", rng.choice(("iptables-save", "iptables -t nat -L -n", "nft list ruleset", "ipset save"))
    )
    _connects(rng, shell)


@lru_cache
def _incident(name: str) -> Incident:
    return draw_incident(name, seed=0)


def script(rng: random.Random) -> None:
    """A script for an incident: an expert's, damaged; graded as any other."""
    incident = _incident(rng.choice(names()))
    lines = [
        *expert_path(incident),
        "hint",
        "flows",
        "report",
        "# x",
        "kubectl delete pods --all",
        "client: curl 10.96.0.10",
        rng.choice(LINES),
    ]
    rng.shuffle(lines)
    text = scrambled(
        rng, "\n".join(lines[: rng.randrange(1, 9)]), [*WORDS, "diagnose", "done", "flows", "node1:", "client:"]
    )
    done = follow(begin(incident), text.splitlines())
    # A grade walks every flow twice, a hundred times what the lines take.
    if rng.random() < 0.2:
        grade = graded(done)
        assert 0 <= grade.score <= 1
        json.dumps(as_json(done, grade))


_RESOLV = "nameserver 10.96.0.10\nnameserver 10.96.0.11\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:2 attempts:2 rotate single-request\n"
_ZONE: dict[str, Sequence[tuple[str, str]]] = {
    "web.default.svc.cluster.local": [("A", "10.96.0.10"), ("AAAA", "fd00::10")], "db.default.svc.cluster.local": [("CNAME", "db.example.com")],
    "db.example.com": [("CNAME", "a.example.com")], "a.example.com": [("CNAME", "db.example.com"), ("A", "1.2.3.4")], "many.example.com": [("A", f"10.0.0.{n}") for n in range(40)],
}  # fmt: skip
_NAMES = ("web", "web.default", "web.default.svc.cluster.local.", "db.default.svc", "many.example.com", "10.0.0.1", "::1", "1.2", "a" * 64 + ".b", ".", "a..b", "x." * 130, "web\x00", "节点", "-x", "a_b", "[::1]", "fe80::1%eth0", "0x7f.1", "")  # fmt: skip


def name(rng: random.Random) -> None:
    """A name, a resolv.conf and a zone."""
    text = scrambled(rng, _RESOLV, ["options", "ndots:0", "ndots:99999", "timeout:-1", "attempts:0", "rotate", "search", ".", "nameserver", "::1", "edns0", "sortlist", "#", ";", "a" * 300, "节", "trust-ad"])  # fmt: skip
    asked = rng.choice(_NAMES) if rng.random() < 0.5 else scrambled(rng, rng.choice(_NAMES), ["web", ".", "-"])
    zone = damaged(rng, _ZONE) if rng.random() < 0.3 else _ZONE
    if not _is_zone(zone):
        zone = _ZONE
    found = lookup(resolv_conf=text, name=asked, libc=rng.choice(("glibc", "musl")), family=rng.choice(("inet", "unspec")), zone=zone,
                   dead=rng.choice(((), ("10.96.0.10",), ("10.96.0.10", "10.96.0.11"))), rotation=rng.randrange(3))  # fmt: skip
    assert len(found.queries) < 1000


def _is_zone(zone: Any) -> bool:
    """A zone is no text that somebody types: types that it cannot have are not tried."""
    return all(
        isinstance(key, str)
        and isinstance(many, list)
        and all(isinstance(row, tuple) and len(row) == 2 for row in many)
        for key, many in zone.items()
    )
