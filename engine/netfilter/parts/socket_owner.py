"""`-m owner`, `-m socket`; nft `meta skuid`, `meta skgid`: the socket that a packet belongs to.

Sources: net/netfilter/xt_owner.c (owner_mt), xt_socket.c (socket_match), nft_meta.c; iptables 1.8.9
extensions/libxt_owner.c, libxt_socket.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.trace import Text
from engine.values import dataclass, is_decimal

_OWNER = ("--socket-exists", "--uid-owner", "--gid-owner", "--suppl-groups")
_SOCKET = ("--transparent", "--nowildcard", "--restore-skmark")


@dataclass(frozen=True, slots=True)
class SocketOwner(ModelledMatch):
    """`options` are (option, its value or None, negated), in the order of printing. Who runs a process of a node is told by
    no Kubernetes object; who runs a pod's, by its securityContext, where that says so."""

    options: tuple[tuple[str, str | None, bool], ...]

    pure = True

    def holds(self, context: Context) -> bool | None:
        # A packet that is forwarded has no socket: it matches only where every option is turned round.
        if not context.skb.local:
            return all(negate for _, _, negate in self.options)
        # With --suppl-groups any group of the process counts, and no manifest names them all.
        open_ones = {"--suppl-groups", "--gid-owner"} if "--suppl-groups" in {o for o, _, _ in self.options} else set()
        held = [None if o in open_ones else _held(o, value, negate, context) for o, value, negate in self.options]
        return False if False in held else None if None in held else True

    def iptables_text(self, family: Family, before: Match | None) -> str:
        words = (f"{negation(n)} {o}{'' if value is None else f' {value}'}" for o, value, n in self.options)
        return " -m owner" + "".join(words)

    def nft_text(self, ip: str) -> str:
        names = {"--uid-owner": "skuid", "--gid-owner": "skgid"}
        ((option, value, negate),) = self.options if len(self.options) == 1 else (("", None, False),)
        if option not in names:
            return Match.nft_text(self, ip)
        return f"meta {names[option]} {not_equal(negate)}{value}"


def _held(option: str, value: str | None, negate: bool, context: Context) -> bool | None:
    """One option of a packet that a process of the host sends."""
    if option == "--socket-exists":
        return not negate
    asked, owner = _range(value), context.skb.owner
    if asked is None or owner is None or option not in ("--uid-owner", "--gid-owner"):
        return None
    own = owner[option == "--gid-owner"]
    if own is not None:
        return (asked[0] <= own <= asked[1]) != negate
    if asked[0] == 0:
        # What most images run as.
        return None
    word, field = ("user", "runAsUser") if option == "--uid-owner" else ("group", "runAsGroup")
    context.assume(
        Text(
            f"No manifest says which {word} the pod's process runs as ({field}): it is taken not to be {value}, a proxy's.",
            f"清单没有说明该 Pod 的进程以哪个{'用户' if word == 'user' else '组'}运行（{field}）：视为不是代理所用的 {value}。",
        )
    )
    return negate


def _range(value: str | None) -> tuple[int, int] | None:
    """`1337`, `0-99`, `root`; None for another name."""
    first, dash, last = ("0" if value == "root" else value or "").partition("-")
    if not (is_decimal(first) and (is_decimal(last) or not dash)):
        return None
    return int(first), int(last if dash else first)


@dataclass(frozen=True, slots=True)
class SocketMatch(ModelledMatch):
    """`-m socket`: a socket of this host would take the packet. `options` in the order of printing."""

    options: tuple[str, ...] = ()

    pure = True

    def holds(self, context: Context) -> bool | None:
        # No process of the model has a transparent socket (IP_TRANSPARENT), and without one only the host's own
        # addresses have sockets: nothing that is forwarded matches.
        if "--transparent" in self.options or not context.is_local(context.skb.flow.dst):
            return False
        return None

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return " -m socket" + "".join(f" {option}" for option in self.options)


def _read_owner(name: str, options: Options, family: Family) -> Matches | None:
    if not options or not options.keys() <= set(_OWNER):
        return None
    return (SocketOwner(tuple((o, options[o][1], options[o][0]) for o in _OWNER if o in options)),)


def _read_socket(name: str, options: Options, family: Family) -> Matches | None:
    # --restore-skmark writes the packet's mark, which no socket of the model has one for.
    if not options.keys() <= {"--transparent", "--nowildcard"}:
        return None
    return (SocketMatch(tuple(option for option in _SOCKET if option in options)),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    option = "--uid-owner" if found[1] == "skuid" else "--gid-owner"
    return SocketOwner(((option, found[3].strip('"'), found[2] is not None),))


PART = Part(
    classes=(SocketOwner, SocketMatch),
    modules={"owner": by_options(_read_owner), "socket": by_options(_read_socket)},
    nft_matches=((r'(?:meta )?(skuid|skgid) (!= )?("[^"]+"|[0-9]+)', _read_nft),),
)
