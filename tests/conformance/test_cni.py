"""What the real bridge and portmap plugins left on a node stands in the node's rules, line for line and in its order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import compile_node, load_cluster
from tests.conformance.locate import folder

CASES = sorted(path for path in folder("cni").iterdir() if path.is_dir())
FLANNEL = {"flannel.alpha.coreos.com/backend-type": "vxlan"}


def manifests(case: Path) -> str:
    """The case as Kubernetes objects: a node of flannel's, the recorded CNI configuration, a pod for each container."""
    addresses = [
        json.loads(line)["ips"][0]["address"] for line in (case / "bridge-result.jsonl").read_text().splitlines()
    ]
    recorded = case / "portmap.jsonl"
    maps = [json.loads(line) for line in recorded.read_text().splitlines()] if recorded.exists() else []
    ports = {one["address"]: one["config"]["runtimeConfig"]["portMappings"] for one in maps}
    # flanneld masquerades, so that the bridge does not, but in the case whose bridge was told to.
    delegate: dict[str, Any] = {"hairpinMode": True, "ipMasq": case.name == "ipmasq"}
    chained = (
        [{key: maps[0]["config"][key] for key in ("type", "snat", "backend") if key in maps[0]["config"]}]
        if maps
        else []
    )
    conf = {"name": "cbr0", "plugins": [{"type": "flannel", "delegate": delegate}, *chained]}
    net = {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node1", "annotations": FLANNEL},
        "spec": {"podCIDR": "10.244.1.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.10"}]},
    }
    data = {"net-conf.json": json.dumps(net), "cni-conf.json": json.dumps(conf)}
    told = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg"}, "data": data}
    pods = [_pod(number, address, ports.get(address, [])) for number, address in enumerate(addresses, 1)]
    return "\n---\n".join(json.dumps(one) for one in (node, told, *pods))


def _pod(number: int, address: str, ports: list[dict[str, Any]]) -> dict[str, Any]:
    container = {"name": "c", "ports": [{**port, "protocol": port["protocol"].upper()} for port in ports]}
    annotations = {"k8squiz.dev/container-id": f"cid{number}"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod{number}", "annotations": annotations},
        "spec": {"nodeName": "node1", "containers": [container]},
        "status": {"podIP": address.partition("/")[0]},
    }


def in_order(wanted: list[str], lines: list[str]) -> list[str]:
    """The lines of `wanted` that are not found in `lines`, looking on from where the one before was found."""
    missing, at = [], 0
    for line in wanted:
        try:
            at = lines.index(line, at) + 1
        except ValueError:
            missing.append(line)
    return missing


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_the_recorded_rules_stand_in_the_nodes(case: Path, mode: str) -> None:
    lines = str(compile_node(load_cluster(text=manifests(case)), "node1", mode)).splitlines()
    saved = (case / "node.iptables-save").read_text().splitlines()
    for table in (name for name in ("nat", "filter") if f"*{name}" in saved):
        body = saved[saved.index(f"*{table}") : saved.index("COMMIT", saved.index(f"*{table}"))]
        own = [line for line in body if line.startswith("-A") or line.endswith(" -")]
        start = lines.index(f"*{table}")
        assert in_order(own, lines[start : lines.index("COMMIT", start)]) == []
    listed = case / "node.nft"
    if listed.exists():
        wanted = listed.read_text().splitlines()
        start = lines.index(wanted[0])
        assert lines[start : start + len(wanted)] == wanted
