"""kubectl describe of Services, pods, nodes and policies, as far as the model knows them.

Source: staging/src/k8s.io/kubectl/pkg/describe/describe.go, v1.34.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.cluster import Cluster
from engine.manifests.write import Document
from engine.shell.api import objects
from engine.shell.deployments import with_cordon, workload_documents
from engine.shell.interface import Call, Result
from engine.shell.readiness import failure_of, probe_text, with_probe
from engine.shell.tools.kubectl.tables import endpoints_text, selector_text
from engine.shell.tools.kubectl.words import BadWords, Words, asked_for, matching

_EVENTS = (
    "Events:\n"
    "  Type     Reason     Age               From     Message\n"
    "  ----     ------     ----              ----     -------\n"
    "  Warning  Unhealthy  3s (x12 over 2m)  kubelet  Readiness probe failed: "
)


def run(call: Call, words: Words) -> Result:
    """`kubectl describe KIND [NAME...]`."""
    found = []
    for resource, names in asked_for(words):
        describe = {
            "Service": _service,
            "Pod": _pod,
            "Node": _node,
            "NetworkPolicy": _policy,
            "Endpoints": _endpoints,
            "Deployment": _deployment,
            "EndpointSlice": _slice,
            "ConfigMap": _config_map,
        }.get(resource.kind)
        if describe is None:
            raise BadWords(
                f"error: describe {resource.names[0]} is not simulated here; kubectl get {resource.names[0]} -o yaml is"
            )
        beside = tuple(workload_documents(call.live)) if resource.group == "apps" else ()
        objects_ = (with_cordon(call.live, o) for o in matching(call.live.cluster, resource, names, words, beside))
        found += [_of_pods(describe(o, call.live.cluster), o, call) for o in objects_]
    if not found:
        return Result(stderr=f"No resources found in {words.namespace} namespace.\n")
    return Result("\n\n".join(found))


def _of_pods(text: str, o: Document, call: Call) -> str:
    """What the kubelet asks a pod, and the event where it fails."""
    probe = with_probe(call.live, o)["spec"]["containers"][0].get("readinessProbe") if o["kind"] == "Pod" else None
    if probe is None:
        return text
    text = text.replace("Conditions:\n", f"    Readiness:      {probe_text(probe)}\nConditions:\n", 1)
    said = failure_of(call.live, o)
    return text if said is None else text.replace("Events:            <none>\n", _EVENTS + said + "\n")


def _lines(rows: Iterable[tuple[str, str]]) -> str:
    """Names with their colons, the values in one column."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows) + 3
    return "".join(f"{f'{name}:' if name else '':<{width}}{value}\n" for name, value in rows)


def _pairs(name: str, pairs: dict[str, str]) -> list[tuple[str, str]]:
    shown = [f"{key}={value}" if name != "Annotations" else f"{key}: {value}" for key, value in sorted(pairs.items())]
    return [(name if at == 0 else "", text) for at, text in enumerate(shown)] or [(name, "<none>")]


def _service(o: Document, cluster: Cluster) -> str:
    metadata, spec = o["metadata"], o["spec"]
    endpoints = next((e for e in objects(cluster) if e["kind"] == "Endpoints" and e["metadata"] == {"name": metadata["name"], "namespace": metadata["namespace"]}), {})  # fmt: skip
    families = spec.get("ipFamilies") or [
        "IPv6" if ":" in ip else "IPv4" for ip in spec.get("clusterIPs", []) if ip != "None"
    ]
    rows = [("Name", metadata["name"]), ("Namespace", metadata["namespace"])]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    selector = ",".join(f"{name}={value}" for name, value in sorted(spec.get("selector", {}).items()))
    rows += [
        ("Selector", selector or "<none>"),
        ("Type", spec.get("type", "ClusterIP")),
        ("IP Family Policy", "RequireDualStack" if len(families) > 1 else "SingleStack"),
        ("IP Families", ",".join(families) or "<none>"),
        ("IP", spec.get("clusterIP", "")),
        ("IPs", ",".join(spec.get("clusterIPs", []))),
    ]
    if spec.get("externalIPs"):
        rows.append(("External IPs", ",".join(spec["externalIPs"])))
    ingress = [one["ip"] for one in o["status"]["loadBalancer"].get("ingress", [])]
    if ingress:
        rows.append(("LoadBalancer Ingress", ", ".join(ingress)))
    for port in spec.get("ports", []):
        name, protocol = port.get("name") or "<unset>", port.get("protocol", "TCP")
        rows += [
            ("Port", f"{name}  {port['port']}/{protocol}"),
            ("TargetPort", f"{port.get('targetPort', port['port'])}/{protocol}"),
        ]
        if port.get("nodePort"):
            rows.append(("NodePort", f"{name}  {port['nodePort']}/{protocol}"))
        rows.append(("Endpoints", endpoints_text(endpoints).replace("<none>", "")))
    rows.append(("Session Affinity", spec.get("sessionAffinity", "None")))
    if spec.get("externalTrafficPolicy"):
        rows.append(("External Traffic Policy", spec["externalTrafficPolicy"]))
    if spec.get("internalTrafficPolicy"):
        rows.append(("Internal Traffic Policy", spec["internalTrafficPolicy"]))
    if spec.get("loadBalancerSourceRanges"):
        rows.append(("LoadBalancer Source Ranges", ",".join(spec["loadBalancerSourceRanges"])))
    rows.append(("Events", "<none>"))
    return _lines(rows)


