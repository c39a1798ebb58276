"""conntrack(8): a node's connections, listed, counted, deleted. Source: conntrack-tools 1.4.7, src/conntrack.c;
libnetfilter_conntrack, src/conntrack/snprintf_default.c."""

from __future__ import annotations

import dataclasses

from engine.packet import L4, FiveTuple
from engine.shell.conntrack_room import emptied, standing_views
from engine.shell.conntrack_table import HeldConnection
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.standing import assured as is_assured
from engine.trace import ConntrackView

_NUMBERS = {L4.TCP: 6, L4.UDP: 17, L4.SCTP: 132, L4.ICMP: 1}
_WITH_VALUE = {
    "-p": "proto", "--proto": "proto", "-s": "orig-src", "--src": "orig-src", "--orig-src": "orig-src", "-d": "orig-dst",
    "--dst": "orig-dst", "--orig-dst": "orig-dst", "-r": "reply-src", "--reply-src": "reply-src", "-q": "reply-dst", "--reply-dst": "reply-dst",
    "--sport": "sport", "--orig-port-src": "sport", "--dport": "dport", "--orig-port-dst": "dport", "--state": "state", "-f": "family",
    "--family": "family", "-o": "output", "--output": "output", "-u": "status", "--status": "status",
}  # fmt: skip
# Entries whose addresses are translated: by their source, their destination, either.
_TRANSLATED = {
    "-n": "source",
    "--src-nat": "source",
    "-g": "destination",
    "--dst-nat": "destination",
    "-j": "any",
    "--any-nat": "any",
}
# Seconds that an entry of a busy connection has left.
_STANDS = 86390
_VERBS = {"--dump": "-L", "--list": "-L", "--delete": "-D", "--flush": "-F", "--count": "-C", "--stats": "-S"}


class _Bad(Exception):
    pass


class _Version(Exception):
    pass


def run(call: Call) -> Result:
    """`conntrack -L|-D|-C|-F|-S [-p tcp|udp] [-s|-d|-r|-q ADDRESS] [--sport|--dport PORT] [--state STATE]`."""
    try:
        verb, asked = _read(call.args)
    except _Version:
        return Result("conntrack v1.4.7 (conntrack-tools)\n")
    except _Bad as error:
        return failed(f"conntrack v1.4.7 (conntrack-tools): {error}\nTry `conntrack -h' or 'conntrack --help' for more information.", 2)  # fmt: skip
    if verb == "-S":
        return Result(_statistics(call))
    if verb == "-C":
        return Result(f"{call.live.conntrack_count(call.host)}\n")
    held = list(call.live.connections(call.host))
    held += [(HeldConnection(view, 0.0), _STANDS) for view in standing_views(call.live, call.host)]
    if verb == "-F":
        return _without(
            call,
            [one for one, _ in held],
            "conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.\n",
        )
    found = [(one, left) for one, left in held if _fits(one.view, asked)]
    extended = asked.get("output") == "extended"
    lines = "".join(f"{_family(one.view) if extended else ''}{entry_line(one.view, left)}\n" for one, left in found)
    count = f"conntrack v1.4.7 (conntrack-tools): {len(found)} flow entries have been"
    if verb == "-L":
        return Result(lines, f"{count} shown.\n")
    if not found:
        return Result("", "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.\n", 1)
    return dataclasses.replace(_without(call, [one for one, _ in found], f"{count} deleted.\n"), stdout=lines)


