"""Command lines whose output is held against the real tools': a row each, filled in for a cluster. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from engine.fabric.fabric import Fabric
from engine.network.devices import DeviceKind
from engine.network.host import HostKind
from engine.packet import L4, Family, is_ipv6
from engine.shell.live import LiveCluster
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class ToolRow:
    """`name` is what the table of results calls it; `where` is node, other (the next node), pod or client, `line` a template. `first` runs there
    before it: what it leaves behind is looked at. `meanwhile` is sent from a pod while the line listens."""

    name: str
    where: str
    line: str
    first: str = ""
    meanwhile: str = ""
    needs: str = ""


_CURL = "curl -sS -m 2 http://{vip}:{port}/"
_STICKY = "curl -sS -m 0.5 http://{sticky}:{sticky_port}/"
# What sessionAffinity remembers is asked for again, and lives on for as long as its Service says.
_AGAIN = f"for n in 1 2 3 4; do {_STICKY}; done"
_LATER = f"{_STICKY}; sleep 1; {_STICKY}; sleep 3; {_STICKY}; {_STICKY}"
ROWS = (
    ToolRow("iptables-save", "node", "iptables-save"),
    ToolRow("iptables-save -t", "node", "iptables-save -t nat"),
    ToolRow("ip addr", "node", "ip addr"),
    ToolRow("ip addr", "pod", "ip addr"),
    ToolRow("ip addr show dev", "node", "ip -4 addr show eth0"),
    ToolRow("ip -br addr", "node", "ip -br addr"),
    ToolRow("ip -o addr", "node", "ip -o addr"),
    ToolRow("ip link", "node", "ip link"),
    ToolRow("ip -br link", "node", "ip -br link"),
    ToolRow("ip route", "node", "ip route"),
    ToolRow("ip route", "pod", "ip route"),
    ToolRow("ip route show table local", "node", "ip route show table local"),
    ToolRow("ip route show PREFIX", "node", "ip route show {far_network}"),
    ToolRow("ip rule", "node", "ip rule"),
    ToolRow("ip route get", "node", "ip route get {near}"),
    ToolRow("ip route get", "node", "ip route get {far}"),
    ToolRow("ip route get", "node", "ip route get 198.51.100.7"),
    ToolRow("ip route get", "node", "ip route get {address}"),
    ToolRow("ip route get", "pod", "ip route get {vip}"),
    ToolRow("ip route get from iif", "node", "ip route get {far} from {near} iif {port_in}"),
    ToolRow("ip neigh", "node", "ip neigh show nud permanent"),
    ToolRow("bridge link", "node", "bridge link", needs="bridge"),
    ToolRow("bridge -d link", "node", "bridge -d link show dev {veth}", needs="bridge"),
    ToolRow("bridge fdb", "node", "bridge fdb show"),
    ToolRow("bridge fdb show dev", "node", "bridge fdb show dev flannel.1", needs="vxlan"),
    ToolRow("iptables -S", "node", "iptables -S"),
    ToolRow("iptables -S", "node", "iptables -S FORWARD"),
    ToolRow("iptables -t nat -S", "node", "iptables -t nat -S"),
    ToolRow("iptables -t nat -S", "node", "iptables -t nat -S PREROUTING"),
    ToolRow("iptables -L -n", "node", "iptables -L -n"),
    ToolRow("iptables -t nat -L -n", "node", "iptables -t nat -L -n"),
    ToolRow("iptables -t nat -L -n -v", "node", "iptables -t nat -L POSTROUTING -n -v"),
    ToolRow("iptables -t mangle -S", "node", "iptables -t mangle -S"),
    ToolRow("nft list ruleset", "node", "nft list ruleset"),
    ToolRow("nft list tables", "node", "nft list tables"),
    ToolRow("ipset list", "node", "ipset list", needs="ipvs"),
    ToolRow("ipset save", "node", "ipset save", needs="ipvs"),
    ToolRow("ipvsadm -Ln", "node", "ipvsadm -Ln", needs="ipvs"),
    ToolRow("ipvsadm -Sn", "node", "ipvsadm -Sn", needs="ipvs"),
    ToolRow("sysctl", "node", "sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.eth0.rp_filter"),
    ToolRow("sysctl", "node", "sysctl net.bridge.bridge-nf-call-iptables", needs="bridge"),
    ToolRow("sysctl", "node", "sysctl net.ipv4.nosuch"),
    ToolRow("sysctl", "pod", "sysctl -n net.ipv4.ip_default_ttl net.ipv4.ip_local_port_range"),
    ToolRow("cat /proc/sys", "node", "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/tcp_syn_retries"),
    ToolRow("cat /sys/class/net", "node", "cat /sys/class/net/eth0/mtu /sys/class/net/{veth}/operstate"),
    ToolRow("cat brport", "node", "cat /sys/class/net/{veth}/brport/hairpin_mode", needs="bridge"),
    ToolRow("ethtool -k", "node", "ethtool -k eth0"),
    ToolRow("ethtool -k", "node", "ethtool -k {veth} | grep checksum"),
    ToolRow("ss -ltn", "node", "ss -ltn"),
    ToolRow("ss -ltn", "pod", "ss -ltn"),
    ToolRow("ss -lun", "node", "ss -lun"),
    ToolRow("ss -ltun", "pod", "ss -ltun"),
    ToolRow("ping", "node", "ping -c 1 -W 1 {near}"),
    ToolRow("ping", "node", "ping -c 1 -W 1 {far}"),
    ToolRow("ping", "pod", "ping -c 2 -i 0.2 -W 1 {far}"),
    ToolRow("ping", "pod", "ping -c 1 -W 1 {other}"),
    ToolRow("ping", "pod", "ping -c 1 -W 1 {vip}"),
    ToolRow("ping -M do", "pod", "ping -c 1 -W 1 -M do -s 1372 {far}"),
    ToolRow("ping -M do", "pod", "ping -c 1 -W 1 -M do -s 1473 {far}"),
    ToolRow("nc -zv", "pod", "nc -zv -w 1 {far} {target}", needs="tcp"),
    ToolRow("nc -zv", "node", "nc -zv -w 1 {far} 81"),
    ToolRow("nc -zv", "client", "nc -zv -w 1 {address} {node_port}", needs="node_port"),
    ToolRow("curl", "pod", _CURL, needs="tcp"),
    ToolRow("curl", "node", _CURL, needs="tcp"),
    ToolRow("curl", "pod", "curl -sS -m 2 http://{vip}:81/"),
    ToolRow("curl", "client", "curl -sS -m 2 http://{address}:{node_port}/", needs="node_port"),
    ToolRow("curl -w", "pod", "curl -s -o /dev/null -m 2 -w '%{{http_code}}\\n' http://{vip}:{port}/", needs="tcp"),
    ToolRow("tracepath", "pod", "tracepath -n -m 5 {far}"),
    ToolRow("tracepath", "node", "tracepath -n -m 5 {near}"),
    ToolRow("traceroute", "pod", "traceroute -n -m 4 -w 1 {far}"),
    ToolRow("traceroute", "client", "traceroute -n -m 4 -w 1 {address}"),
    ToolRow("conntrack -L", "node", "conntrack -L -p tcp -s {near}", first=_CURL, needs="tcp"),
    ToolRow("conntrack -L", "node", "conntrack -L -p udp", first="nc -zvu -w 1 {far} 9", needs=""),
    ToolRow("tcpdump", "node", "tcpdump -n -i {port_in} tcp port {target}", meanwhile="curl -sS -m 0.8 http://{far}:{target}/", needs="tcp"),
    ToolRow("tcpdump", "node", "tcpdump -n -i eth0 port 8472", meanwhile="curl -sS -m 0.8 http://{far}:{target}/", needs="tcp vxlan"),
    ToolRow("tcpdump", "pod", "tcpdump -n -i eth0 icmp", meanwhile="ping -c 1 -W 1 {far}"),
    ToolRow("tcpdump port 53", "pod", "tcpdump -n -i eth0 port 53", meanwhile="curl -sS -m 0.8 http://{service}:{port}/", needs="dns tcp"),
    ToolRow("tcpdump port 53", "pod", "tcpdump -n -i eth0 port 53", meanwhile="getent hosts no-such-name.{namespace}", needs="dns"),
    ToolRow("iptables-save", "other", "iptables-save"),
    ToolRow("nft list table", "node", "nft list table ip kube-proxy", needs="nftables"),
    ToolRow("tcpdump", "other", "tcpdump -n -i {far_port_in} tcp port {target}", meanwhile="curl -sS -m 0.8 http://{far}:{target}/", needs="tcp"),
    ToolRow("tcpdump", "other", "tcpdump -n -i eth0 port 8472", meanwhile="curl -sS -m 0.8 http://{far}:{target}/", needs="tcp vxlan"),
    ToolRow("conntrack -L", "other", "conntrack -L -p tcp", first="curl -sS -m 2 http://{far}:{target}/", needs="tcp"),
    ToolRow("conntrack -L", "other", "conntrack -L -p tcp", first="curl -sS -m 2 http://{far}:{target}/; nc -zv -w 1 {far} 81", needs="tcp"),
    ToolRow("cat /etc/resolv.conf", "pod", "cat /etc/resolv.conf"),
    ToolRow("getent hosts", "pod", "getent hosts {service}", needs="dns"),
    ToolRow("getent hosts", "pod", "getent hosts {service}.{namespace}.svc.cluster.local", needs="dns"),
    ToolRow("getent hosts", "pod", "getent hosts no-such-name", needs="dns"),
    ToolRow("getent ahosts", "pod", "getent ahosts {service}", needs="dns"),
    ToolRow("dig +short", "pod", "dig +short +search {service}", needs="dns"),
    ToolRow("nslookup", "pod", "nslookup {service}", needs="dns"),
    ToolRow("dig, nobody there", "pod", "dig +short @{far} a.b"),
    ToolRow("nslookup, nobody there", "pod", "nslookup a.b {far}"),
    ToolRow("conntrack -L -o extended", "node", "conntrack -L -o extended -p tcp -s {near} | cut -c1-21", first=_CURL, needs="tcp"),
    ToolRow("conntrack -L -g", "node", "conntrack -L -g -p tcp -s {near}", first=_CURL, needs="tcp"),
    ToolRow("ss sport", "node", "ss -ltn sport = :10256; ss -Hltn sport = :9"),
    ToolRow("iptables -x", "node", "iptables -t nat -nvxL POSTROUTING"),
    ToolRow("> /dev/tcp", "pod", "timeout 2 bash -c '> /dev/tcp/{far}/{target}' 2>/dev/null; echo $?", needs="tcp"),
    ToolRow("> /dev/tcp", "node", "timeout 2 bash -c '< /dev/tcp/{far}/81' 2>/dev/null; echo $?"),
    ToolRow("ip neigh, learned", "node", "ip neigh", first=_CURL, needs="tcp"),
    ToolRow("ip neigh, learned", "other", "ip neigh", first="curl -sS -m 2 http://{far}:{target}/", needs="tcp"),
    ToolRow("ip neigh, learned", "pod", "ip neigh show dev eth0", first="ping -c 1 -W 1 {far}"),
    ToolRow("ip neigh, learned", "node", "ip neigh show nud failed", first="ping -c 1 -W 4 {nobody}"),
    ToolRow("bridge fdb, learned", "node", "bridge fdb show", first=_CURL, needs="tcp bridge"),
    ToolRow("bridge fdb, learned", "node", "bridge fdb show dev {veth}", first="ping -c 1 -W 1 {far}", needs="bridge"),
    ToolRow("curl, again and again", "pod", _AGAIN, needs="affinity"),
    ToolRow("curl, again and again", "pod", _LATER, needs="affinity"),
    ToolRow("curl, again and again", "node", _AGAIN, needs="affinity"),
    ToolRow("curl, again and again", "other", _AGAIN, first=_AGAIN, needs="affinity"),
    ToolRow("curl, again and again", "client", "for n in 1 2 3; do curl -sS -m 0.5 http://{address}:{sticky_node_port}/; done", needs="affinity"),
    ToolRow("cat /proc/net/xt_recent", "node", "ls /proc/net/xt_recent; cat /proc/net/xt_recent/*", first=_AGAIN, needs="affinity iptables"),
    ToolRow("cat /proc/net/xt_recent", "node", "cat /proc/net/xt_recent/*; iptables -t nat -S", first=_LATER, needs="affinity iptables"),
    ToolRow("cat /proc/net/xt_recent", "node", "iptables-save | iptables-restore; cat /proc/net/xt_recent/*", first=_AGAIN, needs="affinity iptables"),
    ToolRow("nft list set", "node", "for s in {sets}; do nft list set ip kube-proxy $s; done", first=_AGAIN, needs="affinity nftables"),
    ToolRow("nft list set", "node", "for s in {sets}; do nft list set ip kube-proxy $s; done", first=_LATER, needs="affinity nftables"),
    ToolRow("nft list table", "node", "nft list table ip kube-proxy", first=_AGAIN, needs="affinity nftables"),
    ToolRow("ipvsadm -Lnc", "node", "ipvsadm -Lnc", first=_AGAIN, needs="affinity ipvs"),
    ToolRow("ipvsadm -Lnc", "node", "ipvsadm -Lnc", first=_LATER, needs="affinity ipvs"),
    ToolRow("ipvsadm --persistent-conn", "node", "ipvsadm -Ln --persistent-conn", first=_AGAIN, needs="affinity ipvs"),
    ToolRow("curl NAME", "pod", "curl -sS -m 2 http://{service}:{port}/", needs="dns tcp"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A row filled in for a cluster: the host it runs on, the line, what runs on `sender` before or meanwhile."""

    name: str
    host: str
    line: str
    sender: str = ""
    first: str = ""
    meanwhile: str = ""


