"""Why a packet's address is what it is on the way: the hop that last rewrote it, and how what was answered stands to that."""

from __future__ import annotations

from collections.abc import Iterator

from engine.packet import split_host_port
from engine.trace import Direction, HeaderChange, Hop, Stage, Text
from engine.values import dataclass
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.world.evidence import hop_line
from k8squiz.world.world import host_name

_DNAT = Text(
    "DNAT before routing: from there on the destination is the endpoint's.",
    "DNAT 先于路由：从那里起目的地址就是端点的。",
)
_SNAT = Text(
    "SNAT last, in POSTROUTING: until there the source is untouched.", "SNAT 在最后的 POSTROUTING：在那之前源地址不变。"
)
_UNDONE = Text(
    "The answer is translated back where the request was translated, in reverse.",
    "响应在请求被转换过的地方按相反方向还原。",
)
_OUTER = Text(
    "The outer header goes from node to node; the packet inside is not touched.",
    "外层头部从节点到节点；里面的数据包不变。",
)
_NAT_ALONE = Text(
    "NAT alone rewrites addresses: routing, bridges and tunnels leave them as they are.",
    "只有 NAT 改写地址：路由、网桥和隧道都不改。",
)


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """`field` (`src` or `dst`) of the packet at `hop`, one of the `hops` of request `name`; `of`: `request` or `reply`;
    `outer`: that of the tunnel's header."""

    name: str
    of: str
    hops: tuple[Hop, ...]
    hop: Hop
    field: str
    outer: bool = False


def address_cause(label: str, asked: AskedAddress, given: str | None) -> Cause:
    """Why it is no `given` (None: nothing was answered), as the cause of the field `label`."""
    hops, hop, field = asked.hops, asked.hop, asked.field
    direction = Direction.REPLY if asked.of == "reply" else Direction.REQUEST
    if asked.outer:
        first = next((each for each in hops if each.encapsulation is not None), hop)
        return Cause(label, hop_line(first, asked.of), rule=_OUTER, place=WalkPlace(asked.name, direction, first.n))
    done = [(each, change) for each, change in _changes(hops, field) if each.n <= hop.n]
    later = [(each, change) for each, change in _changes(hops, field) if each.n > hop.n]
    yours = _yours(given, done, later)
    if not done:
        told = _as_sent(hops, hop, field)
        rule = _rule(later[0][0], field) if later else _NAT_ALONE
    else:
        told = hop_line(done[-1][0], asked.of)
        rule = _rule(done[-1][0], field)
    decisive = done[-1][0] if done else later[0][0] if later else hop
    text = told if yours is None else Text(f"{told.en}; {yours.en}", f"{told.zh}；{yours.zh}")
    return Cause(label, text, rule=rule, place=WalkPlace(asked.name, direction, decisive.n))


def _changes(hops: tuple[Hop, ...], field: str) -> Iterator[tuple[Hop, HeaderChange]]:
    return ((hop, change) for hop in hops for change in hop.changes if change.field == field)


def _as_sent(hops: tuple[Hop, ...], hop: Hop, field: str) -> Text:
    """Nothing has rewritten `field` yet; the other one is told too where it is so as well."""
    other = "dst" if field == "src" else "src"
    if any(each.n <= hop.n for each, _ in _changes(hops, other)):
        value, place = getattr(hops[0], field), f"{host_name(hop.host)} {hop.stage}"
        return Text(
            f"up to hop {hop.n}, {place}, {field} stands as it was sent: {value}",
            f"到第 {hop.n} 跳（{place}）为止 {field} 与发出时一样：{value}",
        )
    sent, place = f"{hops[0].src} → {hops[0].dst}", f"{host_name(hop.host)} {hop.stage}"
    return Text(
        f"up to hop {hop.n}, {place}, it stands as it was sent: {sent}",
        f"到第 {hop.n} 跳（{place}）为止与发出时一样：{sent}",
    )


def _yours(
    given: str | None, done: list[tuple[Hop, HeaderChange]], later: list[tuple[Hop, HeaderChange]]
) -> Text | None:
    """When what was answered stood there, or will."""
    if given is None:
        return None
    for hop, change in reversed(done):
        if _same(given, change.before):
            return Text(f"yours stood there until hop {hop.n}", f"你填的是第 {hop.n} 跳之前的")
    for hop, change in later:
        if _same(given, change.after):
            return Text(
                f"yours comes at hop {hop.n}, {host_name(hop.host)} {hop.stage}",
                f"你填的要到第 {hop.n} 跳（{host_name(hop.host)} {hop.stage}）才出现",
            )
    return None


def _same(given: str, endpoint: str) -> bool:
    try:
        return given in (endpoint, split_host_port(endpoint)[0])
    except ValueError:
        return given == endpoint


def _rule(hop: Hop, field: str) -> Text:
    if hop.stage is Stage.DNAT:
        return _DNAT
    if hop.stage is Stage.SNAT:
        return _SNAT
    # Where no NAT rule stands it is conntrack, translating an answer back; IPVS picks a server and rewrites itself.
    return _DNAT if hop.stage is Stage.IPVS and field == "dst" else _UNDONE
