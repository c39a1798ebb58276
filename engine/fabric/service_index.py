"""A cluster's Services and pods by name and address, so that a request is understood without looking through all."""

from __future__ import annotations

from engine.cluster import Cluster, EndpointSlice, LoadBalancerIngress, Pod, Service
from engine.packet import L4


class ServiceIndex:
    """Built once per cluster. A name is looked up as NAME or NAMESPACE/NAME."""

    def __init__(self, cluster: Cluster) -> None:
        self._services: dict[str, list[Service]] = {}
        self._pods: dict[str, list[Pod]] = {}
        self._slices: dict[str, list[EndpointSlice]] = {}
        self._balanced: dict[tuple[str, L4, int], tuple[Service, LoadBalancerIngress]] = {}
        for service in cluster.services:
            self._services.setdefault(service.name, []).append(service)
            self._services.setdefault(service.key, []).append(service)
            for ingress in service.load_balancer_ingress:
                for port in service.ports:
                    self._balanced.setdefault((ingress.ip, port.protocol, port.port), (service, ingress))
        for pod in cluster.pods:
            self._pods.setdefault(pod.name, []).append(pod)
            self._pods.setdefault(f"{pod.namespace}/{pod.name}", []).append(pod)
        for slice_ in cluster.slices:
            self._slices.setdefault(f"{slice_.namespace}/{slice_.service_name}", []).append(slice_)
        self.virtual_addresses = frozenset(address for address, _, _ in self._balanced)

    def services(self, name: str) -> tuple[Service, ...]:
        return tuple(self._services.get(name, ()))

    def pods(self, name: str) -> tuple[Pod, ...]:
        return tuple(self._pods.get(name, ()))

    def slices(self, service: Service) -> tuple[EndpointSlice, ...]:
        return tuple(self._slices.get(service.key, ()))

    def balanced(self, address: str, protocol: L4, port: int) -> tuple[Service, LoadBalancerIngress] | None:
        """The Service whose load balancer has that address and port."""
        return self._balanced.get((address, protocol, port))