def _pod(o: Document, cluster: Cluster) -> str:
    metadata, spec, status = o["metadata"], o["spec"], o["status"]
    node = spec.get("nodeName", "<none>")
    address = next((n.internal_ips[0] for n in cluster.nodes if n.name == node and n.internal_ips), "")
    rows = [
        ("Name", metadata["name"]),
        ("Namespace", metadata["namespace"]),
        ("Node", f"{node}/{address}" if address else node),
    ]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    rows += [
        ("Status", "Terminating" if "deletionTimestamp" in metadata else status["phase"]),
        ("IP", status.get("podIP", "")),
    ]
    text = _lines(rows) + "Containers:\n"
    for container in spec.get("containers", []):
        ports = (
            ", ".join(f"{p['containerPort']}/{p.get('protocol', 'TCP')}" for p in container.get("ports", []))
            or "<none>"
        )
        host = (
            ", ".join(f"{p.get('hostPort', 0)}/{p.get('protocol', 'TCP')}" for p in container.get("ports", []))
            or "<none>"
        )
        text += f"  {container['name']}:\n    {'Ports' if ', ' in ports else 'Port'}:{'':<11}{ports}\n    {'Host Ports' if ', ' in host else 'Host Port'}:{'':<6}{host}\n"
    text += "Conditions:\n  Type              Status\n"
    for condition in status.get("conditions", []):
        text += f"  {condition['type']:<18}{condition['status']}\n"
    return text + "Events:            <none>\n"


def _node(o: Document, cluster: Cluster) -> str:
    metadata, spec, status = o["metadata"], o["spec"], o["status"]
    rows = [("Name", metadata["name"]), ("Roles", "<none>")]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    taints = [f"{one['key']}:{one['effect']}" for one in spec.get("taints", [])]
    rows += [
        ("Taints", ", ".join(taints) or "<none>"),
        ("Unschedulable", str(spec.get("unschedulable", False)).lower()),
    ]
    text = (
        _lines(rows)
        + "Conditions:\n  Type              Status  Reason\n  Ready             True    KubeletReady\nAddresses:\n"
    )
    for address in status.get("addresses", []):
        text += f"  {address['type']}:  {address['address']}\n"
    text += _lines([("PodCIDR", spec.get("podCIDR", "")), ("PodCIDRs", ",".join(spec.get("podCIDRs", [])))])
    pods = [pod for pod in cluster.pods if pod.node_name == metadata["name"]]
    text += f"Non-terminated Pods:          ({len(pods)} in total)\n"
    return text + "".join(f"  {pod.namespace:<24}  {pod.name}\n" for pod in pods) + "Events:              <none>\n"


def _deployment(o: Document, cluster: Cluster) -> str:
    metadata, spec, status = o["metadata"], o["spec"], o["status"]
    wanted, there, available = spec["replicas"], status["replicas"], status["availableReplicas"]
    rows = [("Name", metadata["name"]), ("Namespace", metadata["namespace"])]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    enough = available >= wanted - wanted // 4
    rows += [
        ("Selector", selector_text(spec["selector"])),
        ("Replicas", f"{wanted} desired | {status['updatedReplicas']} updated | {there} total | {available} available | {max(0, there - available)} unavailable"),
        ("StrategyType", "RollingUpdate"),
        ("MinReadySeconds", "0"),
        ("RollingUpdateStrategy", "25% max unavailable, 25% max surge"),
    ]  # fmt: skip
    text = _lines(rows) + "Conditions:\n  Type           Status  Reason\n  ----           ------  ------\n"
    text += (
        f"  Available      {'True    MinimumReplicasAvailable' if enough else 'False   MinimumReplicasUnavailable'}\n"
    )
    return text + "Events:          <none>\n"


