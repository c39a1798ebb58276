"""The kernel's own tools, given what compile_rules prints, print the same again: in a network namespace of its own, where
this is root and the tools are there; else skipped."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess

import pytest

from engine.cluster import Cluster
from engine.manifests import load_cluster
from engine.proxy.interface import compile_rules

# Every kind of rule there is: policies, source ranges, affinity, SCTP, nobody there, somebody elsewhere, two families.
EVERYTHING = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16,fd00:244::/48
nodePortAddresses: [192.168.0.0/16, "fd00:168::/64"]
iptables: {masqueradeBit: 31}
---
apiVersion: v1
kind: Node
metadata: {name: node1}
spec: {podCIDRs: [10.244.1.0/24, "fd00:244:0:1::/64"]}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}, {type: InternalIP, address: "fd00:168::a"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  clusterIPs: [10.96.0.10, "fd00:96::10"]
  ports: [{name: http, port: 80, nodePort: 30080}, {name: dns, port: 53, protocol: UDP, nodePort: 30053}]
  externalIPs: [198.51.100.7, "2001:db8::7"]
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 3661}}
  loadBalancerSourceRanges: [192.168.0.0/16, 1.2.3.4/32, 1.2.3.0/25, 1.2.3.128/25, "2001:db8::/32", "fd00:168::/64"]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {ip: 203.0.113.6}, {ip: "2001:db8:1::5"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: sctp}
spec:
  type: NodePort
  clusterIPs: [10.96.0.11, "fd00:96::11"]
  internalTrafficPolicy: Local
  ports: [{port: 132, protocol: SCTP, nodePort: 30132}]
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {type: NodePort, clusterIPs: [10.96.0.12, "fd00:96::12"], ports: [{port: 80, nodePort: 30081}]}
"""
SLICE = """
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %(name)s-%(six)d, labels: {kubernetes.io/service-name: %(name)s}}
addressType: %(type)s
ports: %(ports)s
endpoints: [{addresses: ["%(here)s"], nodeName: node1}, {addresses: ["%(there)s"], nodeName: node2}]
"""
WEB = "[{name: http, port: 8080}, {name: dns, port: 5353, protocol: UDP}]"
SCTP = "[{name: '', port: 132, protocol: SCTP}]"


@functools.cache
def everything() -> Cluster:
    text = EVERYTHING
    for name, ports in (("web", WEB), ("sctp", SCTP)):
        for six, (here, there) in enumerate((("10.244.1.5", "10.244.2.8"), ("fd00:244:0:1::5", "fd00:244:0:2::8"))):
            kind = "IPv6" if six else "IPv4"
            text += SLICE % {"name": name, "six": six, "type": kind, "ports": ports, "here": here, "there": there}
    return load_cluster(text=text)


def _run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def in_a_namespace(script: str, given: str) -> list[str]:
    """What `script` prints, without counters and comments; skips where it cannot be run."""
    for tool in ("unshare", *re.findall(r"(?:^|&& )(\S+)", script)):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if _run("unshare", "-n", "true").returncode:
        pytest.skip("needs root: a network namespace of its own")
    run = _run("unshare", "-n", "sh", "-c", script, given=given)
    if "not supported" in run.stderr or "does the kernel" in run.stderr or "Kernel support" in run.stderr:
        pytest.skip(run.stderr.strip())
    assert run.returncode == 0, run.stderr
    lines = (re.sub(r" \[\d+:\d+\]$", "", line) for line in run.stdout.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def tables(lines: list[str]) -> dict[str, list[str]]:
    """iptables-save's lines by table: the order of the tables is the kernel's affair."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("*"):
            found[line] = []
        found[next(reversed(found))].append(line)
    return found


@pytest.mark.parametrize(("family", "tool"), [("ipv4", "iptables-legacy"), ("ipv6", "ip6tables-legacy")])
def test_iptables_save_gives_back_what_was_restored(family: str, tool: str) -> None:
    # Later releases count by nfacct, for which the kernel must have been given the counters.
    printed = str(compile_rules(everything(), "node1", "iptables", family, release="1.30"))
    assert tables(in_a_namespace(f"{tool}-restore && {tool}-save", printed)) == tables(printed.splitlines())


@pytest.mark.parametrize("release", ["1.30", "1.34", "1.36", "1.37"])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_nft_lists_what_it_was_given(family: str, release: str) -> None:
    if shutil.which("nft") is None or "v1.0.6" not in _run("nft", "--version").stdout:
        pytest.skip("needs nft 1.0.6, whose listing is the one that the engine prints")
    printed = str(compile_rules(everything(), "node1", "nftables", family, release=release))
    assert in_a_namespace("nft -f - && nft list ruleset", printed) == [line for line in printed.splitlines() if line]


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_ipset_saves_what_was_restored(family: str) -> None:
    printed = str(compile_rules(everything(), "node1", "ipvs", family)).splitlines()
    sets = [line for line in printed if line.startswith(("create ", "add "))]
    saved = in_a_namespace("ipset restore && ipset save", "\n".join(sets) + "\n")
    # The order in a hash, its bucketsize and its initval differ from one kernel to the next.
    assert sorted(re.sub(r" bucketsize \d+| initval \w+", "", line) for line in saved) == sorted(sets)
