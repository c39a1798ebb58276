"""The few files that are there to be read and written: sysctls under /proc/sys, lists of `-m recent` under /proc/net/xt_recent,
a device's facts under /sys/class/net, /etc of a host. No file of the machine this runs on is touched.

Source: Documentation/ABI/testing/sysfs-class-net, net/bridge/br_sysfs_if.c.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from typing import TYPE_CHECKING

from engine.network.devices import Device, DeviceKind
from engine.network.host import HostKind
from engine.shell import recent_lists, sysctls
from engine.shell.edits import LinkSet
from engine.shell.resolver import resolv_conf
from engine.values import pattern

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster

_DEVICE_FILE = pattern(
    r"/sys/(?:class/net|devices/virtual/net)/([^/]+)/(brport/hairpin_mode|mtu|operstate|flags|ifindex)"
)
_PORT_FILE = pattern(r"/sys/(?:class/net|devices/virtual/net)/([^/]+)/brif/([^/]+)/hairpin_mode")
# Bytes that one host may write in all.
_MOST_WRITTEN = 1_000_000
# engine.shell.live.ADMINISTRATOR: a machine of which nothing is modelled but the files that are written there.
_NO_HOST = ""
_NOTHING_THERE = "/dev/null"
_FOLDERS = frozenset({"/", "/root", "/etc", "/proc", "/proc/net/xt_recent", "/sys", "/tmp"})  # noqa: S108

# Files and folders that a real host has, by how their paths begin: what tells the same here.
_NOT_SIMULATED = (
    ("/proc/net/nf_conntrack", "conntrack -L is there"),
    *((f"/proc/net/{name}", "counters are no part of it") for name in ("dev", "snmp", "netstat", "softnet_stat", "stat/", "sockstat")),
    *((f"/proc/net/{name}", "ip route is there") for name in ("route", "fib_trie", "ipv6_route", "rt_")),
    ("/proc/net/arp", "ip neigh is there"),
    *((f"/proc/net/{name}", "ss is there") for name in ("tcp", "udp", "raw", "unix", "packet")),
    ("/proc/net/ip_vs", "ipvsadm is there"),
    ("/proc/net/", "ip, ss and sysctl are there"),
    *((f"/proc/{name}", "the machine's load and memory are no part of it") for name in ("cpuinfo", "meminfo", "loadavg", "uptime", "stat", "interrupts", "softirqs", "vmstat", "mounts", "diskstats")),
    *((f"/proc/{name}", "uname -a, lsmod and ps are there") for name in ("version", "modules", "cmdline", "filesystems", *"0123456789")),
    ("/etc/cni/", "bridge link, ip -d link and ip route tell of the CNI"),
    ("/opt/cni/", "bridge link, ip -d link and ip route tell of the CNI"),
    ("/run/flannel/", "ip -d link and ip route tell of the CNI"),
    ("/var/lib/kubelet", "kubectl tells of the node"),
    ("/var/lib/kube-proxy", "kubectl -n kube-system get cm kube-proxy -o yaml is there"),
    ("/etc/kubernetes", "kubectl tells of the cluster"),
    ("/root/.kube", "kubectl config get-contexts is there"),
    ("/var/log", "journalctl -u kube-proxy and kubectl logs are there"),
    ("/etc/coredns", "kubectl tells of CoreDNS' Service and pods"),
    ("/var/run/secrets", "there are no accounts"),
    ("/run/secrets", "there are no accounts"),
    ("/var/run/netns", "ip netns is there"),
    ("/run/netns", "ip netns is there"),
    *((f"/etc/{name}", "of /etc there are hostname, hosts and resolv.conf") for name in ("passwd", "shadow", "group", "sudoers", "os-release", "debian_version", "fstab", "nsswitch.conf", "ssh", "systemd", "services", "protocols", "crontab", "iptables", "network", "profile", "bash", "ssl", "default", "docker", "containerd", "crictl.yaml", "modules", "modprobe.d", "gai.conf", "host.conf")),
    ("/etc/sysctl", "sysctl and /proc/sys tell what counts now"),
    *((f"/{name}", "of folders there are /etc, /proc/sys, /sys/class/net and /tmp") for name in ("usr", "bin", "sbin", "lib", "boot", "opt", "srv", "home", "var", "mnt", "run")),
)  # fmt: skip
_NOT_SIMULATED_SYS = re.compile(
    r"/sys/class/net/[^/]+/(?:statistics|carrier|speed|duplex|address|queues|tx_queue_len|type|bridge)(?:/.*)?"
)


class FileRefused(Exception):
    """`PATH: why`, as a tool says it of a file that it cannot use."""

    def __init__(self, path: str, why: str) -> None:
        shown = path if path.isprintable() else ascii(path)[1:-1]
        super().__init__(f"{shown[:200]}: {why}")
        self.why = why


def normal(path: str, folder: str = "/root") -> str:
    """The absolute path without `.`, `..` and doubled slashes; a shell starts in /root."""
    return posixpath.normpath(posixpath.join(folder, path)).replace("//", "/")


def absolute(live: LiveCluster, host: str, path: str) -> str:
    """The absolute path, from the folder that the host's shell is in."""
    return normal(path, live.state(host).variables.get("PWD", "/root"))


