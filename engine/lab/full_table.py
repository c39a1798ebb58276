"""A conntrack table that is full, in this kernel: what becomes of a new connection, and of one that stands.

nf_conntrack_max can be set for the whole machine alone and not in a network namespace, so that the table of one node is filled
up to it with entries of connections that nobody has.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.cluster import Cluster, ContainerPort, Mode, Node, Pod
from engine.errors import EngineError
from engine.fabric.fabric import build_fabric
from engine.lab.errors import NotInThisLab
from engine.lab.live import Lab
from engine.lab.namespaces import Namespace
from engine.lab.processes import Processes
from engine.timeline.table import Admission, admission
from engine.trace import Text

# More entries than these take too long to write.
_MOST = 300_000
# conntrack(8) has a minute for so many.
_AT_A_TIME = 40_000
_GIVEN_WAY = 16
_FILLED = "198.51.100.9"
_SERVER, _PORT, _PATIENCE = "10.244.2.30", 8080, 0.6


@dataclasses.dataclass(frozen=True, slots=True)
class FilledTable:
    """`assured`: what the table was full of. Whether a new connection was made, in the kernel and in the engine, and whether
    one that stood went on; why it could not be tried."""

    assured: bool
    connects: bool = False
    expected: bool = False
    goes_on: bool = True
    skipped: Text | None = None

    @property
    def agrees(self) -> bool:
        return self.skipped is not None or (self.connects is self.expected and self.goes_on)


def verify_full_table(assured: bool) -> FilledTable:
    """Fill node1's table with entries that are `assured` or not, and try."""
    try:
        most = room()
    except NotInThisLab as error:
        return FilledTable(assured, skipped=Text(error.en, error.zh))
    expected = admission(most, most, 0 if assured else most) is not Admission.DROPPED
    processes = Processes()
    try:
        with Lab(build_fabric(_cluster(), Mode.IPTABLES), servers=processes) as lab:
            for host in lab.namespaces:
                processes.open(host)
            owner = lab.fabric.address_index.by_key["default/a"]
            standing = _connect(lab.namespaces[owner.host])
            assert standing is not None
            assert _asks(standing, processes)
            fill(lab.namespaces["node1"], most, assured)
            goes_on = _asks(standing, processes)
            new = _connect(lab.namespaces[owner.host])
            for sock in (standing, new):
                if sock is not None:
                    sock.close()
    except EngineError as error:
        return FilledTable(assured, skipped=Text(error.en, error.zh))
    return FilledTable(assured, new is not None, expected, goes_on)


def _connect(inside: Namespace) -> socket.socket | None:
    with inside.entered():
        made = socket.socket()
    made.settimeout(_PATIENCE)
    try:
        made.connect((_SERVER, _PORT))
    except OSError:
        made.close()
        return None
    return made


def _asks(sock: socket.socket, processes: Processes) -> bool:
    try:
        sock.send(b"ask 1\n")
        processes.pump(0.1)
        return bool(sock.recv(4096))
    except OSError:
        return False


def room() -> int:
    """nf_conntrack_max of this machine. Raises NotInThisLab where no table is filled up to it."""
    most = int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
    if not 0 < most <= _MOST:
        raise NotInThisLab(
            f"nf_conntrack_max is {most}: more than {_MOST} entries are not written",
            zh=f"nf_conntrack_max 为 {most}：不写入超过 {_MOST} 个表项",
        )
    return most


def is_full(inside: Namespace, most: int) -> bool:
    """Whether the table has as many entries as it may have."""
    return int(inside.run("conntrack", "-C")) >= most


def empty(inside: Namespace) -> None:
    """Take out what fill() has written."""
    with contextlib.suppress(EngineError):
        inside.run("conntrack", "-D", "-d", _FILLED)


def clear(inside: Namespace, *, spare_datagrams: bool) -> None:
    """Take out all entries, but those of UDP where somebody's socket has one that is to stay."""
    with contextlib.suppress(EngineError):
        inside.run("conntrack", *(("-D", "-p", "tcp") if spare_datagrams else ("-F",)))


def fill(inside: Namespace, most: int, assured: bool) -> None:
    """Write entries until there is room for none. Raises NotInThisLab where that took too long."""
    entries = _entries(most, assured)
    while lines := tuple(itertools.islice(entries, _AT_A_TIME)):
        with tempfile.NamedTemporaryFile("w", suffix=".conntrack") as text:
            text.writelines(lines)
            text.flush()
            # The last lines find no room: conntrack says so, and has done its work.
            with contextlib.suppress(EngineError):
                inside.run("conntrack", "-R", text.name)
    count = int(inside.run("conntrack", "-C"))
    # Entries that give way do so while the last are written, too.
    if count < most - (0 if assured else _GIVEN_WAY):
        raise NotInThisLab(
            f"conntrack took {count} entries of {most}; the machine may be busy",
            zh=f"conntrack 只写入了 {most} 个表项中的 {count} 个；机器可能太忙",
        )


def _entries(most: int, assured: bool) -> Iterator[str]:
    status = "SEEN_REPLY,ASSURED" if assured else "UNSET"
    for number in range(most):
        source = f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        tuples = f"-s {source} -d {_FILLED} -r {_FILLED} -q {source}"
        if assured:
            ports = "-p tcp --sport 1000 --dport 80 --reply-port-src 80 --reply-port-dst 1000 --state ESTABLISHED"
            yield f"-A -t 3000 -u {status} {tuples} {ports}\n"
        else:
            ports = "-p udp --sport 1000 --dport 80 --reply-port-src 80 --reply-port-dst 1000"
            yield f"-A -t 3000 {tuples} {ports}\n"


def _cluster() -> Cluster:
    nodes = tuple(Node(f"node{n}", (f"192.168.1.{9 + n}",), pod_cidrs=(f"10.244.{n}.0/24",)) for n in (1, 2))
    ports = (ContainerPort("", _PORT),)
    pods = (Pod("default", "a", "node1", ("10.244.1.20",)), Pod("default", "b", "node2", (_SERVER,), ports=ports))
    return Cluster(nodes=nodes, pods=pods)
