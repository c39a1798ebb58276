"""YAML for question files, without YAML's traps: what is written is what is meant, and every value has a line.

Refused, each with its line: duplicate keys, `no`/`on`/`yes`/`off` read as booleans, `12:30` read as a base-60
number, `010` read as octal, timestamps, anchors and aliases (nobody writes a 200 MB bomb without them), tags,
keys that are not strings, files too large or too deep to be a question.
"""

from __future__ import annotations

from typing import Any, cast

import yaml

from engine.values import dataclass, pattern
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError

MAX_BYTES = 200_000
_MAX_DEPTH = 40
_BOOL_WORDS = frozenset(w for word in ("yes", "no", "on", "off") for w in (word, word.capitalize(), word.upper()))
_INT = pattern(r"-?(0|[1-9][0-9_]*)\Z")
_HEX = pattern(r"0x[0-9a-fA-F]+\Z")
_FLOAT = pattern(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_SEXAGESIMAL = pattern(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?\Z")
_OCTAL = pattern(r"[-+]?0[0-9_]+\Z")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = tuple[str | int, ...]


class NotYaml(QuizError):
    """No YAML at all: from `line` and `column` on it cannot be read."""

    line = column = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: `data` in plain Python values, `lines` and `columns` where each value (or its key) begins, from 1, by its
    path."""

    data: Yaml
    lines: dict[Path, int]
    columns: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the value at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str, name: str) -> Document:
    """Parse one YAML document. `name` is the file as the user gave it; raises QuizError with name:line."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise QuizError(
            f"{name}:1: the file is larger than {MAX_BYTES // 1000} kB, which no question needs",
            f"{name}:1：文件超过 {MAX_BYTES // 1000} kB，题目用不着这么大",
        )
    try:
        _refuse_aliases(text, name)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # At the end of the text YAML counts one line more than an editor shows.
        line = min(mark.line + 1, max(len(text.splitlines()), 1)) if mark is not None else 1
        from engine.manifests.complaints import problem

        en, zh = problem(error.context, error.problem)
        refused = NotYaml(f"{name}:{line}: not valid YAML: {en}", f"{name}:{line}：YAML 无效：{zh}")
        refused.line, refused.column = line, mark.column + 1 if mark is not None else 1
        raise refused from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise QuizError(
            f"{name}:1: not valid YAML: {str(error).splitlines()[0]}",
            f"{name}:1：YAML 无效：{str(error).splitlines()[0]}",
        ) from error
    reader = _YamlReader(name)
    return Document(reader.value(node, ()) if node is not None else None, reader.lines, reader.columns)


def _refuse_aliases(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise QuizError(
                f"{name}:{line}: anchors and aliases are not allowed; write the value out",
                f"{name}:{line}：不允许使用锚点和别名；请直接写出值",
            )
        if getattr(event, "tag", None):
            raise QuizError(f"{name}:{line}: YAML tags are not allowed", f"{name}:{line}：不允许使用 YAML 标签")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise QuizError(
                    f"{name}:{line}: nested more than {_MAX_DEPTH} deep", f"{name}:{line}：嵌套超过 {_MAX_DEPTH} 层"
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _YamlReader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.columns: dict[Path, int] = {}

    def value(self, node: yaml.Node, path: Path) -> Yaml:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.columns.setdefault(path, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(cast(yaml.ScalarNode, node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Yaml]:
        result: dict[str, Yaml] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise QuizError(
                    f"{self.name}:{line}: a key must be a plain word", f"{self.name}:{line}：键必须是普通的词"
                )
            key = key_node.value
            plain = not key_node.style
            if plain and key in _BOOL_WORDS:
                raise QuizError(
                    f"{self.name}:{line}: the key {key} is a boolean to YAML; quote it: {key!r}",
                    f"{self.name}:{line}：键 {key} 在 YAML 中是布尔值；请加引号：{key!r}",
                )
            if key == "<<":
                raise QuizError(
                    f"{self.name}:{line}: merge keys (<<) are not allowed",
                    f"{self.name}:{line}：不允许使用合并键（<<）",
                )
            if key in result:
                raise QuizError(f"{self.name}:{line}: duplicate key {key!r}", f"{self.name}:{line}：重复的键 {key!r}")
            self.lines[(*path, key)] = line
            self.columns[(*path, key)] = key_node.start_mark.column + 1
            result[key] = self.value(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Yaml:
        text: str = node.value
        if node.style:
            return text
        where = f"{self.name}:{node.start_mark.line + 1}"
        if text in _BOOL_WORDS:
            raise QuizError(
                f"{where}: {text} is a boolean to YAML; write true or false, or quote it: {text!r}",
                f"{where}：{text} 在 YAML 中是布尔值；请写 true 或 false，或加引号：{text!r}",
            )
        if _SEXAGESIMAL.match(text):
            raise QuizError(
                f"{where}: {text} is a base-60 number to YAML; quote it: {text!r}",
                f"{where}：{text} 在 YAML 中是六十进制数；请加引号：{text!r}",
            )
        if _OCTAL.match(text):
            raise QuizError(
                f"{where}: {text} is an octal number to YAML; quote it, or write it without the leading 0",
                f"{where}：{text} 在 YAML 中是八进制数；请加引号，或去掉开头的 0",
            )
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE"):
            return True
        if text in ("false", "False", "FALSE"):
            return False
        if _INT.match(text) and len(text) < 40:
            return int(text.replace("_", ""))
        if _HEX.match(text) and len(text) < 40:
            return int(text, 16)
        if _FLOAT.match(text):
            return float(text)
        return text
