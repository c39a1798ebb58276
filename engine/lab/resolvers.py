"""getaddrinfo of real C libraries in a network namespace, beside engine.dns: which queries leave, what comes back, how long it
takes. glibc is the one of this Python; musl a program that musl-gcc makes, where it is installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.dns.addresses import Libc
from engine.dns.answers import Lookup
from engine.dns.lookup import Family, lookup
from engine.dns.zone import ZoneIndex
from engine.errors import EngineError
from engine.lab.drawn_lookups import SERVERS, LookupCase
from engine.lab.name_server import NameServer, NotedQuery
from engine.lab.namespaces import Namespace, die_with_parent, tool
from engine.trace import Text
from engine.values import dataclass

# A look-up a process, so that none finds what another left: what it printed, and from when to when it ran.
_ASK = """
import json, os, socket, subprocess, sys, time
names, musl = json.loads(sys.argv[1]), sys.argv[2]
time.sleep(0.05)
for name, family in names:
    came, goes = os.pipe()
    began = time.monotonic()
    if os.fork() == 0:
        os.dup2(goes, 1)
        if musl:
            os.execv(musl, (musl, name, family))
        try:
            kind = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}.get(family, socket.AF_UNSPEC)
            found = socket.getaddrinfo(name, None, kind, socket.SOCK_STREAM)
            text = "".join(one[4][0] + chr(10) for one in found)
        except socket.gaierror as error:
            text = "error %d" % error.errno
        os.write(1, text.encode())
        os._exit(0)
    os.close(goes)
    with os.fdopen(came) as pipe:
        text = pipe.read()
    os.wait()
    print(json.dumps((began, time.monotonic(), text)), flush=True)
