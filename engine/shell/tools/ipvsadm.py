"""ipvsadm(8): a node's virtual servers, listed and saved. Source: ipvsadm 1.31, ipvsadm.c (print_service_entry)."""

from __future__ import annotations

from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ipvsadm_text import save_services
from engine.packet import Family, family_of, join_host_port
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.ipvs_counts import counts

_HEAD = (
    "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
)


def run(call: Call) -> Result:
    """`ipvsadm -Ln [-t|-u ADDRESS:PORT]`, `ipvsadm -Sn`, `ipvsadm-save -n`."""
    saving = call.argv[0].endswith("-save")
    letters = {
        letter for word in call.args if word.startswith("-") and not word.startswith("--") for letter in word[1:]
    }
    words = [word for word in call.args if not word.startswith("-")]
    longs = {word for word in call.args if word.startswith("--")} - {
        "--list",
        "--numeric",
        "--save",
        "--tcp-service",
        "--udp-service",
    }
    if longs == {"--timeout"}:
        # What kube-proxy's configuration leaves at 0 is the kernel's own.
        return Result("Timeout (tcp tcpfin udp): 900 120 300\n")
    if letters - set("LlnStu") or longs:
        what = " ".join(sorted(longs)) or "this"
        return failed(
            f"ipvsadm: {what} is not simulated here: it lists (-Ln) and saves (-Sn); kube-proxy writes the virtual servers",
            2,
        )
    services = []
    for family in Family:
        ruleset = call.live.rules(call.host, family)
        if isinstance(ruleset, IpvsRuleset):
            services += [one for one in ruleset.services if family_of(one.address) is family]
    if saving or "S" in letters:
        return Result("".join(f"{line}\n" for line in save_services(services)))
    asked = [s for s in services if not words or join_host_port(s.address, s.port) in words]
    if words and not asked:
        return failed("No such service", 255)
    out = _HEAD
    for service in asked:
        flags = f" persistent {service.persistent}" if service.persistent else ""
        own = f" ({','.join(service.flags)})" if service.flags else ""
        out += f"{service.protocol}  {join_host_port(service.address, service.port)} {service.scheduler}{flags}{own}\n"
        for (address, port), weight in zip(service.servers, service.server_weights, strict=True):
            active, inactive = counts(call.live, call.host, service, (address, port))
            remote = f"{join_host_port(address, port):<27}"
            out += f"  -> {remote}  Masq    {weight:<6} {active:<10} {inactive:<10}\n"
    return Result(out)


TOOL = Tool(("ipvsadm", "ipvsadm-save"), run, ON_NODES)
