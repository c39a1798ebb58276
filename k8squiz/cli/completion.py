"""What a shell completes where a value stands: topics, ids, parts, and what a given cluster has. Read by nobody else.

A completer gets the words typed so far and says all values there are; whatever goes wrong in it completes nothing. Words, and
not what click has read of them: an option without its value, which is what is being completed, ends click's reading.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, split_arg_string

Values = Callable[[list[str]], Iterable[str]]


def complete(param: click.Parameter) -> None:
    """Give `param` its values, where it has some; `--node` is one, `CLUSTER...` takes the shell's own files."""
    values = _VALUES.get(param.opts[0] if isinstance(param, click.Option) else str(param.metavar))
    if values is None:
        return

    def items(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            # What reading says on the way (an assumption, a note) is not for a shell.
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                return [CompletionItem(value) for value in values(_words()) if value.startswith(incomplete)]
        except Exception:  # noqa: BLE001 - a shell that completes nothing is better than one full of errors
            return []

    param._custom_shell_complete = items


def _words() -> list[str]:
    """The line so far, as the scripts of bash, and of zsh and fish, hand it over."""
    return split_arg_string(os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", ""))


def _topics(words: list[str]) -> Iterable[str]:
    from k8squiz.bank.find import metas

    return sorted({meta.topic for meta in metas()})


def _themes(words: list[str]) -> Iterable[str]:
    from k8squiz.bank.themes import THEMES

    return THEMES


def _stories(words: list[str]) -> Iterable[str]:
    from k8squiz.explain import TOPICS

    return [*(entry.name for entry in TOPICS), "scale"]


def _questions(words: list[str]) -> Iterable[str]:
    from k8squiz.bank.find import metas

    return [meta.id for meta in metas()]


def _parts(words: list[str]) -> Iterable[str]:
    import importlib

    from k8squiz.explain import TOPICS

    chosen = [entry for entry in TOPICS if entry.name in words] or TOPICS
    modules = (importlib.import_module(f"k8squiz.explain.{entry.module}") for entry in chosen)
    return sorted({part for module in modules for part in module.WITHOUT})


def _tracks(words: list[str]) -> Iterable[str]:
    from k8squiz.kinds.tracks import TRACKS

    return TRACKS


def _scenarios(words: list[str]) -> Iterable[str]:
    from engine.ipvs.scenarios import SCENARIOS

    return SCENARIOS


def _metrics(words: list[str]) -> Iterable[str]:
    from engine.ipvs.simulate import METRICS

    return METRICS


def _kinds(words: list[str]) -> Iterable[str]:
    from k8squiz.kinds.interface import REGISTRY

    return REGISTRY


def _interviews(words: list[str]) -> Iterable[str]:
    from k8squiz.history.store import read_store

    store = read_store()
    try:
        return [str(session.id) for session in store.sessions("mock")]
    finally:
        store.close()


def _cluster(words: list[str]) -> Any:
    """The cluster of the files and folders that stand on the line."""
    import engine

    return engine.load_cluster([word for word in words[1:] if Path(word).exists()], strict=False)


def _nodes(words: list[str]) -> Iterable[str]:
    return [node.name for node in _cluster(words).nodes]


def _named(kind: str, thing: Any) -> str:
    return f"{kind}/{thing.name}" if thing.namespace == "default" else f"{kind}/{thing.namespace}/{thing.name}"


def _sources(words: list[str]) -> Iterable[str]:
    cluster = _cluster(words)
    return ["client", *(_named("pod", pod) for pod in cluster.pods), *(f"node/{node.name}" for node in cluster.nodes)]


def _destinations(words: list[str]) -> Iterable[str]:
    cluster = _cluster(words)
    services = [_named("svc", service) for service in cluster.services]
    ports = [f"node/{node.name}:{port.node_port}" for node in cluster.nodes for service in cluster.services
             for port in service.ports if port.node_port]  # fmt: skip
    return [*services, *dict.fromkeys(ports), *(_named("pod", pod) for pod in cluster.pods)]


_VALUES: dict[str, Values] = {
    "--topic": _topics,
    "--about": _themes,
    "[TOPIC]": _stories,
    "--question": _questions,
    "ID": _questions,
    "--without": _parts,
    "--track": _tracks,
    "--scenario": _scenarios,
    "--metric": _metrics,
    "--kind": _kinds,
    "[SESSION]": _interviews,
    "--node": _nodes,
    "--from": _sources,
    "--to": _destinations,
    "CLUSTER... [HOST] [COMMAND]": _sources,
    "--lang": lambda words: ("en", "zh"),
    "--theme": lambda words: ("auto", "light", "dark", "none"),
}
