"""What comes before what on a packet's way, and why: the rules that a wrong order breaks."""

from __future__ import annotations

from engine.trace import Text

# (what comes first, what comes after it, on one host, and why).
RULES_OF_THUMB: tuple[tuple[frozenset[str], frozenset[str], Text], ...] = (
    (
        frozenset({"dnat"}), frozenset({"routing", "input", "forward", "postrouting", "snat", "wire", "encapsulate"}),
        Text("DNAT before routing: the route is looked up for the destination that DNAT leaves.", "DNAT 先于路由：路由查的是 DNAT 之后的目的地址。"),
    ),
    (
        frozenset({"prerouting", "nic"}), frozenset({"dnat", "routing", "input", "forward"}),
        Text("PREROUTING comes before anything is decided: what arrives passes it first.", "先过 PREROUTING，再做任何决定：到达的数据包首先经过它。"),
    ),
    (
        frozenset({"routing"}), frozenset({"input", "forward"}),
        Text("Routing decides between INPUT and FORWARD, so it comes before both.", "由路由决定走 INPUT 还是 FORWARD，所以路由在前。"),
    ),
    (
        frozenset({"input"}), frozenset({"ipvs"}),
        Text("IPVS sits at LOCAL_IN: the packet must be for the host itself first.", "IPVS 挂在 LOCAL_IN：数据包先要被判给主机自身。"),
    ),
    (
        frozenset({"routing", "forward", "output", "ipvs", "postrouting"}), frozenset({"snat"}),
        Text("SNAT comes last, in POSTROUTING: the way out is known by then.", "SNAT 在最后的 POSTROUTING：那时出口已定。"),
    ),
    (
        frozenset({"forward", "output", "ipvs"}), frozenset({"postrouting"}),
        Text("FORWARD and OUTPUT before POSTROUTING, which all that leaves passes.", "FORWARD、OUTPUT 都在 POSTROUTING 之前；凡离开的都经过后者。"),
    ),
    (
        frozenset({"postrouting", "snat"}), frozenset({"encapsulate", "wire", "bridge", "veth"}),
        Text("The hooks are done before the device gets the packet: tunnel, bridge or wire come after POSTROUTING.", "设备拿到数据包之前 hook 点已走完：隧道、网桥、网线都在 POSTROUTING 之后。"),
    ),
    (
        frozenset({"encapsulate"}), frozenset({"wire"}),
        Text("The outer header is put on before the wire.", "先加外层头部，再上网线。"),
    ),
    (
        frozenset({"decapsulate"}), frozenset({"prerouting", "dnat", "routing", "forward", "postrouting"}),
        Text("The outer header comes off first; then the packet inside passes the hooks.", "先去掉外层头部，里面的数据包再过各个 hook 点。"),
    ),
)  # fmt: skip
_OTHER_HOST = Text(
    "Host by host: all that happens on one is done before the wire brings the packet to the next.",
    "逐台主机进行：一台上的步骤做完，数据包才经网线到下一台。",
)


def rule_of_thumb(first: str, later: str) -> Text | None:
    """Why step `first` comes before step `later`, both `host/stage`; None where no rule says so."""
    (host, stage), (other, after) = step_of(first), step_of(later)
    if host != other:
        return _OTHER_HOST
    return next((text for before, behind, text in RULES_OF_THUMB if stage in before and after in behind), None)


def step_of(key: str) -> tuple[str, str]:
    """The host and the stage of a step's key."""
    host, _, stage = key.partition("/")
    return host, stage.partition("#")[0]
