"""kubectl's options, and which verb takes which: long or short, a value behind = or in the next word, short ones together.

Sources: github.com/spf13/pflag (the words of its errors); staging/src/k8s.io/kubectl/pkg/cmd, each verb's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.shell.tools.kubectl.problems import BadWords
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its short form ("" for none), whether it stands alone, whether its value is a number."""

    short: str = ""
    alone: bool = False
    number: bool = False


_OPTIONS = {
    "namespace": Option("n"), "output": Option("o"), "selector": Option("l"), "patch": Option("p"), "type": Option(),
    "patch-file": Option(), "filename": Option("f"), "container": Option("c"), "grace-period": Option(number=True), "field-selector": Option(),
    "sort-by": Option(), "replicas": Option(number=True), "current-replicas": Option(number=True), "tail": Option(number=True),
    "since": Option(), "image": Option(), "profile": Option(), "target": Option(), "restart": Option(), "labels": Option("l"),
    "pod-running-timeout": Option(), "timeout": Option(), "label-columns": Option("L"), "for": Option(), "port": Option(),
    "target-port": Option(), "name": Option(), "protocol": Option(), "cluster-ip": Option(), "external-ip": Option(), "load-balancer-ip": Option(), "session-affinity": Option(),
    "cascade": Option(), "chunk-size": Option(number=True), "context": Option(), "kubeconfig": Option(), "since-time": Option(), "address": Option(),
    "request-timeout": Option(), "dry-run": Option(), "validate": Option(), "revision": Option(number=True),
    "api-group": Option(), "namespaced": Option(), "categories": Option(), "types": Option(),
    "all-namespaces": Option("A", True), "overwrite": Option(alone=True), "show-labels": Option(alone=True),
    "no-headers": Option(alone=True), "stdin": Option("i", True), "tty": Option("t", True), "force": Option(alone=True),
    "all": Option(alone=True), "now": Option(alone=True), "watch": Option("w", True), "quiet": Option("q", True), "rm": Option(alone=True),
    "attach": Option(alone=True), "show-kind": Option(alone=True), "ignore-not-found": Option(alone=True), "wait": Option(alone=True),
    "client": Option(alone=True), "current": Option(alone=True), "minify": Option(alone=True), "help": Option("h", True),
    "follow": Option("f", True), "previous": Option("p", True), "timestamps": Option(alone=True), "all-containers": Option(alone=True), "prefix": Option(alone=True),
    "list": Option(alone=True), "recursive": Option("R", True), "show-events": Option(alone=True), "delete-local-data": Option(alone=True), "watch-only": Option(alone=True), "verbs": Option(),
    "ignore-daemonsets": Option(alone=True), "delete-emptydir-data": Option(alone=True), "disable-eviction": Option(alone=True), "pod-selector": Option(),
}  # fmt: skip
_SHORT = {"v": "v", "s": "server", "k": "kustomize"}
_EVERYWHERE = "namespace context kubeconfig request-timeout help"
# Of the real one, and told apart from slips.
_NOT_SIMULATED = frozenset({"v", "show-managed-fields", "template", "server", "token", "as", "as-group", "user", "cluster", "limit-bytes",
                            "max-log-requests", "output-watch-events", "overrides", "command", "env", "expose", "share-processes",
                            "copy-to", "custom", "raw", "subresource", "kustomize", "server-side", "prune", "field-manager", "save-config"})  # fmt: skip
_OBJECTS = "filename recursive selector all"
_CHANGES = f"{_OBJECTS} output dry-run"
# A verb -> what it takes beside what every verb does.
_TAKES = {
    "get": "output selector all-namespaces field-selector sort-by show-labels no-headers watch watch-only show-kind label-columns filename recursive ignore-not-found chunk-size",
    "describe": "selector all-namespaces filename recursive show-events chunk-size",
    "patch": f"{_CHANGES} patch patch-file type",
    "label": f"{_CHANGES} overwrite field-selector list all-namespaces",
    "annotate": f"{_CHANGES} overwrite field-selector list all-namespaces",
    "apply": f"{_CHANGES} validate force overwrite wait timeout",
    "create": f"{_CHANGES} validate",
    "replace": f"{_CHANGES} validate force grace-period cascade timeout wait",
    "delete": f"{_CHANGES} now force grace-period cascade wait timeout ignore-not-found field-selector all-namespaces",
    "exec": "filename container stdin tty quiet pod-running-timeout",
    "debug": "filename container stdin tty quiet image profile target attach",
    "edit": f"{_CHANGES} validate",
    "logs": "container follow previous timestamps all-containers prefix tail since since-time selector pod-running-timeout",
    "rollout": f"{_CHANGES} watch timeout revision",
    "scale": f"{_CHANGES} replicas current-replicas timeout",
    "version": "client output",
    "config": "current minify output no-headers",
    "api-resources": "api-group namespaced categories no-headers output sort-by verbs",
    "events": "all-namespaces for types watch no-headers output",
    "top": "all-namespaces selector sort-by no-headers",
    "run": "image restart labels rm stdin tty attach quiet port dry-run output pod-running-timeout",
    "expose": f"{_CHANGES} port target-port name protocol type cluster-ip external-ip load-balancer-ip session-affinity labels",
    "set": f"{_CHANGES}",
    "wait": f"{_OBJECTS} for timeout all-namespaces field-selector output",
    "auth": "all-namespaces quiet",
    "drain": "ignore-daemonsets delete-emptydir-data delete-local-data force grace-period timeout selector disable-eviction dry-run pod-selector",
    "cordon": "selector dry-run",
    "uncordon": "selector dry-run",
    "port-forward": "address pod-running-timeout",
    "cluster-info": "",
    "api-versions": "",
}  # fmt: skip
_SUBVERBS = ("rollout", "set", "auth", "config", "top", "create")
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


