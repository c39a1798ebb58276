"""kubectl describe: the objects in words, each with what else the API server tells of it.

Source: staging/src/k8s.io/kubectl/pkg/describe/describe.go, v1.33 and v1.34.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from engine.manifests.write import Document
from engine.packet import join_host_port
from engine.shell.api import Resource
from engine.shell.defaults import now
from engine.shell.interface import Call, Result
from engine.shell.live import LiveCluster
from engine.shell.readiness import failure_of
from engine.shell.tools.kubectl.apply import LAST_APPLIED
from engine.shell.tools.kubectl.describe_workloads import containers, deployment, replica_set
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.tables import selector_text
from engine.shell.tools.kubectl.tabs import tabbed
from engine.shell.tools.kubectl.words import asked_for, documents, looked_up, resource_of, warned

_EVENTS = (
    "Events:\n"
    "  Type\tReason\tAge\tFrom\tMessage\n"
    "  ----\t------\t----\t----\t-------\n"
    "  Warning\tUnhealthy\t3s (x12 over 2m)\tkubelet\tReadiness probe failed: {said}\n"
)
_NO_EVENTS = "Events:\t<none>\n"
_INDENT = "    "
# An annotation that is longer stands in a line of its own.
_LONGEST = 140
_INFO = ("Machine ID", "System UUID", "Boot ID", "Kernel Version", "OS Image", "Operating System", "Architecture", "Container Runtime Version")  # fmt: skip


def run(call: Call, words: Words) -> Result:
    """`kubectl describe KIND [NAME...]`: a name that is none's asks for those that begin with it."""
    if "filename" in words.values:
        raise BadWords("error: kubectl describe -f is not simulated here; name what is asked for")
    shown, beginning, missing, asked = [], "", "", asked_for(words, verb="describe")
    for resource, names in asked:
        describe = _KINDS.get(resource.kind)
        many, begun, said = _named(call.live, resource, names, words)
        missing += said
        if describe is None and (many or begun):
            raise BadWords(
                f"error: describe {resource.names[0]} is not simulated here; kubectl get {resource.names[0]} -o yaml is"
            )
        shown += [tabbed(describe(o, call.live)) for o in many if describe is not None]
        beginning += "".join(tabbed(describe(o, call.live)) + "\n" for o in begun if describe is not None)
    if not shown and not beginning and not missing:
        everywhere = "all-namespaces" in words.flags or not all(resource.namespaced for resource, _ in asked)
        return Result(stderr=f"No resources found{'' if everywhere else f' in {words.namespace} namespace.'}\n")
    warning = warned(call.live, (resource for resource, _ in asked))
    return Result("\n\n".join(shown) + beginning, warning + missing, int(bool(missing)))


def _named(
    live: LiveCluster, resource: Resource, names: tuple[str, ...], words: Words
) -> tuple[list[Document], list[Document], str]:
    """(what is asked for, what only begins with a name that is asked for, what is said of names that nobody has)."""
    if not names:
        many, said = looked_up(live, resource, names, words)
        return many, [], said
    found: list[Document] = []
    begun: list[Document] = []
    missing = ""
    for name in names:
        many, said = looked_up(live, resource, (name,), words)
        every = looked_up(live, resource, (), words)[0] if said else []
        like = [o for o in every if o["metadata"]["name"].startswith(name)]
        found, begun, missing = [*found, *many], [*begun, *like], missing + ("" if like else said)
    return found, begun, missing


def _header(o: Document) -> str:
    metadata = o["metadata"]
    return f"Name:\t{metadata['name']}\nNamespace:\t{metadata.get('namespace', '')}\n"


def _pairs(title: str, pairs: Mapping[str, str]) -> str:
    """Labels or annotations, one a line; what apply keeps for itself is left out."""
    pairs = {name: value for name, value in pairs.items() if name != LAST_APPLIED}
    if not pairs:
        return f"{title}:\t<none>\n"
    lines, mark = [], ": " if title == "Annotations" else "="
    for name, given in sorted(pairs.items()):
        value = given.removesuffix("\n") if title == "Annotations" else given
        if title == "Annotations" and ("\n" in value or len(value) + len(name) + 2 > _LONGEST):
            lines.append(f"{name}:\n" + "\n".join(f"\t  {_cut(line)}" for line in value.split("\n")))
        else:
            lines.append(f"{name}{mark}{value}")
    return f"{title}:\t" + "\n\t".join(lines) + "\n"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _both(o: Document) -> str:
    metadata = o["metadata"]
    return _pairs("Labels", metadata.get("labels", {})) + _pairs("Annotations", metadata.get("annotations", {}))


