"""`params`: what a question draws beyond the names and addresses that are drawn for every question."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from k8squiz.bank.limits import LARGEST_NUMBER, MOST_PARAMETER_TEXT, MOST_PARAMETER_VALUES
from k8squiz.bank.placeholders import show, substitute
from k8squiz.bank.question import Template
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError

Names = Mapping[str, Any]

# A draw hangs on the parameter's name. This one was renamed throughout the bank; a seed that somebody wrote down draws
# the same question as before.
_DRAWN_AS = {"pod_node": "seat"}


def draw_params(template: Template, seed: str) -> dict[str, Any]:
    """All parameters of `template` for `seed`, in the order written; a shuffled or sampled list also as `name.0`, ..."""
    drawn: dict[str, Any] = {}
    used: set[Any] = set()
    for name, raw in (template.data.get("params") or {}).items():
        where = template.place("params", name)
        value = _draw(raw, drawn, Rng(template.meta.origin, seed, "param", _DRAWN_AS.get(name, name)), used, where)
        _check_size(value, where)
        drawn[name] = value
        if isinstance(value, list):
            drawn.update({f"{name}.{index}": item for index, item in enumerate(value)})
    return drawn


def _check_size(value: Any, where: str) -> None:
    """Refuse what grew by repetition: lists hold each other without being copied, so they are counted as they would be
    read, and no further than the limit."""
    values = texts = 0
    pending = [value]
    while pending:
        one = pending.pop()
        values += 1
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, (list, tuple)):
            pending += one
        elif isinstance(one, str):
            texts += len(one)
        elif isinstance(one, int) and abs(one) > LARGEST_NUMBER:
            raise QuizError(f"{where}: the number drawn here is larger than 64 bits", f"{where}：抽取的数超过 64 位")
        if values > MOST_PARAMETER_VALUES or texts > MOST_PARAMETER_TEXT:
            raise QuizError(
                f"{where}: what is drawn here is too large; at most {MOST_PARAMETER_VALUES} values and "
                f"{MOST_PARAMETER_TEXT} characters",
                f"{where}：抽取的值太大；最多 {MOST_PARAMETER_VALUES} 个值、{MOST_PARAMETER_TEXT} 个字符",
            )


def _draw(raw: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    if not isinstance(raw, dict):
        return substitute(raw, names, where)
    spec = substitute({key: value for key, value in raw.items() if key != "of"}, names, where)
    if "of" in raw:
        spec["of"] = raw["of"]
    for key, draw in _WAYS.items():
        if key in spec:
            try:
                return draw(spec, names, rng, used, where)
            except (TypeError, ValueError, IndexError) as error:
                raise QuizError(
                    f"{where}: this parameter cannot be drawn: {error}", f"{where}：无法抽取该参数：{error}"
                ) from error
    raise QuizError(
        f"{where}: a parameter is drawn by one of {', '.join(_WAYS)}",
        f"{where}：参数的抽取方式须为 {'、'.join(_WAYS)} 之一",
    )


def _int(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    low, high = (int(end) for end in spec["int"])
    if low > high:
        raise QuizError(f"{where}: int: [{low}, {high}] is empty", f"{where}：int：[{low}, {high}] 为空")
    return rng.between(low, high, int(spec.get("step", 1)))


def _choice(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    return rng.pick(spec["choice"])


def _shuffle(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    return rng.shuffled(spec["shuffle"])


def _sample(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    count = int(spec.get("count", 1))
    if count > len(spec["sample"]):
        raise QuizError(
            f"{where}: cannot sample {count} of {len(spec['sample'])}",
            f"{where}：无法从 {len(spec['sample'])} 个中抽取 {count} 个",
        )
    return rng.sample(spec["sample"], count)


def _case(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    chosen = show(spec["case"], "en")
    table = spec["of"]
    if chosen not in table:
        raise QuizError(f"{where}: of: has no entry for {chosen!r}", f"{where}：of：没有 {chosen!r} 这一项")
    return substitute(table[chosen], names, where)


def _port(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    return _fresh(lambda: rng.between(1024, 29999), used, where)


def _subnet(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    # 10.20.0.0 to 10.39.255.255 is left free by drawing.identity.
    size = int(spec["subnet"])
    if not 16 <= size <= 30:
        raise QuizError(f"{where}: subnet: must be between 16 and 30", f"{where}：subnet：必须在 16 到 30 之间")

    def one() -> str:
        base = ipaddress.ip_address(f"10.{rng.between(20, 39)}.{rng.below(256)}.0")
        return str(ipaddress.ip_network(f"{base}/{size}", strict=False))

    return _fresh(one, used, where)


def _address(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    network = ipaddress.ip_network(spec["address"])
    if network.num_addresses < 4:
        raise QuizError(f"{where}: address: {network} has too few hosts", f"{where}：address：{network} 的地址太少")
    end = min(network.num_addresses - 2, 65000)
    return _fresh(lambda: str(network[1 + rng.below(end)]), used, where)


def _fresh(draw: Callable[[], Any], used: set[Any], where: str) -> Any:
    for _ in range(200):
        value = draw()
        if value not in used:
            used.add(value)
            return value
    raise QuizError(f"{where}: nothing is left to draw that was not drawn before", f"{where}：可抽取的值已用尽")


def _numbers(values: Any, where: str) -> list[int]:
    if not isinstance(values, list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        raise QuizError(
            f"{where}: needs a list of whole numbers, not {values!r}", f"{where}：需要整数列表，而不是 {values!r}"
        )
    return values


def _add(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    return sum(_numbers(spec["add"], where))


def _subtract(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    first, *rest = _numbers(spec["subtract"], where)
    return first - sum(rest)


def _multiply(spec: Any, names: Names, rng: Rng, used: set[Any], where: str) -> Any:
    return prod(_numbers(spec["multiply"], where))


_WAYS: dict[str, Callable[[Any, Names, Rng, set[Any], str], Any]] = {
    "int": _int,
    "choice": _choice,
    "shuffle": _shuffle,
    "sample": _sample,
    "case": _case,
    "port": _port,
    "subnet": _subnet,
    "address": _address,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
}
