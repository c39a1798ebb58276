"""The cluster of the story `network-policy`: a shop of three pods, somebody else's pod, CoreDNS, and the shop's policies."""

from __future__ import annotations

from k8squiz.explain.clusters import DNS_VIP, KUBE_DNS, PROXY_CONFIG

NODES = {"node1": ("192.168.1.10", "10.244.1.0/24"), "node2": ("192.168.1.11", "10.244.2.0/24")}
# namespace/name: address, node, label, the port it listens on.
PODS = {
    "shop/front": ("10.244.1.5", "node1", "role: front", 8080),
    "shop/api": ("10.244.2.8", "node2", "role: api", 8080),
    "shop/db": ("10.244.1.7", "node1", "role: db", 5432),
    "batch/job": ("10.244.1.9", "node1", "role: front", 8080),
    "kube-system/coredns": ("10.244.2.3", "node2", "k8s-app: kube-dns", 53),
}
API, API_PORT, NODE_PORT = "10.96.0.20", 80, 30080
DNS = DNS_VIP
TARGET_PORT = 8080

DENY = """\
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
"""
DNS_OUT = """\
kind: NetworkPolicy
metadata: {name: dns-out, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
"""


def front_out(port: int) -> str:
    """front may send to api, to that port."""
    return f"""\
kind: NetworkPolicy
metadata: {{name: front-out, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{role: front}}}}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {{matchLabels: {{role: api}}}}
    ports:
    - {{protocol: TCP, port: {port}}}
"""


FROM_FRONT = "    - podSelector: {matchLabels: {role: front}}\n"
# One peer of two selectors, and two peers of one each: a dash apart.
BOTH = """\
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: batch}}
      podSelector: {matchLabels: {role: db}}
"""
EITHER = """\
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: batch}}
    - podSelector: {matchLabels: {role: db}}
"""


def api_in(port: int, peers: str = FROM_FRONT) -> str:
    """api takes from those peers, by that port."""
    return f"""\
kind: NetworkPolicy
metadata: {{name: api-in, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{role: api}}}}
  policyTypes: [Ingress]
  ingress:
  - from:
{peers}    ports:
    - {{protocol: TCP, port: {port}}}
"""


def ip_block(address: str) -> str:
    """A peer by address."""
    return f"    - ipBlock: {{cidr: {address}/32}}\n"


def manifests(*policies: str) -> str:
    """The cluster with those policies, as a multi-document YAML text."""
    documents = [_NAMESPACES, *(_node(name) for name in NODES), *(_pod(name) for name in PODS), _SERVICES, PROXY_CONFIG]
    return "---\n".join((*documents, *(f"apiVersion: networking.k8s.io/v1\n{policy}" for policy in policies)))


_NAMESPACES = "---\n".join(
    f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{kubernetes.io/metadata.name: {name}}}}}\n"
    for name in ("shop", "batch", "kube-system")
)
_SERVICES = f"""\
apiVersion: v1
kind: Service
metadata: {{name: api, namespace: shop}}
spec:
  type: NodePort
  clusterIP: {API}
  selector: {{role: api}}
  ports:
  - {{port: {API_PORT}, targetPort: {TARGET_PORT}, nodePort: {NODE_PORT}}}
---
{KUBE_DNS}"""


def _node(name: str) -> str:
    own, pods = NODES[name]
    return f"""\
apiVersion: v1
kind: Node
metadata: {{name: {name}}}
spec: {{podCIDR: {pods}}}
status:
  addresses:
  - {{type: InternalIP, address: {own}}}
"""


def _pod(key: str) -> str:
    namespace, _, name = key.partition("/")
    own, node, label, port = PODS[key]
    protocols = ("UDP", "TCP") if port == 53 else ("TCP",)
    ports = "".join(f"    - {{containerPort: {port}, protocol: {protocol}}}\n" for protocol in protocols)
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{label}}}}}
spec:
  nodeName: {node}
  containers:
  - name: main
    ports:
{ports}status: {{podIP: {own}}}
"""
