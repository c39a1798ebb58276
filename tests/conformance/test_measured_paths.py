"""Every measured connection of tests/recordings/measured/paths*.csv: it ends the same way, and the server sees the same peer."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pytest

from engine.cluster import Cluster, CNIConfig, LoadBalancerIngress
from engine.trace import Request, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import A, B, C, cluster

from .locate import table

ENDPOINTS = {"A": (A,), "B": (B,), "C": (C,), "none": ()}
NETWORKS = {
    "flannel-vxlan": CNIConfig(backend="vxlan", assumed=False),
    "flannel-host-gw": CNIConfig(backend="host-gw", assumed=False),
    "calico-ipip": CNIConfig("calico", "ipip", False),
}
SOURCE_RANGES = {
    "pods": ("10.244.0.0/16",),
    "node": ("192.168.1.0/24",),
    "client": ("1.2.3.4/32",),
    "others": ("198.18.0.0/15",),
}
LOAD_BALANCER = (LoadBalancerIngress("203.0.113.80"),)
NO_HAIRPIN_MASQUERADE = {"on": frozenset[str](), "off": frozenset({"hairpin-masquerade"})}
# A setting of a row's config: which of the cluster's values it changes, and how.
CHANGES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "externalTrafficPolicy": ("service", lambda value: {"external_traffic_policy": value}),
    "internalTrafficPolicy": ("service", lambda value: {"internal_traffic_policy": value}),
    "externalIPs": ("service", lambda value: {"external_ips": (value,)}),
    "type": ("service", lambda value: {"type": value, "load_balancer_ingress": LOAD_BALANCER}),
    "loadBalancerSourceRanges": ("service", lambda value: {"load_balancer_source_ranges": SOURCE_RANGES[value]}),
    "masqueradeAll": ("proxy", lambda value: {"masquerade_all": value == "true"}),
    "br_netfilter": ("network", lambda value: {"bridge_nf_call_iptables": value == "on"}),
    "hairpin_mode": ("network", lambda value: {"hairpin_mode": value == "on"}),
    "hairpin_masquerade": ("network", lambda value: {"without": NO_HAIRPIN_MASQUERADE[value]}),
    "vs.conntrack": ("network", lambda value: {"without": frozenset({"vs-conntrack"} if value == "0" else ())}),
    "without": ("network", lambda value: {"without": frozenset({value})}),
}
# What the client notices, as the verdicts that look so to it.
ENDINGS = {
    "connected": {Verdict.DELIVERED},
    "refused": {Verdict.REJECT, Verdict.REFUSED},
    "timeout": {Verdict.DROP, Verdict.LOST},
    "unreachable": {Verdict.LOST},
    "EINVAL": {Verdict.LOST},
    "stalled": {Verdict.DELIVERED},
}


@functools.lru_cache(maxsize=4)
def cluster_of(network: str, config: str) -> Cluster:
    """The measured cluster with what a row's config changes."""
    settings = dict(setting.split("=", 1) for setting in config.split())
    made = cluster(*ENDPOINTS[settings.pop("endpoint")], cni=NETWORKS[network])
    values: dict[str, Any] = {"service": made.services[0], "proxy": made.proxy, "network": made.network}
    for key, value in settings.items():
        part, change = CHANGES[key]
        values[part] = dataclasses.replace(values[part], **change(value))
    return dataclasses.replace(made, services=(values["service"],), proxy=values["proxy"], network=values["network"])


def rows(*names: str) -> list[Any]:
    """The tables' rows as pytest parameters."""
    found = []
    for row in (row for name in names for row in table(name)):
        columns = ("mode", "network", "config", "source", "destination", "node")
        found.append(pytest.param(row, id=" ".join(row[name] for name in columns if row[name])))
    return found


@pytest.mark.parametrize("row", rows("paths", "paths-ipvs"))
def test_it_ends_as_measured(row: dict[str, str]) -> None:
    request = Request(
        row["source"].replace("pod/", "pod/pod-"), row["destination"], node=row["node"] or None, sport=40001
    )
    (outcome,) = outcomes(cluster_of(row["network"], row["config"]), request, row["mode"])
    assert outcome.verdict in ENDINGS[row["outcome"]]
    assert (outcome.stalls is not None) is (row["outcome"] == "stalled")
    if row["outcome"] == "connected":
        assert outcome.source_seen == row["seen"]
        if row.get("port"):
            assert outcome.hops[-1].src.endswith(":40001") == (row["port"] == "kept")
