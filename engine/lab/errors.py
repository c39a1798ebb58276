"""What the lab says where it cannot run."""

from __future__ import annotations

from engine.errors import EngineError


class LabUnavailable(EngineError):
    """This machine lacks something that the lab needs; the message says what, and what to do."""


class NotInThisLab(EngineError):
    """This cluster or request needs a feature that this machine's kernel does not have (SCTP, IPIP, IPVS)."""
