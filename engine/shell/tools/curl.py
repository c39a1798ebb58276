"""curl(1): an HTTP request, and what becomes of it. Source: curl 7.88, lib/connect.c, lib/strerror.c (CURLE_ codes).

What a server answers is its own name and whom it sees, a line each: the words that test servers of clusters print.
"""

from __future__ import annotations

import re

from engine.packet import join_host_port
from engine.shell.connect import Attempt, Ending, attempt, waited
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.live import LiveCluster
from engine.shell.names import resolve_name
from engine.shell.tools.lines import text_of
from engine.values import dataclass

_URL = re.compile(r"(?:(https?)://)?(\[[0-9a-fA-F:.]+\]|[^/:?#\[\]]+)(?::([0-9]{1,5}))?(/[^\s]*)?")
_BODIES = ("-d", "--data", "--data-binary", "-T", "--upload-file")
# Bytes of a packet's headers, and of a request's own about its body.
_HEADERS, _ABOUT = 52, 150
_LONGEST = 65535
_WITH_VALUE = ("-m", "--max-time", "--connect-timeout", "-H", "--header", "-o", "--output", "-w", "--write-out", "-X", "--request",
               "--interface", "--local-port", "-A", "--user-agent", "--retry", *_BODIES)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    url: str
    silent: bool
    shows_errors: bool
    fails: bool
    verbose: bool
    head: bool
    limit: float | None
    connect_limit: float | None
    discards: bool
    write_out: str
    interface: str | None
    local_port: int | None
    body: tuple[str, str] | None


class _Bad(Exception):
    pass


def _read(words: tuple[str, ...]) -> _Asked:
    values: dict[str, str] = {}
    flags: set[str] = set()
    urls: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") and "=" in word:
            raise _Bad(f"curl: option {word}: is unknown")
        if word in _WITH_VALUE:
            if not rest:
                raise _Bad(f"curl: option {word}: requires parameter")
            values[word] = rest.pop(0)
        elif word.startswith("--"):
            flags.add(word)
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            while letters:
                letter, letters = f"-{letters[0]}", letters[1:]
                if letter not in _WITH_VALUE:
                    flags.add(letter)
                    continue
                if not letters and not rest:
                    raise _Bad(f"curl: option {letter}: requires parameter")
                values[letter], letters = letters or rest.pop(0), ""
        else:
            urls.append(word)
    if not urls:
        raise _Bad("curl: try 'curl --help' or 'curl --manual' for more information")
    known = {"-s", "--silent", "-S", "--show-error", "-f", "--fail", "-v", "--verbose", "-I", "--head", "-k", "--insecure", "-4", "-6", "-L", "--location", "-g", "-i", "--no-keepalive", "--fail-with-body"}  # fmt: skip
    unknown = sorted(flags - known)
    if unknown:
        raise _Bad(f"curl: option {unknown[0]}: is unknown")
    local_port = values.get("--local-port", "")
    return _Asked(
        urls[0],
        bool(flags & {"-s", "--silent"}),
        bool(flags & {"-S", "--show-error"}),
        bool(flags & {"-f", "--fail"}),
        bool(flags & {"-v", "--verbose"}),
        bool(flags & {"-I", "--head"}),
        _seconds(values.get("-m", values.get("--max-time"))),
        _seconds(values.get("--connect-timeout")),
        "/dev/null" in (values.get("-o"), values.get("--output")),
        values.get("-w", values.get("--write-out", "")),
        values.get("--interface"),
        int(local_port) if re.fullmatch(r"[0-9]{1,5}", local_port) else None,
        next(((option, values[option]) for option in _BODIES if option in values), None),
    )


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", text):
        raise _Bad("curl: option -m: expected a proper numerical parameter")
    return float(text) or None


