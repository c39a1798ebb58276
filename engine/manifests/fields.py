"""Reading one field of a manifest: the right type, a possible value, or a ManifestError with its line.

An absent field and `null` are the same, as they are to the API server.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from engine.errors import ManifestError
from engine.manifests.source import Map, Seq, Trap
from engine.packet import L4
from engine.values import pattern

_LABEL = pattern(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN = pattern(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
# What ipaddress would give back as it is; most addresses are that.
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = pattern(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}\Z")
_NO_STRINGS: Mapping[str, str] = MappingProxyType({})


class Fields:
    """A mapping of a manifest with where it stands: `path` is how its fields are called in messages (`spec.ports[0]`)."""

    __slots__ = ("data", "file", "path")

    def __init__(self, data: Map, file: str, path: str = "") -> None:
        self.data = data
        self.file = file
        self.path = path

    @property
    def line(self) -> int:
        return self.data.line

    def name_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def error(self, key: str, message: str, zh: str) -> ManifestError:
        """An error about the field `key`, for the caller to raise."""
        name = self.name_of(key)
        return ManifestError(f"{name} {message}", self.file, self.data.line_of(key), zh=f"{name} {zh}")

    def place(self, key: str) -> Place:
        """Where the field `key` stands; "" is the mapping itself."""
        if not key:
            return Place(self.path, self.file, self.line)
        return Place(self.name_of(key), self.file, self.data.line_of(key))

    def where(self, key: str) -> str:
        """FILE:LINE of the field `key`."""
        return f"{self.file}:{self.data.line_of(key)}"

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse a field that is none of `known`: where passing it over would change what the rest means."""
        for key in self.data:
            if key not in known:
                where = self.path or "the object"
                raise self.error(
                    self.key(key),
                    f"is no field of {where}; known fields: {', '.join(known)}",
                    zh=f"不是{f' {self.path} ' if self.path else '该对象'}的字段；已知字段：{'、'.join(known)}",
                )

    def __contains__(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A string without control characters."""
        value = self.data.get(key)
        if value is None:
            return default
        return self.string(key, value)

    def string(self, key: str, value: Any, many_lines: bool = False) -> str:
        """`value`, found in `key`, as the string it has to be."""
        if value.__class__ is not str:
            raise self.error(
                key,
                f"must be a string, not {shown(value)}{_advice(value)}",
                zh=f"必须是字符串，而不是 {shown_zh(value)}{_advice_zh(value)}",
            )
        if not value.isprintable() and (not many_lines or _has_controls(value)):
            raise self.error(key, f"holds control characters: {shown(value)}", zh=f"含有控制字符：{shown_zh(value)}")
        return str(value)

    def long_text(self, key: str) -> str | None:
        """A string that may have many lines; None where there is none."""
        value = self.data.get(key)
        return None if value is None else self.string(key, value, many_lines=True)

    def word(self, key: str, words: tuple[str, ...], default: str) -> str:
        """One of `words`."""
        value = self.text(key) or default
        if value not in words:
            raise self.error(
                key,
                f"must be one of {', '.join(filter(None, words))}, not {shown(value)}",
                zh=f"必须是 {'、'.join(filter(None, words))} 之一，而不是 {shown_zh(value)}",
            )
        return value

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        value = self.data.get(key)
        if value is None:
            return default
        if value.__class__ is not int:
            raise self.error(
                key,
                f"must be a number, not {shown(value)}{_number_advice(value)}",
                zh=f"必须是数字，而不是 {shown_zh(value)}{_number_advice_zh(value)}",
            )
        if not low <= value <= high:
            raise self.error(
                key, f"must be between {low} and {high}, not {value}", zh=f"必须在 {low} 与 {high} 之间，而不是 {value}"
            )
        return int(value)

    def port(self, key: str, default: int = 0) -> int:
        return self.integer(key, default, 1, 65535)

    def boolean(self, key: str, default: bool = False) -> bool:
        """True or false; YAML 1.1's other words for them are taken too."""
        value = self.data.get(key)
        if value is None:
            return default
        if value.__class__ is Trap and isinstance(value.value, bool):
            return value.value
        if value.__class__ is not bool:
            raise self.error(
                key, f"must be true or false, not {shown(value)}", zh=f"必须是 true 或 false，而不是 {shown_zh(value)}"
            )
        return bool(value)

    def mapping(self, key: str) -> Fields:
        """The mapping in `key`; an empty one where there is none."""
        value = self.data.get(key)
        if value is None:
            value = Map(self.data.line_of(key))
        elif not isinstance(value, Map):
            raise self.error(key, f"must be a mapping, not {shown(value)}", zh=f"必须是映射，而不是 {shown_zh(value)}")
        return Fields(value, self.file, self.name_of(key))

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(key, f"must be a list, not {shown(value)}", zh=f"必须是列表，而不是 {shown_zh(value)}")
        return value

    def items(self, key: str) -> Iterator[Fields]:
        """The mappings of the list in `key`."""
        name = self.name_of(key)
        values = self._list(key)
        for index, value in enumerate(values):
            if not isinstance(value, Map):
                raise Place(name, self.file, line_at(values, index), index).error(
                    f"must be a mapping, not {shown(value)}", zh=f"必须是映射，而不是 {shown_zh(value)}"
                )
            yield Fields(value, self.file, f"{name}[{index}]")

    def strings(self, key: str) -> Iterator[tuple[str, Place]]:
        """The strings of the list in `key`, each with what makes an error of its line."""
        name = self.name_of(key)
        values = self._list(key)
        for index, value in enumerate(values):
            at = Place(name, self.file, line_at(values, index), index)
            if value.__class__ is not str:
                raise at.error(
                    f"must be a string, not {shown(value)}{_advice(value)}",
                    zh=f"必须是字符串，而不是 {shown_zh(value)}{_advice_zh(value)}",
                )
            if not value.isprintable():
                raise at.error(f"holds control characters: {shown(value)}", zh=f"含有控制字符：{shown_zh(value)}")
            yield value, at

    def string_map(self, key: str) -> Mapping[str, str]:
        """Labels, annotations, a selector, data: strings by strings."""
        mapping = self.mapping(key)
        if not mapping.data:
            return _NO_STRINGS
        for word in mapping.data.traps:
            message = f"is read as {_resolved_key(word)} by YAML 1.1, not as a string; write it in quotes"
            raise mapping.error(
                word, message, zh=f"会被 YAML 1.1 当作{'布尔值' if word.isalpha() else '数字'}，而不是字符串；请加引号"
            )
        return {
            mapping.key(name): "" if value is None else mapping.string(name, value, many_lines=True)
            for name, value in mapping.data.items()
        }

    def key(self, name: str) -> str:
        if not name.isprintable():
            raise ManifestError(
                f"{self.path} holds the key {name!r}: control characters",
                self.file,
                self.data.line,
                zh=f"{self.path} 中的键 {name!r} 含有控制字符",
            )
        return name

    def address(self, key: str) -> str:
        """An IP address in its canonical form; "" where there is none."""
        value = self.text(key)
        return self.place(key).address(value) if value else ""

    def address_of(self, key: str, default: str, six: bool) -> str:
        """An address of one family."""
        address = self.address(key) or default
        if (":" in address) != six:
            raise self.error(
                key,
                f"must be an {'IPv6' if six else 'IPv4'} address, not {address}",
                zh=f"须为 {'IPv6' if six else 'IPv4'} 地址，而不是 {address}",
            )
        return address

    @contextlib.contextmanager
    def inside(self, key: str) -> Iterator[Iterator[Fields]]:
        """The mappings in the text that stands in `key`. Errors name the line of the manifest around it."""
        try:
            text = self.long_text(key)
            if text is None:
                yield iter(())
                return
            from engine.manifests.composer import documents

            yield (Fields(document, key) for document, _ in documents(text, key) if isinstance(document, Map))
        except ManifestError as error:
            if error.file != key:
                raise
            raise self.error(
                key, f"line {error.line}: {error.message}", zh=f"第 {error.line} 行：{error.message_zh}"
            ) from None

    def addresses(self, key: str) -> tuple[str, ...]:
        return tuple(at.address(value) for value, at in self.strings(key))

    def networks(self, key: str) -> tuple[str, ...]:
        """CIDRs in their canonical form, host bits cleared."""
        return tuple(at.network(value.strip()) for value, at in self.strings(key))

    def protocol(self, key: str = "protocol") -> L4:
        return L4(self.word(key, ("TCP", "UDP", "SCTP"), "TCP"))

    def label(self, key: str, default: str = "") -> str:
        """A DNS label (RFC 1123): what namespaces, Services and Service ports may be called."""
        value = self.text(key, default)
        if value and not _LABEL.match(value):
            advice = "a DNS label: at most 63 of a-z, 0-9 and -, with no - at either end"
            zh = f"必须是 DNS 标签（最多 63 个字符，a-z、0-9 和 -，首尾不能是 -），而不是 {shown_zh(value)}"
            raise self.error(key, f"must be {advice}; not {shown(value)}", zh=zh)
        return value

    def subdomain(self, key: str, default: str = "") -> str:
        """A DNS subdomain (RFC 1123): what all other objects may be called."""
        value = self.text(key, default)
        if value and not is_subdomain(value):
            advice = "a DNS name: at most 253 of a-z, 0-9, - and ., each part with no - at either end"
            zh = f"必须是 DNS 名称（最多 253 个字符，a-z、0-9、- 和 .，每段首尾不能是 -），而不是 {shown_zh(value)}"
            raise self.error(key, f"must be {advice}; not {shown(value)}", zh=zh)
        return value


def line_at(values: list[Any], index: int) -> int:
    """The line of an item; 0 where it was read without lines (engine.manifests.quick_json)."""
    return values.lines[index] if isinstance(values, Seq) else 0


class Place:
    """One value's place, to make errors about it: a field, or with `index` an item of the list in a field."""

    __slots__ = ("_field", "_index", "file", "line")

    def __init__(self, field: str, file: str, line: int, index: int | None = None) -> None:
        self._field = field
        self._index = index
        self.file = file
        self.line = line

    @property
    def name(self) -> str:
        return self._field if self._index is None else f"{self._field}[{self._index}]"

    def error(self, message: str, zh: str) -> ManifestError:
        return ManifestError(f"{self.name} {message}", self.file, self.line, zh=f"{self.name} {zh}")

    def address(self, value: str) -> str:
        try:
            return canonical_address(value)
        except ValueError:
            raise self.error(
                f"must be an IP address, not {shown(value)}", zh=f"必须是 IP 地址，而不是 {shown_zh(value)}"
            ) from None

    def network(self, value: str) -> str:
        try:
            return canonical_network(value)
        except ValueError:
            raise self.error(
                f"must be a network such as 10.244.0.0/16, not {shown(value)}",
                zh=f"必须是 10.244.0.0/16 这样的网段，而不是 {shown_zh(value)}",
            ) from None


def is_subdomain(value: str) -> bool:
    """Whether it is a DNS subdomain (RFC 1123)."""
    return len(value) <= 253 and _SUBDOMAIN.match(value) is not None


@functools.lru_cache(maxsize=65536)
def canonical_address(value: str) -> str:
    """The canonical text of an address; ValueError for anything else, and for an address with a zone (%eth0)."""
    if _IPV4.match(value):
        return value
    if "%" in value:
        raise ValueError(value)
    return str(ipaddress.ip_address(value))


def canonical_network(value: str) -> str:
    if "/" not in value or "%" in value:
        raise ValueError(value)
    length = value.rpartition("/")[2]
    if not (length.isascii() and length.isdigit()):
        raise ValueError(value)
    return str(ipaddress.ip_network(value, strict=False))


def shown(value: Any) -> str:
    """A value as messages show it: escaped, and not longer than is useful."""
    if isinstance(value, Map):
        return "a mapping"
    if isinstance(value, Seq):
        return "a list"
    if isinstance(value, Trap):
        return value.text
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def shown_zh(value: Any) -> str:
    """As shown, in a Chinese message."""
    if isinstance(value, (Map, Seq)):
        return "映射" if isinstance(value, Map) else "列表"
    return shown(value)


def _has_controls(value: str) -> bool:
    return not value.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def _advice(value: Any) -> str:
    if isinstance(value, Trap):
        return f": YAML 1.1 reads it as {value.taken_for}; write it in quotes"
    if isinstance(value, (bool, int, float)):
        return f": YAML reads it as {'a boolean' if isinstance(value, bool) else 'a number'}; write it in quotes"
    return ""


def _advice_zh(value: Any) -> str:
    if isinstance(value, Trap):
        return "：YAML 1.1 不把它当作字符串；请加引号"
    if isinstance(value, (bool, int, float)):
        return f"：YAML 把它当作{'布尔值' if isinstance(value, bool) else '数字'}；请加引号"
    return ""


def _number_advice_zh(value: Any) -> str:
    if isinstance(value, Trap):
        return "：YAML 1.1 会作别的理解；请写十进制数"
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return "；请去掉引号"
    return ""


def _number_advice(value: Any) -> str:
    if isinstance(value, Trap):
        return f": YAML 1.1 reads it as {value.taken_for}; write a decimal number"
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return "; leave the quotes away"
    return ""


def _resolved_key(word: str) -> str:
    return "a boolean" if word.isalpha() else "a number"
