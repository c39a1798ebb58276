"""Every tool by all names that it answers to."""

from __future__ import annotations

import importlib

import pytest

from engine.shell.registry import MODULES

TOOLS = {
    "echo": "echo",
    "printf": "printf yes",
    "cp": "cp mv rm touch mkdir",
    "cat": "cat less more",
    "cut": "cut tr column tee sed",
    "ssh": "ssh su sh bash ash dash",
    "prefixes": "sudo timeout time nohup nice env xargs sleep",
    "whoami": "whoami id hostname uname date uptime lsmod modprobe dmesg clear seq",
    "ps": "ps pgrep pidof",
    "nsenter": "nsenter",
    "wget": "wget",
    "ip": "ip",
    "awk": "awk gawk",
    "bridge": "bridge",
    "grep": "grep egrep fgrep",
    "head": "head tail",
    "ls": "ls",
    "sort": "sort",
    "sysctl": "sysctl",
    "uniq": "uniq",
    "wc": "wc",
    "curl": "curl",
    "crictl": "crictl",
    "ethtool": "ethtool",
    "journalctl": "journalctl",
    "watch": "watch",
    "getent": "getent",
    "nc": "nc ncat netcat",
    "ping": "ping",
    "kubectl": "kubectl k",
    "iptables": "iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore iptables-legacy iptables-legacy-save ip6tables-legacy ip6tables-legacy-save iptables-nft iptables-nft-save ip6tables-nft ip6tables-nft-save",
    "conntrack": "conntrack",
    "ipset": "ipset",
    "ipvsadm": "ipvsadm ipvsadm-save",
    "nft": "nft",
    "nslookup": "nslookup host",
    "dig": "dig",
    "ss": "ss",
    "systemctl": "systemctl",
    "tcpdump": "tcpdump pkill kill",
    "tracepath": "tracepath traceroute",
    "true": "true false :",
}


def test_every_tool_has_a_row() -> None:
    assert {module.removeprefix("engine.shell.tools."): " ".join(names) for names, module in MODULES.items()} == TOOLS


@pytest.mark.parametrize("module", TOOLS)
def test_a_row_is_of_a_tool(module: str) -> None:
    assert importlib.import_module(f"engine.shell.tools.{module}").TOOL
