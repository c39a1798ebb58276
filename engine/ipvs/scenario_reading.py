"""A scenario from plain data, as a YAML file or a question holds it. Every error names the field it is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from engine.errors import EngineError, quoted
from engine.ipvs.scenario import BARE, KUBE_PROXY, Requirement, Scenario, parse_requirements
from engine.ipvs.workload import Action, Change, Workload, WorkServer
from engine.limits import LONGEST_WORKLOAD
from engine.trace import Text

Path: TypeAlias = tuple[str | int, ...]

_NUMBERS = ("clients", "connections", "gap", "short", "long", "destinations", "persistent")
_FIELDS = {*_NUMBERS, "long_share", "name", "words", "dataplane", "servers", "changes", "requirements"}


class ScenarioError(EngineError):
    """What is wrong in a scenario. `path` leads to it: ("servers", 0, "weight")."""

    def __init__(self, path: Path, message: str, zh: str) -> None:
        super().__init__(message, zh=zh)
        self.path = path


def load_scenario(data: Mapping[str, Any]) -> Scenario:
    """A Scenario from plain data (a YAML mapping): name, words {en, zh}, dataplane, servers, changes, requirements and
    the numbers of Workload. Raises ScenarioError for a missing, unknown or ill-typed field, EngineError for values that
    do not go together."""
    fields = _mapping(data, (), _FIELDS, ("servers", "requirements"))
    name = _word(fields.get("name", "scenario"), ("name",))
    servers = tuple(_server(one, ("servers", n)) for n, one in enumerate(_list(fields["servers"], ("servers",))))
    changes = tuple(
        _change(one, ("changes", n)) for n, one in enumerate(_list(fields.get("changes", ()), ("changes",)))
    )
    numbers = {key: _number(fields[key], (key,), 1) for key in _NUMBERS if key in fields}
    if "long_share" in fields:
        numbers["long_share"] = _share(fields["long_share"], ("long_share",))
    dataplane = _word(fields.get("dataplane", BARE), ("dataplane",))
    if dataplane == KUBE_PROXY:
        for n, server in enumerate(servers):
            if server.weight > 1:
                raise ScenarioError(
                    ("servers", n, "weight"),
                    f"server {server.name}: under kube-proxy every weight is 1 (0 for a terminating endpoint)",
                    f"服务器 {server.name}：在 kube-proxy 下所有权重都是 1（正在终止的端点为 0）",
                )
    try:
        workload = Workload(servers, changes=changes, **numbers)
    except EngineError as error:
        about = "changes" if "change" in error.en else "servers" if "server " in error.en else "connections"
        raise ScenarioError((about,) if about in fields else ("servers",), error.en, error.zh) from error
    return Scenario(
        name=name,
        words=_words(fields.get("words", {"en": name, "zh": name})),
        workload=workload,
        requirements=_requirements(fields["requirements"]),
        dataplane=dataplane,
    )


def _server(data: object, path: Path) -> WorkServer:
    fields = _mapping(data, path, {"name", "weight", "speed", "slots", "from_start"}, ("name",))
    lowest = {"weight": 0, "speed": 1, "slots": 1}
    numbers = {key: _number(fields[key], (*path, key), low) for key, low in lowest.items() if key in fields}
    from_start = fields.get("from_start", True)
    if not isinstance(from_start, bool):
        raise _wrong((*path, "from_start"), "true or false", "true 或 false", from_start)
    return WorkServer(_word(fields["name"], (*path, "name")), from_start=from_start, **numbers)


def _change(data: object, path: Path) -> Change:
    fields = _mapping(data, path, {"at", "action", "server"}, ("at", "action", "server"))
    actions = [str(action) for action in Action]
    if fields["action"] not in actions:
        raise _wrong((*path, "action"), f"one of {', '.join(actions)}", f"{'、'.join(actions)} 之一", fields["action"])
    at = _number(fields["at"], (*path, "at"), 0)
    return Change(at, Action(fields["action"]), _word(fields["server"], (*path, "server")))


def _requirements(data: object) -> tuple[Requirement, ...]:
    path: Path = ("requirements",)
    if not isinstance(data, str):
        return tuple(_requirement(one, (*path, n)) for n, one in enumerate(_list(data, path)))
    try:
        return parse_requirements(data)
    except EngineError as error:
        raise ScenarioError(path, error.en, error.zh) from error


def _requirement(data: object, path: Path) -> Requirement:
    fields = _mapping(data, path, {"metric", "at_least", "at_most"}, ("metric",))
    for key in ("at_least", "at_most"):
        if key in fields and (isinstance(fields[key], bool) or not isinstance(fields[key], int | float)):
            raise _wrong((*path, key), "a number", "数值", fields[key])
    try:
        return Requirement(**fields)
    except EngineError as error:
        raise ScenarioError(path, error.en, error.zh) from error


def _words(data: object) -> Text:
    fields = _mapping(data, ("words",), {"en", "zh"}, ("en", "zh"))
    return Text(_word(fields["en"], ("words", "en")), _word(fields["zh"], ("words", "zh")))


def _share(value: object, path: Path) -> Any:
    try:
        share = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise _wrong(path, "a share from 0 to 1", "0 到 1 之间的比例", value)
    return share


def _number(value: object, path: Path, lowest: int) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise _wrong(path, f"a whole number from {lowest} up", f"不小于 {lowest} 的整数", value)
    if value > LONGEST_WORKLOAD:
        raise _wrong(path, f"at most {LONGEST_WORKLOAD}", f"不大于 {LONGEST_WORKLOAD} 的数", value)
    return value


def _word(value: object, path: Path) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(path, "a text", "文字", value)
    return value


def _list(value: object, path: Path) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(path, "a list", "列表", value)
    return value


def _mapping(value: object, path: Path, known: Collection[str], needed: Collection[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "a mapping of fields", "字段的映射", value)
    for key in value:
        if key not in known:
            raise ScenarioError(
                (*path, key),
                f"{_name(path)}: unknown field {quoted(key)}; known: {', '.join(sorted(known))}",
                f"{_name(path)}：未知字段 {quoted(key)}；已知字段：{'、'.join(sorted(known))}",
            )
    for key in needed:
        if key not in value:
            raise ScenarioError(path, f"{_name(path)}: field {key!r} is missing", f"{_name(path)}：缺少字段 {key!r}")
    return dict(value)


def _name(path: Path) -> str:
    """`servers[0].weight`, or `scenario` for the whole."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return text or "scenario"


def _wrong(path: Path, wanted: str, wanted_zh: str, value: object) -> ScenarioError:
    found = quoted(value)
    return ScenarioError(
        path,
        f"{_name(path)}: it must be {wanted}, not {found}",
        f"{_name(path)}：必须是{wanted_zh}，而不是 {found}",
    )