"""
_MUSL = """
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
    struct addrinfo hints = {0}, *found;
    char text[64];
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = strcmp(words[2], "inet") ? strcmp(words[2], "inet6") ? AF_UNSPEC : AF_INET6 : AF_INET;
    int error = getaddrinfo(words[1], 0, &hints, &found);
    if (error) { printf("error %d", error); return 0; }
    for (; found; found = found->ai_next) {
        void *address = found->ai_family == AF_INET
            ? (void *)&((struct sockaddr_in *)found->ai_addr)->sin_addr
            : (void *)&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr;
        puts(inet_ntop(found->ai_family, address, text, sizeof text));
    }
    return 0;
}
"""
_INSIDE = 'mount --bind "$1" /etc/resolv.conf; mount --bind "$2" /etc/hosts; mount --bind "$3" /etc/nsswitch.conf; shift 3; exec "$@"'
# netdb.h, the same numbers in both libraries but for EAI_NODATA, which musl 1.2.3 has not.
_ERRORS = {-2: "EAI_NONAME", -3: "EAI_AGAIN", -5: "EAI_NODATA", -9: "EAI_ADDRFAMILY"}
_TRIES, _SLOW = 3, 0.9


@dataclass(frozen=True, slots=True)
class VerifiedLookup:
    """One look-up: what the library did and what the engine says, in a line each."""

    case: str
    libc: Libc
    asked: str
    library: str = ""
    engine: str = ""
    queries: int = 0
    skipped: Text | None = None

    @property
    def agrees(self) -> bool:
        return self.library == self.engine


def libraries(folder: Path) -> Mapping[Libc, str]:
    """Those that are here, each with the program that asks by it ("": this Python does); one is made in `folder`."""
    compiler = tool("musl-gcc")
    if compiler is None:
        return {"glibc": ""}
    source, made = folder / "ask.c", folder / "ask"
    source.write_text(_MUSL)
    subprocess.run((compiler, "-static", "-o", str(made), str(source)), check=True)
    return {"glibc": "", "musl": str(made)}


def verify_lookups(case: LookupCase, libc: Libc, program: str = "") -> list[VerifiedLookup]:
    """Every look-up of a case by that library and its program; what disagrees is tried again, since a busy machine can be slow."""
    expected = [_expected(case, libc, name, family) for name, family in case.names]
    wanted = [number for number, one in enumerate(expected) if not isinstance(one, Text)]
    found = {
        number: VerifiedLookup(case.name, libc, " ".join(case.names[number]), skipped=one)
        for number, one in enumerate(expected)
        if isinstance(one, Text)
    }
    for _ in range(_TRIES):
        for number, (seconds, noted, text) in zip(wanted, _asked(case, program, wanted), strict=True):
            ways = expected[number]
            assert not isinstance(ways, Text)
            told = [_told(libc, way) for way in ways]
            library = _seen(libc, noted, text)
            engine = next((one for one in told if one == library), told[0])
            late = "" if any(_in_time(way.seconds, seconds) for way in ways) else f" after {seconds:.1f} s"
            asked = " ".join(case.names[number])
            found[number] = VerifiedLookup(case.name, libc, asked, library + late, engine, len(noted))
        wanted = [number for number in wanted if not found[number].agrees]
        if not wanted:
            break
    return [found[number] for number in range(len(case.names))]


def _expected(case: LookupCase, libc: Libc, name: str, family: Family) -> list[Lookup] | Text:
    """What the engine says, for each server that `rotate` may begin with."""
    try:
        return [
            lookup(resolv_conf=case.resolv_conf, name=name, libc=libc, family=family, zone=case.zone, dead=case.dead, rotation=rotation)
            for rotation in range(len(SERVERS))
        ]  # fmt: skip
    except EngineError as error:
        return Text(error.en, error.zh)


def _told(libc: Libc, way: Lookup) -> str:
    queries = [(query.server, query.name, query.type) for query in way.queries]
    return _line(libc, queries, list(way.result), way.error)


def _seen(libc: Libc, noted: list[NotedQuery], text: str) -> str:
    error = text.removeprefix("error ") if text.startswith("error") else ""
    queries = [(query.server, query.name, query.type) for query in noted]
    return _line(libc, queries, [] if error else text.split(), _ERRORS.get(int(error), error) if error else "")


def _line(libc: Libc, queries: list[tuple[str, str, str]], result: list[str], error: str) -> str:
    """musl asks all servers at once, and which notes it first is a race: its queries are told server by server."""
    if libc == "musl":
        queries = sorted(queries, key=lambda query: query[0])
    asked = ", ".join(" ".join(query) for query in queries)
    return f"{asked} -> {' '.join(result) or error}"


def _in_time(expected: float, seconds: float) -> bool:
    return expected - 0.1 <= seconds < expected + _SLOW


def _asked(case: LookupCase, program: str, numbers: list[int]) -> Iterator[tuple[float, list[NotedQuery], str]]:
    """For each of the names: the seconds it took, the queries that came, what was printed."""
    if not numbers:
        return
    inside = Namespace.create()
    try:
        lines = ["link set lo up", *(f"address add {address}/32 dev lo" for address in SERVERS)]
        inside.run("ip", "-batch", "-", text="\n".join(lines) + "\n")
        names = [case.names[number] for number in numbers]
        with NameServer(inside, SERVERS, case.dead, ZoneIndex(case.zone).answer) as server:
            ran = _run(inside, case.resolv_conf, program, names)
        for began, ended, text in ran:
            yield ended - began, [query for query in server.noted if began <= query.at <= ended], text
    finally:
        inside.close()


def _run(
    inside: Namespace, resolv_conf: str, program: str, names: list[tuple[str, Family]]
) -> list[tuple[float, float, str]]:
    with tempfile.TemporaryDirectory(prefix="k8squiz-names-") as folder, inside.entered():
        files = {"resolv.conf": resolv_conf, "hosts": "", "nsswitch.conf": "hosts: files dns\n"}
        paths = []
        for name, text in files.items():
            path = Path(folder, name)
            path.write_text(text)
            paths.append(str(path))
        python = (sys.executable, "-I", "-S", "-c", _ASK, json.dumps(names), program)
        done = subprocess.run(
            ("unshare", "-m", "--propagation", "private", "sh", "-c", _INSIDE, "sh", *paths, *python),
            capture_output=True, text=True, check=True, preexec_fn=die_with_parent, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
    return [(began, ended, text) for began, ended, text in map(json.loads, done.stdout.splitlines())]
