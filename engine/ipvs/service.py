"""A virtual server: real servers, the connection table, persistence, the trash.

Sources: net/netfilter/ipvs/ip_vs_core.c (ip_vs_schedule, ip_vs_sched_persist, ip_vs_in), ip_vs_ctl.c (destinations and
their trash), ip_vs_conn.c (counts, templates), ip_vs_proto_tcp.c and ip_vs_proto_udp.c (when a connection is active).
"""

from __future__ import annotations

import functools
import heapq
import ipaddress
import itertools
from collections.abc import Iterable

from engine.errors import EngineError, NoSuchObject
from engine.ipvs.connection import Connection, PersistenceTemplate
from engine.ipvs.interface import Arrival
from engine.ipvs.registry import scheduler_class
from engine.ipvs.server import RealServer, ServerView
from engine.netfilter.choose import Choose, seeded
from engine.packet import L4, canonical, is_ipv6, join_host_port

_FTP_DATA = 20
_INT_MAX = 2**31 - 1
JIFFY = 0.004  # seconds, at the HZ=250 of Debian's and Ubuntu's kernels


class VirtualServer:
    """One virtual service of one director, from the moment it is made (time 0, in seconds).

    `persistent` is the timeout of `ipvsadm -p` in seconds (kube-proxy sets it for sessionAffinity: ClientIP), counted
    by `netmask` (default: the single address). `choose` takes the random decisions of `twos`.
    `expire_quiescent_template` and `expire_nodest_conn` are the sysctls of those names (net.ipv4.vs): kube-proxy sets
    both to 1, the kernel's default is 0. Without expire_nodest_conn the connections of a removed server stall, and live
    on where it comes back; with it they are gone a jiffy after the removal.

    Time passes only where a caller says so (`now`, `advance`). A connection is taken as set up at once, and as carrying
    traffic until `close`. Raises EngineError for what ipvsadm or the kernel would refuse.
    """

    def __init__(
        self,
        protocol: str,
        address: str,
        port: int,
        *,
        scheduler: str = "wlc",
        flags: Iterable[str] = (),
        persistent: int | None = None,
        netmask: str | int | None = None,
        choose: Choose | None = None,
        expire_quiescent_template: bool = False,
        expire_nodest_conn: bool = False,
    ) -> None:
        self.protocol = _protocol(protocol)
        self.address = _address(address)
        self._ipv6 = is_ipv6(self.address)
        self.port = _port(port, lowest=0)
        self.scheduler = scheduler
        self.flags = frozenset((flags,) if isinstance(flags, str) else flags)
        self.persistent = _persistent(persistent)
        self.expire_quiescent_template = expire_quiescent_template
        self.expire_nodest_conn = expire_nodest_conn
        self.now = 0.0
        self._prefix = _prefix(netmask, self.address)
        self._servers: list[RealServer] = []
        self._trash: dict[tuple[str, int], RealServer] = {}
        self._connections: dict[tuple[str, int, str], Connection] = {}
        self._closed: dict[Connection, None] = {}  # in the order in which they are due
        self._templates: dict[str, PersistenceTemplate] = {}
        self._idle: list[
            tuple[float, int, PersistenceTemplate]
        ] = []  # a heap: those no connection hangs on, by when due
        self._order = itertools.count()
        self._flush_at: float | None = None  # when ip_vs_expire_nodest_conn_flush runs next
        self._scheduler = scheduler_class(scheduler, self.flags)(self._servers, self.flags, choose or seeded(0))

    # Real servers

    def add_server(self, address: str, port: int, weight: int = 1, *, upper: int = 0, lower: int = 0) -> None:
        """Put a real server at the head of the list. One that was removed comes back with its counts (the trash).

        `upper` and `lower` are the connection thresholds of `ipvsadm -x` and `-y`; 0 means none.
        """
        key = self._key(address, port)
        _weight(weight)
        if lower > upper or lower < 0:
            raise EngineError(
                f"lower threshold {lower} must be between 0 and the upper threshold {upper}",
                zh=f"下限阈值 {lower} 必须在 0 与上限阈值 {upper} 之间",
            )
        if self._find(key) is not None:
            raise EngineError(
                f"real server {join_host_port(*key)} exists already; change it with set_weight",
                zh=f"真实服务器 {join_host_port(*key)} 已存在；请用 set_weight 修改",
            )
        server = self._trash.pop(key, None) or RealServer(*key)
        server.weight = server.last_weight = weight
        server.available = True
        if upper == 0 or upper > server.upper:
            server.overloaded = False
        server.upper, server.lower = upper, lower
        # list_add_rcu: at the head, so schedulers that walk the list meet the newest first.
        self._servers.insert(0, server)
        self._scheduler.added(server)

    def set_weight(self, address: str, port: int, weight: int) -> None:
        """Set a weight. 0 quiesces the server: its connections stay, no new one comes but by persistence.

        Thresholds stay as they are (`ipvsadm -e` has to be told them again).
        """
        server = self._server(address, port)
        _weight(weight)
        server.weight = weight
        if weight:
            server.last_weight = weight
        if not server.upper:
            server.overloaded = False
        self._scheduler.updated(server)

    def remove_server(self, address: str, port: int) -> None:
        """Take a real server out. Its connections and counts live on in the trash; with expire_nodest_conn only until
        a jiffy has passed (__ip_vs_del_dest: queue_delayed_work(expire_nodest_conn_work, 1))."""
        server = self._server(address, port)
        position = self._servers.index(server)
        del self._servers[position]
        server.available = False
        self._trash[(server.address, server.port)] = server
        self._scheduler.removed(server, position)
        if self.expire_nodest_conn and self._flush_at is None:
            self._flush_at = self.now + JIFFY

    def servers(self) -> tuple[ServerView, ...]:
        """The real servers in the kernel's order, the newest first."""
        return tuple(s.view() for s in self._servers)

    # Connections

    def connect(
        self, client: str, port: int, destination: str | None = None, *, now: float | None = None
    ) -> Connection:
        """A client's first packet. `destination` is the address it speaks to, where the service (by a firewall mark)
        stands for many; `now` the time in seconds, which never goes back.

        The connection's `server` is None where nobody can take it: the kernel answers with an ICMP port unreachable.
        """
        if now is not None:
            self.advance(now)
        client, port = self._client(client), _port(port)
        target = self.address if destination is None else self._client(destination)
        if destination is None and not self.port and self.persistent is None:
            raise EngineError(
                "a virtual server with port 0 needs persistence, or a destination (firewall mark)",
                zh="端口为 0 的虚拟服务器需要会话保持，或给出 destination（防火墙标记）",
            )
        key = (client, port, target)
        known = self._connections.get(key)
        # An entry that still stands wins over the scheduler: a reused client port returns to the same server.
        if known is not None and not (known.closed and known.template is None) and not self._lets_go(known):
            return self._again(known)
        connection = self._schedule(key)
        if known is not None:
            known.expire()
        if connection.real is not None:
            self._connections[key] = connection
        return connection

    def expire(self, connection: Connection) -> None:
        """Drop a connection from the table now, as its timer would (two minutes after a TCP connection's end)."""
        if connection.owner is not self:
            raise EngineError(
                f"connection {connection} does not belong to this virtual server",
                zh=f"连接 {connection} 不属于该虚拟服务器",
            )
        connection.expire()

    def advance(self, now: float) -> None:
        """Let time pass up to `now` seconds: closed connections and idle templates go. The past is ignored."""
        if now <= self.now:
            return
        self.now = now
        if self._flush_at is not None and self._flush_at <= now:
            flushed_at, self._flush_at = self._flush_at, None
            for connection in [one for one in self._connections.values() if one.real and not one.real.available]:
                connection.expire(flushed_at)
        due = []
        for connection in self._closed:
            if connection.deadline > now:
                break
            due.append(connection)
        for connection in due:
            connection.expire(connection.deadline)
        while self._idle and self._idle[0][0] <= now:
            deadline, _, template = heapq.heappop(self._idle)
            # One that was used since is due later, and stands here again by then.
            used = template.controls or template.deadline != deadline
            if not used and self._templates.get(template.network) is template:
                del self._templates[template.network]

    def _again(self, connection: Connection) -> Connection:
        """A packet that opens a connection the table still holds: it follows the entry, not the scheduler. Where the
        entry's server is out, nobody gets it."""
        if connection.real is not None and not connection.real.available:
            return Connection(self, connection.key, None, None)
        connection.reopen()
        return connection

    def _lets_go(self, known: Connection) -> bool:
        """Whether expire_nodest_conn lets a new connection of a known port be scheduled anew: its server is out, or is
        drained (ip_vs_in, before conn_reuse_mode is asked)."""
        server = known.real
        return self.expire_nodest_conn and server is not None and not (server.available and server.weight)

    def _schedule(self, key: tuple[str, int, str]) -> Connection:
        client, port, target = key
        if port == _FTP_DATA:  # taken for a data connection of active FTP, which is never scheduled
            return Connection(self, key, None, None)
        arrival = Arrival(client, port, target, self.now)
        # Without persistence every connection is scheduled by itself.
        if self.persistent is None:
            return Connection(self, key, self._scheduler.select(arrival), None)
        network = str(ipaddress.ip_network(f"{client}/{self._prefix}", strict=False))
        template = self._templates.get(network)
        # The template outlives the connection: that is sessionAffinity ClientIP in ipvs mode.
        if template is None or not self._template_usable(template):
            server = self._scheduler.select(arrival)
            if server is None:
                self._templates.pop(network, None)
                return Connection(self, key, None, None)
            template = PersistenceTemplate(network, server, float(self.persistent))
            self._templates[network] = template
        return Connection(self, key, template.server, template)

    def _template_usable(self, template: PersistenceTemplate) -> bool:
        server = template.server
        return server.available and not (self.expire_quiescent_template and server.weight == 0)

    # Called by Connection

    def note_closed(self, connection: Connection) -> None:
        self._closed[connection] = None

    def note_reopened(self, connection: Connection) -> None:
        del self._closed[connection]

    def note_expired(self, connection: Connection) -> None:
        self._closed.pop(connection, None)
        if self._connections.get(connection.key) is connection:
            del self._connections[connection.key]

    def note_idle(self, template: PersistenceTemplate) -> None:
        heapq.heappush(self._idle, (template.deadline, next(self._order), template))

    # Input

    def _client(self, address: str) -> str:
        found = _address(address)
        if is_ipv6(found) != self._ipv6:
            raise EngineError(
                f"address {found} is not of the virtual server's family ({self.address})",
                zh=f"地址 {found} 与虚拟服务器（{self.address}）的地址族不同",
            )
        return found

    def _key(self, address: str, port: int) -> tuple[str, int]:
        return self._client(address), _port(port)

    def _find(self, key: tuple[str, int]) -> RealServer | None:
        return next((s for s in self._servers if (s.address, s.port) == key), None)

    def _server(self, address: str, port: int) -> RealServer:
        key = self._key(address, port)
        server = self._find(key)
        if server is None:
            there = ", ".join(s.name for s in self._servers) or "none"
            raise NoSuchObject(
                f"no real server {join_host_port(*key)}; there are: {there}",
                zh=f"没有真实服务器 {join_host_port(*key)}；有：{there}",
            )
        return server