def is_folder(live: LiveCluster, host: str, at: str) -> bool:
    """Whether there is a folder at the absolute path."""
    return at in _FOLDERS or any(one.startswith(at.rstrip("/") + "/") for one in paths(live, host))


def read_file(live: LiveCluster, host: str, path: str) -> str:
    """What is in the file. Raises FileRefused."""
    at = absolute(live, host, path)
    written = live.state(host).files.get(at)
    if written is not None:
        return written
    if at.startswith("/dev/"):
        if at == _NOTHING_THERE:
            return ""
        raise FileRefused(path, "not simulated here; of /dev there is null, and /dev/tcp/HOST/PORT behind > or <")
    if host == _NO_HOST:
        raise FileRefused(path, _missing(live, host, at))
    if at.startswith("/proc/sys/"):
        try:
            return sysctls.read(live, host, sysctls.name_of(at)) + "\n"
        except sysctls.NoSuchSysctl:
            raise FileRefused(path, _missing(live, host, at)) from None
    listed = at.removeprefix(recent_lists.FOLDER)
    if listed != at and listed in recent_lists.names_on(live, host):
        return recent_lists.read(live, host, listed)
    device = _device_file(live, host, at)
    if device is not None:
        return device + "\n"
    found = _etc(live, host).get(at)
    if found is None:
        raise FileRefused(path, _missing(live, host, at))
    return found


def write_file(live: LiveCluster, host: str, path: str, text: str, *, append: bool = False) -> LiveCluster:
    """`live` after `text` was written to the file. Raises FileRefused."""
    at = absolute(live, host, path)
    if at.startswith("/dev/"):
        if at == _NOTHING_THERE:
            return live
        raise FileRefused(path, "Permission denied")
    if host == _NO_HOST and at.startswith(("/proc/", "/sys/")):
        raise FileRefused(path, "Permission denied")
    if at.startswith("/proc/"):
        return _write_proc(live, host, path, at, text)
    if at.startswith("/sys/"):
        return _write_device(live, host, path, at, text)
    if at in _FOLDERS or path.endswith("/"):
        raise FileRefused(path, "Is a directory")
    state = live.state(host)
    there = state.files.get(at, "") if append else ""
    if sum(map(len, state.files.values())) + len(text) > _MOST_WRITTEN:
        raise FileRefused(path, "No space left on device")
    return live.with_state(host, dataclasses.replace(state, files={**state.files, at: there + text}))


def _write_proc(live: LiveCluster, host: str, path: str, at: str, text: str) -> LiveCluster:
    listed = at.removeprefix(recent_lists.FOLDER)
    try:
        if at.startswith("/proc/sys/"):
            return sysctls.write(live, host, sysctls.name_of(at), text)
        if listed in recent_lists.names_on(live, host):
            return recent_lists.write(live, host, listed, text)
    except sysctls.NoSuchSysctl:
        raise FileRefused(path, "No such file or directory") from None
    except (sysctls.BadValue, recent_lists.BadLine):
        raise FileRefused(path, "Invalid argument") from None
    raise FileRefused(path, "Permission denied" if listed == at else _missing(live, host, at))


def _missing(live: LiveCluster, host: str, at: str) -> str:
    if at.startswith(recent_lists.FOLDER):
        return "No such file or directory"
    if at == recent_lists.FOLDER.rstrip("/"):
        return "Is a directory"
    if host != _NO_HOST and (why := next((why for start, why in _NOT_SIMULATED if at.startswith(start)), "")):
        return f"not simulated here: {why}"
    if host != _NO_HOST and _NOT_SIMULATED_SYS.fullmatch(at):
        return "not simulated here: ip -d link and ethtool -k are there"
    return (
        "Is a directory"
        if any(one.startswith(at.rstrip("/") + "/") for one in paths(live, host))
        else "No such file or directory"
    )


