"""IPVS's table as text: what `ipvsadm-save -n` (`ipvsadm -Sn`) prints of it, and back.

Sources: ipvsadm(8); ipvsadm 1.31 ipvsadm.c (print_service_entry and print_service_and_dests with FMT_RULE,
parse_options), libipvs/libipvs.c (ipvs_cmp_services, ipvs_cmp_dests).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from engine.netfilter.part import BadRule
from engine.netfilter.virtual_service import VirtualService
from engine.packet import L4, canonical, is_ipv6, join_host_port, packed, split_host_port

_OPTION = {L4.TCP: "-t", L4.UDP: "-u", L4.SCTP: "--sctp-service"}
_NUMBER = {L4.TCP: 6, L4.UDP: 17, L4.SCTP: 132}
_PROTOCOL = {
    "-t": L4.TCP,
    "--tcp-service": L4.TCP,
    "-u": L4.UDP,
    "--udp-service": L4.UDP,
    "--sctp-service": L4.SCTP,
}
_ADD_SERVICE, _ADD_SERVER = ("-A", "--add-service"), ("-a", "--add-server")
_LONG = {
    "--scheduler": "-s",
    "--persistent": "-p",
    "--netmask": "-M",
    "--sched-flags": "-b",
    "--real-server": "-r",
    "--masquerading": "-m",
    "--gatewaying": "-g",
    "--ipip": "-i",
    "--weight": "-w",
    "--u-threshold": "-x",
    "--l-threshold": "-y",
    "--ops": "-o",
}
_VALUED = frozenset({"-s", "-p", "-M", "-b", "-r", "-w", "-x", "-y", "--pe"})
_SERVICE_OPTIONS = frozenset({"-s", "-p", "-M", "-b"})
_SERVER_OPTIONS = frozenset({"-r", "-m", "-w", "-x", "-y"})
# What changes a packet's way and is not modelled, with its name.
_REFUSED = {
    "-g": ("direct routing (-g)", "直接路由（-g）"),
    "-i": ("a tunnel to the real server (-i)", "到真实服务器的隧道（-i）"),
    "-o": ("one-packet scheduling (-o)", "单包调度（-o）"),
    "--pe": ("a persistence engine (--pe)", "会话保持引擎（--pe）"),
}


def save_service(service: VirtualService) -> list[str]:
    """The lines of `ipvsadm-save -n` for one virtual server."""
    where = f"{_OPTION[service.protocol]} {join_host_port(service.address, service.port)}"
    persistent = f" -p {service.persistent}" if service.persistent is not None else ""
    flags = f" -b {','.join(service.flags)}" if service.flags else ""
    weighted = zip(service.servers, service.server_weights, strict=True)
    servers = sorted(weighted, key=_server_order)
    return [
        f"-A {where} -s {service.scheduler}{persistent}{flags}",
        *(f"-a {where} -r {join_host_port(*server)} -m -w {weight}" for server, weight in servers),
    ]


def save_services(services: Iterable[VirtualService]) -> list[str]:
    """The lines for a whole table, in ipvsadm's order: by protocol, address, port."""
    return [line for service in sorted(services, key=_service_order) for line in save_service(service)]


def _server_order(weighted: tuple[tuple[str, int], int]) -> tuple[Any, int]:
    (address, port), _ = weighted
    return _address_order(address), port


def _service_order(service: VirtualService) -> tuple[int, Any, int]:
    return _NUMBER[service.protocol], _address_order(service.address), service.port


def _words(address: str) -> tuple[int, ...]:
    whole = packed(address)
    return tuple(int.from_bytes(whole[i : i + 4], "big") for i in range(0, len(whole), 4))


