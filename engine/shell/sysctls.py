"""sysctl(8)'s names and what they are on a host: those that decide outcomes are its Sysctls, the others are remembered.

Sources: Documentation/networking/ip-sysctl.rst, nf_conntrack-sysctl.rst, ipvs-sysctl.rst; what kube-proxy sets:
cmd/kube-proxy/app/conntrack.go, pkg/proxy/ipvs/proxier.go. Where a value depends on the machine, a usual one stands.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engine.cluster import Mode
from engine.cluster.facts import NetworkFacts, Shape, facts_of
from engine.network.devices import DeviceKind
from engine.network.host import Host, HostKind, Sysctls
from engine.shell.conntrack_room import limited
from engine.shell.conntrack_table import timeouts
from engine.shell.edits import SysctlsSet
from engine.shell.standing import COUNT, MAX, USUAL
from engine.values import dataclass, pattern

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster


@dataclass(frozen=True, slots=True)
class ModelledSysctl:
    """A sysctl that a walk asks for: how a host's Sysctls say it, and which of their fields a new value changes."""

    name: str
    read: Callable[[Sysctls], int]
    fields: Callable[[Sysctls, int], dict[str, object]]


def _modelled(name: str, field: str, number: bool) -> ModelledSysctl:
    return ModelledSysctl(
        name,
        lambda sysctls: int(getattr(sysctls, field)),
        lambda sysctls, value: {field: value if number else bool(value)},
    )


def _of_facts() -> Iterator[ModelledSysctl]:
    """The sysctls that are network facts, where a host's Sysctls hold the fact."""
    held = {field.name for field in dataclasses.fields(Sysctls)}
    for field, row in facts_of(NetworkFacts).items():
        if field in held:
            yield from (_modelled(name, field, row.shape is Shape.NUMBER) for name in row.sysctls)


MODELLED = {
    row.name: row
    # The one is the other (net/ipv4/devinet.c, devinet_sysctl_forward).
    for row in (*_of_facts(), _modelled("net.ipv4.conf.all.forwarding", "ip_forward", number=False))
}
_OF_DEVICE = pattern(r"net\.ipv4\.conf\.([^.]+)\.(rp_filter|route_localnet|forwarding)")

# What a walk does not ask for, as a node has it; "{...}" is filled in by defaults_on().
_DEFAULTS = {
    "kernel.hostname": "{hostname}",
    "net.core.somaxconn": "4096",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv4.tcp_mtu_probing": "0",
    "net.ipv4.ip_no_pmtu_disc": "0",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_tw_reuse": "2",
    "net.ipv4.tcp_syn_retries": "6",
    "net.ipv4.neigh.default.gc_thresh1": "128",
    "net.ipv4.neigh.default.gc_thresh2": "512",
    "net.ipv4.neigh.default.gc_thresh3": "1024",
}
_NODE_DEFAULTS = {
    MAX: str(USUAL),
    "net.netfilter.nf_conntrack_buckets": "65536",
    "net.netfilter.nf_conntrack_tcp_be_liberal": "{be_liberal}",
}
_IPVS_DEFAULTS = {
    "net.ipv4.vs.conntrack": "1",
    "net.ipv4.vs.conn_reuse_mode": "1",
    "net.ipv4.vs.expire_nodest_conn": "1",
    "net.ipv4.vs.expire_quiescent_template": "1",
}


class NoSuchSysctl(Exception):
    """There is no sysctl of that name on the host."""


class BadValue(Exception):
    """The kernel does not take that value (EINVAL)."""


def path_of(name: str) -> str:
    """`/proc/sys/...` of a name; in a name a device's dots are written as slashes (sysctl(8))."""
    return "/proc/sys/" + name.replace("/", "\0").replace(".", "/").replace("\0", ".")


def name_of(path: str) -> str:
    """The name of a file under /proc/sys."""
    rest = path.removeprefix("/proc/sys/").strip("/")
    return rest.replace(".", "\0").replace("/", ".").replace("\0", "/")


