"""An address, typed as such or by a name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from engine.errors import quoted
from engine.trace import Text
from engine.values import dataclass, pattern
from k8squiz.kinds.fields.interface import FieldBase, Turn, Unreadable, first_readable
from k8squiz.kinds.fields.names import named
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import bare_name, says_none

_DEVICES = (
    ("client", Text("Forgets that the source was rewritten on the way.", "忘记了源地址在途中被改写。")),
    ("/", Text("Has the wrong outgoing device in mind: ask for the route first.", "出口设备想错了：先问路由。")),
    (
        "",
        Text(
            "Believes that MASQUERADE always takes the node's InternalIP.",
            "以为 MASQUERADE 总是使用节点的 InternalIP。",
        ),
    ),
)

# `10.0.0.1 port 80`, `node1 端口80`, `node1, 80`: the port after its address.
_PORT = pattern(r"(?:,? +(?:port|端口)? *|,? *端口) *:? *(\d{1,5})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AddressField(FieldBase):
    """An address, typed as such or by a name. A value is `ip`, `ip:port` or `none`.

    `aliases` maps names to addresses. With `ports` the port counts half.
    """

    id: str
    label: Text
    truth: str
    aliases: Mapping[str, str]
    ports: bool = False
    weight: float = 1.0
    row: Text | None = None

    def read(self, typed: str) -> str:
        return first_readable(typed, self._read)

    def _read(self, text: str) -> str:
        if says_none(text):
            return "none"
        text = _PORT.sub(r":\1", text)
        name, port = text, ""
        if text.count(":") == 1 or re.fullmatch(r"\[.*\]:\d+", text):
            name, _, port = text.rpartition(":")
        try:
            canonical = str(ipaddress.ip_address(self._address(name.strip())))
        except ValueError:
            raise Unreadable(
                f"{quoted(text)} is neither an address nor a name shown above",
                f"{quoted(text)} 既不是地址，也不是上面出现过的名称",
            ) from None
        if not self.ports:
            return canonical
        if not re.fullmatch(r"\d{1,5}", port.strip()) or int(port) > 65535:
            raise Unreadable("give the port too, such as node1:80", "请同时写出端口，例如 node1:80")
        return f"{canonical}:{int(port)}"

    def _address(self, name: str) -> str:
        """What goes by `name`: a name shown, a device that only one host has, or an address. Raises Unreadable."""
        known = named(name, self.aliases)
        if known is not None:
            return self.aliases[known]
        devices = [known for known in self._told if known.lower().endswith(f"/{bare_name(name).lower()}")]
        if len(devices) > 1:
            raise Unreadable(f"on which host? {', '.join(devices)}", f"在哪台主机上？{'、'.join(devices)}")
        if devices:
            return self._told[devices[0]]
        return re.sub(r"/(?:32|128)$", "", name.rstrip(".,")).strip("[]")

    def score(self, value: str) -> float:
        if value == self.truth:
            return 1.0
        if not self.ports or "none" in (value, self.truth):
            return 0.0
        ours, theirs = value.rpartition(":"), self.truth.rpartition(":")
        return 0.5 * (ours[0] == theirs[0]) + 0.5 * (ours[2] == theirs[2])

    def show(self, value: str, zh: bool) -> str:
        if value == "none":
            return "无" if zh else "none"
        address = value.rpartition(":")[0] if self.ports else value
        known = [name for name, its in self.aliases.items() if its == address and not name.startswith("svc/")]
        # A node before a pod of its network, which has no device of its own.
        name = min(known, key=lambda known: ("/" in known, f"{known}/eth0" not in self.aliases, len(known)), default="")
        return f"{value} ({name})" if name else value

    @property
    def _told(self) -> dict[str, str]:
        """The names one may type; a Service's ClusterIP goes by other names too."""
        return {name: address for name, address in self.aliases.items() if not name.startswith("svc/")}

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-ports" if self.ports else "how-address", lang, names=", ".join(list(self._told)[:5]))

    def words(self) -> tuple[str, ...]:
        return (*self.aliases, *dict.fromkeys(self.aliases.values()))

    def turns(self) -> Iterator[Turn]:
        from k8squiz.kinds.fields.said import said

        plain = self.truth.rpartition(":")[0] if self.ports else self.truth
        bases = {name.partition("/")[0] for name in self._told if "/" in name}
        for kind, reveals in _DEVICES:
            for name, address in self._told.items():
                fits = name == "client" if kind == "client" else "/" in name if kind == "/" else name in bases
                if fits and address != plain:
                    says = said("answers", answer=f"{address} ({name})")
                    if self.row is not None:
                        label = self.full_label
                        says = Text(f"{label.en}: {says.en}", f"{label.zh}：{says.zh}")
                    yield Turn(says, reveals)
                    break
