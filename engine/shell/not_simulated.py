"""Commands that a node of Debian has and this shell has not: why, and what to use in their place.

What a minimal Debian lacks (netstat, telnet, jq, mtr) is not found here either, as a shell says it.
"""

from __future__ import annotations

from engine.shell.interface import ON_NODES
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.registry import find_tool

_FILES = "of files there are cat, ls, grep, head, tail, cp, mv, rm, mkdir, touch and >"
_TEXT = "of text there are grep, awk, sed, sort, uniq, cut, tr, head, tail and wc"
_MACHINE = "the machine's load, disks and users are no part of it"
_SYSTEMD = "of systemd there are systemctl and journalctl"
_EDITORS = "there is no editor; kubectl edit opens yours, and cat > FILE << EOF writes a file"
_INSTALLS = "nothing can be installed; what is there is what Tab completes"
_POWER = "no host is started anew; kubectl delete pod and systemctl restart are there"
_LANGUAGES = "of languages there are sh and a little awk"
_MODULES = "lsmod and modprobe are there, and no module is taken out"

# Everywhere.
_ANYWHERE = {
    **dict.fromkeys(("find", "stat", "file", "chmod", "chown", "ln", "readlink", "realpath", "mktemp", "tar", "gzip", "zcat", "dd"), _FILES),
    **dict.fromkeys(("diff", "comm", "paste", "join", "nl", "rev", "base64", "od", "split", "shuf", "fold", "md5sum", "sha256sum", "cmp"), _TEXT),
    **dict.fromkeys(("top", "free", "vmstat", "df", "du", "mount", "umount", "lsblk", "who", "w", "last", "nproc", "lscpu", "slabtop"), _MACHINE),
    **dict.fromkeys(("apt", "apt-get", "apt-cache", "dpkg"), _INSTALLS),
    **dict.fromkeys(("perl",), _LANGUAGES),
    **dict.fromkeys(("vi", "nano"), _EDITORS),
    "history": "it is kept at a terminal's prompt",
    "tc": "queues are no part of it; ip -d link and ethtool -k are there",
    "scp": "ssh HOST cat FILE > FILE is there",
}  # fmt: skip
# On nodes alone.
_OF_NODES = {
    **dict.fromkeys(("hostnamectl", "timedatectl", "resolvectl", "loginctl", "systemd-analyze", "networkctl"), _SYSTEMD),
    **dict.fromkeys(("reboot", "shutdown", "poweroff", "halt", "init"), _POWER),
    **dict.fromkeys(("modinfo", "rmmod", "insmod", "depmod"), _MODULES),
    **dict.fromkeys(("kubelet", "kube-proxy", "kubeadm", "containerd"), "systemctl status, journalctl -u and kubectl logs tell of them"),
    **dict.fromkeys(("ctr",), "crictl is there"),
    "service": "systemctl is there",
    "lsns": "ip netns and crictl inspect are there",
    "iptables-translate": "iptables and nft are there",
    "xtables-monitor": "tcpdump and conntrack -L are there",
    "update-alternatives": "iptables -V says which of the two it is",
}  # fmt: skip


def reason(name: str, live: LiveCluster, host: str) -> str:
    """Why there is no such command on the host though a real one has it, and what to use; "" where a real one lacks it too."""
    if host == ADMINISTRATOR:
        known = find_tool(name) is not None or name in _OF_NODES
        return (
            "this machine has kubectl; `ssh HOST` goes to another, `kubectl exec` to a pod"
            if known
            else _ANYWHERE.get(name, "")
        )
    found = _ANYWHERE.get(name, "")
    return found or (_OF_NODES.get(name, "") if live.has(host, ON_NODES) else "")