def read(live: LiveCluster, host: str, name: str) -> str:
    """The value of sysctl `name` on `host`, without the line's end. Raises NoSuchSysctl."""
    here = live.fabric.host(host)
    row = MODELLED.get(name)
    if row is not None:
        return str(row.read(here.sysctls))
    of_device = _of_device(here, name)
    if of_device is not None:
        return str(of_device[1])
    written = live.state(host).sysctls.get(name)
    if written is not None:
        return written
    if name == COUNT and here.kind is HostKind.NODE:
        return str(live.conntrack_count(host))
    found = defaults_on(live, here).get(name)
    if found is None:
        raise NoSuchSysctl(name)
    return found


def write(live: LiveCluster, host: str, name: str, value: str) -> LiveCluster:
    """`live` after `value` was written to sysctl `name` on `host`. Raises NoSuchSysctl, BadValue."""
    here = live.fabric.host(host)
    value = value.strip()
    if name in MODELLED or _of_device(here, name) is not None:
        if not re.fullmatch(r"-?[0-9]{1,10}", value):
            raise BadValue(value)
        return live.edited(host, SysctlsSet(_changed(here, name, int(value))))
    old = read(live, host, name)
    if name == MAX and value.startswith("-"):
        raise BadValue(value)
    if name.endswith(("_count", "_buckets")) or (
        re.fullmatch(r"[0-9]+", old) and not re.fullmatch(r"-?[0-9]{1,10}", value)
    ):
        raise BadValue(value)
    state = live.state(host)
    after = live.with_state(host, dataclasses.replace(state, sysctls={**state.sysctls, name: value}))
    return limited(after, host) if name == MAX else after


def _changed(here: Host, name: str, value: int) -> dict[str, object]:
    row = MODELLED.get(name)
    if row is not None:
        return row.fields(here.sysctls, value)
    found = _OF_DEVICE.fullmatch(name)
    assert found is not None
    device, field = found[1].replace("/", "."), found[2]
    if field == "rp_filter":
        return {"rp_filter_of": {**here.sysctls.rp_filter_of, device: value}}
    if field == "route_localnet":
        own = here.sysctls.localnet_devices
        return {"localnet_devices": own | {device} if value else own - {device}}
    return {"ip_forward": bool(value)}


def _of_device(here: Host, name: str) -> tuple[str, int] | None:
    found = _OF_DEVICE.fullmatch(name)
    if found is None or found[1].replace("/", ".") not in {*here.devices, "default"}:
        return None
    device, sysctls = found[1].replace("/", "."), here.sysctls
    value = {
        "rp_filter": sysctls.rp_filter_of.get(device, 0),
        "route_localnet": int(device in sysctls.localnet_devices),
        "forwarding": int(sysctls.ip_forward),
    }[found[2]]
    return device, value


def defaults_on(live: LiveCluster, here: Host) -> dict[str, str]:
    """The sysctls that a host has and no walk asks for."""
    found = dict(_DEFAULTS)
    if here.kind is HostKind.NODE:
        found.update(_NODE_DEFAULTS)
        found.update({f"net.netfilter.{name}": str(s) for name, s in timeouts(live.cluster.proxy).items()})
        if live.mode is Mode.IPVS:
            found.update(_IPVS_DEFAULTS)
    words = {"hostname": here.name.rpartition("/")[2], "be_liberal": int(live.cluster.proxy.tcp_be_liberal)}
    return {name: value.format(**words) for name, value in found.items()}


def names_on(live: LiveCluster, host: str) -> Iterator[str]:
    """The names of all sysctls of `host`, sorted as `sysctl -a` lists them."""
    here = live.fabric.host(host)
    found = {*defaults_on(live, here), *live.state(host).sysctls}
    bridged = any(device.kind is DeviceKind.BRIDGE for device in here.devices.values())
    found.update(name for name in MODELLED if bridged or not name.startswith("net.bridge."))
    for device in (*here.devices, "default"):
        found.update(
            f"net.ipv4.conf.{device.replace('.', '/')}.{field}"
            for field in ("forwarding", "rp_filter", "route_localnet")
        )
    if here.kind is HostKind.NODE:
        found.add(COUNT)
    yield from sorted(found)