def paths(live: LiveCluster, host: str) -> tuple[str, ...]:
    """All files that are there, for `ls`, a glob or Tab."""
    if host == _NO_HOST:
        return tuple(sorted(live.state(host).files))
    here = live.fabric.host(host)
    found = {*live.state(host).files, *_etc(live, host)}
    found.update(sysctls.path_of(name) for name in sysctls.names_on(live, host))
    found.update(f"{recent_lists.FOLDER}{name}" for name in recent_lists.names_on(live, host))
    for device in here.devices.values():
        base = f"/sys/class/net/{device.name}"
        found.update(f"{base}/{name}" for name in ("mtu", "operstate", "flags", "ifindex"))
        if device.master is not None:
            found.add(f"{base}/brport/hairpin_mode")
            found.add(f"/sys/class/net/{device.master}/brif/{device.name}/hairpin_mode")
    return tuple(sorted(found))


def _device_file(live: LiveCluster, host: str, at: str) -> str | None:
    devices = live.fabric.host(host).devices
    port = _PORT_FILE.fullmatch(at)
    if port is not None:
        found = devices.get(port[2])
        return None if found is None or found.master != port[1] else str(int(found.hairpin))
    matched = _DEVICE_FILE.fullmatch(at)
    device = devices.get(matched[1]) if matched else None
    if matched is None or device is None:
        return None
    if matched[2] == "brport/hairpin_mode":
        return None if device.master is None else str(int(device.hairpin))
    return {
        "mtu": str(device.mtu),
        "operstate": operstate(device),
        "flags": hex(flags(device)),
        "ifindex": str(list(devices).index(device.name) + 1),
    }[matched[2]]


def operstate(device: Device) -> str:
    """RFC 2863's state as the kernel names it in lower case: devices without a carrier of their own are "unknown"."""
    if not device.up:
        return "down"
    return (
        "unknown" if device.kind in (DeviceKind.LOOPBACK, DeviceKind.VXLAN, DeviceKind.IPIP, DeviceKind.DUMMY) else "up"
    )


def flags(device: Device) -> int:
    """IFF_UP 1, BROADCAST 2, LOOPBACK 8, NOARP 0x80, MULTICAST 0x1000 (uapi/linux/if.h)."""
    found = int(device.up)
    if device.kind is DeviceKind.LOOPBACK:
        return found | 8
    if device.kind is DeviceKind.IPIP:
        return found | 0x80
    if device.kind is DeviceKind.DUMMY:
        return found | 0x82
    return found | 0x1002


def _write_device(live: LiveCluster, host: str, path: str, at: str, text: str) -> LiveCluster:
    port, plain = _PORT_FILE.fullmatch(at), _DEVICE_FILE.fullmatch(at)
    if _device_file(live, host, at) is None:
        raise FileRefused(path, "No such file or directory")
    value = text.strip()
    name = port[2] if port else plain[1] if plain else ""
    if port or (plain and plain[2] == "brport/hairpin_mode"):
        if value not in ("0", "1"):
            raise FileRefused(path, "Invalid argument")
        return live.edited(host, LinkSet(name, hairpin=value == "1"))
    if plain and plain[2] == "mtu":
        if not re.fullmatch(r"[0-9]{2,5}", value) or not 68 <= int(value) <= 65535:
            raise FileRefused(path, "Invalid argument")
        return live.edited(host, LinkSet(name, mtu=int(value)))
    raise FileRefused(path, "Permission denied")


def _etc(live: LiveCluster, host: str) -> dict[str, str]:
    """/etc/hostname, /etc/hosts and /etc/resolv.conf."""
    here = live.fabric.host(host)
    name = here.name.rpartition("/")[2]
    found = {"/etc/hostname": f"{name}\n"}
    lines = ["127.0.0.1\tlocalhost"]
    if here.kind is HostKind.POD:
        own = (a.address for device in here.devices.values() if device.name != "lo" for a in device.addresses)
        lines = ["# Kubernetes-managed hosts file.", *lines, *(f"{address}\t{name}" for address in own)]
    found["/etc/resolv.conf"] = resolv_conf(live, host)
    found["/etc/hosts"] = "".join(f"{line}\n" for line in lines)
    return found
