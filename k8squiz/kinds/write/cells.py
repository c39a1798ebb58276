"""The table of connections: what becomes of every request in a world, a cell each.

A request may go to a Service by its name: then the name is looked up first, and all that comes back is connected to, since
a client may take any of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine import Request
from engine.cluster import Cluster
from engine.packet import join_host_port, split_host_port
from engine.trace import Outcome, Text, Verdict
from engine.values import dataclass
from k8squiz.bank.question import QuestionRequest
from k8squiz.world.decided import decision
from k8squiz.world.lookups import addresses_of
from k8squiz.world.world import World, host_name

# What the table may tell of a connection besides whether it works: who answers, and which address is seen there.
SHOWN = ("reached", "seen")
WORKS, FAILS = "✓", "✗"
_WIDEST = 76


@dataclass(frozen=True, slots=True)
class Cell:
    """`reached` are those that may answer, `seen` the addresses they may see; `fails` where some way leads to nobody. `told` says
    what decided, and is no part of what is wanted."""

    reached: tuple[str, ...]
    fails: bool
    seen: tuple[str, ...]
    told: Text

    @property
    def works(self) -> bool:
        return bool(self.reached) and not self.fails


@dataclass(frozen=True, slots=True)
class NamedService:
    """A Service that requests reach by its name: its namespace, its name, and the address that stands for it in them."""

    namespace: str
    name: str


Names = Mapping[str, NamedService]


def cell_of(world: World, name: str, names: Names, show: tuple[str, ...]) -> Cell:
    """What becomes of request `name`. Raises EngineError for what cannot be walked."""
    asked, cluster = world.request(name), world.cluster(name)
    found = list(_outcomes(world, asked, cluster, names))
    delivered = [outcome for outcome in found if outcome.verdict is Verdict.DELIVERED]
    reached = sorted({_called(outcome.destination, cluster) for outcome in delivered})
    seen = sorted({outcome.source_seen or "" for outcome in delivered})
    return Cell(
        tuple(reached) if "reached" in show else ("",) * bool(reached),
        len(delivered) < len(found) or not found,
        tuple(seen) if "seen" in show else (),
        _told(found, delivered, asked, names),
    )


def same(ours: Cell, theirs: Cell) -> bool:
    """Whether two cells say the same of a connection."""
    if not (ours.works or theirs.works):
        return True
    return (ours.works, ours.reached, ours.seen) == (theirs.works, theirs.reached, theirs.seen)


def cell_text(cell: Cell) -> str:
    """As it stands in the table."""
    if not cell.works:
        return FAILS
    more = [", ".join(part) for part in (cell.reached, tuple(f"({one})" for one in cell.seen)) if any(part)]
    return " ".join([WORKS, *more])


def _ends(destination: str) -> tuple[str, int | None]:
    """Host and port. An echo request has no port, nor has what the walk refuses."""
    try:
        return split_host_port(destination)
    except ValueError:
        return destination, None


def _outcomes(world: World, asked: QuestionRequest, cluster: Cluster, names: Names) -> Iterator[Outcome]:
    """Every way of the request; of one that goes to a Service by its name, to every address that the name has."""
    host, port = _ends(asked.destination)
    service = names.get(host)
    if service is None or port is None:
        yield from world.all_outcomes(asked.name)
        return
    for address in addresses_of(service.name, service.namespace, cluster):
        target = join_host_port(address, port)
        yield from world.walked(
            asked.name, Request(asked.source, target, asked.protocol, asked.node, asked.sport, asked.size)
        )


def _called(destination: str, cluster: Cluster) -> str:
    """`pod-a:8080` of its address, or the address; an echo request has no port."""
    host, port = _ends(destination)
    name = next((pod.name for pod in cluster.pods if host in pod.ips and not pod.host_network), host)
    return f"{name}:{port}" if port else name


def _told(found: list[Outcome], delivered: list[Outcome], asked: QuestionRequest, names: Names) -> Text:
    """What decided about the first way that fails, else about those that arrive."""
    if not found:
        service = names[_ends(asked.destination)[0]]
        return Text(
            f"{service.name}.{service.namespace} does not resolve, or to no address",
            f"{service.name}.{service.namespace} 解析不到任何地址",
        )
    lost = [outcome for outcome in found if outcome.verdict is not Verdict.DELIVERED]
    return decision((lost or delivered)[0])


def table(
    requests: tuple[QuestionRequest, ...], cells: Mapping[str, Cell], names: Names, aliases: Mapping[str, str]
) -> str:
    """Callers across, destinations down; a line a pair where that would be too wide."""
    called = {each.name: (destination(each, names, aliases), host_name(each.source)) for each in requests}
    rows, columns = (list(dict.fromkeys(pair[at] for pair in called.values())) for at in (0, 1))
    shown = {pair: cell_text(cells[name]) for name, pair in called.items()}
    text = aligned([["", *columns], *([row, *(shown.get((row, column), "·") for column in columns)] for row in rows)])
    if max(map(len, text.split("\n"))) <= _WIDEST:
        return text
    return aligned([[column, "→ " + row, cell] for (row, column), cell in shown.items()])


def aligned(rows: list[list[str]]) -> str:
    """The rows in columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def destination(asked: QuestionRequest, names: Names, aliases: Mapping[str, str]) -> str:
    """`cart:80`, `pod-d:8080`, `node1:30080`, `203.0.113.9:443/UDP`."""
    host, port = _ends(asked.destination)
    known = [name for name, address in aliases.items() if address == host and "/" not in name]
    name = names[host].name if host in names else min(known, key=len, default=host)
    if asked.protocol == "ICMP":
        return f"{name} (ping)"
    return f"{name}:{port}{'' if asked.protocol == 'TCP' else f'/{asked.protocol}'}"
