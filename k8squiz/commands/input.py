"""Reading what commands are given: manifests, and rules saved on a real node."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import engine
from engine.cluster import Cluster, Mode
from engine.fabric.fabric import Fabric
from engine.fabric.rule_devices import mentions
from engine.netfilter.packet_facts import device_matches
from engine.netfilter.rules import Ruleset
from engine.packet import Family
from engine.trace import Text
from k8squiz.commands.question_world import PREFIX, opened
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.files import read_text
from k8squiz.terminal.sanitize import one_line

# An iptables-save of 10000 Services with 10 endpoints each is about 70 MB.
_MOST_RULES = 200_000_000
_MOST_NAMES = 8


def read_cluster(paths: tuple[str, ...], lang: Lang, strict: bool = True) -> Cluster:
    """The cluster of these files, folders or "-", or of a question (`question:ID:SEED`); what had to be assumed is said on
    stderr.

    `strict` refuses endpoints on unknown nodes and doubled addresses: a walk needs all hosts, one node's rules do not.
    """
    if len(paths) == 1 and paths[0].startswith(PREFIX):
        return opened(paths[0]).cluster
    cluster = engine.load_cluster(list(paths), strict=strict)
    for english, chinese in cluster.notices:
        say_note(english, chinese, lang)
    return cluster


def say_release(cluster: Cluster, node: str | None, mode: Mode, release: str | None, lang: Lang) -> None:
    """On stderr, what is assumed of kube-proxy on `node` (None: on every node)."""
    from engine.proxy.assumptions import assumed_of_proxy

    for text in assumed_of_proxy(cluster, mode, release, node):
        say_note(text.en, text.zh, lang)


def say_note(english: str, chinese: str, lang: Lang) -> None:
    """A line on stderr: what was assumed, or passed over."""
    print(one_line(f"提示：{chinese}" if lang == "zh" else f"note: {english}"), file=sys.stderr)


def read_rules(given: tuple[str, ...], family: Family, lang: Lang) -> dict[str, Ruleset]:
    """`NODE=FILE` each: the node's name (or pod/NAME) and what was saved there (engine.netfilter.saved); one may have
    several.

    `family` ("ipv4" or "ipv6") is that of the packets. What the texts leave out is said on stderr.
    """
    from engine.netfilter.saved import SavedText, read_saved

    saved: dict[str, list[SavedText]] = {}
    for pair in given:
        node, equals, file = pair.partition("=")
        if not (node and equals and file):
            raise QuizError(f"--rules is {pair!r}: write NODE=FILE", f"--rules 为 {pair!r}：请写成 节点=文件")
        saved.setdefault(node, []).append(SavedText(file, read_text(Path(file), _MOST_RULES)))
    notes: list[Text] = []
    rulesets = {node: read_saved(texts, family, notes) for node, texts in saved.items()}
    for note in notes:
        say_note(note.en, note.zh, lang)
    return rulesets


def say_unknown_devices(fabric: Fabric, rulesets: Mapping[str, Ruleset], lang: Lang) -> None:
    """On stderr, which devices a node's rules speak of that the model has not: such a rule holds for no packet here."""
    for node, ruleset in rulesets.items():
        # Inside a pod all there is is lo and eth0.
        known = ("lo", "eth0") if node.startswith("pod/") else tuple(fabric.host(node).devices)
        asked = dict.fromkeys(mention.name for mention in mentions(ruleset))
        unknown = [name for name in asked if not any(device_matches(name, device) for device in known)]
        if unknown:
            names = ", ".join(unknown[:_MOST_NAMES]) + (", ..." if len(unknown) > _MOST_NAMES else "")
            say_note(
                f"The rules of {node} speak of devices that it does not have here ({names}); it has {', '.join(known)}"
                " (a Network document's nodes name cards and bridges).",
                f"{node} 的规则提到了模型中没有的设备（{names}）；模型中的设备为 {', '.join(known)}"
                "（可在 Network 文档的 nodes 中指定网卡和网桥的名称）。",
                lang,
            )
