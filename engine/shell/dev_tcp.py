"""/dev/tcp/HOST/PORT and /dev/udp/HOST/PORT: a shell's redirection that opens a connection. Source: bash(1), REDIRECTION."""

from __future__ import annotations

import re

from engine.errors import EngineError
from engine.shell.connect import Ending, attempt
from engine.shell.live import ADMINISTRATOR, LiveCluster

_FILE = re.compile(r"/dev/(?P<protocol>tcp|udp)/(?P<name>[^/]{1,255})/(?P<port>[0-9]{1,5}|[a-z][a-z0-9-]{0,15})")
# Services that a port is named by (/etc/services).
_PORTS = {"http": 80, "https": 443, "domain": 53, "ssh": 22}


def is_connection(path: str) -> bool:
    """Whether a shell opens a connection for the file's name."""
    return _FILE.fullmatch(path) is not None


def connect(live: LiveCluster, host: str, path: str) -> tuple[str, LiveCluster]:
    """What the shell says of a connection that it does not get, "" where it gets it; the cluster after it."""
    from engine.shell.names import resolve_name

    found = _FILE.fullmatch(path)
    assert found is not None
    port = int(found["port"]) if found["port"].isdecimal() else _PORTS.get(found["port"], 0)
    if host == ADMINISTRATOR:
        return f"sh: {path}: not simulated on this machine, which has kubectl alone; ssh to a host first\n", live
    if not 0 < port < 65536:
        return f"sh: {path}: Invalid argument\n", live
    try:
        resolved = resolve_name(live, host, found["name"])
        if not resolved.addresses:
            said = f"sh: {found['name']}: Name or service not known\nsh: {path}: Invalid argument\n"
            return said, resolved.live.later(resolved.seconds)
        tried = attempt(resolved.live, host, resolved.address, port, found["protocol"].upper())
    except EngineError as error:
        return f"sh: {path}: {error.en}\n", live
    if found["protocol"] == "udp" and tried.ending in (Ending.CONNECTED, Ending.REFUSED, Ending.TIMED_OUT):
        # A socket of UDP is connected without a packet.
        return "", resolved.live
    after = tried.live.later(resolved.seconds + tried.seconds)
    if tried.ending is Ending.CONNECTED:
        return "", after
    return f"sh: connect: {tried.ending}\nsh: {path}: {tried.ending}\n", after