@dataclass(frozen=True, slots=True)
class Words:
    """`rest` are the words that are no options, the verb first; `behind` those behind `--`, None where there is none."""

    rest: tuple[str, ...]
    values: dict[str, str]
    flags: frozenset[str]
    behind: tuple[str, ...] | None = None

    @property
    def namespace(self) -> str:
        return self.values.get("namespace", "default")


class _Reader:
    def __init__(self, words: Sequence[str]) -> None:
        self.left = list(words)
        self.rest: list[str] = []
        self.values: dict[str, str] = {}
        self.flags: dict[str, bool] = {}

    def named(self, name: str = "", short: str = "") -> Option | None:
        """(the option of that name or letter), where the verb takes it. Before the verb every option is taken."""
        taken = self.taken()
        if name:
            return _OPTIONS.get(name) if taken is None or name in taken else None
        return next(
            (one for key, one in _OPTIONS.items() if one.short == short and (taken is None or key in taken)), None
        )

    def taken(self) -> list[str] | None:
        takes = _TAKES.get(self.rest[0]) if self.rest else None
        return None if takes is None else f"{takes} {_EVERYWHERE}".split()

    def key(self, option: Option) -> str:
        return next(key for key, one in _OPTIONS.items() if one is option)

    def bad(self, said: str) -> BadWords:
        verb = "".join(f" {word}" for word in self.rest[: 2 if self.rest[:1] and self.rest[0] in _SUBVERBS else 1])
        return BadWords(f"error: {said}\nSee 'kubectl{verb} --help' for usage.")

    def long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        option = self.named(name=name)
        if option is None and name in _NOT_SIMULATED:
            raise BadWords(f"error: --{name} is not simulated here")
        if option is None:
            raise self.bad(f"unknown flag: --{name}")
        if not equals and not option.alone:
            if not self.left:
                raise self.bad(f"flag needs an argument: --{name}")
            value = self.left.pop(0)
        self.keep(option, value if equals or not option.alone else "true")

    def short(self, word: str) -> None:
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            option = self.named(short=letter)
            if option is None and letter in _SHORT:
                raise BadWords(f"error: --{_SHORT[letter]} is not simulated here")
            if option is None:
                raise self.bad(f"unknown shorthand flag: '{letter}' in {word}")
            if option.alone:
                given = letters[1:] if letters.startswith("=") else "true"
                letters = "" if letters.startswith("=") else letters
                self.keep(option, given)
                continue
            if not letters and not self.left:
                raise self.bad(f"flag needs an argument: '{letter}' in {word}")
            self.keep(option, letters.removeprefix("=") if letters else self.left.pop(0))
            return

    def keep(self, option: Option, value: str) -> None:
        name = self.key(option)
        shown = f"-{option.short}, --{name}" if option.short else f"--{name}"
        if option.alone:
            if value not in (*_TRUE, *_FALSE):
                raise self.bad(f'invalid argument "{value}" for "{shown}" flag: strconv.ParseBool: parsing "{value}": invalid syntax')  # fmt: skip
            self.flags[name] = value in _TRUE
            return
        if option.number and not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise self.bad(f'invalid argument "{value}" for "{shown}" flag: strconv.ParseInt: parsing "{value}": invalid syntax')  # fmt: skip
        self.values[name] = f"{self.values[name]},{value}" if name == "label-columns" and name in self.values else value


def read_words(words: Sequence[str]) -> Words:
    """Raises BadWords."""
    reader = _Reader(words)
    behind: tuple[str, ...] | None = None
    while reader.left:
        word = reader.left.pop(0)
        if word == "--":
            behind = tuple(reader.left)
            break
        if word.startswith("--"):
            reader.long(word)
        elif word.startswith("-") and len(word) > 1:
            reader.short(word)
        else:
            reader.rest.append(word)
    flags = frozenset(name for name, given in reader.flags.items() if given)
    off = {name: "false" for name, given in reader.flags.items() if not given}
    return Words(tuple(reader.rest), {**reader.values, **off}, flags, behind)