def _time(stamp: str, pattern: str = "%a, %d %b %Y %H:%M:%S +0000") -> str:
    return dt.datetime.fromisoformat(stamp).strftime(pattern)


def _service(o: Document, live: LiveCluster) -> str:
    spec = o["spec"]
    selector = ",".join(f"{name}={value}" for name, value in sorted(spec.get("selector", {}).items()))
    text = _header(o) + _both(o) + f"Selector:\t{selector or '<none>'}\nType:\t{spec.get('type', 'ClusterIP')}\n"
    if spec.get("ipFamilyPolicy"):
        text += f"IP Family Policy:\t{spec['ipFamilyPolicy']}\n"
    text += f"IP Families:\t{','.join(spec.get('ipFamilies', [])) or '<none>'}\nIP:\t{spec.get('clusterIP', '')}\n"
    text += f"IPs:\t{','.join(spec.get('clusterIPs', [])) or '<none>'}\n"
    if spec.get("externalIPs"):
        text += f"External IPs:\t{','.join(spec['externalIPs'])}\n"
    ingress = o.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    if ingress:
        text += (
            "LoadBalancer Ingress:\t" + ", ".join(f"{one['ip']} ({one.get('ipMode', 'VIP')})" for one in ingress) + "\n"
        )
    if spec.get("externalName"):
        text += f"External Name:\t{spec['externalName']}\n"
    for port in spec.get("ports", []):
        text += _port(o, live, port)
    text += f"Session Affinity:\t{spec.get('sessionAffinity', 'None')}\n"
    for title, name in (("External Traffic Policy", "externalTrafficPolicy"), ("Internal Traffic Policy", "internalTrafficPolicy"),
                        ("Traffic Distribution", "trafficDistribution"), ("HealthCheck NodePort", "healthCheckNodePort")):  # fmt: skip
        if spec.get(name):
            text += f"{title}:\t{spec[name]}\n"
    if spec.get("loadBalancerSourceRanges"):
        text += f"LoadBalancer Source Ranges:\t{','.join(spec['loadBalancerSourceRanges'])}\n"
    return text + _NO_EVENTS


def _port(o: Document, live: LiveCluster, port: Document) -> str:
    name, protocol = port.get("name") or "<unset>", port.get("protocol", "TCP")
    text = f"Port:\t{name}\t{port['port']}/{protocol}\nTargetPort:\t{port.get('targetPort', port['port'])}/{protocol}\n"
    if port.get("nodePort"):
        text += f"NodePort:\t{name}\t{port['nodePort']}/{protocol}\n"
    return f"{text}Endpoints:\t{_ready_addresses(o, live, port.get('name', ''))}\n"