def _slice(o: Document, cluster: Cluster) -> str:
    metadata = o["metadata"]
    rows = [("Name", metadata["name"]), ("Namespace", metadata.get("namespace", "default"))]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    text = _lines([*rows, ("AddressType", o["addressType"])])
    ports = [
        [one.get("name") or "<unset>", str(one.get("port", "*")), one.get("protocol", "TCP")]
        for one in o.get("ports") or []
    ]
    widths = [
        max([len(title), *(len(row[at]) for row in ports)]) for at, title in enumerate(("Name", "Port", "Protocol"))
    ]
    lines = [["Name", "Port", "Protocol"], ["----", "----", "--------"], *ports]
    text += "Ports:\n" + "".join(
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() + "\n" for row in lines
    )
    text += "Endpoints:\n"
    for endpoint in o.get("endpoints") or []:
        ready = endpoint.get("conditions", {}).get("ready", True)
        target = endpoint.get("targetRef")
        text += f"  - Addresses:  {','.join(endpoint['addresses'])}\n    Conditions:\n      Ready:    {str(ready).lower()}\n"
        text += f"    TargetRef:  {target['kind']}/{target['name']}\n" if target else ""
        text += f"    NodeName:   {endpoint.get('nodeName') or '<unset>'}\n"
    return text + "Events:         <none>\n"


def _config_map(o: Document, cluster: Cluster) -> str:
    metadata = o["metadata"]
    rows = [("Name", metadata["name"]), ("Namespace", metadata["namespace"])]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    data = "".join(f"{name}:\n----\n{text}\n\n" for name, text in sorted(o.get("data", {}).items()))
    return f"{_lines(rows)}\nData\n====\n{data}\nBinaryData\n====\n\nEvents:  <none>\n"


def _endpoints(o: Document, cluster: Cluster) -> str:
    metadata = o["metadata"]
    rows = [("Name", metadata["name"]), ("Namespace", metadata.get("namespace", "default"))]
    rows += _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))
    text = _lines(rows) + "Subsets:\n"
    for subset in o.get("subsets") or []:
        for title, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            text += f"  {title + ':':<19} {','.join(one['ip'] for one in subset.get(key, [])) or '<none>'}\n"
        ports = [
            [p.get("name") or "<unset>", str(p["port"]), p.get("protocol", "TCP")] for p in subset.get("ports", [])
        ]
        widths = [max(len(row[at]) for row in [["Name", "Port", "Protocol"], *ports]) + 2 for at in range(3)]
        text += "  Ports:\n"
        for row in (["Name", "Port", "Protocol"], ["----", "----", "--------"], *ports):
            text += (
                "    " + "".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
            )
        text += "\n"
    return f"{text}Events:  <none>\n"


def _policy(o: Document, cluster: Cluster) -> str:
    metadata, spec = o["metadata"], o["spec"]
    text = _lines([("Name", metadata["name"]), ("Namespace", metadata["namespace"])])
    text += f"Spec:\n  PodSelector:     {selector_text(spec.get('podSelector', {}))}\n"
    for title, key, peers in (("ingress", "ingress", "from"), ("egress", "egress", "to")):
        kind = title.capitalize()
        if kind not in spec["policyTypes"]:
            text += f"  Not affecting {title} traffic\n"
            continue
        text += f"  Allowing {title} traffic:\n"
        rules = spec.get(key, [])
        if not rules:
            text += f"    <none> (Selected pods are isolated for {title} connectivity)\n"
        text += "    ----------\n".join(_rule(rule, peers) for rule in rules)
    return text + f"  Policy Types: {', '.join(spec['policyTypes'])}\n"


def _rule(rule: Document, peers: str) -> str:
    ports = [f"    To Port: {p.get('port', '<any>')}/{p.get('protocol', 'TCP')}\n" for p in rule.get("ports", [])]
    text = "".join(ports) or "    To Port: <any> (traffic allowed to all ports)\n"
    title = peers.capitalize()
    for peer in rule.get(peers, []):
        text += f"    {title}:\n"
        if "ipBlock" in peer:
            text += f"      IPBlock:\n        CIDR: {peer['ipBlock']['cidr']}\n        Except: {', '.join(peer['ipBlock'].get('except', []))}\n"
        if "namespaceSelector" in peer:
            text += f"      NamespaceSelector: {selector_text(peer['namespaceSelector'])}\n"
        if "podSelector" in peer:
            text += f"      PodSelector: {selector_text(peer['podSelector'])}\n"
    return (
        text
        if rule.get(peers)
        else text + f"    {title}: <any> (traffic not restricted by {'source' if peers == 'from' else 'destination'})\n"
    )
