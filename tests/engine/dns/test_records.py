"""Kubernetes DNS-Based Service Discovery 1.1.0, clause by clause, and what CoreDNS makes of what it leaves open."""

from __future__ import annotations

import dataclasses

import pytest

from engine import load_cluster
from engine.cluster import EndpointSlice, Service, SliceEndpoint
from engine.dns import lookup, records
from engine.dns.zone import ZoneIndex
from engine.errors import EngineError, UnsupportedFeature
from tests.rows import named

CLUSTER = load_cluster(
    text="""
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: default}}
- {apiVersion: v1, kind: Namespace, metadata: {name: empty}}
- apiVersion: v1
  kind: Service
  metadata: {name: kubernetes, namespace: default}
  spec: {clusterIP: 10.3.0.1, ports: [{name: https, port: 443, targetPort: 6443}, {port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: dual, namespace: default}
  spec:
    clusterIPs: [10.3.0.2, "2001:db8::2"]
    ipFamilies: [IPv4, IPv6]
    ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
- apiVersion: v1
  kind: Service
  metadata: {name: headless, namespace: default}
  spec: {clusterIP: None, ports: [{name: https, port: 443, targetPort: 8443}, {name: metrics, port: 9090}]}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: headless-4, namespace: default, labels: {kubernetes.io/service-name: headless}}
  addressType: IPv4
  ports: [{name: https, port: 8443}, {name: metrics, port: 9090}, {port: 7000}]
  endpoints:
  - {addresses: [10.4.0.100], hostname: my-pet}
  - {addresses: [10.4.0.101]}
  - {addresses: [10.4.0.102], hostname: my-pet-2, conditions: {ready: false}}
  - {addresses: [10.4.0.103], hostname: my-pet}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: headless-6, namespace: default, labels: {kubernetes.io/service-name: headless}}
  addressType: IPv6
  ports: [{name: https, port: 8443}]
  endpoints: [{addresses: ["2001:db8::100"], hostname: my-pet}, {addresses: ["2001:db8::101"]}]
- apiVersion: v1
  kind: Service
  metadata: {name: starting, namespace: default}
  spec: {clusterIP: None, ports: [{name: http, port: 80}]}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: starting-1, namespace: default, labels: {kubernetes.io/service-name: starting}}
  addressType: IPv4
  ports: [{name: http, port: 80}]
  endpoints: [{addresses: [10.4.0.110], conditions: {ready: false}}]
- apiVersion: v1
  kind: Service
  metadata: {name: db, namespace: prod}
  spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: db}, ports: [{name: sql, port: 5432}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: db-0, namespace: prod, labels: {app: db}}
  spec: {nodeName: n, hostname: db-0, subdomain: db, containers: []}
  status: {podIP: 10.4.1.5, conditions: [{type: Ready, status: "False"}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: db-1, namespace: prod, labels: {app: db}}
  spec: {nodeName: n, hostname: db-1, subdomain: other, containers: []}
  status: {podIP: 10.4.1.6}
- {apiVersion: v1, kind: Service, metadata: {name: foo}, spec: {type: ExternalName, externalName: www.example.com.}}
- {apiVersion: v1, kind: Service, metadata: {name: bar}, spec: {type: ExternalName, externalName: 192.0.2.53}}
- {apiVersion: v1, kind: Service, metadata: {name: pending}, spec: {ports: [{name: http, port: 80}]}}
"""
)
ZONE = records(CLUSTER)
INDEX = ZoneIndex(ZONE)
SVC = "default.svc.cluster.local"
NX = "NXDOMAIN"
NODATA: list[str] = []


