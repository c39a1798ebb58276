"""Faults that live in a NetworkPolicy; on networks that enforce them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.faults.interface import Case, KnownFault, Lines, ToolEvidence
from engine.faults.networks import ENFORCING
from engine.faults.restarts import all_proxies
from engine.faults.scene import DNS, IncidentScene, egress_policy
from engine.faults.services import restart
from engine.shell.live import LiveCluster
from engine.trace import Text

_DELETED: Lines = (("", "kubectl delete netpol egress"),)


def _applied(policy: dict[str, Any]) -> Lines:
    return (("", f"echo '{json.dumps(policy)}' | kubectl apply -f -"),)


def _replaced(path: str, value: object) -> Lines:
    patch = [{"op": "replace", "path": path, "value": value}]
    return (("", f"kubectl patch netpol egress --type=json -p '{json.dumps(patch)}'"),)


def _opened(scene: IncidentScene) -> Lines:
    """All that the callers send allowed: more than before."""
    policy = egress_policy(scene.caller, scene.front, scene.port, name="allow-all")
    policy["spec"]["egress"] = [{}]
    return _applied(policy)


def _no_dns(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    whole = egress_policy(scene.caller, scene.front, scene.port)
    beside = {**egress_policy(scene.caller, scene.front, scene.port, name="allow-dns")}
    beside["spec"] = {**beside["spec"], "egress": beside["spec"]["egress"][1:]}
    rule = [{"op": "add", "path": "/spec/egress/-", "value": whole["spec"]["egress"][1]}]
    yield Case(
        ("egress", scene.caller),
        _applied(egress_policy(scene.caller, scene.front, scene.port, dns=False)),
        (
            ToolEvidence("", "kubectl get netpol", r"egress +app="),
            ToolEvidence("", "kubectl describe netpol egress", rf"Allowing egress traffic:\n +To Port: {scene.port}/TCP\n(?!.*53)"),
        ),
        (_applied(whole), _applied(beside), (("", f"kubectl patch netpol egress --type=json -p '{json.dumps(rule)}'"),)),
        (_DELETED, _opened(scene), *all_proxies(), restart(scene, live, DNS, "kube-system")),
    )  # fmt: skip


def _service_port(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    yield Case(
        ("egress", scene.caller),
        _applied(egress_policy(scene.caller, scene.front, 80)),
        (
            ToolEvidence("", "kubectl describe netpol egress", r"To Port: 80/TCP"),
            ToolEvidence("", f"kubectl get endpoints {scene.front} --no-headers", rf":{scene.port}\b"),
        ),
        (_applied(egress_policy(scene.caller, scene.front, scene.port)), _replaced("/spec/egress/0/ports/0/port", scene.port)),
        (_DELETED, _opened(scene), *all_proxies(), restart(scene, live, scene.front)),
    )  # fmt: skip


def _wrong_label(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    path = "/spec/egress/0/to/0/podSelector/matchLabels/app"
    yield Case(
        ("egress", scene.caller),
        _applied(egress_policy(scene.caller, f"{scene.front}-api", scene.port)),
        (
            ToolEvidence("", "kubectl describe netpol egress", rf"app={scene.front}-api"),
            ToolEvidence("", "kubectl get pods --show-labels --no-headers", rf"app={scene.front}(?!-)"),
        ),
        (_applied(egress_policy(scene.caller, scene.front, scene.port)), _replaced(path, scene.front)),
        (_DELETED, _opened(scene), *all_proxies(), restart(scene, live, scene.front)),
    )


def _deny(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "namespace": "default"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    yield Case(
        ("default-deny", "default"),
        _applied(policy),
        (
            ToolEvidence("", "kubectl get netpol", r"default-deny +<none>"),
            ToolEvidence("", "kubectl describe netpol default-deny", r"Selected pods are isolated for ingress|Allowing ingress traffic:\n +<none>"),
        ),
        ((("", "kubectl delete netpol default-deny"),), (("", "kubectl patch netpol default-deny --type=json -p '[{\"op\":\"add\",\"path\":\"/spec/ingress\",\"value\":[{}]}]'"),)),
        (*all_proxies(), restart(scene, live, scene.front)),
    )  # fmt: skip


def _behind_nodes(scene: IncidentScene, live: LiveCluster) -> Iterator[Case]:
    """What comes by a NodePort comes under a node's address, which no rule names."""
    name = f"{scene.front}-clients"
    allowed: list[dict[str, Any]] = [{"podSelector": {}}, {"ipBlock": {"cidr": "1.2.3.0/24"}}]
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "podSelector": {"matchLabels": {"app": scene.front}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": allowed}],
        },
    }
    # A node sends under the address of the device that the pod is behind: its network card's, or its tunnel's.
    nodes = sorted({one.rpartition(".")[0] + ".0/24" for one in scene.addresses.values()})
    networks = [*nodes, *(scene.pods_network(one) for one in scene.nodes)]
    more = [{"op": "add", "path": "/spec/ingress/0/from/-", "value": {"ipBlock": {"cidr": one}}} for one in networks]
    yield Case(
        (name, scene.front),
        _applied(policy),
        (
            ToolEvidence("", f"kubectl describe netpol {name}", r"CIDR: 1\.2\.3\.0/24"),
            ToolEvidence("", f"kubectl get svc {scene.front} --no-headers", r"NodePort"),
        ),
        (
            (("", f"kubectl patch netpol {name} --type=json -p '{json.dumps(more)}'"),),
            (("", f"kubectl delete netpol {name}"),),
        ),
        (*all_proxies(), restart(scene, live, scene.front)),
    )


