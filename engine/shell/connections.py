"""conntrack's entries as a walk leaves them, made into what the next walk finds."""

from __future__ import annotations

from engine.netfilter.skb import ConntrackEntry, Manip
from engine.trace import ConntrackView


def entry_of(view: ConntrackView) -> ConntrackEntry:
    """The entry that the kernel holds of the connection; NAT was decided when it was made."""
    entry = ConntrackEntry(view.original, view.reply, replied=view.replied, confirmed=True, assured=view.replied)
    entry.nat_done.update(Manip)
    if (view.reply.src, view.reply.sport) != (view.original.dst, view.original.dport):
        entry.translated.add(Manip.DST)
    if (view.reply.dst, view.reply.dport) != (view.original.src, view.original.sport):
        entry.translated.add(Manip.SRC)
    return entry
