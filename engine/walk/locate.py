"""WHO and WHERE of a request: names and addresses as a user types them, found in the cluster."""

from __future__ import annotations

import ipaddress

from engine.cluster import Pod, Service, ServicePort
from engine.errors import EngineError, NoSuchObject, UnsupportedFeature
from engine.fabric.fabric import Fabric
from engine.fabric.hosts import CLIENT
from engine.network.routes import number
from engine.packet import L4, FiveTuple, canonical, port_of, split_host_port
from engine.trace import Request
from engine.values import dataclass

DEFAULT_SPORT = 54321
WHO_FORMS = "pod/NAME, pod/NAMESPACE/NAME, node/NAME, client, or ADDRESS[:PORT]"
WHERE_FORMS = "svc/NAME[:PORT], node/NAME:PORT, pod/NAME:PORT, or ADDRESS:PORT"
WHO_FORMS_ZH = "pod/名称、pod/命名空间/名称、node/名称、client 或 地址[:端口]"
WHERE_FORMS_ZH = "svc/名称[:端口]、node/名称:端口、pod/名称:端口 或 地址:端口"


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """A request found: the host that sends, the tuple it sends (src None: the host chooses by its routes),
    the node a foreign packet is routed to where its destination belongs to no host."""

    host: str
    protocol: L4
    src: str | None
    sport: int
    dst: str
    dport: int
    node: str | None
    size: int = 0
    may_fragment: bool = False

    def flow(self, src: str) -> FiveTuple:
        return FiveTuple(self.protocol, src, self.sport, self.dst, self.dport)


def locate(fabric: Fabric, request: Request) -> ResolvedRequest:
    """Find what `request` names. Raises NoSuchObject for what is not there, EngineError for what is not written so."""
    protocol = request.l4
    dst, dport = _where(fabric, request.destination, protocol)
    host, src, sport = _who(fabric, request.source, number(dst)[0])
    if request.node is not None:
        fabric.node(request.node)
    if src is not None and number(src)[0] != number(dst)[0]:
        raise EngineError(
            f"{request.source} and {request.destination} are of different address families",
            zh=f"{request.source} 与 {request.destination} 的地址族不同",
        )
    if protocol is L4.ICMP:
        return ResolvedRequest(host, protocol, src, 0, dst, 0, request.node, _size(request), request.may_fragment)
    port = sport if sport is not None else request.sport if request.sport is not None else DEFAULT_SPORT
    if not 1 <= port <= 65535:
        raise EngineError(f"source port {port} is not between 1 and 65535", zh=f"源端口 {port} 不在 1 与 65535 之间")
    may_fragment = request.may_fragment and protocol is not L4.TCP
    return ResolvedRequest(host, protocol, src, port, dst, dport, request.node, _size(request), may_fragment)


def _size(request: Request) -> int:
    if request.size is None:
        return 0
    if not 68 <= request.size <= 65535:
        raise EngineError(
            f"a packet of {request.size} bytes: an IP packet has between 68 and 65535",
            zh=f"{request.size} 字节的包：IP 包的长度在 68 与 65535 之间",
        )
    return request.size


def _who(fabric: Fabric, text: str, version: int) -> tuple[str, str | None, int | None]:
    """(host, source address or None, source port or None)."""
    kind, _, rest = text.partition("/")
    if text == CLIENT:
        facts = fabric.cluster.network
        return CLIENT, facts.client_address if version == 4 else facts.client_address_v6, None
    if kind == "pod" and rest:
        host, address = _pod(fabric, rest, version)
        return host, address, None
    if kind == "node" and rest:
        return fabric.node(rest).name, None, None
    named = fabric.cluster.network.external_hosts.get(text)
    if named is not None:
        return text, named, None
    address, port = _address(text, WHO_FORMS, WHO_FORMS_ZH)
    return _host_at(fabric, address), address, port


