"""ipvsadm(8): a node's virtual servers and connections, listed and saved. Source: ipvsadm 1.31, ipvsadm.c
(print_service_entry, print_conn)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ipvsadm_text import save_services
from engine.netfilter.virtual_service import VirtualService
from engine.packet import Family, family_of, join_host_port
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.ipvs_counts import connections, counts, templates
from engine.shell.live import LiveCluster

_VERSION = "IP Virtual Server version 1.2.1 (size=4096)\n"
_HEAD = (
    "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
)
_PERSISTENT_HEAD = (
    f"{'Prot LocalAddress:Port':<33} {'Weight':<9} {'PersistConn':<11} {'ActiveConn':<10} {'InActConn':<10}\n"
    "  -> RemoteAddress:Port\n"
)
_LONG = {
    "--list": "L", "--numeric": "n", "--save": "S", "--connection": "c", "--tcp-service": "t", "--udp-service": "u",
    "--persistent-conn": "",
}  # fmt: skip


def run(call: Call) -> Result:
    """`ipvsadm -Ln [-t|-u ADDRESS:PORT] [--persistent-conn]`, `ipvsadm -Lnc`, `ipvsadm -Sn`, `ipvsadm-save -n`."""
    saving = call.argv[0].endswith("-save")
    letters = {
        letter
        for word in call.args
        if word.startswith("-")
        for letter in (_LONG.get(word, "") if word.startswith("--") else word[1:])
    }
    words = [word for word in call.args if not word.startswith("-")]
    longs = {word for word in call.args if word.startswith("--")} - _LONG.keys()
    if longs == {"--timeout"}:
        # What kube-proxy's configuration leaves at 0 is the kernel's own.
        return Result("Timeout (tcp tcpfin udp): 900 120 300\n")
    if letters - set("LlnStuc") or longs:
        what = " ".join(sorted(longs)) or "this"
        return failed(
            f"ipvsadm: {what} is not simulated here: it lists (-Ln, -Lnc) and saves (-Sn); kube-proxy writes the virtual servers",
            2,
        )
    services = []
    for family in Family:
        ruleset = call.live.rules(call.host, family)
        if isinstance(ruleset, IpvsRuleset):
            services += [one for one in ruleset.services if family_of(one.address) is family]
    if saving or "S" in letters:
        return Result("".join(f"{line}\n" for line in save_services(services)))
    if "c" in letters:
        if letters & set("tu"):
            return failed(
                "The option 'service-address' conflicts with the 'connection' option in the 'list' command", 2
            )
        return Result(_connections(call.live, call.host, services))
    asked = [s for s in services if not words or join_host_port(s.address, s.port) in words]
    if words and not asked:
        return failed("No such service", 255)
    return Result("".join(_listed(call.live, call.host, asked, "--persistent-conn" in call.args)))


def _listed(live: LiveCluster, host: str, services: list[VirtualService], persistent: bool) -> Iterator[str]:
    yield _VERSION + (_PERSISTENT_HEAD if persistent else _HEAD)
    for service in services:
        flags = f" persistent {service.persistent}" if service.persistent else ""
        own = f" ({','.join(service.flags)})" if service.flags else ""
        yield f"{service.protocol}  {join_host_port(service.address, service.port)} {service.scheduler}{flags}{own}\n"
        for server, weight in zip(service.servers, service.server_weights, strict=True):
            active, inactive = counts(live, host, service, server)
            remote = f"  -> {join_host_port(*server):<28}"
            if persistent:
                held = sum(one.server == server for one, _ in templates(live, host, service))
                yield f"{remote} {weight:<9} {held:<11} {active:<10} {inactive:<10}\n"
            else:
                yield f"{remote} {'Masq':<7} {weight:<6} {active:<10} {inactive:<10}\n"


def _connections(live: LiveCluster, host: str, services: list[VirtualService]) -> str:
    """The connection table; a template stands in it like a connection from port 0."""
    out = f"IPVS connection entries\npro expire {'state':<11} {'source':<18} {'virtual':<18} destination\n"
    for service in services:
        rows = [
            (left, "ASSURED" if one.assured else "NONE", join_host_port(one.key, 0), one.server)
            for one, left in templates(live, host, service)
        ]
        rows += [
            (left, state, held.view.original.source, (held.view.reply.src, held.view.reply.sport))
            for held, state, left in connections(live, host, service)
        ]
        virtual = join_host_port(service.address, service.port)
        for left, state, source, server in rows:
            to = "" if server is None else join_host_port(*server)
            clock = f"{left // 60:02d}:{left % 60:02d}"
            out += f"{service.protocol:<3} {clock:<6} {state:<11} {source:<18} {virtual:<18} {to}\n"
    return out


TOOL = Tool(("ipvsadm", "ipvsadm-save"), run, ON_NODES)