def tool_lines(live: LiveCluster, number: int = 0) -> Iterator[ToolLine]:
    """Every row that the cluster has all parts of; `number` chooses the node that is looked at."""
    nodes = list(live.fabric.nodes)
    node = nodes[number % len(nodes)]
    words, has = _words(live, node, nodes[(number + 1) % len(nodes)])
    hosts = {"node": node, "other": words.get("next", ""), "pod": words.get("pod", ""), "client": "client"}
    for row in ROWS:
        if not set(row.needs.split()) <= has or not hosts[row.where]:
            continue
        try:
            line, first, meanwhile = (text.format(**words) for text in (row.line, row.first, row.meanwhile))
        except KeyError:
            continue
        sender = words.get("pod", "") if first or meanwhile else ""
        if (first or meanwhile) and not sender:
            continue
        yield ToolLine(row.name, hosts[row.where], line, sender, first, meanwhile)


def _words(live: LiveCluster, node: str, other: str) -> tuple[Mapping[str, str], set[str]]:
    """What stands in the templates, and what the cluster has."""
    fabric, words, has = live.fabric, dict[str, str](), set[str]()
    pods = {one: [r for r in fabric.address_index.by_node.get(one, ()) if _own(live, r.host)] for one in (node, other)}
    here = fabric.host(node)
    words["address"] = _four(fabric.node(node).internal_ips)
    if other != node:
        words |= {"other": _four(fabric.node(other).internal_ips), "next": other}
        if fabric.node(other).pod_cidrs:
            words["far_network"] = fabric.node(other).pod_cidrs[0]
    if pods[node]:
        near = pods[node][0]
        words |= {"pod": near.host, "near": _four(near.ips)}
        port = next(d for d in here.devices.values() if d.peer is not None and d.peer[0] == near.host)
        words |= {"veth": port.name, "port_in": port.master or port.name}
        has |= {"bridge"} if port.master else set()
        words |= _nobody(fabric, node)
    if other != node and pods[other]:
        words["far"] = _four(pods[other][0].ips)
        words["target"] = next((str(p) for kind, p in sorted(fabric.address_index.listening.get(words["far"], ())) if kind is L4.TCP), "")  # fmt: skip
        has |= {"tcp"} if words["target"] else set()
        there = fabric.host(other).devices.values()
        far_port = next(d for d in there if d.peer is not None and d.peer[0] == pods[other][0].host)
        words["far_port_in"] = far_port.master or far_port.name
    has |= {"vxlan"} if any(d.kind is DeviceKind.VXLAN for d in here.devices.values()) else set()
    has.add(str(live.mode))
    _service_words(live, words, has)
    _affinity_words(live, node, words, has)
    return words, has