def _read(words: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    verb, asked, left = "", dict[str, str](), [_VERBS.get(word, word) for word in words]
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word in ("-L", "-D", "-F", "-C", "-S"):
            verb = word
        elif word == "conntrack":
            continue
        elif word in ("-V", "--version"):
            raise _Version
        elif word in _TRANSLATED:
            asked["translated"] = _TRANSLATED[word]
        elif name in _WITH_VALUE:
            if not equals and not left:
                raise _Bad(f"option `{word}' requires an argument")
            asked[_WITH_VALUE[name]] = value if equals else left.pop(0)
        else:
            if word in ("-E", "--event"):
                raise _Bad(f"{word} is not available here: there are -L, -D, -F, -C and -S")
            raise _Bad(f"unknown option `{word}'")
    _check(verb, asked)
    return verb, asked


def _check(verb: str, asked: dict[str, str]) -> None:
    if not verb:
        raise _Bad("command required")
    if asked.get("proto", "tcp").lower() not in (one.lower() for one in L4):
        raise _Bad(f"`{asked['proto']}' unsupported protocol")
    if asked.get("output", "extended") != "extended":
        raise _Bad(f"-o {asked['output'][:30]} is not simulated here; there is -o extended")
    if asked.get("status", "ASSURED").upper() not in ("ASSURED", "SEEN_REPLY", "UNREPLIED"):
        raise _Bad(f"Bad status parameter `{asked['status'][:30]}'")


def _fits(view: ConntrackView, asked: dict[str, str]) -> bool:
    original, reply = view.original, view.reply
    held = {
        "proto": original.protocol.lower(),
        "orig-src": original.src,
        "orig-dst": original.dst,
        "reply-src": reply.src,
        "reply-dst": reply.dst,
        "sport": str(original.sport),
        "dport": str(original.dport),
        "state": view.state,
    }
    if not _translated(view, asked.get("translated", "")) or not _of_status(view, asked.get("status", "").upper()):
        return False
    return all(held.get(name, value.lower()) in (value, value.lower(), value.upper()) for name, value in asked.items())


def _translated(view: ConntrackView, where: str) -> bool:
    original, reply = view.original, view.reply
    source = (reply.dst, reply.dport) != (original.src, original.sport)
    destination = (reply.src, reply.sport) != (original.dst, original.dport)
    return {"source": source, "destination": destination, "any": source or destination}.get(where, True)


def _of_status(view: ConntrackView, status: str) -> bool:
    return {"UNREPLIED": not view.replied, "SEEN_REPLY": view.replied, "ASSURED": is_assured(view)}.get(status, True)


def _family(view: ConntrackView) -> str:
    """What -o extended has before a line."""
    return "ipv6     10 " if ":" in view.original.src else "ipv4     2 "


def _without(call: Call, gone: list[HeldConnection], said: str) -> Result:
    state = call.live.state(call.host)
    kept = tuple(one for one in state.connections if one not in gone)
    live = call.live.with_state(call.host, dataclasses.replace(state, connections=kept))
    if len(kept) + len(gone) > len(state.connections):
        live = emptied(live, call.host)
    return Result(stderr=said, live=live)


def _statistics(call: Call) -> str:
    """`-S`: of what is counted, the packets that found no room; all else is 0, as counters are here."""
    since = call.live.overflowed.get(call.host)
    dropped = 0 if since is None else 2 * (211 + int(37 * (call.live.clock - since)))
    return "".join(
        f"cpu={cpu}   \tfound=0 invalid=0 insert=0 insert_failed=0 drop={dropped // 2 + 3 * cpu * bool(dropped)} early_drop=0 "
        "error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n"
        for cpu in (0, 1)
    )


def entry_line(view: ConntrackView, left: int) -> str:
    """One line of `conntrack -L`."""
    protocol = view.original.protocol
    state = f"{view.state} " if view.state else ""
    unreplied = "" if view.replied else "[UNREPLIED] "
    assured = "[ASSURED] " if is_assured(view) else ""
    return (
        f"{protocol.lower():<8} {_NUMBERS[protocol]} {left} {state}{_tuple(view.original)}{unreplied}{_tuple(view.reply)}"
        f"{assured}mark={view.mark} use=1"
    )


def _tuple(flow: FiveTuple) -> str:
    if flow.protocol is L4.ICMP:
        return f"src={flow.src} dst={flow.dst} type=8 code=0 id={flow.sport or 1} "
    return f"src={flow.src} dst={flow.dst} sport={flow.sport} dport={flow.dport} "


TOOL = Tool(("conntrack",), run, ON_NODES)
