"""The cluster of the story `dns`: a pod that looks names up, Services of each kind, two CoreDNS pods."""

from __future__ import annotations

from k8squiz.explain.clusters import DNS_VIP, KUBE_DNS, NODES, PROXY_CONFIG

SERVER = DNS_VIP
API, OUTSIDE = "10.96.0.20", "203.0.113.9"
DOMAIN, FOREIGN = "cluster.local", "example.org"
# namespace/name: address, node, what stands in its spec beside, the port it listens on.
PODS = {
    "shop/front": ("10.244.1.5", "node1", "", 8080),
    "shop/api": ("10.244.2.8", "node2", "", 8080),
    "shop/db-0": ("10.244.2.9", "node2", "hostname: db-0, subdomain: db, ", 5432),
    "shop/db-1": ("10.244.1.9", "node1", "hostname: db-1, subdomain: db, ", 5432),
    "kube-system/coredns-1": ("10.244.1.3", "node1", "", 53),
    "kube-system/coredns-2": ("10.244.2.3", "node2", "", 53),
}

_SERVICES = f"""\
apiVersion: v1
kind: Service
metadata: {{name: api, namespace: shop}}
spec:
  clusterIP: {API}
  selector: {{app: api}}
  ports:
  - {{name: http, port: 80, targetPort: 8080}}
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: shop}}
spec:
  clusterIP: None
  selector: {{app: db}}
  ports:
  - {{name: sql, port: 5432}}
---
apiVersion: v1
kind: Service
metadata: {{name: pay, namespace: shop}}
spec: {{type: ExternalName, externalName: {FOREIGN}}}
---
{KUBE_DNS}---
{PROXY_CONFIG}"""
NODE_CACHE = f"""\
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: node-local-dns, namespace: kube-system, labels: {{k8s-app: node-local-dns}}}}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
      - name: node-cache
        args: ["-localip", "169.254.20.10,{SERVER}", "-conf", "/etc/Corefile"]
"""


def manifests(pod_dns: str = "", *, ready: bool = True, node_cache: bool = False) -> str:
    """The cluster; `pod_dns` are front's dnsPolicy and dnsConfig as YAML, `ready`: whether CoreDNS' pods are."""
    documents = [*(_node(name) for name in NODES), *(_pod(key, pod_dns, ready) for key in PODS), _SERVICES]
    return "---\n".join(documents) + (NODE_CACHE if node_cache else "")


def _node(name: str) -> str:
    own, pods = NODES[name]
    return f"""\
apiVersion: v1
kind: Node
metadata:
  name: {name}
  annotations: {{flannel.alpha.coreos.com/backend-type: vxlan}}
spec: {{podCIDR: {pods}}}
status:
  addresses:
  - {{type: InternalIP, address: {own}}}
"""


def _pod(key: str, pod_dns: str, ready: bool) -> str:
    namespace, _, name = key.partition("/")
    own, node, more, port = PODS[key]
    server = port == 53
    label = "k8s-app: kube-dns" if server else f"app: {name.partition('-')[0]}"
    protocols = ("UDP", "TCP") if server else ("TCP",)
    ports = ", ".join(f"{{containerPort: {port}, protocol: {protocol}}}" for protocol in protocols)
    more += pod_dns if name == "front" else ""
    condition = "True" if ready or not server else "False"
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{label}}}}}
spec: {{nodeName: {node}, {more}containers: [{{name: main, ports: [{ports}]}}]}}
status: {{podIP: {own}, conditions: [{{type: Ready, status: "{condition}"}}]}}
"""
