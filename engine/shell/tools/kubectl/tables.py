"""The columns that `kubectl get` prints of a kind. Source: pkg/printers/internalversion/printers.go; text/tabwriter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from engine.manifests.write import Document
from engine.packet import join_host_port

# How long ago an object was made is nothing that the model knows: all are of one age.
AGE = "12d"
# Of what a load balancer gave, where -o wide does not show all (loadBalancerWidth).
_WIDTH = 16
Row: TypeAlias = list[str]


def table(headers: Sequence[str], rows: Iterable[Row], *, headed: bool = True) -> str:
    """Columns three blanks apart, at least six wide; the last one ends where its text does."""
    lines = [list(headers), *rows] if headed else list(rows)
    widths = [max(6, max(len(line[column]) for line in lines) + 3) for column in range(len(headers))] if lines else []
    shown = []
    for line in lines:
        cells = [text.ljust(width) for text, width in zip(line[:-1], widths[:-1], strict=True)]
        shown.append("".join((*cells, line[-1])) + "\n")
    return "".join(shown)


def _joined(pairs: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(pairs.items())) or "<none>"


def _node(o: Document, wide: bool) -> Row:
    labels = o["metadata"].get("labels", {})
    roles = sorted(name.partition("/")[2] for name in labels if name.startswith("node-role.kubernetes.io/"))
    version = o["status"].get("nodeInfo", {}).get("kubeletVersion", "<unknown>")
    status = "Ready,SchedulingDisabled" if o.get("spec", {}).get("unschedulable") else "Ready"
    row = [o["metadata"]["name"], status, ",".join(roles) or "<none>", AGE, version]
    if not wide:
        return row
    addresses = o["status"].get("addresses", [])
    first = {
        kind: next((a["address"] for a in addresses if a["type"] == kind), "<none>")
        for kind in ("InternalIP", "ExternalIP")
    }
    return [*row, first["InternalIP"], first["ExternalIP"], "<unknown>", "<unknown>", "<unknown>"]


def _pod(o: Document, wide: bool) -> Row:
    status, spec = o["status"], o["spec"]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    count = len(spec.get("containers", []))
    phase = {"Succeeded": "Completed"}.get(status["phase"], status["phase"])
    if "deletionTimestamp" in o["metadata"] and status["phase"] not in ("Succeeded", "Failed"):
        phase = "Terminating"
    row = [o["metadata"]["name"], f"{count if ready else 0}/{count}", phase, "0", AGE]
    return [*row, status.get("podIP", "<none>"), spec.get("nodeName", "<none>"), "<none>", "<none>"] if wide else row


def _event(o: Document, wide: bool) -> Row:
    about = o["involvedObject"]
    row = ["3s", o["type"], o["reason"], f"{about['kind'].lower()}/{about['name']}", o["message"]]
    return [*row, f"{o['source']['component']}, {o['source']['host']}"] if wide else row


def _service(o: Document, wide: bool) -> Row:
    spec = o["spec"]
    kind = spec.get("type", "ClusterIP")
    given = ",".join(
        sorted({one.get("ip", "") for one in o.get("status", {}).get("loadBalancer", {}).get("ingress", [])})
    )
    if not wide and len(given) > _WIDTH:
        given = f"{given[: _WIDTH - 3]}..."
    outside = [one for one in (given if kind == "LoadBalancer" else "", *spec.get("externalIPs", [])) if one]
    external = ",".join(outside) or ("<pending>" if kind == "LoadBalancer" else "<none>")
    if kind == "ExternalName":
        external = spec.get("externalName", "")
    ports = []
    for port in spec.get("ports", []):
        node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
        ports.append(f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}")
    row = [o["metadata"]["name"], kind, spec.get("clusterIP") or "<none>", external, ",".join(ports) or "<none>", AGE]
    return [*row, _joined(spec.get("selector", {}))] if wide else row


def _slice(o: Document, wide: bool) -> Row:
    ports = [str(port.get("port") or port.get("name") or "*") for port in o.get("ports") or []]
    addresses = [address for endpoint in o.get("endpoints") or [] for address in endpoint["addresses"]]
    return [
        o["metadata"]["name"],
        o["addressType"],
        _first_three(ports) or "<unset>",
        _first_three(addresses) or "<unset>",
        AGE,
    ]


def _first_three(texts: list[str]) -> str:
    return ",".join(texts[:3]) + (f" + {len(texts) - 3} more..." if len(texts) > 3 else "")


def endpoints_text(o: Document) -> str:
    """`10.244.1.5:8080,10.244.2.8:8080 + 2 more...` of those that are ready; nothing where none is, <none> where there are none at
    all (formatEndpoints)."""
    found: list[str] = []
    for subset in o.get("subsets") or []:
        addresses = [one["ip"] for one in subset.get("addresses") or []]
        ports = subset.get("ports") or []
        found += (
            [join_host_port(address, port["port"]) for port in ports for address in addresses] if ports else addresses
        )
    return _first_three(found) if o.get("subsets") else "<none>"


def _endpoints(o: Document, wide: bool) -> Row:
    return [o["metadata"]["name"], endpoints_text(o), AGE]


def selector_text(selector: Document, of_none: str = "<none>") -> str:
    """A LabelSelector as kubectl prints it."""
    found = [f"{name}={value}" for name, value in sorted(selector.get("matchLabels", {}).items())]
    for one in selector.get("matchExpressions", []):
        values = ",".join(one.get("values", []))
        found.append({"In": f"{one['key']} in ({values})", "NotIn": f"{one['key']} notin ({values})", "Exists": one["key"]}.get(one["operator"], f"!{one['key']}"))  # fmt: skip
    return ",".join(found) or of_none


def _policy(o: Document, wide: bool) -> Row:
    return [o["metadata"]["name"], selector_text(o["spec"].get("podSelector", {})), AGE]


def _deployment(o: Document, wide: bool) -> Row:
    spec, status = o["spec"], o["status"]
    row = [o["metadata"]["name"], f"{status['readyReplicas']}/{spec['replicas']}", str(status["updatedReplicas"]), str(status["availableReplicas"]), AGE]  # fmt: skip
    return [*row, o["metadata"]["name"], "<unknown>", selector_text(spec["selector"])] if wide else row


def _replica_set(o: Document, wide: bool) -> Row:
    spec, status = o["spec"], o["status"]
    row = [o["metadata"]["name"], str(spec["replicas"]), str(status["replicas"]), str(status["readyReplicas"]), AGE]
    return (
        [*row, o["metadata"]["name"].rpartition("-")[0], "<unknown>", selector_text(spec["selector"])] if wide else row
    )


def _daemon_set(o: Document, wide: bool) -> Row:
    status = o["status"]
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    row = [o["metadata"]["name"], *(str(status[name]) for name in names), "<none>", AGE]
    return [*row, o["metadata"]["name"], "<unknown>", selector_text(o["spec"]["selector"])] if wide else row


# A kind -> its columns, those of `-o wide` behind them, and a row.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Document, bool], Row]]] = {
    "Node": (
        ("NAME", "STATUS", "ROLES", "AGE", "VERSION"),
        ("INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"),
        _node,
    ),
    "Namespace": (("NAME", "STATUS", "AGE"), (), lambda o, wide: [o["metadata"]["name"], "Active", AGE]),
    "Pod": (("NAME", "READY", "STATUS", "RESTARTS", "AGE"), ("IP", "NODE", "NOMINATED NODE", "READINESS GATES"), _pod),
    "Service": (("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"), ("SELECTOR",), _service),
    "Endpoints": (("NAME", "ENDPOINTS", "AGE"), (), _endpoints),
    "EndpointSlice": (("NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"), (), _slice),
    "ConfigMap": (
        ("NAME", "DATA", "AGE"),
        (),
        lambda o, wide: [o["metadata"]["name"], str(len(o.get("data", {}))), AGE],
    ),
    "NetworkPolicy": (("NAME", "POD-SELECTOR", "AGE"), (), _policy),
    "Deployment": (
        ("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"),
        ("CONTAINERS", "IMAGES", "SELECTOR"),
        _deployment,
    ),
    "Event": (("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), ("SOURCE",), _event),
    "ReplicaSet": (("NAME", "DESIRED", "CURRENT", "READY", "AGE"), ("CONTAINERS", "IMAGES", "SELECTOR"), _replica_set),
    "DaemonSet": (
        ("NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"),
        ("CONTAINERS", "IMAGES", "SELECTOR"),
        _daemon_set,
    ),
    "ServiceCIDR": (
        ("NAME", "CIDRS", "AGE"),
        (),
        lambda o, wide: [o["metadata"]["name"], ",".join(o["spec"]["cidrs"]), AGE],
    ),
}