def _compare(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """ipvsadm compares addresses by the sign of a 32-bit difference (ipvs_cmp_services), so far apart ones turn round:
    192.168.0.1 comes before 10.0.0.1."""
    for a, b in zip(first, second, strict=True):
        difference = (a - b) & 0xFFFFFFFF
        if difference:
            return -1 if difference & 0x80000000 else 1
    return 0


_order = functools.cmp_to_key(_compare)


def _address_order(address: str) -> Any:
    """A sort key."""
    return _order(_words(address))


def is_ipvsadm_line(line: str) -> bool:
    """Whether a line outside of iptables' tables is one of ipvsadm's."""
    return line.startswith(("-A -", "-a -", "--add-serv"))


class ServiceReader:
    """Reads ipvsadm's lines, one by one, in any number of texts. read() raises BadRule for what cannot be read."""

    def __init__(self) -> None:
        self._read: dict[tuple[L4, str, int], tuple[VirtualService, dict[tuple[str, int], int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._read)

    def services(self) -> Iterator[VirtualService]:
        """The virtual servers in the order they stand in, each with the servers added to it."""
        for service, servers in self._read.values():
            weights = tuple(servers.values())
            yield VirtualService(
                service.protocol,
                service.address,
                service.port,
                service.scheduler,
                service.flags,
                service.persistent,
                tuple(servers),
                () if set(weights) <= {1} else weights,
            )

    def read(self, line: str) -> None:
        """One line, `-A ...` or `-a ...`."""
        verb, *words = line.split()
        key, options = _options(words)
        if verb in _ADD_SERVICE:
            self._service(key, options)
        elif verb in _ADD_SERVER:
            self._server(key, options)
        else:
            raise BadRule(
                f"{verb!r} is no line of ipvsadm-save; one begins with -A or -a",
                zh=f"{verb!r} 不是 ipvsadm-save 的行；行以 -A 或 -a 开头",
            )

    def _service(self, key: tuple[L4, str, int], options: dict[str, str]) -> None:
        _only(options, _SERVICE_OPTIONS)
        if key in self._read:
            raise BadRule(
                f"the virtual server {join_host_port(*key[1:])} stands twice",
                zh=f"虚拟服务器 {join_host_port(*key[1:])} 出现了两次",
            )
        seconds = options.get("-p")
        service = VirtualService(
            *key,
            scheduler=options.get("-s", "wlc"),
            flags=tuple(options["-b"].split(",")) if "-b" in options else (),
            persistent=None if seconds is None else _number(seconds, 2**31 - 1),
        )
        self._read[key] = service, {}

    def _server(self, key: tuple[L4, str, int], options: dict[str, str]) -> None:
        _only(options, _SERVER_OPTIONS)
        if key not in self._read:
            raise BadRule(
                f"a real server is added to {join_host_port(*key[1:])}, which no -A line before it sets up",
                zh=f"真实服务器要加入 {join_host_port(*key[1:])}，而之前没有 -A 行建立它",
            )
        if "-r" not in options or "-m" not in options:
            raise BadRule("a real server reads -r ADDRESS:PORT -m", zh="真实服务器应写成 -r 地址:端口 -m")
        if any(_number(options.get(name, "0"), 2**32 - 1) for name in ("-x", "-y")):
            raise BadRule("connection thresholds (-x, -y) are not modelled", zh="连接数阈值（-x、-y）未建模")
        server = _place(options["-r"])
        if is_ipv6(server[0]) != is_ipv6(key[1]):
            raise BadRule(
                f"{server[0]} is not of the virtual server's family", zh=f"{server[0]} 与虚拟服务器的地址族不同"
            )
        self._read[key][1][server] = _number(options.get("-w", "1"), 2**31 - 1)


def _options(words: list[str]) -> tuple[tuple[L4, str, int], dict[str, str]]:
    """Which virtual server a line is about, and its other options."""
    key: tuple[L4, str, int] | None = None
    options: dict[str, str] = {}
    position = 0
    while position < len(words):
        name = _LONG.get(words[position], words[position])
        following = words[position + 1] if position + 1 < len(words) else None
        valued = name in _VALUED or name in _PROTOCOL
        if name in ("-f", "--fwmark-service"):
            raise BadRule(
                "a firewall mark's virtual server (-f) is not modelled", zh="防火墙标记的虚拟服务器（-f）未建模"
            )
        if valued and (following is None or following.startswith("-")):
            raise BadRule(f"{name} needs a value", zh=f"{name} 缺少值")
        if name in _PROTOCOL:
            key = (_PROTOCOL[name], *_place(following or ""))
        elif name != "-6":
            options[name] = following or "" if valued else ""
        position += 1 + valued
    if key is None:
        raise BadRule(
            "the line names no virtual server: -t, -u or --sctp-service ADDRESS:PORT",
            zh="该行没有指明虚拟服务器：-t、-u 或 --sctp-service 地址:端口",
        )
    return key, options


def _only(options: dict[str, str], known: frozenset[str]) -> None:
    for name in options:
        if name in _REFUSED:
            en, zh = _REFUSED[name]
            raise BadRule(f"{en} is not modelled", zh=f"{zh}未建模")
        if name not in known:
            raise BadRule(f"{name!r} is no option of such a line", zh=f"{name!r} 不是这种行的选项")


def _place(text: str) -> tuple[str, int]:
    try:
        host, port = split_host_port(text)
        return canonical(host), port
    except ValueError:
        raise BadRule(
            f"{text!r} is no ADDRESS:PORT; give numbers as `ipvsadm-save -n` prints them",
            zh=f"{text!r} 不是 地址:端口；请给出 `ipvsadm-save -n` 打印的数字",
        ) from None


def _number(text: str, highest: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > highest:
        raise BadRule(f"{text!r} is not a number from 0 to {highest}", zh=f"{text!r} 不是 0 到 {highest} 之间的数")
    return int(text)