def _host_at(fabric: Fabric, address: str) -> str:
    """The host a source address belongs to; an address that nobody in the cluster has is an external host's."""
    owner = fabric.owner(address)
    if owner is not None:
        return owner
    pod_owner = fabric.pod_owner_at(address)
    if pod_owner is not None:
        raise NoSuchObject(
            f"{address} is a pod on node {pod_owner.node!r}, which the manifests do not hold",
            zh=f"{address} 是节点 {pod_owner.node!r} 上的 Pod，而清单中没有该节点",
        )
    node = fabric.node_of_pod_address(address)
    if node is not None:
        raise NoSuchObject(
            f"{address} lies in {node}'s pod network, but no pod there has that address",
            zh=f"{address} 位于 {node} 的 Pod 网段，但那里没有 Pod 使用该地址",
        )
    if fabric.on_lan(address):
        raise NoSuchObject(
            f"{address} lies in the nodes' own network, but no node has that address",
            zh=f"{address} 位于节点网段，但没有节点使用该地址",
        )
    _of_one_host(address)
    if ipaddress.ip_address(address).is_loopback:
        raise EngineError(
            f"{address} is every host's own; name the host (node/NAME) instead",
            zh=f"{address} 每台主机都有；请改用主机名（node/名称）",
        )
    return address


def _pod(fabric: Fabric, name: str, version: int) -> tuple[str, str | None]:
    """A pod by NAME or NAMESPACE/NAME: its host and address. A host-network pod is its node (address None)."""
    pods = fabric.service_index.pods(name)
    if len(pods) > 1:
        choices = ", ".join(f"pod/{p.namespace}/{p.name}" for p in pods)
        raise NoSuchObject(
            f"pod/{name} could be any of {choices}; say which", zh=f"pod/{name} 可能是 {choices} 中的任意一个；请指明"
        )
    if not pods:
        pod_owners = fabric.address_index.by_key
        found = [r for key, r in pod_owners.items() if key == name or r.host == name]
        if len(found) != 1:
            known = ", ".join(sorted(r.host for r in pod_owners.values())[:20]) or "none"
            raise NoSuchObject(
                f"there is no pod {name!r}; known pods: {known}", zh=f"没有 Pod {name!r}；已知 Pod：{known}"
            )
        return found[0].host, _of_family(found[0].ips, version, name)
    pod = pods[0]
    if pod.node_name is None:
        raise NoSuchObject(f"pod/{name} runs on no node yet", zh=f"pod/{name} 尚未运行在任何节点上")
    fabric.node(pod.node_name)
    if pod.host_network:
        return pod.node_name, None
    if pod.finished:
        raise NoSuchObject(f"pod/{name} has ended and has no address any more", zh=f"pod/{name} 已结束，不再有地址")
    if not pod.ips:
        raise NoSuchObject(f"pod/{name} has no address yet", zh=f"pod/{name} 还没有地址")
    return fabric.address_index.by_key[f"{pod.namespace}/{pod.name}"].host, _of_family(pod.ips, version, name)


def _of_family(ips: tuple[str, ...], version: int, name: str) -> str:
    found = next((ip for ip in ips if number(ip)[0] == version), None)
    if found is None:
        raise NoSuchObject(f"pod/{name} has no IPv{version} address", zh=f"pod/{name} 没有 IPv{version} 地址")
    return found


def _where(fabric: Fabric, text: str, protocol: L4) -> tuple[str, int]:
    kind, _, rest = text.partition("/")
    if protocol is L4.ICMP:
        return _without_port(fabric, text, kind, rest), 0
    if kind == "svc" and rest:
        return _service(fabric, rest, protocol)
    if kind in ("node", "pod") and rest:
        name, sep, port_text = rest.rpartition(":")
        if not sep:
            raise EngineError(
                f"{text!r} has no port; write {kind}/NAME:PORT", zh=f"{text!r} 没有端口；请写成 {kind}/名称:端口"
            )
        if kind == "node":
            port = _port(port_text, text)
            return _node_address(fabric, name), port
        return _pod_address(fabric, name), _pod_port(fabric, name, port_text, text, protocol)
    address, number_ = _address(text, WHERE_FORMS, WHERE_FORMS_ZH)
    if number_ is None:
        raise EngineError(
            f"{text!r} has no port; write {WHERE_FORMS}", zh=f"{text!r} 没有端口；请写成 {WHERE_FORMS_ZH}"
        )
    _of_one_host(address)
    return address, number_


def _without_port(fabric: Fabric, text: str, kind: str, rest: str) -> str:
    """Where a packet without ports goes: what is written behind a name as its port means nothing."""
    name = rest.partition(":")[0]
    if kind == "svc" and name:
        return _cluster_ip(_named_service(fabric, name))
    if kind == "node" and name:
        return _node_address(fabric, name)
    if kind == "pod" and name:
        return _pod_address(fabric, name)
    address, _ = _address(text, WHERE_FORMS, WHERE_FORMS_ZH)
    _of_one_host(address)
    return address


