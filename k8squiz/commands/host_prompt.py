"""A prompt on the hosts of a cluster: history, what Tab completes, `kubectl edit` in the user's own editor."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.shell.files import write_file
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.registry import names

_EDIT = re.compile(r"\s*(?:kubectl|k)\s+edit\s+(?P<what>[^|;&<>]+)")
_EDITED = "kubectl-edit.yaml"
# Kinds that one types behind kubectl's verbs.
_KUBECTL = ("get", "describe", "patch", "edit", "apply", "delete", "scale", "label", "annotate", "rollout", "logs", "exec", "debug",
            "pods", "svc", "endpoints", "nodes", "netpol", "deploy")  # fmt: skip


def completed(live: LiveCluster, host: str, more: Iterable[str] = ()) -> list[str]:
    """What Tab completes on a host: tools, hosts, its devices, the API's objects by name."""
    devices = list(live.fabric.host(host).devices) if host != ADMINISTRATOR else []
    cluster = live.cluster
    objects = [pod.name for pod in cluster.pods] + [service.name for service in cluster.services]
    found = [*names(), "ssh", "exit", "help", "history", *more, *live.fabric.nodes, *devices]
    return list(dict.fromkeys((*found, *_KUBECTL, *objects)))


def asker(prompt: Callable[[], str], words: Callable[[], list[str]]) -> Callable[[], str]:
    """A function that asks for one line at the terminal, with history and completion."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import InMemoryHistory

    asked: PromptSession[str] = PromptSession(history=InMemoryHistory())

    def ask() -> str:
        completer = WordCompleter(words())
        return asked.prompt(prompt(), completer=completer, complete_while_typing=False)

    return ask


def listed(lines: list[str]) -> str:
    """As `history` lists them."""
    return "".join(f"{number:5}  {line}\n" for number, line in enumerate(lines, 1))


def edited(line: str, live: LiveCluster, host: str, get: Callable[[str], str]) -> tuple[str, LiveCluster] | None:
    """For a line that is `kubectl edit` alone: the line that takes what the user's editor made of the manifest, and the cluster
    with the file it reads; None for any other line, and where no editor could be run. `get` answers a line."""
    found = _EDIT.fullmatch(line)
    if found is None:
        return None
    before = get(f"kubectl get {found['what']} -o yaml")
    after = in_editor(before) if before else None
    if after is None:
        return None
    return f"{line.strip()} < {_EDITED}", write_file(live, host, _EDITED, after)


def in_editor(text: str) -> str | None:
    """What $VISUAL, $EDITOR or vi makes of a text; None where there is none, or it fails."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kubectl-edit.yaml")
        file.write_text(text, encoding="utf-8")
        try:
            # The user's own editor, on a file that is gone afterwards.
            done = subprocess.run((*editor, str(file)), check=False)  # noqa: S603
            return file.read_text(encoding="utf-8") if done.returncode == 0 else None
        except (OSError, UnicodeDecodeError):
            return None
