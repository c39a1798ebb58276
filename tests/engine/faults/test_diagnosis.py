"""How people say what is wrong: each of these names its fault, in either language; what is vague names none."""

from __future__ import annotations

import pytest

from engine.faults.diagnosis import names_cause
from engine.faults.registry import find_fault, names

# A fault, and how somebody on call would name it.
SAID = {
    "endpoints-empty": ("Service selector doesn't match any pods, endpoints are empty", "svc has no endpoints because the labels were changed", "selector 写错了，没有匹配到任何 Pod", "endpoints 为空，标签不匹配", "the service selector label is wrong", "no endpoints: selector mismatch"),
    "target-port-wrong": ("targetPort wrong", "the service points to the wrong container port", "targetPort 与容器端口不一致", "Service 端口映射错误，容器没有监听这个端口", "target port mismatch, nothing listens on it"),
    "etp-local-no-endpoint": ("externalTrafficPolicy Local and no local pod", "ETP=Local, no endpoint on that node", "externalTrafficPolicy 设成了 Local，该节点没有本地端点"),
    "itp-local": ("internalTrafficPolicy is Local", "ITP local with no local endpoints", "internalTrafficPolicy 是 Local，本节点没有 Pod"),
    "forward-drop": ("FORWARD policy is DROP", "iptables FORWARD chain default policy DROP (docker?)", "FORWARD 链默认策略是 DROP", "docker set FORWARD policy to drop"),
    "ip-forward-off": ("ip_forward=0", "IP forwarding is disabled on node", "ip_forward 被关闭了", "net.ipv4.ip_forward is off", "内核转发没有打开"),
    "missing-pod-route": ("route to pod cidr of node2 missing", "missing route", "缺少到其他节点 Pod 网段的路由", "no route to 10.244.2.0/24", "路由表里少了一条路由"),
    "blackhole-route": ("blackhole route", "there is a blackhole route for the other pod CIDR", "路由被设成 blackhole", "黑洞路由"),
    "hairpin-off": ("hairpin mode is off", "hairpin disabled on veth", "pod can't reach itself through its service: hairpin", "hairpin 没有打开", "发夹模式关闭"),
    "br-netfilter-off": ("bridge-nf-call-iptables=0", "br_netfilter not loaded / disabled", "bridge-nf-call-iptables 是 0", "br_netfilter 没有生效"),
    "vxlan-fdb-missing": ("missing fdb entry for flannel.1", "FDB entry of vxlan missing", "VXLAN 缺少 FDB 表项", "bridge fdb has no entry for node2's VTEP"),
    "vxlan-fdb-wrong": ("wrong fdb dst on flannel.1", "FDB 表项指向错误的地址", "vxlan forwarding entry points at the wrong IP"),
    "vxlan-neigh-missing": ("arp entry missing on flannel.1", "missing neighbor entry for VTEP", "flannel.1 缺少邻居表项", "ARP 表项没了"),
    "tunnel-down": ("flannel.1 is down", "vxlan interface down", "flannel.1 接口 down 了", "隧道设备没有启动"),
    "bridge-down": ("cni0 is down", "bridge cni0 down", "cni0 网桥 down", "网桥被关闭"),
    "bridge-address-gone": ("cni0 lost its IP address", "gateway address missing on cni0", "cni0 没有 IP 地址了", "网桥的 IP 丢失"),
    "pod-link-down": ("veth of the pod is down", "pod's interface is down", "Pod 的 veth 接口 down 了", "veth down"),
    "egress-deny-no-dns": ("NetworkPolicy egress does not allow DNS", "egress policy blocks port 53", "NetworkPolicy 没有放行 53 端口", "网络策略的 egress 忘了放行 DNS"),
    "policy-default-deny": ("default deny NetworkPolicy", "network policy blocks all ingress", "默认拒绝的 NetworkPolicy", "NetworkPolicy 拒绝了所有入站流量"),
    "policy-wrong-selector": ("NetworkPolicy podSelector label is wrong", "network policy from selector matches no pods", "NetworkPolicy 的标签选择器写错了"),
    "policy-service-port": ("NetworkPolicy uses service port instead of pod port", "policy allows port 80 but pods listen on 8080", "NetworkPolicy 写的是 Service 端口而不是 Pod 端口"),
    "policy-ipblock-masqueraded": ("ipBlock does not match because traffic is SNATed", "NetworkPolicy ipBlock vs masquerade", "ipBlock 不匹配，因为源地址被 SNAT 了"),
    "leftover-reject": ("a REJECT rule in FORWARD", "iptables reject rule left by firewall", "防火墙残留的 REJECT 规则", "firewalld reject rule on the node"),
    "app-port-dropped": ("iptables DROP rule on port 8080 in FORWARD", "a rule drops the app port", "FORWARD 里有一条丢弃应用端口的规则"),
    "dns-blocked-on-node": ("iptables drops udp 53 on the node", "udp/53 blocked by iptables", "节点上有规则丢弃 UDP 53", "DNS 端口被防火墙拦截"),
    "nodeport-blocked": ("raw table rule drops the nodeport", "PREROUTING raw drop nodeport", "raw 表丢弃了 NodePort", "NodePort 被防火墙挡住"),
    "underlay-blocks-vxlan": ("UDP 8472 blocked", "firewall drops vxlan port 8472", "VXLAN 的 8472 端口被丢弃", "iptables INPUT drops 8472"),
    "nat-accepted-early": ("an ACCEPT rule in nat PREROUTING before KUBE-SERVICES", "nat PREROUTING accept bypasses kube-proxy", "nat PREROUTING 里有 ACCEPT 规则，跳过了 KUBE-SERVICES"),
    "masquerade-bypassed": ("ACCEPT in nat POSTROUTING skips masquerade", "no SNAT because of a rule in POSTROUTING", "POSTROUTING 里的 ACCEPT 跳过了 MASQUERADE"),
    "kube-proxy-stale": ("kube-proxy is not running on node1", "kube-proxy stopped", "kube-proxy 没有运行", "kube-proxy is down, stale rules", "kube-proxy 挂了，规则过期"),
    "nat-flushed": ("nat table was flushed", "KUBE-SERVICES jump missing in nat PREROUTING and kube-proxy stopped", "nat 表被清空了", "iptables nat rules are gone, kube-proxy is down"),
    "udp-stale-conntrack": ("stale conntrack entry for UDP DNS", "conntrack points to a dead coredns pod", "UDP conntrack 表项过期，指向已删除的 CoreDNS", "残留的 conntrack 条目"),
    "default-route-gone": ("default route missing", "no default gateway", "默认路由丢失", "没有默认网关"),
    "overlapping-network": ("docker bridge overlaps pod CIDR", "overlapping CIDR", "网段冲突，Docker 网桥与 Pod 网段重叠", "br- network overlaps with podCIDR"),
    "pod-route-gone": ("route to the pod is missing on its node", "no host route for the pod's veth", "节点上没有到该 Pod 的路由", "Pod 的路由丢了"),
    "dns-scaled-down": ("coredns scaled to 0", "no coredns pods running", "CoreDNS 副本数为 0", "coredns 被缩容到 0"),
    "dns-endpoints-empty": ("kube-dns service has no endpoints", "kube-dns selector wrong", "kube-dns 没有端点", "kube-dns 的 selector 不匹配"),
    "nodeport-changed": ("nodePort was changed", "clients use the old nodeport", "NodePort 变了", "nodePort 改成了另一个端口"),
    "stale-static-route": ("a static route for half the pod CIDR goes to the gateway", "stale static route", "残留的静态路由", "更长前缀的静态路由把流量引到网关"),
    "externalip-node-address": ("externalIPs contains a node IP", "externalIPs is a node address, bound to kube-ipvs0", "externalIPs 用了节点的地址"),
    "mtu-too-large": ("MTU too big on the vxlan", "jumbo frames on one node", "MTU 不一致"),
    "conntrack-full": ("conntrack table full", "nf_conntrack: table full, dropping packet", "conntrack 表满了"),
    "rp-filter-strict": ("rp_filter is strict", "reverse path filtering drops it", "反向路径过滤"),
    "readiness-cascade": ("readiness probe depends on another service", "all pods are not ready", "就绪探针失败"),
}  # fmt: skip
VAGUE = (
    "the network is broken",
    "dns",
    "it's the firewall",
    "something with iptables",
    "kubernetes bug",
    "routing",
    "重启一下就好了",
    "网络有问题",
    "防火墙",
)


@pytest.mark.parametrize("name", SAID)
def test_what_people_say(name: str) -> None:
    assert [text for text in SAID[name] if not names_cause(find_fault(name), text)] == []


@pytest.mark.parametrize("text", VAGUE)
def test_what_is_vague(text: str) -> None:
    assert [name for name in names() if names_cause(find_fault(name), text)] == []
