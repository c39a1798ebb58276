"""v1 Endpoints: whose count, and as which endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import load_cluster
from engine.errors import ManifestError

Object = dict[str, Any]


def service(**spec: Any) -> Object:
    ports = [{"name": "http", "port": 80}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db"},
        "spec": {"clusterIP": "10.96.0.10", "ports": ports, **spec},
    }


def endpoints(*addresses: str, gone: tuple[str, ...] = (), **metadata: Any) -> Object:
    subset = {
        "addresses": [{"ip": address} for address in addresses],
        "notReadyAddresses": [{"ip": address} for address in gone],
        "ports": [{"name": "http", "port": 5432}],
    }
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", **metadata}, "subsets": [subset]}


SLICE: Object = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "db-x", "labels": {"kubernetes.io/service-name": "db"}},
    "addressType": "IPv4",
    "ports": [{"name": "http", "port": 5432}],
    "endpoints": [{"addresses": ["192.0.2.1"]}],
}
POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "labels": {"app": "db"}},
    "spec": {"nodeName": "n"},
    "status": {"podIP": "10.244.1.5"},
}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([service(), endpoints("192.0.2.9", gone=("192.0.2.10",))], {"192.0.2.9": True, "192.0.2.10": False}),
        ([service(), endpoints("192.0.2.9", "2001:db8::9")], {"192.0.2.9": True, "2001:db8::9": True}),
        ([endpoints("192.0.2.9"), service(), SLICE], {"192.0.2.1": True}),
        ([service(selector={"app": "db"}), endpoints("192.0.2.9")], {"192.0.2.9": True}),
        ([service(selector={"app": "db"}), endpoints("192.0.2.9"), POD], {"10.244.1.5": True}),
        ([service(), endpoints("192.0.2.9", labels={"endpointslice.kubernetes.io/skip-mirror": "true"})], {}),
        ([service(), endpoints("192.0.2.9", annotations={"control-plane.alpha.kubernetes.io/leader": "{}"})], {}),
        ([endpoints("192.0.2.9")], {}),
        ([service(type="ExternalName", externalName="db.example.com", clusterIP=""), endpoints("192.0.2.9")], {}),
    ],
)  # fmt: skip
def test_which_endpoints_count(objects: list[Object], expected: dict[str, bool]) -> None:
    cluster = load_cluster(text="\n---\n".join(json.dumps(one) for one in objects))
    found = [(one.addresses[0], one.ready) for made in cluster.slices for one in made.endpoints]
    assert dict(found) == expected
    ports = {(port.name, port.port) for made in cluster.slices for port in made.ports}
    assert ports <= {("http", 5432)} or POD in objects


def test_an_endpoint_without_an_address_is_an_error_with_its_line() -> None:
    text = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets:\n- addresses:\n  - nodeName: n\n"
    with pytest.raises(ManifestError, match="is missing") as error:
        load_cluster(text=text)
    assert error.value.line == 6
