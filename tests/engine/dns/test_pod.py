"""The resolv.conf of a pod, a row a rule of the kubelet's."""

from __future__ import annotations

import pytest

from engine.cluster import PodDNSConfig
from engine.dns.pod import KubeletDNS, pod_resolv_conf
from engine.errors import EngineError
from tests.rows import named

NODE = "# of the node\nnameserver 192.0.2.53\nnameserver 192.0.2.54\nsearch corp.example. lab.example\noptions edns0 trust-ad\n"
KUBELET = KubeletDNS(resolv_conf=NODE)
OWN = PodDNSConfig(("192.0.2.1",), ("ns1.svc.test", "my.dns.search.suffix"), (("ndots", "2"), ("edns0", None)))
CLUSTER_SEARCH = "search {}.svc.cluster.local svc.cluster.local cluster.local corp.example lab.example\n"


@pytest.mark.parametrize(
    ("policy", "host_network", "config", "kubelet", "text"),
    named(
        {
            "ClusterFirst: three domains before the node's, one server, ndots:5": (
                "ClusterFirst", False, None, KUBELET,
                CLUSTER_SEARCH.format("shop") + "nameserver 10.96.0.10\noptions ndots:5\n",
            ),
            "ClusterFirst on the host's network is Default": (
                "ClusterFirst", True, None, KUBELET,
                "search corp.example lab.example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions edns0 trust-ad\n",
            ),
            "ClusterFirstWithHostNet is ClusterFirst there": (
                "ClusterFirstWithHostNet", True, None, KUBELET,
                CLUSTER_SEARCH.format("shop") + "nameserver 10.96.0.10\noptions ndots:5\n",
            ),
            "Default: the node's file": (
                "Default", False, None, KUBELET,
                "search corp.example lab.example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions edns0 trust-ad\n",
            ),
            "None: dnsConfig alone": (
                "None", False, OWN, KUBELET,
                "search ns1.svc.test my.dns.search.suffix\nnameserver 192.0.2.1\noptions ndots:2 edns0\n",
            ),
            "dnsConfig comes after, and its ndots wins": (
                "ClusterFirst", False, OWN, KubeletDNS(),
                "search shop.svc.cluster.local svc.cluster.local cluster.local ns1.svc.test my.dns.search.suffix\nnameserver 10.96.0.10\nnameserver 192.0.2.1\noptions ndots:2 edns0\n",
            ),
            "what is there already stays once": (
                "ClusterFirst", False, PodDNSConfig(("10.96.0.10",), ("cluster.local", "a.test")), KubeletDNS(),
                "search shop.svc.cluster.local svc.cluster.local cluster.local a.test\nnameserver 10.96.0.10\noptions ndots:5\n",
            ),
            "an option without value loses the one it had": (
                "ClusterFirst", False, PodDNSConfig(options=(("ndots", None),)), KubeletDNS(),
                "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots\n",
            ),
            "another cluster domain": (
                "ClusterFirst", False, None, KubeletDNS(("10.0.0.10",), "k8s.test"),
                "search shop.svc.k8s.test svc.k8s.test k8s.test\nnameserver 10.0.0.10\noptions ndots:5\n",
            ),
            "no cluster domain: the node's domains alone": (
                "ClusterFirst", False, None, KubeletDNS(cluster_domain="", resolv_conf=NODE),
                "search corp.example lab.example\nnameserver 10.96.0.10\noptions ndots:5\n",
            ),
            "both families": (
                "ClusterFirst", False, None, KubeletDNS(("10.96.0.10", "fd00:96::a")),
                "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\nnameserver fd00:96::a\noptions ndots:5\n",
            ),
            "resolvConf set to nothing: loopback": (
                "Default", False, None, KubeletDNS(resolv_conf=None, node_ips=("192.168.1.10", "fd00::10")),
                "search .\nnameserver 127.0.0.1\nnameserver ::1\n",
            ),
            "an empty file of the node": ("Default", False, None, KubeletDNS(), ""),
            "domain in the node's file is not read": ("Default", False, None, KubeletDNS(resolv_conf="domain a.test\n"), ""),
            "the root stays in the node's list": ("Default", False, None, KubeletDNS(resolv_conf="search . a.test.\n"), "search . a.test\n"),
        }
    ),
)  # fmt: skip
def test_the_file(policy: str, host_network: bool, config: PodDNSConfig | None, kubelet: KubeletDNS, text: str) -> None:
    assert pod_resolv_conf(kubelet, "shop", policy, config, host_network=host_network).text == text


def test_without_cluster_dns_it_falls_back() -> None:
    written = pod_resolv_conf(KubeletDNS(cluster_dns=(), resolv_conf=NODE))
    assert written.fallback
    assert written.text == pod_resolv_conf(KUBELET, dns_policy="Default").text


LONG = tuple(f"d{n:02}.{'x' * 60}.{'y' * 60}.test" for n in range(16))


@pytest.mark.parametrize(
    ("node", "config", "omitted"),
    named(
        {
            "a fourth name server": (
                "", PodDNSConfig(("10.0.0.1", "10.0.0.2", "10.0.0.3")), ("10.0.0.3",),
            ),
            "a 33rd domain": (
                f"search {' '.join(f'd{n}.test' for n in range(30))}\n", None, ("d29.test",),
            ),
            "a domain over 253 characters": (
                f"search {'.'.join(['a' * 60] * 5)} b.test\n", None, (".".join(["a" * 60] * 5),),
            ),
            "more than 2048 characters: from the end": (f"search {' '.join(LONG)}\n", None, LONG[15:]),
        }
    ),
)  # fmt: skip
def test_what_is_over_a_limit_is_left_out(node: str, config: PodDNSConfig | None, omitted: tuple[str, ...]) -> None:
    written = pod_resolv_conf(KubeletDNS(resolv_conf=node), dns_config=config)
    assert written.omitted == omitted
    assert len(" ".join(written.searches)) <= 2048


@pytest.mark.parametrize(
    ("policy", "config", "why"),
    named(
        {
            "a policy there is not": ("Cluster", None, "dnsPolicy must be one of"),
            "None without a server": ("None", None, "dnsPolicy None needs"),
            "four name servers": ("ClusterFirst", PodDNSConfig(("10.0.0.1",) * 4), "holds 4"),
            "33 domains": ("ClusterFirst", PodDNSConfig(searches=("a.test",) * 33), "too long"),
            "2049 characters": ("ClusterFirst", PodDNSConfig(searches=("a" * 2049,)), "too long"),
            "two words in one": ("ClusterFirst", PodDNSConfig(searches=("a b",)), "with a blank"),
            "a nameless option": ("ClusterFirst", PodDNSConfig(options=(("", "1"),)), "without a name"),
        }
    ),
)
def test_what_the_API_server_refuses(policy: str, config: PodDNSConfig | None, why: str) -> None:
    with pytest.raises(EngineError, match=why) as refused:
        pod_resolv_conf(KUBELET, dns_policy=policy, dns_config=config)
    assert refused.value.zh != refused.value.en


def test_a_nameserver_line_without_one_is_an_error_of_the_kubelets() -> None:
    with pytest.raises(EngineError, match="starts no pod"):
        pod_resolv_conf(KubeletDNS(resolv_conf="nameserver\n"))