def _ready_addresses(o: Document, live: LiveCluster, name: str) -> str:
    """The endpoints of a Service's port that are ready, three at most by name (formatEndpointSlices); <none> where there is no
    slice."""
    found, sliced = [], False
    metadata = o["metadata"]
    for one in documents(live, resource_of("endpointslices")):
        owner = one["metadata"].get("labels", {}).get("kubernetes.io/service-name")
        if (one["metadata"].get("namespace", "default"), owner) != (metadata["namespace"], metadata["name"]):
            continue
        sliced = True
        ports = [port for port in one.get("ports", []) if port.get("name", "") == name]
        ready = [endpoint for endpoint in one.get("endpoints", []) if endpoint.get("conditions", {}).get("ready", True)]
        found += [join_host_port(endpoint["addresses"][0], port["port"]) for port in ports for endpoint in ready]
    if not sliced:
        return "<none>"
    return ",".join(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")


def _pod(o: Document, live: LiveCluster) -> str:
    metadata, spec, status = o["metadata"], o["spec"], o["status"]
    node = spec.get("nodeName")
    text = _header(o) + (f"Node:\t{node}/{status.get('hostIP', '')}\n" if node else "Node:\t<none>\n")
    if status.get("startTime"):
        text += f"Start Time:\t{_time(status['startTime'])}\n"
    text += _both(o)
    text += "Status:\tTerminating (lasts <invalid>)\nTermination Grace Period:\t30s\n" if "deletionTimestamp" in metadata else f"Status:\t{status['phase']}\n"  # fmt: skip
    addresses = [one["ip"] for one in status.get("podIPs", [])]
    text += f"IP:\t{status.get('podIP', '')}\n"
    text += "IPs:\n" + "".join(f"  IP:\t{one}\n" for one in addresses) if addresses else "IPs:\t<none>\n"
    owner = next((one for one in metadata.get("ownerReferences", []) if one.get("controller")), None)
    text += "" if owner is None else f"Controlled By:\t{owner['kind']}/{owner['name']}\n"
    text += containers(spec.get("containers", []))
    if status.get("conditions"):
        text += "Conditions:\n  Type\tStatus\n" + "".join(
            f"  {one['type']} \t{one['status']} \n" for one in status["conditions"]
        )
    text += "Volumes:\t<none>\nQoS Class:\tBestEffort\nNode-Selectors:\t<none>\nTolerations:\t<none>\n"
    said = failure_of(live, o)
    return text + (_NO_EVENTS if said is None else _EVENTS.format(said=said))


def _node(o: Document, live: LiveCluster) -> str:
    metadata, spec, status = o["metadata"], o["spec"], o["status"]
    roles = sorted(
        name.partition("/")[2] for name in metadata.get("labels", {}) if name.startswith("node-role.kubernetes.io/")
    )
    text = f"Name:\t{metadata['name']}\nRoles:\t{','.join(roles) or '<none>'}\n{_both(o)}"
    text += f"CreationTimestamp:\t{_time(metadata['creationTimestamp'])}\n"
    taints = [
        f"{one['key']}{'=' + one['value'] if one.get('value') else ''}:{one['effect']}"
        for one in spec.get("taints", [])
    ]
    text += (
        "Taints:\t"
        + ("\n\t".join(taints) or "<none>")
        + f"\nUnschedulable:\t{str(bool(spec.get('unschedulable'))).lower()}\n"
    )
    text += (
        f"Lease:\n  HolderIdentity:\t{metadata['name']}\n  AcquireTime:\t<unset>\n  RenewTime:\t{_time(now(live))}\n"
    )
    text += "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------\n"  # fmt: skip
    for one in status.get("conditions", []):
        text += f"  {one['type']} \t{one['status']} \t{_time(one['lastHeartbeatTime'])} \t{_time(one['lastTransitionTime'])} \t{one['reason']} \t{one['message']}\n"  # fmt: skip
    text += "Addresses:\n" + "".join(f"  {one['type']}:\t{one['address']}\n" for one in status.get("addresses", []))
    for title, name in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        text += f"{title}:\n" + "".join(f"  {key}:\t{value}\n" for key, value in sorted(status[name].items()))
    text += "System Info:\n" + "".join(f"  {title}:\t\n" for title in _INFO)
    text += f"  Kubelet Version:\t{status.get('nodeInfo', {}).get('kubeletVersion', '')}\n  Kube-Proxy Version:\t\n"
    if spec.get("podCIDR"):
        text += f"PodCIDR:\t{spec['podCIDR']}\n"
    if spec.get("podCIDRs"):
        text += f"PodCIDRs:\t{','.join(spec['podCIDRs'])}\n"
    if spec.get("providerID"):
        text += f"ProviderID:\t{spec['providerID']}\n"
    return text + _pods_of(metadata["name"], live) + _NO_EVENTS


def _pods_of(node: str, live: LiveCluster) -> str:
    pods = [pod for pod in documents(live, resource_of("pods")) if pod["spec"].get("nodeName") == node and pod["status"]["phase"] not in ("Succeeded", "Failed")]  # fmt: skip
    pods.sort(key=lambda pod: (pod["metadata"]["namespace"], pod["metadata"]["name"]))
    text = f"Non-terminated Pods:\t({len(pods)} in total)\n"
    text += "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n"  # fmt: skip
    for pod in pods:
        text += f"  {pod['metadata']['namespace']}\t{pod['metadata']['name']}\t\t0 (0%)\t0 (0%)\t0 (0%)\t0 (0%)\t12d\n"
    text += "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits\n  --------\t--------\t------\n"  # fmt: skip
    return text + "".join(f"  {name}\t0 (0%)\t0 (0%)\n" for name in ("cpu", "memory", "ephemeral-storage"))


def _endpoints(o: Document, live: LiveCluster) -> str:
    text = _header(o) + _both(o) + "Subsets:\n"
    for subset in o.get("subsets") or []:
        for title, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            text += f"  {title}:\t{','.join(one['ip'] for one in subset.get(key, [])) or '<none>'}\n"
        if subset.get("ports"):
            text += "  Ports:\n    Name\tPort\tProtocol\n    ----\t----\t--------\n"
            text += "".join(
                f"    {p.get('name') or '<unset>'}\t{p['port']}\t{p.get('protocol', 'TCP')}\n" for p in subset["ports"]
            )
        text += "\n"
    return text + _NO_EVENTS


def _slice(o: Document, live: LiveCluster) -> str:
    text = f"{_header(o)}{_both(o)}AddressType:\t{o['addressType']}\n"
    if o.get("ports"):
        text += "Ports:\n  Name\tPort\tProtocol\n  ----\t----\t--------\n"
        text += "".join(
            f"  {p.get('name') or '<unset>'}\t{p.get('port', '<unset>')}\t{p.get('protocol', 'TCP')}\n"
            for p in o["ports"]
        )
    else:
        text += "Ports: <unset>\n"
    if not o.get("endpoints"):
        return f"{text}Endpoints: <none>\n{_NO_EVENTS}"
    text += "Endpoints:\n"
    for one in o["endpoints"]:
        ready = one.get("conditions", {}).get("ready")
        text += f"  - Addresses:\t{', '.join(one['addresses'])}\n    Conditions:\n      Ready:\t{'<unset>' if ready is None else str(ready).lower()}\n"
        text += f"    Hostname:\t{one.get('hostname') or '<unset>'}\n"
        if one.get("targetRef"):
            text += f"    TargetRef:\t{one['targetRef']['kind']}/{one['targetRef']['name']}\n"
        text += f"    NodeName:\t{one.get('nodeName') or '<unset>'}\n    Zone:\t{one.get('zone') or '<unset>'}\n"
    return text + _NO_EVENTS


def _config_map(o: Document, live: LiveCluster) -> str:
    text = f"{_header(o)}{_both(o)}\nData\n====\n"
    text += "".join(f"{name}:\n----\n{value}\n\n" for name, value in sorted(o.get("data", {}).items()))
    return f"{text}\nBinaryData\n====\n\n{_NO_EVENTS}"


def _namespace(o: Document, live: LiveCluster) -> str:
    name = f"Name:\t{o['metadata']['name']}\n"
    return f"{name}{_both(o)}Status:\t{o['status']['phase']}\n\nNo resource quota.\n\nNo LimitRange resource.\n"


def _policy(o: Document, live: LiveCluster) -> str:
    metadata, spec = o["metadata"], o["spec"]
    text = f"{_header(o)}Created on:\t{_time(metadata['creationTimestamp'], '%Y-%m-%d %H:%M:%S +0000 UTC')}\n{_both(o)}"
    text += f"Spec:\n  PodSelector:     {selector_text(spec.get('podSelector', {}), '<none> (Allowing the specific traffic to all pods in this namespace)')}\n"
    for title, key, peers in (("ingress", "ingress", "from"), ("egress", "egress", "to")):
        if title.capitalize() not in spec["policyTypes"]:
            text += f"  Not affecting {title} traffic\n"
            continue
        rules = spec.get(key, [])
        text += f"  Allowing {title} traffic:\n"
        if not rules:
            text += f"{_INDENT}<none> (Selected pods are isolated for {title} connectivity)\n"
        text += f"{_INDENT}----------\n".join(_rule(rule, peers) for rule in rules)
    return text + f"  Policy Types: {', '.join(spec['policyTypes'])}\n"


def _rule(rule: Document, peers: str) -> str:
    ports = [f"{_INDENT}To Port: {_port_text(p)}/{p.get('protocol', 'TCP')}\n" for p in rule.get("ports", [])]
    text = "".join(ports) or f"{_INDENT}To Port: <any> (traffic allowed to all ports)\n"
    title = peers.capitalize()
    for peer in rule.get(peers, []):
        text += f"{_INDENT}{title}:\n"
        if "ipBlock" in peer:
            text += f"      IPBlock:\n        CIDR: {peer['ipBlock']['cidr']}\n        Except: {', '.join(peer['ipBlock'].get('except', []))}\n"
        if "namespaceSelector" in peer:
            text += f"      NamespaceSelector: {selector_text(peer['namespaceSelector'])}\n"
        if "podSelector" in peer:
            text += f"      PodSelector: {selector_text(peer['podSelector'])}\n"
    if rule.get(peers):
        return text
    return (
        text + f"{_INDENT}{title}: <any> (traffic not restricted by {'source' if peers == 'from' else 'destination'})\n"
    )


def _port_text(port: Document) -> str:
    if "port" not in port:
        return "<any>"
    return f"{port['port']}-{port['endPort']}" if port.get("endPort") else str(port["port"])


_KINDS: dict[str, Callable[[Document, LiveCluster], str]] = {
    "Service": _service,
    "Pod": _pod,
    "Node": _node,
    "NetworkPolicy": _policy,
    "Endpoints": _endpoints,
    "EndpointSlice": _slice,
    "ConfigMap": _config_map,
    "Namespace": _namespace,
    "Deployment": lambda o, live: deployment(o, _header(o), _both(o), _time(o["metadata"]["creationTimestamp"])),
    "ReplicaSet": lambda o, live: replica_set(o, _header(o), _both(o), live),
}