def _of_one_host(address: str) -> None:
    """Refuse the addresses that are no single host's (RFC 6890): packets to and from them go other ways than ours."""
    ip = ipaddress.ip_address(address)
    if ip.is_multicast or ip.is_unspecified or address == "255.255.255.255":
        raise UnsupportedFeature(
            f"{address} is no single host's address (multicast, broadcast or unspecified), and such packets are not modelled",
            zh=f"{address} 不是单台主机的地址（组播、广播或未指定地址），此类数据包不在模型之内",
        )


def _pod_address(fabric: Fabric, name: str) -> str:
    """The pod's first address; of a host-network pod its node's."""
    pods = fabric.service_index.pods(name)
    version = number(pods[0].ips[0])[0] if len(pods) == 1 and pods[0].ips else 4
    host, address = _pod(fabric, name, version)
    return address if address is not None else _node_address(fabric, host)


def _node_address(fabric: Fabric, name: str) -> str:
    node = fabric.node(name)
    if not node.internal_ips:
        raise NoSuchObject(f"node {name} has no InternalIP", zh=f"节点 {name} 没有 InternalIP")
    return node.internal_ips[0]


def _pod_port(fabric: Fabric, name: str, port: str, whole: str, protocol: L4) -> int:
    """A port by its number, or by the name that the pod's containers give it."""
    pods: tuple[Pod, ...] = fabric.service_index.pods(name)
    named = [p.port for pod in pods for p in pod.ports if p.name == port and p.protocol is protocol]
    return named[0] if port and named else _port(port, whole)


def _service(fabric: Fabric, text: str, protocol: L4) -> tuple[str, int]:
    name, _, port_text = text.partition(":")
    service = _named_service(fabric, name)
    return _cluster_ip(service), _service_port(service, port_text, protocol).port


def _named_service(fabric: Fabric, name: str) -> Service:
    services = fabric.service_index.services(name)
    if len(services) > 1:
        raise NoSuchObject(
            f"svc/{name} could be any of {', '.join(f'svc/{s.key}' for s in services)}; say which",
            zh=f"svc/{name} 可能是 {'、'.join(f'svc/{s.key}' for s in services)} 中的任意一个；请指明",
        )
    if not services:
        known = ", ".join(sorted(s.key for s in fabric.cluster.services)[:20]) or "none"
        raise NoSuchObject(
            f"there is no Service {name!r}; known Services: {known}", zh=f"没有 Service {name!r}；已知 Service：{known}"
        )
    return services[0]


def _cluster_ip(service: Service) -> str:
    if not service.cluster_ips:
        raise NoSuchObject(
            f"Service {service.key} has no ClusterIP; name a pod or an address instead",
            zh=f"Service {service.key} 没有 ClusterIP；请改用 Pod 或地址",
        )
    return service.cluster_ips[0]


def _service_port(service: Service, text: str, protocol: L4) -> ServicePort:
    ports = [p for p in service.ports if p.protocol is protocol]
    listed = ", ".join(f"{p.port}/{p.protocol}" + (f" ({p.name})" if p.name else "") for p in service.ports) or "none"
    if not text:
        if len(ports) == 1:
            return ports[0]
        raise EngineError(
            f"Service {service.key}: say which port of protocol {protocol}; it has {listed}",
            zh=f"Service {service.key}：请指明 {protocol} 的哪个端口；有 {listed}",
        )
    for port in ports:
        if text == port.name or text == str(port.port):
            return port
    if text.isascii() and text.isdigit():
        return ServicePort("", protocol, _port(text, f"svc/{service.name}:{text}"), 0)
    raise NoSuchObject(
        f"Service {service.key} has no {protocol} port {text!r}; it has {listed}",
        zh=f"Service {service.key} 没有 {protocol} 端口 {text!r}；有 {listed}",
    )


def _port(text: str, whole: str) -> int:
    port = port_of(text)
    if not port:
        raise EngineError(
            f"{whole!r}: {text!r} is not a port number between 1 and 65535",
            zh=f"{whole!r}：{text!r} 不是 1 到 65535 之间的端口号",
        )
    return port


def _address(text: str, forms: str, forms_zh: str) -> tuple[str, int | None]:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return canonical(bare), None
    except ValueError:
        pass
    try:
        return split_host_port(text)
    except ValueError:
        raise EngineError(
            f"{text!r} is not understood; write {forms}", zh=f"无法理解 {text!r}；请写成 {forms_zh}"
        ) from None
