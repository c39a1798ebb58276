"""Faults that live in a Service: the API server holds them, every node's kube-proxy does what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cluster import Mode
from engine.faults.interface import Case, KnownFault, Lines, ToolEvidence
from engine.faults.restarts import all_proxies, pods_of
from engine.faults.scene import DNS, IncidentScene
from engine.shell.live import LiveCluster
from engine.trace import Text


def patched(service: str, spec: Mapping[str, Any], namespace: str = "default") -> Lines:
    """`kubectl patch` of a Service's spec."""
    where = "" if namespace == "default" else f" -n {namespace}"
    return (("", f"kubectl patch svc {service}{where} -p '{json.dumps({'spec': spec})}'"),)


def json_patch(service: str, path: str, value: object, namespace: str = "default", *, verb: str = "replace") -> Lines:
    """`kubectl patch` of one field of a Service, by RFC 6902."""
    where = "" if namespace == "default" else f" -n {namespace}"
    patch = [{"op": verb, "path": path, "value": value}]
    return (("", f"kubectl patch svc {service}{where} --type=json -p '{json.dumps(patch)}'"),)


def _selector(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    name, typo = scene.front, f"{scene.front}-v2"
    labels = tuple(("", f"kubectl label pod {pod} app={typo} --overwrite") for pod in pods_of(scene, live, name))
    evidence = [
        ToolEvidence("", f"kubectl get endpoints {name} --no-headers", r"<none>"),
        ToolEvidence("", f"kubectl get svc {name} -o jsonpath='{{.spec.selector.app}}'", rf"{typo}"),
        ToolEvidence("", f"kubectl get pods -l app={name} --no-headers", rf"{name}-\w+ +1/1"),
    ]
    if scene.mode is Mode.IPTABLES:
        evidence.append(ToolEvidence(scene.nodes[0], f"iptables-save | grep {name}", r"has no endpoints.*REJECT"))
    yield Case(
        (name,),
        patched(name, {"selector": {"app": typo}}),
        tuple(evidence),
        (patched(name, {"selector": {"app": name}}), json_patch(name, "/spec/selector/app", name)),
        (labels, *all_proxies(), restart(scene, live, name)),
    )


def restart(scene: IncidentScene, live: LiveCluster, workload: str, namespace: str = "default") -> Lines:
    """Every pod of a workload deleted, one after the other."""
    where = "" if namespace == "default" else f" -n {namespace}"
    return tuple(("", f"kubectl delete pod {pod}{where}") for pod in pods_of(scene, live, workload))


def _target_port(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    name, port = scene.front, scene.port
    wrong = port + 1
    yield Case(
        (name,),
        patched(name, {"ports": [{"port": 80, "targetPort": wrong}]}),
        (
            ToolEvidence("", f"kubectl get endpoints {name} --no-headers", rf":{wrong}\b"),
            ToolEvidence("", f"kubectl get pods -l app={name} -o jsonpath='{{.items[0].spec.containers[0].ports[0].containerPort}}'", rf"^{port}$"),
            ToolEvidence("", f"kubectl exec {pods_of(scene, live, scene.caller)[0]} -- curl -m 3 {name}", r"Couldn't connect|Connection refused|Failed to connect"),
        ),
        (patched(name, {"ports": [{"port": 80, "targetPort": port}]}), json_patch(name, "/spec/ports/0/targetPort", port)),
        (*all_proxies(), restart(scene, live, name)),
    )  # fmt: skip


def _local(scene: IncidentScene, live: LiveCluster, field: str, words: str) -> Iterator[Case]:
    name = scene.front
    evidence = [ToolEvidence("", f"kubectl get svc {name} -o yaml", rf"{field}: Local")]
    if scene.mode is Mode.IPTABLES:
        evidence.append(ToolEvidence(scene.nodes[2], f"iptables-save | grep {name}", words))
    yield Case(
        (name,),
        patched(name, {field: "Local"}),
        tuple(evidence),
        (patched(name, {field: "Cluster"}),),
        (*all_proxies(), restart(scene, live, name)),
    )


def _external(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    return _local(scene, live, "externalTrafficPolicy", r"has no local endpoints.*DROP")


def _internal(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    return _local(scene, live, "internalTrafficPolicy", r"has no local endpoints.*DROP")


def _external_ip(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    name = scene.front
    for node in scene.nodes[:2]:
        address = scene.addresses[node]
        other = next(one for one in scene.nodes if one != node)
        yield Case(
            (name,),
            patched(name, {"externalIPs": [address]}),
            (
                ToolEvidence("", f"kubectl get svc {name} --no-headers", rf"\b{address}\b"),
                ToolEvidence(other, "ip addr show dev kube-ipvs0", rf"\b{address}/32"),
            ),
            (patched(name, {"externalIPs": None}), (("", f"kubectl patch svc {name} --type=json -p '{json.dumps([{'op': 'remove', 'path': '/spec/externalIPs'}])}'"),)),
            (*all_proxies(), restart(scene, live, name)),
        )  # fmt: skip


def _dns_selector(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    yield Case(
        ("kube-dns", "coredns"),
        patched("kube-dns", {"selector": {"k8s-app": "coredns"}}, "kube-system"),
        (
            ToolEvidence("", "kubectl get endpoints kube-dns -n kube-system --no-headers", "<none>"),
            ToolEvidence(
                "", "kubectl get pods -n kube-system --show-labels --no-headers", r"coredns-.*k8s-app=kube-dns"
            ),
        ),
        (patched("kube-dns", {"selector": {"k8s-app": "kube-dns"}}, "kube-system"),),
        (*all_proxies(), restart(scene, live, DNS, "kube-system")),
    )


FAULTS = (
    KnownFault(
        "endpoints-empty", 1,
        Text("the Service's selector matches no pod", "Service 的 selector 没有匹配到任何 Pod"),
        Text("in the Service, on the API server", "在 API server 上的 Service 对象里"),
        Text("the labels of {front} were tidied up", "整理过 {front} 的标签"),
        (r"selector|label|endpoint|选择器|标签|端点",), _selector,
    ),
    KnownFault(
        "target-port-wrong", 1,
        Text("the Service's targetPort is one that no container listens on", "Service 的 targetPort 指向没有容器监听的端口"),
        Text("in the Service, on the API server", "在 API server 上的 Service 对象里"),
        Text("a new chart of {front} was released", "发布了 {front} 的新 chart"),
        (r"(target|container)\W?port|port.{0,30}(wrong|mismatch|differ|not match)|(wrong|different).{0,20}port|目标端口|容器端口|端口.{0,10}(错|不对|不一致|不匹配)|没有.{0,8}监听",), _target_port,
    ),
    KnownFault(
        "etp-local-no-endpoint", 2,
        Text("externalTrafficPolicy is Local, and the node that gets the traffic has no endpoint", "externalTrafficPolicy 为 Local，而收到流量的节点上没有端点"),
        Text("in the Service, on the API server", "在 API server 上的 Service 对象里"),
        Text("{front} was to see the clients' addresses", "希望 {front} 能看到客户端地址"),
        (r"external\W?traffic\W?policy|\betp\b|外部流量策略", r"local|本地"), _external,
        # In ipvs mode all endpoints stand in where none is local, and flannel's masquerade brings the answer back.
        modes=(Mode.IPTABLES, Mode.NFTABLES), nodes=3,
    ),
    KnownFault(
        "itp-local", 2,
        Text("internalTrafficPolicy is Local, and the callers' node has no endpoint", "internalTrafficPolicy 为 Local，而访问方所在节点上没有端点"),
        Text("in the Service, on the API server", "在 API server 上的 Service 对象里"),
        Text("calls of {front} across nodes were to be avoided", "想避免跨节点访问 {front}"),
        (r"internal\W?traffic\W?policy|\bitp\b|内部流量策略", r"local|本地"), _internal,
        modes=(Mode.IPTABLES, Mode.NFTABLES), nodes=3,
    ),
    KnownFault(
        "externalip-node-address", 4,
        Text("externalIPs holds a node's own address: every node binds it to kube-ipvs0", "externalIPs 里写了某个节点自己的地址：每个节点都把它绑到 kube-ipvs0 上"),
        Text("in the Service; each node's kube-ipvs0 shows it", "在 Service 对象里；每个节点的 kube-ipvs0 上可以看到"),
        Text("{front} was to be reachable by a fixed address", "想让 {front} 通过固定地址访问"),
        (r"external\W?ip|kube-ipvs0|外部\s?IP",), _external_ip, modes=(Mode.IPVS,), nodes=3,
    ),
    KnownFault(
        "dns-endpoints-empty", 2,
        Text("the selector of the Service kube-dns matches no pod of CoreDNS", "Service kube-dns 的 selector 没有匹配到 CoreDNS 的 Pod"),
        Text("in the Service kube-dns of kube-system", "在 kube-system 的 Service kube-dns 里"),
        Text("CoreDNS was installed by another chart", "换了 chart 重新安装 CoreDNS"),
        (r"selector|label|endpoint|选择器|标签|端点",), _dns_selector,
    ),
)  # fmt: skip
