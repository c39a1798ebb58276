"""The small clusters the stories are told on, as plain Kubernetes YAML.

The addresses are those of the interview question the stories grew from: client 1.2.3.4, node1 192.168.1.10,
Service 10.96.0.10:80 with NodePort 30080, pods listening on 8080.
"""

from __future__ import annotations

from engine.values import dataclass

NODES = {"node1": ("192.168.1.10", "10.244.1.0/24"), "node2": ("192.168.1.11", "10.244.2.0/24")}
PODS = {
    "pod-a": ("10.244.1.5", "node1"),
    "pod-b": ("10.244.2.8", "node2"),
    "pod-c": ("10.244.1.6", "node1"),
}
VIP = "10.96.0.10"
LB_VIP = "203.0.113.10"
PORT = 80
NODE_PORT = 30080
TARGET_PORT = 8080
HEALTH_CHECK_NODE_PORT = 32000
SERVICE_CIDR = "10.96.0.0/16"
SECOND_ADDRESS = "192.168.99.10"


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between the stories' clusters."""

    endpoints: tuple[str, ...] = ("pod-a", "pod-b", "pod-c")
    external: str = "Cluster"
    internal: str = "Cluster"
    load_balancer: bool = False
    cluster_ip_only: bool = False
    backend: str = "vxlan"
    service_cidr: bool = False
    second_address: bool = False
    node_port_addresses: str = ""


def cluster_yaml(shape: Shape) -> str:
    """The cluster of `shape` as a multi-document YAML text."""
    documents = [_node(name, ip, cidr, shape) for name, (ip, cidr) in NODES.items()]
    documents += [_pod(name, ip, node) for name, (ip, node) in PODS.items()]
    documents += [_service(shape), _slice(shape), _proxy(shape)]
    documents += [_SERVICE_CIDR] if shape.service_cidr else []
    return "---\n".join(documents)


def _proxy(shape: Shape) -> str:
    text = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
"""
    return text + (f"nodePortAddresses: [{shape.node_port_addresses}]\n" if shape.node_port_addresses else "")


_SERVICE_CIDR = f"""\
apiVersion: networking.k8s.io/v1
kind: ServiceCIDR
metadata:
  name: kubernetes
spec:
  cidrs: [{SERVICE_CIDR}]
"""


def _node(name: str, ip: str, cidr: str, shape: Shape) -> str:
    further = (
        f'    k8squiz.dev/addresses: "{ip},{SECOND_ADDRESS}"\n' if shape.second_address and name == "node1" else ""
    )
    return f"""\
apiVersion: v1
kind: Node
metadata:
  name: {name}
  annotations:
    flannel.alpha.coreos.com/backend-type: {shape.backend}
{further}spec:
  podCIDR: {cidr}
status:
  addresses:
  - {{type: InternalIP, address: {ip}}}
"""


def _pod(name: str, ip: str, node: str) -> str:
    return f"""\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {{app: {"web" if name != "client" else "client"}}}
spec:
  nodeName: {node}
  containers:
  - name: web
    ports:
    - containerPort: {TARGET_PORT}
status:
  podIP: {ip}
"""


def _service(shape: Shape) -> str:
    if shape.cluster_ip_only:
        return f"""\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: {VIP}
  selector: {{app: web}}
  internalTrafficPolicy: {shape.internal}
  ports:
  - port: {PORT}
    targetPort: {TARGET_PORT}
"""
    kind = "LoadBalancer" if shape.load_balancer else "NodePort"
    text = f"""\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: {kind}
  clusterIP: {VIP}
  selector: {{app: web}}
  externalTrafficPolicy: {shape.external}
  internalTrafficPolicy: {shape.internal}
  ports:
  - port: {PORT}
    targetPort: {TARGET_PORT}
    nodePort: {NODE_PORT}
"""
    if shape.load_balancer:
        if shape.external == "Local":
            text += f"  healthCheckNodePort: {HEALTH_CHECK_NODE_PORT}\n"
        text += f"status:\n  loadBalancer:\n    ingress:\n    - ip: {LB_VIP}\n"
    return text


def _slice(shape: Shape) -> str:
    entries = "".join(
        f"- addresses: [{PODS[name][0]}]\n"
        f"  nodeName: {PODS[name][1]}\n"
        f"  targetRef: {{kind: Pod, name: {name}, namespace: default}}\n"
        for name in shape.endpoints
    )
    return f"""\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels:
    kubernetes.io/service-name: web
addressType: IPv4
ports:
- port: {TARGET_PORT}
endpoints:{" []" if not entries else ""}
{entries}"""