@pytest.mark.parametrize(
    ("name", "record_type", "answer"),
    named(
        {
            "2.1 comparisons are case-insensitive": (f"KUBERNETES.{SVC}", "A", ["10.3.0.1"]),
            "2.2 the schema's version": ("dns-version.cluster.local", "TXT", ["1.1.0"]),
            "2.3.1 A of a ClusterIP": (f"kubernetes.{SVC}", "A", ["10.3.0.1"]),
            "2.3.1 no AAAA of an IPv4 one": (f"kubernetes.{SVC}", "AAAA", NODATA),
            "2.3.1 A of a dual-stack Service": (f"dual.{SVC}", "A", ["10.3.0.2"]),
            "2.3.1 AAAA of it": (f"dual.{SVC}", "AAAA", ["2001:db8::2"]),
            "2.3.1 none before an address is allocated": (f"pending.{SVC}", "A", NX),
            "2.3.2 SRV: the Service's port": (f"_https._tcp.kubernetes.{SVC}", "SRV", [f"0 100 443 kubernetes.{SVC}"]),
            "2.3.2 SRV by protocol": (f"_dns._udp.dual.{SVC}", "SRV", [f"0 50 53 dual.{SVC}"]),
            "2.3.2 SRV of the other protocol": (f"_dns-tcp._tcp.dual.{SVC}", "SRV", [f"0 50 53 dual.{SVC}"]),
            "2.3.2 a name has one protocol": (f"_dns._tcp.dual.{SVC}", "SRV", NX),
            "2.3.2 unnamed ports have none": (f"_http._tcp.kubernetes.{SVC}", "SRV", NX),
            "2.3.3 PTR": ("1.0.3.10.in-addr.arpa", "PTR", [f"kubernetes.{SVC}"]),
            "2.3.3 PTR of IPv6": (f"2.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa", "PTR", [f"dual.{SVC}"]),
            "2.4.1 A of each ready endpoint": (f"headless.{SVC}", "A", ["10.4.0.100", "10.4.0.101", "10.4.0.103"]),
            "2.4.1 AAAA of each": (f"headless.{SVC}", "AAAA", ["2001:db8::100", "2001:db8::101"]),
            "2.4.1 no ready endpoint: NXDOMAIN": (f"starting.{SVC}", "A", NX),
            "2.4.1 by hostname, each address": (f"my-pet.headless.{SVC}", "A", ["10.4.0.100", "10.4.0.103"]),
            "2.4.1 by hostname, IPv6": (f"my-pet.headless.{SVC}", "AAAA", ["2001:db8::100"]),
            "2.4.1 one that is not ready has no name": (f"my-pet-2.headless.{SVC}", "A", NX),
            "2.4.1 without hostname: CoreDNS takes the address": (f"10-4-0-101.headless.{SVC}", "A", ["10.4.0.101"]),
            "2.4.1 an address of one with hostname is no name": (f"10-4-0-100.headless.{SVC}", "A", NX),
            "2.4.1 IPv6 without hostname": (f"2001-db8--101.headless.{SVC}", "AAAA", ["2001:db8::101"]),
            "2.4.2 SRV: endpoints times ports, the endpoint's port": (
                f"_https._tcp.headless.{SVC}", "SRV",
                [f"0 20 8443 {name}.headless.{SVC}" for name in ("my-pet", "10-4-0-101", "2001-db8--101")],
            ),
            "2.4.2 SRV of the second port": (
                f"_metrics._tcp.headless.{SVC}", "SRV", [f"0 33 9090 {name}.headless.{SVC}" for name in ("my-pet", "10-4-0-101")],
            ),
            "2.4.2 SRV of nobody ready": (f"_http._tcp.starting.{SVC}", "SRV", NX),
            "2.4.3 PTR of an endpoint": ("100.0.4.10.in-addr.arpa", "PTR", [f"my-pet.headless.{SVC}"]),
            "2.4.3 PTR of an IPv6 endpoint": (f"0.0.1.{'0.' * 21}8.b.d.0.1.0.0.2.ip6.arpa", "PTR", [f"my-pet.headless.{SVC}"]),
            "2.4.3 none of one that is not ready": ("102.0.4.10.in-addr.arpa", "PTR", NX),
            "2.5 CNAME": (f"foo.{SVC}", "CNAME", ["www.example.com"]),
            "2.5 an address is no name to point to": (f"bar.{SVC}", "CNAME", NX),
            "StatefulSet: hostname and subdomain, ready or not": ("db-0.db.prod.svc.cluster.local", "A", ["10.4.1.5"]),
            "a subdomain of another name is none": ("db-1.db.prod.svc.cluster.local", "A", NX),
            "then the address is its name": ("10-4-1-6.db.prod.svc.cluster.local", "A", ["10.4.1.6"]),
            "publishNotReadyAddresses": ("db.prod.svc.cluster.local", "A", ["10.4.1.5", "10.4.1.6"]),
            "a pod's record": ("10-4-1-5.prod.pod.cluster.local", "A", ["10.4.1.5"]),
            "of its own namespace": ("10-4-1-5.default.pod.cluster.local", "A", NX),
            "a namespace exists": ("default.svc.cluster.local", "A", NODATA),
            "an empty one too": ("empty.svc.cluster.local", "A", NODATA),
            "another does not": ("nowhere.svc.cluster.local", "A", NX),
            "a Service is no name without svc": ("kubernetes.default.cluster.local", "A", NX),
        }
    ),
)  # fmt: skip
def test_clause(name: str, record_type: str, answer: list[str] | str) -> None:
    found = INDEX.answer(name, record_type)
    assert (found.rcode if found.rcode == NX else list(found.values(record_type))) == answer


