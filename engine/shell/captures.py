"""What the packet sockets that are open print of what was sent."""

from __future__ import annotations

import dataclasses

from engine.shell.live import Capture, LiveCluster
from engine.shell.packets import line
from engine.shell.pcap_filter import read_filter
from engine.walk.state import Tap, TapWay


def _hears(capture: Capture, tap: Tap) -> bool:
    """Whether a socket on that device gets it; one on all devices sets none of them promiscuous."""
    return capture.device == tap.device or (capture.device == "any" and tap.way is not TapWay.SWITCHED)


def show(live: LiveCluster) -> tuple[str, LiveCluster]:
    """What the captures print of the packets that were sent since, and the cluster without these."""
    out, captures = "", []
    for capture in live.captures:
        wanted = read_filter(capture.words)
        seen = [
            packet
            for packet in live.packets
            if packet.tap.host == capture.host and _hears(capture, packet.tap) and wanted(packet.tap.flow)
        ]
        seen = seen if capture.most is None else seen[: capture.most - capture.shown]
        out += "".join(f"{line(packet, capture.device == 'any')}\n" for packet in seen)
        shown = capture.shown + len(seen)
        if capture.most is None or shown < capture.most:
            captures.append(dataclasses.replace(capture, shown=shown))
        else:
            out += f"{shown} packets captured\n"
    return out, dataclasses.replace(live, captures=tuple(captures), packets=())
