"""The path, typed in one line: `client; node1 eth0 client > node1; node1 flannel.1 node1/flannel.1 > pod-a; ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.errors import quoted
from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import AddressField, FieldBase, Unreadable
from k8squiz.kinds.path.alignment import Pairs, aligned
from k8squiz.kinds.path.steps import PathStep, device_class
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import bare_name, plain

_BETWEEN = re.compile(r"[;\n]+")
_ARROW = re.compile(r"\s*(?:-+>|=>|>|→|»)\s*")
_OUTER = re.compile(r"\s*[|,(\[]?\s*(?:outer|外层)[:：]?\s*", re.IGNORECASE)
_MOST = 40


@dataclass(frozen=True, slots=True)
class PathField(FieldBase):
    """A value is a tuple of `host|device|src|dst|outer src|outer dst`, a step each, with nothing where nothing was told."""

    id: str
    label: Text
    steps: tuple[PathStep, ...]
    hosts: tuple[str, ...]
    aliases: Mapping[str, str]
    weight: float = 1.0

    @property
    def truth(self) -> tuple[str, ...]:
        return tuple(_joined(step) for step in self.steps)

    def read(self, typed: str) -> tuple[str, ...]:
        parts = [part for part in _BETWEEN.split(plain(typed)) if part.strip()]
        if not 2 <= len(parts) <= _MOST:
            raise Unreadable(
                "a step each, with ; between: HOST DEVICE SOURCE > DESTINATION",
                "每一步写作：主机 设备 源 > 目的，步骤之间用 ; 分隔",
            )
        return tuple(_joined(self._step(part.strip())) for part in parts)

    def _step(self, text: str) -> PathStep:
        inner, *outer = _OUTER.split(text, maxsplit=1)
        before, *after = _ARROW.split(inner.strip(), maxsplit=1)
        words = before.split()
        source = words.pop() if after and len(words) > 1 else ""
        if not words or len(words) > 2 or (after and not source):
            raise Unreadable(
                f"{quoted(text)}: HOST DEVICE SOURCE > DESTINATION", f"{quoted(text)}：应写作 主机 设备 源 > 目的"
            )
        name, _, device = words[0].partition("/")
        device = device or (words[1] if len(words) == 2 else "")
        addresses = self._pair(source, after[0]) if after else ()
        header = self._pair(*_ARROW.split(outer[0].strip(" )]"), maxsplit=1)) if outer else ()
        src, dst = (addresses[:1], addresses[1:]) if addresses else ((), ())
        return PathStep(self._host(name), device_class(device), src, dst, header)

    def _host(self, name: str) -> str:
        known = {host.lower(): host for host in self.hosts}
        for spelled in (name.lower(), bare_name(name).lower()):
            if spelled in known:
                return known[spelled]
        raise Unreadable(
            f"{name!r} is no host; {', '.join(self.hosts)}", f"{name!r} 不是主机；可用：{'、'.join(self.hosts)}"
        )

    def _pair(self, *ends: str) -> tuple[str, ...]:
        if len(ends) != 2:
            raise Unreadable("addresses are told as SOURCE > DESTINATION", "地址应写作 源 > 目的")
        field = AddressField(self.id, self.label, "", self.aliases)
        return tuple(field.read(re.sub(r"(?<=[^:]):\d+$", "", end.strip())) for end in ends)

    def told(self, value: tuple[str, ...]) -> tuple[PathStep, ...]:
        """The steps of a value."""
        return tuple(_taken_apart(step) for step in value)

    def score(self, value: tuple[str, ...]) -> float:
        return round(aligned(self.told(value), self.steps)[0], 6) if value != self.truth else 1.0

    def pairs(self, value: tuple[str, ...]) -> Pairs:
        """Which step told stands for which one walked, by index."""
        return aligned(self.told(value), self.steps)[1]

    def show(self, value: tuple[str, ...], zh: bool) -> str:
        return "; ".join(step_text(step) for step in self.told(value))

    def reckoned(self, value: tuple[str, ...]) -> Text | None:
        score = self.score(value)
        if not 0.0 < score < 1.0:
            return None
        return Text(
            f"half of a step is host and device, half its addresses; veth and bridge count half: {score:.0%}",
            f"每一步主机与设备占一半、地址占一半；veth 与网桥只算半步：{score:.0%}",
        )

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-path", lang)

    def words(self) -> tuple[str, ...]:
        return (*self.hosts, *self.aliases)

    def flaws(self) -> Iterator[Text]:
        if len(self.steps) < 4:
            yield Text(f"a path of {len(self.steps)} steps is too short", f"只有 {len(self.steps)} 步的路径太短")


def step_text(step: PathStep) -> str:
    """`node1 eth0 10.0.0.1 > 10.0.0.2 outer 192.168.0.1 > 192.168.0.2`."""
    parts = [step.host, *([step.device] if step.device else [])]
    if step.src and step.dst:
        parts.append(f"{'|'.join(step.src)} > {'|'.join(step.dst)}")
    if step.outer:
        parts.append(f"outer {' > '.join(step.outer)}")
    return " ".join(parts)


def _joined(step: PathStep) -> str:
    outer = step.outer or ("", "")
    return "|".join([step.host, step.device, ",".join(step.src), ",".join(step.dst), *outer])


def _taken_apart(text: str) -> PathStep:
    host, device, src, dst, *outer = text.split("|")
    split = [tuple(part.split(",")) if part else () for part in (src, dst)]
    return PathStep(host, device, split[0], split[1], tuple(outer) if all(outer) else ())
