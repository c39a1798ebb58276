"""The steps of a walk in words: what hop-order questions shuffle, and the plausible steps that did not happen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.trace import Hop, Stage, Text
from engine.values import dataclass
from k8squiz.kinds.chains import CHAINS, card
from k8squiz.world.world import host_name

# What each stage is called on a card; {host} is where it happens.
_STAGES: dict[str, tuple[str, str]] = {
    "dns": ("{host}: the name is resolved", "{host}：解析域名"),
    "connect": ("{host}: connect() sends the first packet", "{host}：connect() 发出首个数据包"),
    "nic": ("{host}: the packet comes in at the network card", "{host}：数据包从网卡进入"),
    "prerouting": ("{host}: PREROUTING hook", "{host}：PREROUTING 钩子"),
    "dnat": ("{host}: NAT rewrites the destination", "{host}：NAT 改写目的地址"),
    "routing": ("{host}: routing decision", "{host}：路由决策"),
    "input": ("{host}: INPUT hook, the packet is for the host itself", "{host}：INPUT 钩子，数据包交给主机自身"),
    "ipvs": ("{host}: IPVS picks a real server at LOCAL_IN", "{host}：IPVS 在 LOCAL_IN 处选择真实服务器"),
    "forward": ("{host}: FORWARD hook", "{host}：FORWARD 钩子"),
    "output": ("{host}: OUTPUT hook, the host itself is the sender", "{host}：OUTPUT 钩子，由主机自身发出"),
    "postrouting": ("{host}: POSTROUTING hook", "{host}：POSTROUTING 钩子"),
    "snat": ("{host}: NAT rewrites the source", "{host}：NAT 改写源地址"),
    "encapsulate": ("{host}: the tunnel device adds an outer header", "{host}：隧道设备加上外层头部"),
    "wire": ("{host}: the packet leaves on the wire", "{host}：数据包发到物理网络上"),
    "decapsulate": ("{host}: the outer header is taken off", "{host}：去掉外层头部"),
    "bridge": ("{host}: the bridge cni0 forwards the frame", "{host}：网桥 cni0 转发帧"),
    "veth": ("{host}: across the veth pair", "{host}：穿过 veth pair"),
    "socket": ("{host}: the socket receives it", "{host}：套接字收到数据包"),
    # Not stages of their own in a trace, but steps worth asking for.
    "answer": ("{host}: the server answers", "{host}：服务端应答"),
    "restore-dst": (
        "{host}: conntrack undoes SNAT, the destination is restored",
        "{host}：conntrack 还原 SNAT，恢复目的地址",
    ),
    "restore-src": ("{host}: conntrack undoes DNAT, the source is restored", "{host}：conntrack 还原 DNAT，恢复源地址"),
}
# Not in the picture: what lies between the client and the nodes.
_UNSEEN = frozenset({"router"})


@dataclass(frozen=True, slots=True)
class StepCard:
    """One card. `key` says what it means; equal keys are the same step."""

    key: str
    text: Text


def steps(
    hops: Iterable[Hop],
    detail: str,
    only: Sequence[str] = (),
    hosts: Sequence[str] = (),
    reply: bool = False,
    mode: str = "iptables",
    table: str = "",
) -> tuple[StepCard, ...]:
    """The walk as cards: hops of one host and stage in a row are one step; with detail "chain" each of kube-proxy's
    chains is one, told when it is entered first; with `table` those of that table alone."""
    found = [step for hop in hops if not table or hop.table == table for step in _steps(hop, detail, mode)]
    if reply and found and found[0].key.endswith("/socket"):
        found[0] = stage_step(found[0].key.partition("/")[0], "answer")
    wanted = [step for step in found if _wanted(step, () if detail == "chain" else only, hosts)]
    if detail == "chain":
        return tuple({step.key: step for step in reversed(wanted)}[key] for key in dict.fromkeys(s.key for s in wanted))
    merged = [step for index, step in enumerate(wanted) if index == 0 or wanted[index - 1].key != step.key]
    return tuple(_numbered(merged))


def _wanted(step: StepCard, only: Sequence[str], hosts: Sequence[str]) -> bool:
    host, _, stage = step.key.partition("/")
    if host in _UNSEEN and host not in hosts:
        return False
    return (not only or stage in only) and (not hosts or host in hosts)


def _steps(hop: Hop, detail: str, mode: str) -> list[StepCard]:
    host = host_name(hop.host)
    if detail == "chain":
        step = None if hop.chain is None else chain_step(host, hop.chain, mode)
        return [] if step is None else [step]
    found = [stage_step(host, str(hop.stage))]
    if hop.stage not in (Stage.DNAT, Stage.SNAT):
        # An address that changes where no NAT rule stands is conntrack translating an answer back.
        found += [stage_step(host, f"restore-{change.field}") for change in hop.changes if change.field != "mark"]
    return found


def stage_step(host: str, stage: str) -> StepCard:
    en, zh = _STAGES[stage]
    return StepCard(f"{host}/{stage}", Text(en.format(host=host), zh.format(host=host)))


def chain_step(host: str, chain: str, mode: str = "iptables") -> StepCard | None:
    """The card of a kube-proxy chain; None for chains that are no step of their own."""
    row = card(chain, mode)
    return (
        None if row is None else StepCard(f"{host}/{row[0]}", Text(row[1].format(host=host), row[2].format(host=host)))
    )


def _numbered(found: list[StepCard]) -> list[StepCard]:
    """A step that comes again is told from the first one."""
    seen: dict[str, int] = {}
    result = []
    for step in found:
        seen[step.key] = seen.get(step.key, 0) + 1
        if seen[step.key] == 1:
            result.append(step)
            continue
        count = seen[step.key]
        text = Text(f"{step.text.en} (again)", f"{step.text.zh}（再次）") if count == 2 else Text(
            f"{step.text.en} (time {count})", f"{step.text.zh}（第 {count} 次）")  # fmt: skip
        result.append(StepCard(f"{step.key}#{count}", text))
    return result


def distractors(
    walked: Iterable[Hop], hosts: Sequence[str], detail: str, only: Sequence[str], mode: str = "iptables"
) -> tuple[StepCard, ...]:
    """Steps this walk does not take anywhere, the plausible first in no particular order: the caller draws."""
    hops = list(walked)
    happened = {step.key for hop in hops for step in _steps(hop, detail, mode)}
    # A hook that is passed on the way to what happens there is no step that did not happen.
    happened |= {f"{host_name(hop.host)}/{hop.hook.lower()}" for hop in hops if hop.hook is not None}
    candidates: list[StepCard] = []
    for host in hosts:
        if detail == "chain":
            candidates += [step for row in CHAINS[mode] if (step := chain_step(host, row[0], mode)) is not None]
        else:
            candidates += [
                stage_step(host, stage) for stage in _PLAUSIBLE if not only or stage in only or stage in _EVER
            ]
    return tuple(step for step in candidates if step.key not in happened)


# What people put where it does not belong; sockets and cards of hosts not on the way would be too easy.
_PLAUSIBLE = ("dnat", "input", "ipvs", "forward", "snat", "encapsulate", "decapsulate", "output", "bridge")
_EVER = ("dnat", "snat", "input", "ipvs")
assert set(_STAGES) >= {str(stage) for stage in Stage}
