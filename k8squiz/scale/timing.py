"""`--measure`: the real tools, given the rules that were compiled, in a network namespace of their own.

The namespace belongs to a child process and ends with it, whatever kills it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine import compile_rules
from engine.cluster import Cluster, Mode
from engine.cost.count import with_one_endpoint_replaced
from engine.cost.sizes import NODES, synthetic_cluster
from engine.errors import EngineError
from engine.lab.errors import LabUnavailable
from engine.lab.namespaces import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWUSER,
    die_with_parent,
    hide_run,
    run,
    tool,
    unshare,
)
from engine.netfilter.rules import Ruleset
from engine.proxy import nftables_transaction
from engine.proxy.partial import Transaction, partial_transaction
from engine.proxy.releases import reported
from engine.trace import Text
from engine.values import dataclass
from k8squiz.world.release import as_of

_NODE = NODES[0]
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one tool: all rules into an empty kernel, then what one changed endpoint needs. Or why there are none."""

    tool: str
    full: float | None
    partial: float | None
    lacking: Text | None = None


def measure(services: int, endpoints: int, release: str | None = None) -> tuple[Timing, ...]:
    """Medians of a few rounds on this machine, of what kube-proxy `release` writes. Leaves nothing behind; says for each
    tool what it lacks."""
    before = reported(as_of(synthetic_cluster(services, endpoints)), release)
    after = with_one_endpoint_replaced(before)
    return (_iptables(before, after), _nft(before, after), _ipvs(before, after))


def _iptables(before: Cluster, after: Cluster) -> Timing:
    name = next((name for name in ("iptables-legacy-restore", "iptables-restore") if tool(name)), None)
    if name is None:
        return _without("iptables-restore", "iptables")
    full = str(compile_rules(before, _NODE, Mode.IPTABLES))
    partial = partial_text(compile_rules(after, _NODE, Mode.IPTABLES), partial_transaction(before, after, _NODE))
    return _timed(name, [(name,), (name, "--noflush")], [full, partial])


def _nft(before: Cluster, after: Cluster) -> Timing:
    if tool("nft") is None:
        return _without("nft", "nftables")
    old, new = compile_rules(before, _NODE, Mode.NFTABLES), compile_rules(after, _NODE, Mode.NFTABLES)
    partial = "\n".join(nftables_transaction.partial_sync(new, old)) + "\n"
    found = _timed("nft", [("nft", "-f", "-")] * 2, [str(old), partial])
    if found.lacking is not None and "Message too long" in found.lacking.en:
        # Without the host's CAP_NET_ADMIN, SO_SNDBUFFORCE is refused, socket(7), and a transaction is one message.
        lacking = Text(
            "so many rules need a larger socket buffer (net.core.wmem_max) than a user may have; run it as root",
            "规则太多，普通用户的套接字缓冲区（net.core.wmem_max）不够大；请用 root 运行",
        )
        return Timing("nft", None, None, lacking)
    return found


def _ipvs(before: Cluster, after: Cluster) -> Timing:
    """Virtual servers through ipvsadm; the ipsets and the few rules around them are not in the figure."""
    if tool("ipvsadm") is None:
        return _without("ipvsadm", "ipvsadm")
    if not Path("/proc/net/ip_vs").exists():
        lacking = Text("this kernel has no IPVS (modprobe ip_vs)", "本机内核没有 IPVS（modprobe ip_vs）")
        return Timing("ipvsadm", None, None, lacking)
    full, change = ipvsadm_texts(compile_rules(before, _NODE, Mode.IPVS), compile_rules(after, _NODE, Mode.IPVS))
    return _timed("ipvsadm", [("ipvsadm", "-R")] * 2, [full, change])


def ipvsadm_texts(old: Ruleset, new: Ruleset) -> tuple[str, str]:
    """What `ipvsadm -R` reads: all virtual and real servers of `old`, and what makes them those of `new`."""
    was, now = ([line for line in str(one).splitlines() if line.startswith(("-A -", "-a -"))] for one in (old, new))
    kept, wanted = set(was), set(now)
    added = [line for line in now if line not in kept]
    # -a SERVICE -r SERVER -m -w WEIGHT is taken back by -d SERVICE -r SERVER.
    gone = ["-d " + " ".join(line.split()[1:5]) for line in was if line not in wanted and line.startswith("-a ")]
    return "\n".join(was) + "\n", "\n".join([*added, *gone]) + "\n"


def _without(name: str, package: str) -> Timing:
    return Timing(
        name, None, None,
        Text(f"{name} is not installed (Debian: package {package})", f"没有安装 {name}（Debian：{package} 软件包）"),
    )  # fmt: skip


def partial_text(after: Ruleset, transaction: Transaction) -> str:
    """What kube-proxy hands to iptables-restore --noflush after the change: `transaction` with its rules."""
    lines = []
    for name, chains in transaction.chains.items():
        table = after.tables[name]
        lines.append(f"*{name}")
        lines += [f":{chain} - [0:0]" for chain in chains]
        text = str(Ruleset(after.backend, after.family, {name: table}))
        wanted = tuple(f"-A {chain} " for chain in chains)
        lines += [line for line in text.splitlines() if line.startswith(wanted)]
        lines += [f"-X {chain}" for chain in transaction.deleted if name == "nat"]
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def _timed(name: str, commands: list[tuple[str, ...]], texts: list[str]) -> Timing:
    try:
        rounds = [_in_a_child(lambda: list(_run_all(commands, texts))) for _ in range(_ROUNDS)]
    except LabUnavailable as error:
        return Timing(name, None, None, Text(error.en, error.zh))
    full, partial = (statistics.median(taken) for taken in zip(*rounds, strict=True))
    return Timing(name, full, partial)


def _run_all(commands: list[tuple[str, ...]], texts: list[str]) -> Iterator[float]:
    for words, text in zip(commands, texts, strict=True):
        started = time.perf_counter()
        run(*words, text=text, tied=True)
        yield time.perf_counter() - started


def _in_a_child(work: Callable[[], list[float]]) -> list[float]:
    """What `work` returns, done by a child in a network namespace of its own. Raises LabUnavailable."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Whatever happens, the child ends here: what comes after is the parent's.
        try:
            os.write(writing, json.dumps(_tried(work)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    answer = json.loads(told or "{}")
    if "taken" not in answer:
        raise LabUnavailable(answer.get("en", "it was killed"), answer.get("zh", "进程被终止"))
    return list(answer["taken"])


def _tried(work: Callable[[], list[float]]) -> dict[str, object]:
    try:
        _alone()
        return {"taken": work()}
    except EngineError as error:
        return {"en": error.en, "zh": error.zh}
    except OSError as error:
        return {
            "en": f"no network namespace of its own: {error.strerror}; run it as root",
            "zh": f"无法创建独立的网络命名空间：{error.strerror}；请用 root 运行",
        }


def _alone() -> None:
    """Leave this child nothing to share with the host: network, /run, and, where it is not root, users."""
    if not sys.platform.startswith("linux"):
        raise LabUnavailable("network namespaces exist on Linux alone", "只有 Linux 才有网络命名空间")
    die_with_parent()
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWNET | CLONE_NEWNS | (CLONE_NEWUSER if uid else 0))
    if uid:
        for name, value in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            Path("/proc/self", name).write_text(value, encoding="ascii")
    hide_run()


def seconds(value: float | None, fastest: float | None) -> str:
    """Seconds or milliseconds, as a table shows them, and how many times the fastest tool's."""
    if value is None or fastest is None:
        return "-"
    return (f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms") + f" ({value / fastest:.1f}×)"
