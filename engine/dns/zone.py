"""What a name server answers from a zone: RFC 1034, section 4.3.2, with the empty non-terminals of RFC 8020.

A name that exists without the type asked for is NODATA (NOERROR, no answers); so is a name under which others lie. All else
is NXDOMAIN. A CNAME is followed as far as the zone goes; where its target is not in the zone the CNAME stands alone, as
CoreDNS answers for an ExternalName whose target it cannot resolve (plugin/backend_lookup.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.values import dataclass

Zone = Mapping[str, Iterable[tuple[str, str]]]
"""A name (without the dot at its end): its records as (type, value). A name without records exists and has no data."""

NOERROR, NXDOMAIN = "NOERROR", "NXDOMAIN"


@dataclass(frozen=True, slots=True)
class ZoneAnswer:
    """`records`: the answer section as (owner, type, value), CNAMEs before what they lead to."""

    rcode: str
    records: tuple[tuple[str, str, str], ...] = ()

    def values(self, record_type: str) -> tuple[str, ...]:
        return tuple(value for _, kind, value in self.records if kind == record_type)


class ZoneIndex:
    """A zone made ready to be asked: names without regard to case (RFC 4343), and the non-terminals above them."""

    def __init__(self, zone: Zone) -> None:
        self._records: dict[str, list[tuple[str, str]]] = {}
        self._exists: set[str] = set()
        for name, records in zone.items():
            key = key_of(name)
            self._records.setdefault(key, []).extend((kind, value) for kind, value in records)
            while key and key not in self._exists:
                self._exists.add(key)
                key = key.partition(".")[2]

    def answer(self, name: str, record_type: str) -> ZoneAnswer:
        """What is answered to `name` and A, AAAA, SRV, CNAME, TXT or PTR."""
        if key_of(name) not in self._exists:
            return ZoneAnswer(NXDOMAIN)
        found: list[tuple[str, str, str]] = []
        seen: set[str] = set()
        while key_of(name) not in seen:
            seen.add(key_of(name))
            here = self._records.get(key_of(name), [])
            found.extend((name, kind, value) for kind, value in here if kind == record_type)
            target = next((value for kind, value in here if kind == "CNAME" and kind != record_type), None)
            if target is None:
                break
            found.append((name, "CNAME", target))
            name = target
        return ZoneAnswer(NOERROR, tuple(found))


def key_of(name: str) -> str:
    """What a name is found by."""
    return name.removesuffix(".").lower()
