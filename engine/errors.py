"""The errors the engine raises. Every one is a message for a person: what is wrong, where, what to do."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything the engine raises on bad input; nothing else escapes it.

    `error.en` (and `str(error)`) is the English message, `error.zh` the Chinese one.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        self.message = message
        self.en = message
        self.zh = zh or message
        super().__init__(message)


class _Placed(EngineError):
    """An error with a place: `file` is the path as the user gave it (`<stdin>`, `<text>` where there is none) and
    `line` counts from 1; both are None where no place can be named."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None, zh: str = "") -> None:
        #: The Chinese message without its place.
        self.message_zh = zh or message
        place = "" if file is None else f"{file}:{line}: " if line is not None else f"{file}: "
        super().__init__(place + message, place + (zh or message))
        self.message = message
        self.file = file
        self.line = line


class ManifestError(_Placed):
    """A manifest that cannot be what Kubernetes would hold."""


class RuleError(_Placed):
    """Rule text that does not parse, or a ruleset the kernel would refuse (a cyclic jump, an unknown chain)."""


class UnsupportedFeature(EngineError):
    """Something real that the engine does not model, so it refuses to guess."""


class NoSuchObject(EngineError):
    """A node, pod, Service, port or mode that was named but does not exist."""