def run(call: Call) -> Result:
    """`curl [-sSfvIk] [-m SECONDS] [--connect-timeout SECONDS] [-d DATA|@FILE|@-] [-T FILE|-] [-o /dev/null] [-w FORMAT] URL`."""
    try:
        asked = _read(call.args)
    except _Bad as error:
        return failed(str(error), 2)
    url = _URL.fullmatch(asked.url)
    if url is None or not 0 < int(url[3] or 80) < 65536:
        return failed("curl: (3) URL using bad/illegal format or missing URL", 3)
    host, port = url[2].strip("[]"), int(url[3] or (443 if url[1] == "https" else 80))
    resolved = resolve_name(call.live, call.host, host)
    live = resolved.live.later(resolved.seconds)
    if not resolved.addresses:
        slow = asked.limit is not None and resolved.seconds > asked.limit
        if slow:
            return _failed(
                asked, 28, f"Resolving timed out after {int((asked.limit or 0) * 1000) + 1} milliseconds", live
            )
        return _failed(asked, 6, f"Could not resolve host: {host}", live)
    address = resolved.address
    try:
        length, said = _body(call, asked)
    except _Bad as error:
        return failed(str(error), 26)
    if asked.verbose:
        said += f"*   Trying {join_host_port(address, port)}...\n"
    limits = [one for one in (asked.limit, asked.connect_limit) if one is not None]
    found = attempt(live, call.host, address, port, source=_source(call, asked), sport=asked.local_port, size=length)
    found, cut = waited(found, min(limits) if limits else None)
    if found.ending is not Ending.CONNECTED:
        return _not_connected(asked, host, port, found, cut, said)
    if found.hangs:
        said += _connected(asked, host, address, port) if asked.verbose else ""
        limit = asked.limit or 300.0
        return _failed(asked, 28, f"Operation timed out after {int(limit * 1000) + 1} milliseconds with 0 bytes received", found.live.later(limit), said)  # fmt: skip
    return _answered(call, asked, host, address, port, found, said)


def _body(call: Call, asked: _Asked) -> tuple[int | None, str]:
    """The length of a packet that holds the request with its body, None where it has none; what is said of a file that
    cannot be read."""
    if asked.body is None:
        return None, ""
    option, value = asked.body
    whole_file = option in ("-T", "--upload-file")
    name = value if whole_file else value[1:] if value.startswith("@") else None
    text, said = (value, "") if name is None else text_of(call, (name,))
    if said and whole_file:
        raise _Bad(
            f"curl: Can't open '{value}'!\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
            "curl: (26) Failed to open/read local data from file/application"
        )
    if said:
        said = f'Warning: Couldn\'t read data from file "{name}", this makes an empty POST.\n'
    return min(len(text.encode()) + _ABOUT + _HEADERS, _LONGEST), said


def _source(call: Call, asked: _Asked) -> str | None:
    """--interface: an address, or a device's first one."""
    if asked.interface is None:
        return None
    device = call.here.devices.get(asked.interface)
    return device.addresses[0].address if device is not None and device.addresses else asked.interface


def _failed(asked: _Asked, code: int, message: str, live: LiveCluster, said: str = "") -> Result:
    told = "" if asked.silent and not asked.shows_errors else f"curl: ({code}) {message}\n"
    return Result(_written(asked, "000", 0.0) if asked.write_out else "", said + told, code, live)


def _not_connected(asked: _Asked, host: str, port: int, found: Attempt, cut: bool, said: str) -> Result:
    took = int(found.seconds * 1000)
    if cut:
        message = f"Connection timed out after {took + 1} milliseconds"
        if asked.connect_limit is not None and found.seconds == asked.connect_limit:
            message = f"Connection timeout after {took + 1} ms"
        return _failed(asked, 28, message, found.live, said)
    if asked.verbose:
        said += f"* connect to {host} port {port} failed: {found.ending}\n"
    code = 28 if found.ending is Ending.TIMED_OUT else 7
    return _failed(
        asked,
        code,
        f"Failed to connect to {host} port {port} after {took} ms: Couldn't connect to server",
        found.live,
        said,
    )


def _answered(call: Call, asked: _Asked, host: str, address: str, port: int, found: Attempt, said: str) -> Result:
    body = f"server: {_server(found)}\nclient: {found.outcome.source_seen or ''}\n"
    if asked.verbose:
        said += f"{_connected(asked, host, address, port)}< HTTP/1.1 200 OK\n"
    out = "HTTP/1.1 200 OK\n\n" if asked.head else body
    if asked.discards:
        out = ""
    return Result(out + (_written(asked, "200", found.seconds) if asked.write_out else ""), said, 0, found.live)


def _connected(asked: _Asked, host: str, address: str, port: int) -> str:
    return f"* Connected to {host} ({address}) port {port} (#0)\n> {_method(asked)} / HTTP/1.1\n> Host: {host}\n"


def _method(asked: _Asked) -> str:
    if asked.body is None:
        return "HEAD" if asked.head else "GET"
    return "PUT" if asked.body[0] in ("-T", "--upload-file") else "POST"


def _server(found: Attempt) -> str:
    """The host whose socket answered."""
    hosts = [hop.host for hop in found.outcome.hops if hop.stage == "socket"]
    return hosts[-1] if hosts else found.outcome.destination


def _written(asked: _Asked, code: str, seconds: float) -> str:
    text = asked.write_out
    for name, value in (("http_code", code), ("time_total", f"{seconds:.6f}"), ("time_connect", f"{seconds:.6f}")):
        text = text.replace(f"%{{{name}}}", value)
    return text.replace("\\n", "\n")


TOOL = Tool(("curl",), run, ANYWHERE)
