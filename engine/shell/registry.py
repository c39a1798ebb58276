"""Every tool by its name. A new one is a module in tools/ with a TOOL, and a row in MODULES."""

from __future__ import annotations

import functools
import importlib

from engine.shell.interface import Tool

# A tool's names -> the module that has it: loaded when one of them is first typed.
MODULES: dict[tuple[str, ...], str] = {
    ("echo",): "engine.shell.tools.echo",
    ("printf", "yes"): "engine.shell.tools.printf",
    ("cp", "mv", "rm", "touch", "mkdir"): "engine.shell.tools.cp",
    ("cat", "less", "more"): "engine.shell.tools.cat",
    ("cut", "tr", "column", "tee", "sed"): "engine.shell.tools.cut",
    ("ssh", "su", "sh", "bash", "ash", "dash"): "engine.shell.tools.ssh",
    ("sudo", "timeout", "time", "nohup", "nice", "env", "xargs", "sleep"): "engine.shell.tools.prefixes",
    (
        "whoami",
        "id",
        "hostname",
        "uname",
        "date",
        "uptime",
        "lsmod",
        "modprobe",
        "dmesg",
        "clear",
        "seq",
    ): "engine.shell.tools.whoami",
    ("ps", "pgrep", "pidof"): "engine.shell.tools.ps",
    ("nsenter",): "engine.shell.tools.nsenter",
    ("wget",): "engine.shell.tools.wget",
    ("ip",): "engine.shell.tools.ip",
    (
        "awk",
        "gawk",
    ): "engine.shell.tools.awk",
    ("bridge",): "engine.shell.tools.bridge",
    (
        "grep",
        "egrep",
        "fgrep",
    ): "engine.shell.tools.grep",
    (
        "head",
        "tail",
    ): "engine.shell.tools.head",
    ("ls",): "engine.shell.tools.ls",
    ("sort",): "engine.shell.tools.sort",
    ("sysctl",): "engine.shell.tools.sysctl",
    ("uniq",): "engine.shell.tools.uniq",
    ("wc",): "engine.shell.tools.wc",
    ("curl",): "engine.shell.tools.curl",
    ("crictl",): "engine.shell.tools.crictl",
    ("ethtool",): "engine.shell.tools.ethtool",
    ("journalctl",): "engine.shell.tools.journalctl",
    ("watch",): "engine.shell.tools.watch",
    ("getent",): "engine.shell.tools.getent",
    (
        "nc",
        "ncat",
        "netcat",
    ): "engine.shell.tools.nc",
    ("ping",): "engine.shell.tools.ping",
    ("kubectl", "k"): "engine.shell.tools.kubectl",
    (
        "iptables",
        "ip6tables",
        "iptables-save",
        "ip6tables-save",
        "iptables-restore",
        "ip6tables-restore",
        "iptables-legacy",
        "iptables-legacy-save",
        "ip6tables-legacy",
        "ip6tables-legacy-save",
        "iptables-nft",
        "iptables-nft-save",
        "ip6tables-nft",
        "ip6tables-nft-save",
    ): "engine.shell.tools.iptables",
    ("conntrack",): "engine.shell.tools.conntrack",
    ("ipset",): "engine.shell.tools.ipset",
    (
        "ipvsadm",
        "ipvsadm-save",
    ): "engine.shell.tools.ipvsadm",
    ("nft",): "engine.shell.tools.nft",
    ("nslookup", "host"): "engine.shell.tools.nslookup",
    ("dig",): "engine.shell.tools.dig",
    ("ss",): "engine.shell.tools.ss",
    ("systemctl",): "engine.shell.tools.systemctl",
    ("tcpdump", "pkill", "kill"): "engine.shell.tools.tcpdump",
    ("tracepath", "traceroute"): "engine.shell.tools.tracepath",
    ("true", "false", ":"): "engine.shell.tools.true",
}


@functools.cache
def _by_name() -> dict[str, str]:
    return {name: module for names, module in MODULES.items() for name in names}


def names() -> tuple[str, ...]:
    """All names that something answers to, sorted."""
    return tuple(sorted(_by_name()))


def find_tool(name: str) -> Tool | None:
    """The tool of that name (a path to it will do: /usr/sbin/ip); None where there is none."""
    last = name.rpartition("/")[2] if name.startswith(("/bin/", "/sbin/", "/usr/")) else name
    module = _by_name().get(last)
    found = None if module is None else importlib.import_module(module).TOOL
    return found if isinstance(found, Tool) else None


def add(names_: tuple[str, ...], module: str) -> None:
    """One more module."""
    MODULES[names_] = module
    _by_name.cache_clear()