def test_the_domain_is_the_clusters() -> None:
    zone = records(CLUSTER, "k8s.test")
    assert zone["kubernetes.default.svc.k8s.test"] == (("A", "10.3.0.1"),)
    assert not any(name.endswith("cluster.local") for name in zone)


def test_pods_may_be_disabled() -> None:
    assert not any(".pod." in f".{name}" for name in records(CLUSTER, pods="disabled"))
    with pytest.raises(EngineError, match="disabled, insecure, verified") as refused:
        records(CLUSTER, pods="all")
    assert refused.value.zh != refused.value.en


ONE = EndpointSlice("default", "s-1", "s", "IPv4", (), (SliceEndpoint(("10.4.0.9",), ready=False),))
PLAIN, HEADLESS = Service("default", "s", cluster_ips=("10.3.0.9",)), Service("default", "s", headless=True)
TOLERATES = {"service.alpha.kubernetes.io/tolerate-unready-endpoints": "true"}


@pytest.mark.parametrize(
    ("service", "answer"),
    named(
        {
            "not ready": (HEADLESS, NX),
            "published all the same": (dataclasses.replace(HEADLESS, publish_not_ready_addresses=True), ["10.4.0.9"]),
            "2.1 by the older annotation": (dataclasses.replace(HEADLESS, annotations=TOLERATES), ["10.4.0.9"]),
            "a ClusterIP needs no endpoint": (PLAIN, ["10.3.0.9"]),
        }
    ),
)
def test_an_endpoint_that_is_not_ready(service: Service, answer: list[str] | str) -> None:
    zone = records(dataclasses.replace(CLUSTER, services=(service,), slices=(ONE,)))
    found = ZoneIndex(zone).answer(f"s.{SVC}", "A")
    assert (found.rcode if found.rcode == NX else list(found.values("A"))) == answer


def test_endpoints_of_a_cluster_ip_have_names_and_ptr() -> None:
    """Beyond the specification: CoreDNS answers for them."""
    ready = dataclasses.replace(ONE, endpoints=(SliceEndpoint(("10.4.0.9",)),))
    zone = records(dataclasses.replace(CLUSTER, services=(PLAIN,), slices=(ready,)))
    assert zone[f"s.{SVC}"] == (("A", "10.3.0.9"),)
    assert zone[f"10-4-0-9.s.{SVC}"] == (("A", "10.4.0.9"),)
    assert zone["9.0.4.10.in-addr.arpa"] == (("PTR", f"10-4-0-9.s.{SVC}"),)


def test_endpoints_that_are_names_are_refused_where_they_would_be_answered() -> None:
    named_slice = EndpointSlice("default", "s-1", "s", "FQDN", (), (SliceEndpoint(("db.example.com",)),))
    with pytest.raises(UnsupportedFeature, match="EndpointSlice default/s-1") as refused:
        records(dataclasses.replace(CLUSTER, services=(HEADLESS,), slices=(named_slice,)))
    assert refused.value.zh != refused.value.en
    assert records(dataclasses.replace(CLUSTER, services=(PLAIN,), slices=(named_slice,)))


@pytest.mark.parametrize(
    ("name", "queries", "result"),
    named(
        {
            "the Service of its own namespace": ("headless", 1, ("10.4.0.100", "10.4.0.101", "10.4.0.103")),
            "one of another": ("db.prod", 2, ("10.4.1.5", "10.4.1.6")),
            "a StatefulSet's pod": ("db-0.db.prod", 2, ("10.4.1.5",)),
            "an ExternalName whose target nobody knows": ("foo", 1, ()),
        }
    ),
)
def test_a_pod_looks_it_up(name: str, queries: int, result: tuple[str, ...]) -> None:
    resolv_conf = f"search {SVC} svc.cluster.local cluster.local\nnameserver 10.3.0.10\noptions ndots:5\n"
    found = lookup(resolv_conf=resolv_conf, name=name, family="inet", zone=ZONE)
    assert (len(found.queries), found.result) == (queries, result)
