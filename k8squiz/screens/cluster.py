"""A cluster before the question: a row a node, its Services, how it is set up. Returns renderables; prints nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text as Styled

from k8squiz.bank.question import NodeView, Picture, PodView, ServiceView
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.screens.pieces import Pieces
from k8squiz.terminal.width import width_of

_MANY_PODS = 6
_MANY_NODES = 6


def cluster_view(picture: Picture, lang: Lang, told: frozenset[str] = frozenset()) -> RenderableType:
    """Nodes with their devices and pods, Services under them, then how it is set up, but for the facts that are `told`
    elsewhere. What is asked for stands in plain letters: nothing here is dim."""
    facts = [fact for fact in (say("client", lang, address=picture.client), *picture.facts) if fact not in told]
    return Group(NodesTable(picture.nodes, facts), *(_service_view(service, lang) for service in picture.services))


class NodesTable:
    """Node, devices, podCIDR and pods in columns, a row a node; where that is too wide, all pods under them; or a column a
    node. Then the `facts` of the whole cluster."""

    def __init__(self, nodes: Sequence[NodeView], facts: Sequence[str]) -> None:
        self._nodes, self._all = nodes, tuple(facts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # The fewest lines; of as many, the clearer layout.
        layouts = (self._rows_with_pods, self._rows, self._columns, *([self._line] if len(self._nodes) == 1 else []))
        texts = [layout(options.max_width) for layout in layouts]
        fitting = [text for text in texts if max(map(width_of, text.plain.split("\n"))) <= options.max_width]
        text = min(fitting, key=lambda text: text.plain.count("\n"), default=texts[-1])
        text.overflow = "fold"
        yield text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(width_of, self._rows_with_pods(options.max_width).plain.split("\n")))
        return Measurement(min(40, options.max_width), min(widest, options.max_width))

    def _facts(self) -> list[tuple[str, list[str]]]:
        """What a column is called, and what each node has there. A bridge's address has the podCIDR's prefix, so one column
        tells both."""
        devices = list(dict.fromkeys(device for node in self._nodes for device, _ in node.devices))
        columns = [("zone", [node.zone for node in self._nodes])] if any(node.zone for node in self._nodes) else []
        if len(self._nodes) > _MANY_NODES:
            columns.append(("eth0", [node.address for node in self._nodes]))
        else:
            columns += [(name, [dict(node.devices).get(name, "") for node in self._nodes]) for name in devices]
        bridge = next((at for at, (_, values) in enumerate(columns) if self._in_pod_cidr(values)), None)
        if bridge is None:
            return [*columns, ("podCIDR", [node.pod_cidr for node in self._nodes])]
        prefixes = [node.pod_cidr.rpartition("/")[2] for node in self._nodes]
        name, values = columns[bridge]
        columns[bridge] = f"{name}, podCIDR", [f"{a}/{b}" for a, b in zip(values, prefixes, strict=True)]
        return columns

    def _in_pod_cidr(self, addresses: list[str]) -> bool:
        """Whether they are hosts' addresses in each node's own podCIDR."""
        for node, address in zip(self._nodes, addresses, strict=True):
            try:
                network = ipaddress.ip_network(node.pod_cidr)
                if ipaddress.ip_address(address) not in network or address == str(network.network_address):
                    return False
            except ValueError:
                return False
        return True

    def _rows_with_pods(self, width: int) -> Styled:
        table = [["", *(name for name, _ in self._facts()), "Pod"]]
        for cells, node in zip(self._cells(), self._nodes, strict=True):
            pods = _pods(node.pods) or [""]
            table.append([*cells, pods[0]])
            table += [[""] * len(cells) + [pod] for pod in pods[1:]]
        return self._with_facts(_aligned(table), width)

    def _rows(self, width: int) -> Styled:
        text = _aligned([["", *(name for name, _ in self._facts())], *self._cells()])
        pods = [pod for node in self._nodes for pod in _pods(node.pods, node.name)]
        if not pods:
            return self._with_facts(text, width)
        # Many pods of a node are told behind its name.
        grouped = [
            f"{node.name}: {pod}" if not at else pod for node in self._nodes for at, pod in enumerate(_pods(node.pods))
        ]
        pods = min(pods, grouped, key=lambda each: len(Pieces(each, indent=0).lines(width - 5)))
        lines = Pieces(pods, indent=0).lines(width - 5)
        together = Pieces([*pods, *self._all], indent=0).lines(width - 5)
        fewer = len(together) < len(lines) + len(Pieces(self._all).lines(width))
        text.append("\nPod", "strong").append("  " + "\n     ".join(together if fewer else lines))
        return text if fewer else self._with_facts(text, width)

    def _line(self, width: int) -> Styled:
        """The only node in a line or two."""
        (node,) = self._nodes
        told = [f"{name} {values[0]}" for name, values in self._facts()]
        pods = [f"Pod {pod}" for pod in _pods(node.pods)]
        line = Styled("\n".join(Pieces([f"{node.name}: {told[0]}", *told[1:], *pods]).lines(width)))
        line.stylize("strong", 0, len(node.name))
        return self._with_facts(line, width)

    def _columns(self, width: int) -> Styled:
        table = [["", *(node.name for node in self._nodes)], *([name, *values] for name, values in self._facts())]
        pods = [_pods(node.pods) for node in self._nodes]
        for at in range(max(map(len, pods))):
            table.append(["" if at else "Pod", *(own[at] if at < len(own) else "" for own in pods)])
        return self._with_facts(_aligned(table), width)

    def _with_facts(self, text: Styled, width: int) -> Styled:
        return text.append("".join(f"\n{line}" for line in Pieces(self._all).lines(width)))

    def _cells(self) -> list[list[str]]:
        facts = self._facts()
        return [[node.name, *(values[index] for _, values in facts)] for index, node in enumerate(self._nodes)]


def _aligned(table: Sequence[Sequence[str]]) -> Styled:
    """The cells in columns; the first row and the first column name the others."""
    widths = [max(map(width_of, column)) for column in zip(*table, strict=True)]
    lines = []
    for number, row in enumerate(table):
        padded = [cell + " " * (width - width_of(cell)) for cell, width in zip(row, widths, strict=True)]
        line = Styled("  ".join(padded).rstrip())
        line.stylize("caption" if number == 0 else "strong", 0, len(line) if number == 0 else len(padded[0].rstrip()))
        lines.append(line)
    return Styled("\n").join(lines)


def _pods(pods: Sequence[PodView], node: str = "") -> list[str]:
    """Each pod with its address, and in parentheses the `node` it is on and what is amiss with it."""
    shown = pods if len(pods) <= _MANY_PODS else pods[: _MANY_PODS - 1]
    lines = []
    for pod in shown:
        noted = ", ".join(word for word in (node, pod.ready) if word)
        lines.append(f"{pod.name} {pod.address}" + (f" ({noted})" if noted else ""))
    return (
        lines if len(shown) == len(pods) else [*lines, f"… +{len(pods) - len(shown)}" + (f" ({node})" if node else "")]
    )


# The type of a Service, and the field that tells it where it is there.
_TELLS_TYPE = {"ClusterIP": "clusterIP", "NodePort": "nodePort", "LoadBalancer": "loadBalancer"}


def _service_view(service: ServiceView, lang: Lang) -> RenderableType:
    """`Service web: NodePort 30080 · clusterIP 10.96.0.10:80 → web-a:8080/TCP`: its type by the field that gives it, the
    target port behind the endpoints."""
    fields = dict(line.split(" ", 1) for line in service.lines)
    fields["clusterIP"] += f" → {_endpoints(service, fields.pop('targetPort', ''), lang)}"
    told = _TELLS_TYPE.get(service.type, "")
    first, name = f"{service.name} ({service.type})", service.name
    pieces = [f"{field} {value}" for field, value in fields.items() if field != told]
    if told in fields:
        first, pieces = service.name, [f"{service.type} {fields[told]}", *pieces]
    return Pieces([f"Service {first}: {pieces[0]}", *pieces[1:]], strong=name, packed=True)


def _endpoints(service: ServiceView, port: str, lang: Lang) -> str:
    """The endpoints with the port they are reached at: `a:8080/TCP`, `{a, b}:8080/TCP`."""
    ends = [*service.endpoints[:_MANY_PODS]]
    if not ends:
        return f"{say('no-endpoints', lang)} (targetPort {port})"
    if len(service.endpoints) > _MANY_PODS:
        ends.append(f"… +{len(service.endpoints) - _MANY_PODS}")
    return f"{ends[0]}:{port}" if len(ends) == 1 else f"{{{', '.join(ends)}}}:{port}"
