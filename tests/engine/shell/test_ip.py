"""ip(8) on the hosts of a flannel cluster: what it shows, what it changes, what it says of a mistake."""

from __future__ import annotations

import pytest

from .clusters import opened, run

SHOWN = {
    "routes": ("ip route",
        ("default via 192.168.1.1 dev eth0 proto dhcp \n"
        "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n"
        "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink \n"
        "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.11 \n")),
    "one route": ("ip r show 10.244.2.0/24", "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink \n"),
    "routes by a device": ("ip r show dev cni0", "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n"),
    "a pod elsewhere": ("ip route get 10.244.2.8", "10.244.2.8 via 10.244.2.0 dev flannel.1 src 10.244.1.0 uid 0 \n    cache \n"),
    "a forwarded packet": ("ip r get 10.244.2.8 from 10.244.1.5 iif cni0", "10.244.2.8 from 10.244.1.5 via 10.244.2.0 dev flannel.1 \n    cache iif cni0 \n"),
    "itself": ("ip route get 192.168.1.11", "local 192.168.1.11 dev lo src 192.168.1.11 uid 0 \n    cache <local> \n"),
    "the world": ("ip route get 1.2.3.4", "1.2.3.4 via 192.168.1.1 dev eth0 src 192.168.1.11 uid 0 \n    cache \n"),
    "neighbours": ("ip neigh", "10.244.2.0 dev flannel.1 lladdr 0a:e2:47:18:90:48 PERMANENT \n"),
    "rules": ("ip rule", "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"),
    "one device's address": ("ip -4 addr show dev cni0", """\
4: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    inet 10.244.1.1/24 brd 10.244.1.255 scope global cni0
       valid_lft forever preferred_lft forever
"""),
    "one link": ("ip link show eth0", """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default qlen 1000
    link/ether 0a:5e:b7:9c:f6:aa brd ff:ff:ff:ff:ff:ff
"""),
    "briefly": ("ip -br addr show cni0", "cni0             UP             10.244.1.1/24 \n"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "told"), SHOWN.values(), ids=SHOWN)
def test_shown(line: str, told: str) -> None:
    reply = run(opened(), "node1", line)
    assert (reply.stdout, reply.stderr, reply.status) == (told, "", 0)


def test_a_pod_sees_its_own() -> None:
    told = "default via 10.244.1.1 dev eth0 \n10.244.1.0/24 dev eth0 proto kernel scope link src 10.244.1.5 \n"
    assert run(opened(), "pod/a", "ip route").stdout == told


CHANGED = {
    "a route is added": (("ip route add 10.9.0.0/24 via 192.168.1.12",), "ip r show 10.9.0.0/24", "10.9.0.0/24 via 192.168.1.12 dev eth0 \n"),
    "a route is deleted": (("ip route del 10.244.2.0/24",), "ip r show 10.244.2.0/24", ""),
    "a route is replaced": (("ip route replace 10.244.2.0/24 via 192.168.1.12",), "ip r show 10.244.2.0/24", "10.244.2.0/24 via 192.168.1.12 dev eth0 \n"),
    "a device goes down": (("ip link set cni0 down",), "ip -br addr show cni0", "cni0             DOWN           10.244.1.1/24 \n"),
    "its routes go along": (("ip link set cni0 down",), "ip r show dev cni0", ""),
    "and come back": (("ip link set cni0 down", "ip link set cni0 up"), "ip r show dev cni0", "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n"),
    "a tunnel's MTU, once its card has room": (("ip link set eth0 mtu 9000", "ip link set flannel.1 mtu 8950"), "cat /sys/class/net/flannel.1/mtu", "8950\n"),
    "the way in of what is the host's own": ((), "ip route get 192.168.1.11 from 192.168.1.12 iif eth0", "local 192.168.1.11 from 192.168.1.12 dev lo \n    cache <local> iif eth0 \n"),
    "a tunnel's MAC address": (("ip link set flannel.1 address 0a:00:00:00:00:07",), "ip link show flannel.1 | grep -o 'link/ether [0-9a-f:]*'", "link/ether 0a:00:00:00:00:07\n"),
    "with which its neighbours go": (("ip link set flannel.1 address 0a:00:00:00:00:07",), "ip neigh show dev flannel.1", ""),
    "a neighbour with another MAC address": (("ip neigh replace 10.244.2.0 lladdr 0a:00:00:00:00:08 dev flannel.1 nud permanent",), "ip neigh show dev flannel.1", "10.244.2.0 lladdr 0a:00:00:00:00:08 PERMANENT \n"),
    "and where that is": (("bridge fdb append 0a:00:00:00:00:08 dev flannel.1 dst 192.168.1.12",), "bridge fdb show dev flannel.1 | grep -c 0a:00:00:00:00:08", "1\n"),
    "an MTU": (("ip link set dev eth0 mtu 1400",), "cat /sys/class/net/eth0/mtu", "1400\n"),
    "hairpin mode": (("ip link set veth9efb3611 type bridge_slave hairpin off",), "cat /sys/class/net/veth9efb3611/brport/hairpin_mode", "0\n"),
    "an address": (("ip addr add 192.168.1.99/24 dev eth0",), "ip -br addr show eth0", "eth0             UP             192.168.1.11/24 192.168.1.99/24 \n"),
    "no address": (("ip addr del 192.168.1.11/24 dev eth0",), "ip r show dev eth0", ""),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "asked", "told"), CHANGED.values(), ids=CHANGED)
