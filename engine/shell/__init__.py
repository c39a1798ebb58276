"""A cluster one can look into and change: the tools of a node, a pod and an administrator, answered from the engine.

Nothing here starts a process or touches a file: a command is read, and a tool of this package says what the real one
would. A tool is a module of tools/, a row in registry.py; what a command may change is engine.shell.live's. A name is
loaded when it is first used: to look up a name from a pod needs no shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.shell.shell import Reply, Shell, open_shell

__all__ = ["Reply", "Shell", "open_shell"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'engine.shell' has no attribute {name!r}")
    from engine.shell import shell

    return getattr(shell, name)
