"""A lab that follows a live cluster: what is typed on a host is run there too, what the API server and kube-proxy make of a
change is done to the namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.fabric.fabric import Fabric
from engine.lab.errors import LabUnavailable
from engine.lab.plain import PlainLab, Ran
from engine.lab.plan import HostPlan, plan
from engine.lab.policy_rules import policy_rules
from engine.lab.requirements import restore_tool
from engine.packet import FAMILY_OF_VERSION
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster

# What a node's own kernel does; all else is the API server's, kube-proxy's or the Deployments'.
KERNEL_TOOLS = frozenset(
    {"ip", "bridge", "iptables", "ip6tables", "nft", "sysctl", "conntrack", "ipset", "ipvsadm", "echo"}
)
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

    def type(self, host: str, line: str) -> Ran:
        """Run a line on a host: what the real tool printed, or the simulated one where it is no kernel's."""
        reply, after = self._step(self.live, host, line)
        if host and line.split()[:1] and line.split(maxsplit=1)[0] in KERNEL_TOOLS:
            ran = self.run(host, line)
            self.live, self.fabric = after, after.fabric
            return ran
        self.follow(after)
        return Ran(reply.stdout, reply.stderr, reply.status)

    def follow(self, after: LiveCluster) -> None:
        """Bring the namespaces to what the API server, the plugins and kube-proxy made of `after`."""
        before, self.live = self.live, after
        old, self.fabric = self.fabric, after.fabric
        if before.cluster is not after.cluster or before.fabric is not after.fabric:
            self._rewire(_by_name(old, self), _by_name(self.fabric, self))
        for node in self.fabric.nodes:
            if self._rules_of(before, node) != self._rules_of(after, node):
                self._reload(node)

    def _rewire(self, old: dict[str, HostPlan], new: dict[str, HostPlan]) -> None:
        for host in (one for one in old if one not in new):
            self._end_names(host)
            self._servers.forget(host)
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