def _nobody(fabric: Fabric, node: str) -> dict[str, str]:
    """An address of the node's pods that no pod has."""
    for cidr in fabric.node(node).pod_cidrs:
        network = ipaddress.ip_network(cidr)
        if network.version == 4:
            taken = fabric.address_index.by_address
            return {"nobody": str(next(one for one in list(network.hosts())[-9:] if str(one) not in taken))}
    return {}


def _service_words(live: LiveCluster, words: dict[str, str], has: set[str]) -> None:
    for service in live.cluster.services:
        port = service.ports[0] if service.ports else None
        if port is None or not service.cluster_ips or is_ipv6(service.cluster_ips[0]) or port.protocol is not L4.TCP:
            continue
        words |= {"vip": service.cluster_ips[0], "port": str(port.port), "service": service.name, "namespace": service.namespace}  # fmt: skip
        if port.node_port:
            words["node_port"] = str(port.node_port)
            has.add("node_port")
        break
    if any(one.name == "kube-dns" for one in live.cluster.services):
        has.add("dns")


def _affinity_words(live: LiveCluster, node: str, words: dict[str, str], has: set[str]) -> None:
    """A Service with sessionAffinity, and the sets of a node's that remember for it."""
    for service in live.cluster.services:
        port = service.ports[0] if service.ports else None
        own = service.cluster_ips and not is_ipv6(service.cluster_ips[0])
        if port is None or not own or port.protocol is not L4.TCP or service.session_affinity == "None":
            continue
        words |= {"sticky": service.cluster_ips[0], "sticky_port": str(port.port)}
        if port.node_port:
            words["sticky_node_port"] = str(port.node_port)
        has.add("affinity")
        break
    sets = (name for table in live.rules(node, Family.IPV4).tables.values() for name in table.sets)
    own_sets = " ".join(name for name in sets if name.startswith("affinity-"))
    if own_sets:
        words["sets"] = own_sets


def _own(live: LiveCluster, host: str) -> bool:
    return live.fabric.host(host).kind is HostKind.POD


def _four(addresses: tuple[str, ...]) -> str:
    return next((one for one in addresses if not is_ipv6(one)), "")