def _protocol(text: str) -> L4:
    try:
        protocol = L4(text.upper())
    except (ValueError, AttributeError):
        protocol = L4.ICMP
    if protocol is L4.ICMP:
        raise EngineError(
            f"protocol {text!r}: IPVS serves TCP, UDP and SCTP", zh=f"协议 {text!r}：IPVS 支持 TCP、UDP 和 SCTP"
        )
    return protocol


@functools.lru_cache(maxsize=65536)
def _address(text: str) -> str:
    try:
        return canonical(text)
    except ValueError as error:
        raise EngineError(f"{text!r} is not an IP address", zh=f"{text!r} 不是 IP 地址") from error


def _port(number: int, lowest: int = 1) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number <= 65535:
        raise EngineError(
            f"port {number!r} is not between {lowest} and 65535", zh=f"端口 {number!r} 不在 {lowest} 与 65535 之间"
        )
    return number


def _weight(number: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _INT_MAX:
        raise EngineError(f"weight {number!r} is not a number from 0 up", zh=f"权重 {number!r} 不是非负数")


def _persistent(seconds: int | None) -> int | None:
    if seconds is not None and (not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0):
        raise EngineError(
            f"persistence timeout {seconds!r} is not a number of seconds above 0",
            zh=f"会话保持时间 {seconds!r} 不是大于 0 的秒数",
        )
    return seconds


def _prefix(netmask: str | int | None, address: str) -> int:
    width = 128 if is_ipv6(address) else 32
    if netmask is None:
        return width
    try:
        text = f"::/{netmask}" if width == 128 else f"0.0.0.0/{netmask}"
        return ipaddress.ip_network(text).prefixlen
    except ValueError as error:
        raise EngineError(
            f"netmask {netmask!r} is neither a mask nor a prefix length", zh=f"{netmask!r} 既不是掩码，也不是前缀长度"
        ) from error