def test_changed(lines: tuple[str, ...], asked: str, told: str) -> None:
    assert run(opened(), "node1", *lines, asked).stdout == told


MISTAKES = {
    "an unknown object": ("ip foo", 'Object "foo" is unknown, try "ip help".', 1),
    "no such device": ("ip link set nope up", 'Cannot find device "nope"', 1),
    "no such device to show": ("ip addr show nope", 'Device "nope" does not exist.', 1),
    "no such gateway": ("ip route add 10.9.0.0/24 via 10.99.0.1", "Error: Nexthop has invalid gateway.", 2),
    "a route that is there": ("ip route add 10.244.2.0/24 via 192.168.1.12", "RTNETLINK answers: File exists", 2),
    "a route that is not there": ("ip route del 10.9.0.0/24", "RTNETLINK answers: No such process", 2),
    "no prefix": ("ip route add 999 via 192.168.1.12", 'Error: any valid prefix is expected rather than "999".', 1),
    "no table": ("ip route show table 17", "Error: ipv4: FIB table does not exist.\nDump terminated", 2),
    "an option": ("ip -x addr", 'Option "-x" is unknown, try "ip -help".', 255),
    "a route by a device that is down": ("ip link set cni0 down && ip route add 10.9.0.0/24 dev cni0", "Error: Device for nexthop is not up.", 2),
    "no MAC address": ("ip link set flannel.1 address xx", '"xx" is invalid lladdr.', 1),
    "a group's MAC address": ("ip link set flannel.1 address 01:00:00:00:00:09", "RTNETLINK answers: Cannot assign requested address", 2),
    "a neighbour without one": ("ip neigh replace 10.244.2.0 lladdr xx dev flannel.1", '"xx" is invalid lladdr.', 1),
    "a forwarding entry that is not there": ("bridge fdb del 0a:00:00:00:00:08 dev flannel.1 dst 192.168.1.12", "RTNETLINK answers: No such file or directory", 2),
    "what rp_filter refuses": ("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; ip route get 192.168.1.11 from 10.244.2.8 iif eth0", "RTNETLINK answers: Invalid cross-device link", 2),
    "the host's own address from outside": ("ip route get 10.244.1.5 from 192.168.1.11 iif eth0", "RTNETLINK answers: Invalid argument", 2),
    "a tunnel larger than its card has room for": ("ip link set flannel.1 mtu 1451", "RTNETLINK answers: Invalid argument", 2),
    "a physical card deleted": ("ip link del eth0", "RTNETLINK answers: Operation not supported", 2),
    "what is not modelled": ("ip tunnel", "ip: tunnel is not modelled here; there are address, link, neighbour, netns, route and rule", 1),
    "counters": ("ip -s link", "ip: -statistics is not simulated here: counters are no part of it; without it is", 255),
}  # fmt: skip


@pytest.mark.parametrize(("line", "message", "status"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(line: str, message: str, status: int) -> None:
    reply = run(opened(), "node1", line)
    assert (reply.stdout, reply.stderr, reply.status) == ("", message + "\n", status)


@pytest.mark.parametrize("line", ["ip route del default", "ip addr add 10.0.0.1/24 dev eth0", "ip link set eth0 down"])
def test_a_pod_may_change_nothing(line: str) -> None:
    assert run(opened(), "pod/a", line).stderr == "RTNETLINK answers: Operation not permitted\n"


ELSE = "0a:00:00:00:00:08"
NEIGHBOUR = f"ip neigh replace 10.244.2.0 lladdr {ELSE} dev flannel.1 nud permanent"
END = f"bridge fdb append {ELSE} dev flannel.1 dst 192.168.1.12"
ACROSS = {
    "no such entry": ((("node1", NEIGHBOUR),), False),
    "an entry, and another MAC address there": ((("node1", NEIGHBOUR), ("node1", END)), False),
    "an entry, and that MAC address there": ((("node1", NEIGHBOUR), ("node1", END), ("node2", f"ip link set flannel.1 address {ELSE}"), ("node2", "ip neigh replace 10.244.1.0 lladdr {own} dev flannel.1")), True),
    "another MAC address there alone": ((("node2", f"ip link set flannel.1 address {ELSE}"), ("node2", "ip neigh replace 10.244.1.0 lladdr {own} dev flannel.1")), False),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "through"), ACROSS.values(), ids=ACROSS)
def test_a_tunnels_packet_is_for_one_mac_address(lines: tuple[tuple[str, str], ...], through: bool) -> None:
    shell = opened()
    own = shell.run("node1", "ip link show flannel.1").stdout.split("link/ether ")[1].split()[0]
    for host, line in lines:
        shell = run(shell, host, line.format(own=own)).shell
    assert ("server: " in shell.run("pod/c", "curl -s -m 2 10.244.2.8:8080").stdout) is through
