"""`k8squiz rules`: what kube-proxy writes on one node, exactly as the kernel's own tool lists it."""

from __future__ import annotations

import sys

from k8squiz.commands.input import default_mode, read_cluster
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import print_machine
from k8squiz.terminal.sanitize import visible


def run(paths: tuple[str, ...], node: str, mode: str | None, family: str, lang: Lang) -> int:
    """Print the rules of `node` for "ipv4" or "ipv6". The node's own objects are enough: a part of a cluster will do."""
    import engine

    cluster = read_cluster(paths, lang, strict=False)
    ruleset = engine.compile_rules(cluster, node, mode or default_mode(cluster), family)
    print_machine(visible(str(ruleset)))
    sys.stdout.flush()
    return 0
