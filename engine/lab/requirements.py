"""What the lab needs of a machine, and which of its kernel's features are there."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import tempfile
from pathlib import Path

from engine.lab.errors import LabUnavailable
from engine.lab.namespaces import CLONE_NEWNET, CLONE_NEWUSER, Namespace, tool, unshare
from engine.trace import Text

# tool -> the package that Debian has it in
TOOLS = {"ip": "iproute2", "bridge": "iproute2", "nft": "nftables", "conntrack": "conntrack"}
_RESTORE = {
    4: ("iptables-legacy-restore", "iptables-restore"),
    6: ("ip6tables-legacy-restore", "ip6tables-restore"),
}
# A kind of device, and what makes one.
DEVICE_PROBES = {
    "bridge": "link add probe type bridge",
    "veth": "link add probe type veth peer name other",
    "vxlan": "link add probe type vxlan id 1 dstport 4789",
    "ipip": "link add probe type ipip local any remote 192.0.2.1",
    "dummy": "link add probe type dummy",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """`devices` are the kinds of network device the kernel can make; `br_netfilter` whether bridges can call iptables;
    `ipset` whether it has sets of networks, and the machine the tool that fills them; `ipvs` whether the kernel has IPVS,
    and the machine the tools that fill its tables; `nf_tables` whether it has nftables for IP, with which hooks are watched,
    `nf_bridge` for bridges, with which the network between the nodes drops."""

    devices: frozenset[str]
    br_netfilter: bool
    ipvs: bool = False
    ipset: bool = False
    nf_tables: bool = True
    nf_bridge: bool = True


def restore_tool(version: int) -> str:
    """iptables-restore for the IP version; the legacy one where there are two, since its rules are iptables' own."""
    found = next((name for name in _RESTORE[version] if tool(name)), None)
    if found is None:
        raise LabUnavailable(
            f"{_RESTORE[version][1]} is not installed (Debian: package iptables)",
            zh=f"没有安装 {_RESTORE[version][1]}（Debian：iptables 软件包）",
        )
    return found


def iptables_in(folder: str) -> str:
    """Make `folder` hold the iptables commands that show the lab's rules where the system's own ones do not (those of
    nf_tables know nothing of the legacy tables); what to put before PATH for it."""
    for version, name in ((4, "iptables"), (6, "ip6tables")):
        legacy = tool(f"{name}-legacy")
        if restore_tool(version) == f"{name}-legacy-restore" and legacy is not None:
            for suffix in ("", "-save", "-restore"):
                Path(folder, name + suffix).symlink_to(Path(legacy).resolve())
    return f"{folder}:"


def prepare() -> Features:
    """Check tools and rights, take them where an unprivileged user may; the kernel's features.

    Raises LabUnavailable with all that is lacking. A process that is not root becomes root of a user namespace, so call
    this before starting threads.
    """
    lacking = _lacking()
    if lacking:
        raise LabUnavailable(
            "the lab cannot run here: " + "; ".join(one.en for one in lacking),
            zh="实验环境无法在此运行：" + "；".join(one.zh for one in lacking),
        )
    _take_rights()
    return features()


def why_not() -> str | None:
    """Why the lab cannot run here; None where it can. Does not change the process's rights."""
    lacking = [one.en for one in _lacking()]
    if not lacking and os.geteuid() != 0:
        lacking = ["root is needed (or an unprivileged user namespace)"]
    if lacking:
        return "; ".join(lacking)
    try:
        found = features()
    except LabUnavailable as error:
        return str(error)
    return None if {"bridge", "veth"} <= found.devices else "the kernel has no bridge or veth devices"


def _lacking() -> list[Text]:
    if not sys.platform.startswith("linux"):
        return [
            Text(
                f"network namespaces exist on Linux alone; this is {sys.platform}",
                f"只有 Linux 才有网络命名空间；本机是 {sys.platform}",
            )
        ]
    found = [
        Text(f"{name} is not installed (Debian: package {package})", f"没有安装 {name}（Debian：{package} 软件包）")
        for name, package in TOOLS.items()
        if not tool(name)
    ]
    if not any(tool(name) for name in _RESTORE[4]):
        found.append(
            Text(
                "iptables-restore is not installed (Debian: package iptables)",
                "没有安装 iptables-restore（Debian：iptables 软件包）",
            )
        )
    return found


def _take_rights() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        return
    try:
        # With a network namespace to come back to: the one that the process has now is not the new user's.
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    except OSError as error:
        raise LabUnavailable(
            f"the lab needs root, or a kernel that lets users make user namespaces ({error.strerror}): "
            "run it with sudo, or see the sysctl kernel.unprivileged_userns_clone",
            zh=f"实验环境需要 root 权限，或允许用户创建用户命名空间的内核（{error.strerror}）：请用 sudo 运行，或查看 sysctl kernel.unprivileged_userns_clone",
        ) from None
    # xtables' own lock file is root's; the namespaces are nobody else's, so any lock will do.
    os.environ["XTABLES_LOCKFILE"] = str(Path(tempfile.gettempdir(), f"k8squiz-xtables-{uid}.lock"))


@functools.cache
def features() -> Features:
    """Ask the kernel, in a namespace of its own."""
    namespace = Namespace.create()
    try:
        devices = frozenset(kind for kind, line in DEVICE_PROBES.items() if _makes(namespace, line))
        with namespace.entered():
            bridged = Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists()
            ipvs = Path("/proc/sys/net/ipv4/vs/conntrack").exists()
        nf_tables = _runs(namespace, "add table ip probe\n", "nft", "-f", "-")
        ipset = bool(tool("ipset")) and _runs(namespace, "create probe hash:net\ndestroy probe\n", "ipset", "restore")
        chain = "add table bridge probe; add chain bridge probe c { type filter hook forward priority 0; }\n"
        nf_bridge = _runs(namespace, chain, "nft", "-f", "-")
    finally:
        namespace.close()
    ipvs = ipvs and "dummy" in devices and bool(tool("ipvsadm")) and bool(tool("ipset"))
    return Features(devices, bridged, ipvs, ipset, nf_tables, nf_bridge)


def _makes(namespace: Namespace, line: str) -> bool:
    return _runs(namespace, f"{line}\nlink del probe\n", "ip", "-batch", "-")


def _runs(namespace: Namespace, text: str, *program: str) -> bool:
    try:
        namespace.run(*program, text=text)
    except LabUnavailable:
        return False
    return True
