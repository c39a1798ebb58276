"""Manifests that cannot be: each refused with one message that says where and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ManifestError, check_cluster, load_cluster

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: node1}\n"
WEB = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
SLICE = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1}\naddressType: IPv4\n"
PROXY = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
FACTS = "apiVersion: k8squiz.dev/v1\nkind: Network\n"
MAP = "apiVersion: v1\nkind: ConfigMap\n"
ANNOTATED = "apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n  annotations:\n    "


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        # not an object
        ("- a\n- b", 1, "a Kubernetes object is a mapping, not a list"),
        ("just words", 1, "a Kubernetes object is a mapping, not 'just words'"),
        ("# nothing\n---\n12:30", 3, "a Kubernetes object is a mapping, not 12:30"),
        ("metadata: {name: x}", 1, "an object without kind"),
        ("kind: Service", 1, "an object without apiVersion"),
        ("apiVersion: v1\nkind: 5", 2, "kind must be a string, not 5: YAML reads it as a number; write it in quotes"),
        ("apiVersion: v1\nkind: List\nitems: {}", 3, "items must be a list, not a mapping"),
        ("apiVersion: v1\nkind: List\nitems:\n- 5", 4, "items[0] must be a mapping, not 5"),
        ("apiVersion: v1\nkind: List\nitems:\n- " + "{apiVersion: v1, kind: List, items: [" * 20 + "]}" * 20, 4, "Lists in Lists"),
        ("apiVersion: k8squiz.dev/v1\nkind: Netwrok", 2, "'Netwrok' of k8squiz.dev/v1 is not known"),
        # names
        ("apiVersion: v1\nkind: Node\nmetadata: {}", 3, "metadata.name is missing"),
        ('apiVersion: v1\nkind: Node\nmetadata:\n  name: "\\e[31mred"', 4, "metadata.name holds control characters: '\\x1b[31mred'"),
        ("apiVersion: v1\nkind: Node\nmetadata: {name: Node_1}", 3, "metadata.name must be a DNS name"),
        (f"apiVersion: v1\nkind: Node\nmetadata: {{name: {'a' * 254}}}", 3, "metadata.name must be a DNS name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a.b}", 3, "metadata.name must be a DNS label"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: no}", 3, "YAML 1.1 reads it as a boolean; write it in quotes"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: 12:30}", 3, "a number to the base of 60; write it in quotes"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: 1e3}", 3, "YAML reads it as a number; write it in quotes"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: true}", 3, "YAML reads it as a boolean; write it in quotes"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: A}", 3, "metadata.namespace must be a DNS label"),
        ("apiVersion: v1\nkind: Service\nmetadata: [web]", 3, "metadata must be a mapping, not a list"),
        ("apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels:\n    zone: no", 6, "labels.zone must be a string, not no"),
        ("apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels:\n    on: x", 6, "labels.on is read as a boolean by YAML 1.1"),
        ("apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels: {12:30: x}", 5, "labels.12:30 is read as a number by YAML 1.1"),
        ('apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels: {"\\e": x}', 5, "holds the key '\\x1b': control characters"),
        ('apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  labels: {a: "x\\e\\n"}', 5, "labels.a holds control characters"),
        # nodes and pods
        (NODE + "status: {addresses: [{type: InternalIP, address: 192.168.1.300}]}", 4, "must be an IP address, not '192.168.1.300'"),
        (NODE + "status: {addresses: [{type: InternalIP, address: fe80::1%eth0}]}", 4, "must be an IP address"),
        (NODE + "spec: {podCIDR: 10.244.1.0}", 4, "spec.podCIDR must be a network such as 10.244.0.0/16, not '10.244.1.0'"),
        (NODE + "spec: {podCIDRs: [10.244.1.0/33]}", 4, "spec.podCIDRs[0] must be a network"),
        (NODE + "spec: {podCIDRs: [10.244.1.0/255.255.255.0]}", 4, "spec.podCIDRs[0] must be a network"),
        (NODE + "spec: {podCIDRs: [5]}", 4, "spec.podCIDRs[0] must be a string, not 5"),
        (NODE + 'spec: {podCIDRs: ["\\e"]}', 4, "spec.podCIDRs[0] holds control characters"),
        (ANNOTATED + "k8squiz.dev/addresses: 1.2.3.4,x", 6, "must be IP addresses separated by commas"),
        (ANNOTATED + "flannel.alpha.coreos.com/backend-type: vxlan\n    flannel.alpha.coreos.com/backend-data: '{'", 7, "not valid YAML"),
        (NODE + "---\n" + NODE, 5, "Node node1 was already given at <text>:1; keep one of them"),
        (POD + "spec: {hostNetwork: 3}", 4, "spec.hostNetwork must be true or false, not 3"),
        (POD + "spec: {containers: [{ports: [{name: http}]}]}", 4, "spec.containers[0].ports[0].containerPort is missing"),
        (POD + "spec: {containers: [{ports: [{containerPort: 70000}]}]}", 4, "must be between 1 and 65535, not 70000"),
        (POD + "spec: {containers: web}", 4, "spec.containers must be a list, not 'web'"),
        (POD + "spec: {nodeName: 7}", 4, "spec.nodeName must be a string, not 7"),
        # services
        (WEB + "spec: {type: Nodeport}", 4, "spec.type must be one of ClusterIP, NodePort, LoadBalancer, ExternalName, not 'Nodeport'"),
        (WEB + "spec: {ports: {port: 80}}", 4, "spec.ports must be a list, not a mapping"),
        (WEB + "spec:\n  ports:\n  - port: abc", 6, "spec.ports[0].port must be a number, not 'abc'"),
        (WEB + "spec:\n  ports:\n  - port: '80'", 6, "spec.ports[0].port must be a number, not '80'; leave the quotes away"),
        (WEB + "spec:\n  ports:\n  - port: 80.5", 6, "spec.ports[0].port must be a number, not 80.5"),
        (WEB + "spec:\n  ports:\n  - port: true", 6, "spec.ports[0].port must be a number, not true"),
        (WEB + "spec:\n  ports:\n  - port: 010", 6, "YAML 1.1 reads it as an octal number; write a decimal number"),
        (WEB + "spec:\n  ports:\n  - port: 0", 6, "spec.ports[0].port must be between 1 and 65535, not 0"),
        (WEB + "spec:\n  ports:\n  - name: http", 6, "spec.ports[0].port is missing"),
        (WEB + "spec:\n  ports:\n  - port: 80\n  - port: 81", 7, "spec.ports[1].name is missing: a Service with several ports"),
        (WEB + "spec: {ports: [{name: a, port: 80}, {name: a, port: 81}]}", 4, "'a' is the name of another port too"),
        (WEB + "spec: {ports: [{name: a, port: 80}, {name: b, port: 80}]}", 4, "spec.ports[1].port 80/TCP is there twice"),
        (WEB + "spec: {ports: [{port: 80, protocol: tcp}]}", 4, "protocol must be one of TCP, UDP, SCTP, not 'tcp'"),
        (WEB + "spec: {ports: [{port: 80, targetPort: '8080'}]}", 4, "'8080' is a port's name, which needs a letter"),
        (WEB + "spec: {ports: [{port: 80, targetPort: [1]}]}", 4, "targetPort must be a number, not a list"),
        (WEB + "spec: {ports: [{port: 80, nodePort: 99999}]}", 4, "nodePort must be between 0 and 65535, not 99999"),
        (WEB + "spec: {clusterIP: 10.96.0}", 4, "spec.clusterIP must be an IP address, not '10.96.0'"),
        (WEB + "spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.2]}", 4, "must begin with clusterIP 10.96.0.1"),
        (WEB + "spec: {externalIPs: [x]}", 4, "spec.externalIPs[0] must be an IP address, not 'x'"),
        (WEB + "spec: {loadBalancerSourceRanges: [1.2.3.4]}", 4, "spec.loadBalancerSourceRanges[0] must be a network"),
        (WEB + "spec: {externalTrafficPolicy: local}", 4, "spec.externalTrafficPolicy must be one of Cluster, Local"),
        (WEB + "spec: {sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}}", 4, "between 1 and 86400"),
        (WEB + "spec: {trafficDistribution: Near}", 4, "must be one of PreferClose, PreferSameZone, PreferSameNode"),
        (WEB + "spec: {ipFamilies: [ipv4]}", 4, "spec.ipFamilies[0] must be IPv4 or IPv6, not 'ipv4'"),
        (WEB + "status: {loadBalancer: {ingress: [{ip: 1.2.3.4, ipMode: vip}]}}", 4, "ipMode must be one of VIP, Proxy"),
        (WEB + "spec: {selector: {app: 5}}", 4, "spec.selector.app must be a string, not 5"),
        (WEB + "spec: {publishNotReadyAddresses: 'yes'}", 4, "must be true or false, not 'yes'"),
        (WEB + "---\n" + WEB, 5, "Service default/web was already given at <text>:1"),
        # what two Services cannot share
        (
            WEB + "spec: {ports: [{port: 80, nodePort: 30080}]}\n---\napiVersion: v1\nkind: Service\n"
            "metadata: {name: b, namespace: x}\nspec:\n  ports:\n  - port: 1\n    nodePort: 30080",
            12, "nodePort 30080/TCP of Service x/b overlaps with Service default/web at <text>:4",
        ),
        (
            WEB + "spec: {healthCheckNodePort: 30080, ports: [{port: 80, nodePort: 30080}]}",
            4, "nodePort 30080/TCP of Service default/web overlaps with Service default/web at <text>:4",
        ),
        (
            WEB + "spec: {clusterIP: 10.96.0.1}\n---\n" + WEB.replace("web", "b") + "spec: {clusterIP: 10.96.0.1}",
            9, "clusterIP 10.96.0.1 of Service default/b overlaps with Service default/web at <text>:4",
        ),
        # slices
        (SLICE.replace("addressType: IPv4\n", "endpoints: []"), 1, "addressType must be one of IPv4, IPv6, FQDN, not ''"),
        (SLICE + "endpoints: [{addresses: [fd00::1]}]", 5, "holds fd00::1, but the slice's addressType is IPv4"),
        (SLICE + "endpoints: [{addresses: []}]", 5, "endpoints[0].addresses is missing"),
        (SLICE + "endpoints: [{addresses: [10.0.0.256]}]", 5, "endpoints[0].addresses[0] must be an IP address"),
        (SLICE + "endpoints: [{addresses: [10.0.0.1], conditions: {ready: 1}}]", 5, "conditions.ready must be true or false, not 1"),
        (SLICE + "ports: [{port: http}]", 5, "ports[0].port must be a number, not 'http'"),
        # configuration
        (PROXY + "mode: userspace", 3, "mode must be one of iptables, ipvs, nftables, kernelspace, not 'userspace'"),
        (PROXY + "clusterCIDR: 10.244.0.0/16,x", 3, "clusterCIDR must be a network"),
        (PROXY + "detectLocalMode: bridge", 3, "detectLocalMode must be one of"),
        (PROXY + "detectLocalMode: BridgeInterface", 3, "detectLocalMode BridgeInterface needs detectLocal.bridgeInterface too"),
        (PROXY + "detectLocal: {bridgeInterface: cni0}\ndetectLocalMode: InterfaceNamePrefix", 4,
         "detectLocalMode InterfaceNamePrefix needs detectLocal.interfaceNamePrefix too"),
        (PROXY + "detectLocal: {interfaceNamePrefix: a-name-too-long-for-a-device}", 3, "a device's name of at most 15 characters"),
        (PROXY + "detectLocal: {bridgeInterface: 'a b'}", 3, "detectLocal.bridgeInterface must be a device's name"),
        (PROXY + "nodePortAddresses: [secondary, 10.0.0.0/8]", 3, "nodePortAddresses[0] must be a network"),
        (PROXY + "iptables: {masqueradeBit: 32}", 3, "iptables.masqueradeBit must be between 0 and 31, not 32"),
        (PROXY + "---\n" + PROXY, 4, "KubeProxyConfiguration was already given at <text>:1"),
        (MAP + "metadata: {name: kube-proxy}\ndata:\n  config.conf: |\n    kind: KubeProxyConfiguration\n    mode: x", 5,
         "data.config.conf line 2: mode must be one of"),
        (MAP + "metadata: {name: f}\ndata: {net-conf.json: '{\"Backend\": {\"VNI\": 0}}'}", 4, "line 1: Backend.VNI must be between 1"),
        (MAP + "metadata: {name: f}\ndata: {net-conf.json: 5}", 4, "data.net-conf.json must be a string, not 5"),
        (
            NODE.replace("node1}", "node1, annotations: {projectcalico.org/IPv4IPIPTunnelAddr: here}}"), 3,
            "metadata.annotations.projectcalico.org/IPv4IPIPTunnelAddr must be an IP address, not 'here'",
        ),
        (
            NODE.replace("node1}", "a, annotations: {projectcalico.org/IPv4Address: 1.2.3.4/24}}") + "---\n"
            + NODE.replace("node1}", "b, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}}"),
            7, "metadata says 'flannel vxlan', other nodes say 'calico bgp': one cluster has one CNI",
        ),
        (
            NODE.replace("node1}", "a, annotations: {projectcalico.org/IPv4Address: 1.2.3.4/24}}") + "---\n"
            + NODE.replace("node1}", 'b, annotations: {flannel.alpha.coreos.com/backend-type: "a\\nb"}}'),
            7, "metadata says 'flannel a\\nb', other nodes say 'calico bgp': one cluster has one CNI",
        ),
        # our own documents
        (FACTS + "spec: {hairpin: true}", 3, "spec.hairpin is not a field of k8squiz.dev/v1 Network; known fields: cni, ipForward"),
        (FACTS + "hairpinMode: true", 3, "hairpinMode is not a field of k8squiz.dev/v1 Network"),
        (FACTS + "spec: {rpFilter: 3}", 3, "spec.rpFilter must be between 0 and 2, not 3"),
        (FACTS + "spec: {clientAddress: fd00::1}", 3, "spec.clientAddress must be an IPv4 address, not fd00::1"),
        (FACTS + "spec: {clientAddressV6: 1.2.3.4}", 3, "spec.clientAddressV6 must be an IPv6 address, not 1.2.3.4"),
        (FACTS + "spec: {externalHosts: {db: ''}}", 3, "spec.externalHosts.db must be an IP address"),
        (FACTS + "spec: {externalHosts: {db: x}}", 3, "spec.externalHosts.db must be an IP address, not 'x'"),
        (FACTS + "spec: {missingRoutes: [{node: node1}]}", 3, "spec.missingRoutes[0].to is missing"),
        (FACTS + "spec: {missingRoutes: [{to: node1}]}", 3, "spec.missingRoutes[0].node is missing"),
        (FACTS + "spec: {missingRoutes: [{node: a, via: b}]}", 3, "spec.missingRoutes[0].via is no field"),
        (FACTS + "spec: {cni: {plugin: cilium}}", 3, "spec.cni.plugin must be one of canal, flannel, calico, vpc-native, kubenet, kindnet, not 'cilium'"),
        (FACTS + "spec: {cni: {mode: bgp}}", 3, "spec.cni.mode is not a field"),
        (FACTS + "---\n" + FACTS, 4, "Network was already given at <text>:1"),
    ],
)  # fmt: skip
def test_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_cluster(text=text)
    assert message in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("<text>", line)
    assert str(caught.value).isprintable()


def test_an_alias_does_not_make_an_object_twice() -> None:
    with pytest.raises(ManifestError, match="Node a was already given"):
        load_cluster(
            text="apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Node, metadata: {name: a}}\n- *a"
        )


NODE1 = NODE + "status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}\n---\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (WEB, None, "there is no Node among the manifests"),
        (
            NODE1 + "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n"
            "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\nendpoints:\n"
            "- addresses: [10.244.1.5]\n- addresses: [10.244.9.5]\n  nodeName: node9",
            13, "the endpoint 10.244.9.5 of Service default/web is on node 'node9', but no Node object has that name",
        ),
        (NODE1 + POD + "spec:\n  nodeName: node9", 10, "Pod default/a is on node 'node9'"),
        (
            NODE1 + NODE1.replace("node1", "node2").rstrip("-\n"),
            6, "node node1 (<text>:1) and node node2 both have the address 192.168.1.10",
        ),
        (
            NODE1 + POD + "status: {podIP: 10.244.1.5}\n---\n" + POD.replace("name: a", "name: b") + "status: {podIP: 10.244.1.5}",
            11, "Pod default/a (<text>:6) and Pod default/b both have the address 10.244.1.5",
        ),
        (NODE1 + FACTS + "spec: {missingRoutes: [{node: node1, to: node7}]}", 6, "missingRoutes of the Network document names node 'node7'"),
        (NODE1 + FACTS + "spec: {serviceCIDRVia: node7}", 6, "serviceCIDRVia of the Network document names node 'node7'"),
    ],
)  # fmt: skip
def test_what_only_a_walk_needs_is_strict(text: str, line: int | None, message: str) -> None:
    cluster = load_cluster(text=text)
    for refuse in (lambda: check_cluster(cluster), lambda: load_cluster(text=text, strict=True)):
        with pytest.raises(ManifestError) as caught:
            refuse()
        assert message in str(caught.value)
        assert caught.value.line == line


def test_what_strict_takes() -> None:
    text = (
        NODE1 + POD + "spec: {nodeName: gone}\nstatus: {phase: Succeeded}\n---\n"
        + FACTS + "spec: {missingRoutes: [{node: node1, to: 10.244.2.0/24}], serviceCIDRVia: node1}\n---\n"
        + SLICE.replace("IPv4", "FQDN") + "endpoints: [{addresses: [db.example.com], nodeName: gone}]"
    )  # fmt: skip
    assert load_cluster(text=text, strict=True).nodes[0].name == "node1"


def test_a_cluster_made_by_hand_is_checked_too(tmp_path: Path) -> None:
    from engine.cluster import Cluster, Node, Pod

    with pytest.raises(ManifestError, match="Pod default/a is on node 'node9'"):
        check_cluster(Cluster(nodes=(Node("node1"),), pods=(Pod("default", "a", "node9", ()),)))
