"""A lab that follows a live cluster: what is typed on a host is run there too, what the API server and kube-proxy make of a
change is done to the namespaces.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from engine.errors import RuleError
from engine.fabric.fabric import Fabric
from engine.lab.errors import LabUnavailable
from engine.lab.full_table import clear, empty, fill, is_full, room
from engine.lab.plain import PlainLab, Ran
from engine.lab.plan import HostPlan, plan
from engine.lab.policy_rules import policy_rules
from engine.lab.requirements import restore_tool
from engine.netfilter.ipt_parse import parse
from engine.netfilter.ipt_text import dump_iptables
from engine.netfilter.ruleset import Ruleset
from engine.netfilter.usable import check_usable
from engine.packet import FAMILY_OF_VERSION, Family
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster
from engine.shell.tools.iptables.tables import with_tables
from engine.shell.tools.kubectl.flags import read_words
from engine.shell.tools.kubectl.problems import BadWords
from engine.values import dataclass

# What a node's own kernel does; all else is the API server's, kube-proxy's or the Deployments'.
KERNEL_TOOLS = frozenset(
    {"ip", "bridge", "iptables", "ip6tables", "nft", "sysctl", "conntrack", "ipset", "ipvsadm", "echo"}
)
# What no node's kernel answers: the API server and kube-proxy.
SIMULATED = frozenset({"kubectl", "k", "systemctl", "journalctl", "crictl"})
# What this machine has once for all namespaces: how large a conntrack table may be, the kernel's log, what it counts.
_OF_ALL_NODES = re.compile(r"\bnf_conntrack_(max|count)\b|\bdmesg\b|\bconntrack +(-S|--stats|-C|--count)\b")
# What undoes a line of a plan, where its device is still there.
_UNDONE = {"address add": "address del", "route append": "route del", "neigh replace": "neigh del"}
Step = Callable[[LiveCluster, str, str], tuple[Reply, LiveCluster]]


def plain_step(live: LiveCluster, host: str, line: str) -> tuple[Reply, LiveCluster]:
    """What a line on a host answers, and the cluster after it."""
    reply = Shell(live).run(host, line)
    return reply, reply.shell.live


class FollowingLab(PlainLab):
    """`step` says what a line makes of the live cluster: with Deployments' controllers or without."""

    def __init__(self, live: LiveCluster, *, names: bool = True, step: Step = plain_step) -> None:
        super().__init__(live, names=names)
        self._step = step
        self._filled: frozenset[str] = frozenset()

    def type(self, host: str, line: str, *, attached: bool = False) -> Ran:
        """Run a line on a host: what the real tool printed, or the API server's answer. `attached`: at this terminal."""
        there = _on_another(line)
        if there is not None:
            return self.type(self.live.host_named(there[0]), there[1], attached=attached)
        run = self.attached if attached else self.run
        first = line.split(maxsplit=1)[0] if line.split() else ""
        if host and first not in SIMULATED and not _OF_ALL_NODES.search(line):
            if first in KERNEL_TOOLS:
                _, after = self._step(self.live, host, line)
                self.live, self.fabric = after, after.fabric
            ran = run(host, line)
            self._fill_tables()
            return ran
        inside = _executed(line)
        if inside is not None:
            pod, command = inside
            return run(self.live.host_named(pod), command)
        self.read_back()
        reply, after = self._step(self.live, host, line)
        self.follow(after)
        return Ran(reply.stdout, reply.stderr, reply.status)

    def read_back(self) -> None:
        """Take over the iptables of nodes on which somebody changed them otherwise than by a line that was followed: kube-proxy
        finds them at its next sync."""
        for node in self.fabric.nodes:
            try:
                listed = parse(self.run(node, "iptables-save").stdout, Family.IPV4, node)
                check_usable(listed)
            except RuleError:
                # Rules that the model does not know stay the kernel's alone.
                continue
            before = self.live.rules(node, Family.IPV4)
            after = with_tables(before, listed.tables)
            if _lines(before) != _lines(after):
                self.live = self.live.with_rules(node, Family.IPV4, after)
                self.fabric = self.live.fabric

    def follow(self, after: LiveCluster) -> None:
        """Bring the namespaces to what the API server, the plugins and kube-proxy made of `after`."""
        before, self.live = self.live, after
        old, self.fabric = self.fabric, after.fabric
        if before.cluster is not after.cluster or before.fabric is not after.fabric:
            self._rewire(_by_name(old, self), _by_name(self.fabric, self))
        for node in self.fabric.nodes:
            if self._rules_of(before, node) != self._rules_of(after, node):
                self._reload(node)
        self._fill_tables()

    def _fill_tables(self) -> None:
        """Have the conntrack tables full that are, and no other. Raises NotInThisLab where this machine's cannot be filled."""
        for node in self._filled - self.live.full_tables:
            empty(self.namespaces[node])
        for node in self.live.full_tables:
            inside, most = self.namespaces[node], room()
            if not is_full(inside, most):
                # What gives way, or is closing and goes by itself, would leave room again.
                clear(inside, spare_datagrams=bool(self.live.traffic))
                fill(inside, most, assured=True)
        self._filled = self.live.full_tables

    def _rewire(self, old: dict[str, HostPlan], new: dict[str, HostPlan]) -> None:
        for host in (one for one in old if one not in new):
            self._end_names(host)
            self.http.forget(host)
            self.namespaces.pop(host).close()
        fresh = [host for host in new if host not in old]
        for host in fresh:
            self.namespaces[host] = self.make_namespace(host)
            for path, value in new[host].early_sysctls:
                self.namespaces[host].sysctl(path, value)
        # Once more, now that the lines can name the new namespaces.
        new = _by_name(self.fabric, self)
        kept = [host for host in new if host in old]
        for host in kept:
            self._change(host, _gone(old[host], new[host]), _added(old[host].links, new[host].links))
        for host in fresh:
            self._configure(new[host])
        for host in set(fresh).intersection(self._resolvers()):
            self._serve_names(host)
        for host in kept:
            self._run_batch(host, _added(old[host].setup, new[host].setup))

    def _change(self, host: str, gone: Iterable[str], links: Iterable[str]) -> None:
        for line in gone:
            try:
                self.namespaces[host].run("ip", *line.split())
            except LabUnavailable:
                # It went with its device.
                continue
        self._run_batch(host, links)

    def _run_batch(self, host: str, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if text:
            self.namespaces[host].run("ip", "-batch", "-", text=text)

    def _rules_of(self, live: LiveCluster, node: str) -> tuple[str, str | None]:
        return str(live.rules(node, FAMILY_OF_VERSION[4])), policy_rules(live.fabric, node, 4)

    def _reload(self, node: str) -> None:
        """The node's tables as they are now, in place of what they were."""
        inside = self.namespaces[node]
        for table in ("filter", "nat", "mangle", "raw"):
            for verb in ("-F", "-X"):
                inside.run(restore_tool(4).removesuffix("-restore"), "-w", "-t", table, verb)
        for emptied in ("nft flush ruleset", "ipvsadm -C", "ipset destroy"):
            try:
                inside.run(*emptied.split())
            except LabUnavailable:
                # A kernel without it has nothing of it.
                continue
        self._load_rules(node, inside)


def _on_another(line: str) -> tuple[str, str] | None:
    """The host and the line of `ssh HOST LINE` alone; None for any other line."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    if words[:1] != ["ssh"] or len(words) < 3 or words[1].startswith("-"):
        return None
    return words[1].rpartition("@")[2], " ".join(words[2:])


def _executed(line: str) -> tuple[str, str] | None:
    """The pod and the command of a line that is one `kubectl exec` alone; None for any other."""
    try:
        words = read_words(shlex.split(line)[1:])
    except (ValueError, BadWords):
        return None
    if (
        words.rest[:1] != ("exec",)
        or len(words.rest) < 2
        or not words.behind
        or not line.startswith(("kubectl ", "k "))
    ):
        return None
    return f"pod/{words.namespace}/{words.rest[1].removeprefix('pod/')}", shlex.join(words.behind)


def _lines(ruleset: Ruleset) -> set[str]:
    """The rules of iptables' tables, whatever stands beside them and in which order chains were made."""
    text = dump_iptables(with_tables(ruleset, {}))
    return {line for line in text.splitlines() if line.startswith("-A") and "nfacct" not in line}


def _by_name(fabric: Fabric, lab: PlainLab) -> dict[str, HostPlan]:
    def path_of(name: str) -> str:
        # Of one that is not made yet no line is run.
        return lab.namespaces[name].path if name in lab.namespaces else ""

    return {one.name: one for one in plan(fabric, 4, path_of)}


def _added(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    return [line for line in new if line not in old]


def _gone(old: HostPlan, new: HostPlan) -> Iterator[str]:
    for line in old.links:
        if line not in new.links and line.startswith("link add "):
            yield f"link del {line.split()[2]}"
    for line in old.setup:
        verb = next((verb for verb in _UNDONE if line.startswith(f"{verb} ")), None)
        if verb is not None and line not in new.setup:
            words = line.removeprefix(f"{verb} ").replace(" noprefixroute", "").replace(" brd +", "").split()
            yield f"{_UNDONE[verb]} {' '.join(words if verb != 'neigh replace' else [words[0], *words[3:5]])}"


@dataclass(frozen=True, slots=True)
class LabShell:
    """A shell on each host of a lab, as engine.shell.Shell is one of the simulation; `status` is `$?`."""

    lab: FollowingLab
    attached: bool = False
    status: int = 0

    @property
    def live(self) -> LiveCluster:
        return self.lab.live

    def run(self, host: str, line: str) -> LabReply:
        """Run a line. Raises NoSuchObject for the host."""
        ran = self.lab.type(self.live.host_named(host), line, attached=self.attached)
        shown = "" if ran.seen else ran.stderr + ran.stdout
        return LabReply(ran.stdout, ran.stderr, ran.status, dataclasses.replace(self, status=ran.status), shown)


@dataclass(frozen=True, slots=True)
class LabReply:
    """What a line printed, its exit status, and the shell after it; `shown` is what no terminal has shown yet."""

    stdout: str
    stderr: str
    status: int
    shell: LabShell
    shown: str
    login: str | None = None