FAULTS = (
    KnownFault(
        "egress-deny-no-dns", 2,
        Text("a NetworkPolicy denies what the callers send, and forgot port 53: no name resolves", "NetworkPolicy 限制了访问方的出站流量，却忘了放行 53 端口：域名无法解析"),
        Text("in the NetworkPolicy egress of namespace default", "在 default 命名空间的 NetworkPolicy egress 里"),
        Text("egress policies were rolled out", "上线了出站策略"),
        (r"polic|策略", r"dns|53|域名|解析"), _no_dns, plugins=ENFORCING, strict=True,
    ),
    KnownFault(
        "policy-service-port", 3,
        Text("the NetworkPolicy allows the Service's port; policies see the pod's, after DNAT", "NetworkPolicy 放行的是 Service 的端口；而策略看到的是 DNAT 之后的 Pod 端口"),
        Text("in the NetworkPolicy egress of namespace default", "在 default 命名空间的 NetworkPolicy egress 里"),
        Text("the policies were reviewed and tidied up", "评审并整理过网络策略"),
        (r"polic|策略", r"port|端口|80\b"), _service_port, plugins=ENFORCING, strict=True,
    ),
    KnownFault(
        "policy-wrong-selector", 3,
        Text("the NetworkPolicy names a label that no pod has", "NetworkPolicy 里写的标签没有任何 Pod 拥有"),
        Text("in the NetworkPolicy egress of namespace default", "在 default 命名空间的 NetworkPolicy egress 里"),
        Text("labels were renamed in the charts", "chart 里改过标签名"),
        (r"polic|策略", r"label|selector|标签|选择器"), _wrong_label, plugins=ENFORCING, strict=True,
    ),
    KnownFault(
        "policy-default-deny", 2,
        Text("a NetworkPolicy denies all that comes in to the pods of the namespace", "有 NetworkPolicy 拒绝了该命名空间所有 Pod 的入站流量"),
        Text("in the NetworkPolicy default-deny of namespace default", "在 default 命名空间的 NetworkPolicy default-deny 里"),
        Text("a security baseline was applied to one namespace more", "安全基线又应用到了一个命名空间"),
        (r"polic|策略", r"deny|denies|ingress|拒绝|入站"), _deny, plugins=ENFORCING,
    ),
    KnownFault(
        "policy-ipblock-masqueraded", 4,
        Text("a NetworkPolicy allows the clients' addresses, but what comes by a NodePort comes under a node's: it is masqueraded", "NetworkPolicy 放行的是客户端地址，而经 NodePort 进来的流量源地址是节点的：已被 MASQUERADE"),
        Text("in a NetworkPolicy of namespace default", "在 default 命名空间的一条 NetworkPolicy 里"),
        Text("{front} was opened to one partner's network alone", "{front} 改为只对一个合作方网段开放"),
        (r"polic|策略|ip\W?block", r"masquerad|snat|node.?s? address|ipblock|cidr|源地址|节点地址|网段"), _behind_nodes, plugins=ENFORCING,
    ),
)  # fmt: skip
