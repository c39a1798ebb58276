"""A live cluster's hosts in namespaces as a node's tools find them: nothing watches the hooks, servers speak HTTP, names are
served where CoreDNS runs, and a command line runs in a host as its shell would run it.
"""

from __future__ import annotations

import os
import pty
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from engine.fabric.hosts import ROUTER
from engine.lab.live import Lab
from engine.lab.namespaces import die_with_parent, tool
from engine.lab.plan import HostPlan
from engine.lab.requirements import iptables_in
from engine.lab.servers import Servers
from engine.packet import L4
from engine.shell.files import read_file
from engine.shell.live import LiveCluster
from engine.shell.names import zone_of
from engine.shell.resolver import dns_service
from engine.values import dataclass

# A host's own /sys (that of another namespace shows its devices), resolv.conf and hosts over the machine's.
_INSIDE = (
    'mount -t sysfs none /sys; mount --bind "$1" /etc/resolv.conf; mount --bind "$2" /etc/hosts; shift 2; exec "$@"'
)
_SILENT = """table ip silent {
  chain output {
    type filter hook output priority 0;
    icmp type destination-unreachable icmp code host-unreachable drop
  }
}
"""
# Bytes of a command's output that are looked at for what they show.
_MOST_KEPT = 400_000
_MOST_SECONDS = 180.0
# Seconds that a name server has to start.
_MOST_WAITING = 3.0
_DNSMASQ = (
    "--no-daemon",
    "--no-resolv",
    "--no-hosts",
    "--local-ttl=5",
    "--user=root",
    "--pid-file=",
    "--conf-file=/dev/null",
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed on both streams, its exit status, and whether a terminal has shown it already."""

    stdout: str
    stderr: str
    status: int
    seen: bool = False


class PlainLab(Lab):
    """The lab of a LiveCluster, for IPv4. A context manager like Lab. `names`: DNS is answered where CoreDNS runs, where the
    machine has dnsmasq; else a server says whom it sees there too."""

    # What tools print of a device would not be what they print on a node.
    stands_in = False

    def __init__(self, live: LiveCluster, *, names: bool = True) -> None:
        self.http = Servers(http=True)
        super().__init__(live.fabric, 4, self.http)
        self.live = live
        self._watched = False
        self._folder = tempfile.TemporaryDirectory(prefix="k8squiz-lab-")
        self._names: dict[str, subprocess.Popen[bytes]] = {}
        self._real_names = names and tool("dnsmasq") is not None and dns_service(live.cluster) is not None

    def __enter__(self) -> Self:
        super().__enter__()
        for namespace in self.namespaces.values():
            namespace.sysctl("ipv4/icmp_ratelimit", 0)
        # Nobody out there tells that an address is not there.
        if self._has_nft:
            self.namespaces[ROUTER].run("nft", "-f", "-", text=_SILENT)
        for host in self._resolvers():
            self._serve_names(host)
        return self

    def close(self) -> None:
        for host in tuple(self._names):
            self._end_names(host)
        super().close()
        self._folder.cleanup()

    def listeners(self, one: HostPlan) -> tuple[tuple[L4, int], ...]:
        return tuple(pair for pair in one.listeners if not (self._real_names and pair[1] == 53))

    def _resolvers(self) -> Iterator[str]:
        """The pods in which names are served."""
        for owner in self.fabric.address_index.by_key.values():
            pod = next((p for p in self.live.cluster.pods if f"{p.namespace}/{p.name}" == owner.key), None)
            if self._real_names and pod is not None and any(port.port == 53 for port in pod.ports):
                yield owner.host

    def _serve_names(self, host: str) -> None:
        with self.namespaces[host].entered():
            self._names[host] = subprocess.Popen(
                (str(tool("dnsmasq")), *_DNSMASQ, *self._records()),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,  # noqa: PLW1509
            )  # fmt: skip
        # A query that comes before it listens is refused at once.
        end = time.monotonic() + _MOST_WAITING
        while not _listens(self._names[host].pid) and time.monotonic() < end:
            time.sleep(0.02)

    def _end_names(self, host: str) -> None:
        process = self._names.pop(host, None)
        if process is not None:
            process.kill()
            process.wait()

    def _records(self) -> Iterator[str]:
        yield "--local=/cluster.local/"
        yield "--address=/#/"
        for name, values in zone_of(self.live).items():
            addresses = ",".join(value for kind, value in values if kind in ("A", "AAAA"))
            if addresses:
                yield f"--host-record={name},{addresses}"

    def run(self, host: str, line: str, timeout: float = _MOST_SECONDS) -> Ran:
        """`line` run by sh(1) on `host`."""
        with self.entered(host):
            done = subprocess.run(
                self.words(host, "sh", "-c", line),
                capture_output=True, text=True, errors="replace", check=False, timeout=timeout, env=self.environment(host),
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        return Ran(done.stdout, done.stderr, done.returncode)

    def attached(self, host: str, line: str) -> Ran:
        """As run(), at the terminal that this process has: what it prints is seen at once, what is typed is its own."""
        printed = bytearray()

        def read(descriptor: int) -> bytes:
            data = os.read(descriptor, 65536)
            printed.extend(data[: _MOST_KEPT - len(printed)])
            return data

        words = self.words(host, "sh", "-c", line)
        with self.entered(host):
            before = dict(os.environ)
            os.environ.update(self.environment(host))
            try:
                status = os.waitstatus_to_exitcode(pty.spawn(words, read))
            finally:
                os.environ.clear()
                os.environ.update(before)
        return Ran(printed.decode(errors="replace").replace("\r\n", "\n"), "", status, seen=True)

    def entered(self, host: str) -> AbstractContextManager[None]:
        """A context in which the calling thread, and what it starts, is on the host."""
        return self.namespaces[host].entered()

    def words(self, host: str, *command: str) -> tuple[str, ...]:
        """The command as it is started once one is in the host's network namespace."""
        files = [self._file(host, name) for name in ("resolv.conf", "hosts")]
        return ("unshare", "-m", "--propagation", "private", "sh", "-c", _INSIDE, "sh", *files, *command)

    def environment(self, host: str) -> Mapping[str, str]:
        """The environment of a program on the host: the iptables that shows the lab's rules comes first."""
        folder = Path(self._folder.name, "bin")
        if not folder.exists():
            folder.mkdir()
            iptables_in(str(folder))
        path = f"{folder}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        return {**os.environ, "PATH": path, "LC_ALL": "C", "K8SQUIZ_HOST": host}

    def _file(self, host: str, name: str) -> str:
        path = Path(self._folder.name, f"{host.replace('/', '_')}.{name}")
        path.write_text(read_file(self.live, host, f"/etc/{name}"))
        return str(path)


def _listens(pid: int) -> bool:
    """Whether a UDP socket has port 53 in the network namespace of a process (proc_pid_net(5))."""
    try:
        return any(
            line.split()[1].endswith(":0035") for line in Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]
        )
    except OSError:
        return False
