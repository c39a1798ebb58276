"""`params`: what a question draws beyond the names and addresses that are drawn for every question."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Mapping
from math import prod

from engine.values import dataclass
from k8squiz.bank.forms import part
from k8squiz.bank.limits import LARGEST_NUMBER, MOST_PARAMETER_TEXT, MOST_PARAMETER_VALUES
from k8squiz.bank.placeholders import filled, show, substitute
from k8squiz.bank.question import Template
from k8squiz.bank.rng import Rng
from k8squiz.bank.shapes import (
    ANYTHING,
    DRAWN_INTEGER,
    MAPPING,
    WORD,
    Place,
    Schema,
    Shape,
    integer,
    list_of,
)  # fmt: skip
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError

# A draw hangs on the parameter's name. This one was renamed throughout the bank; a seed that somebody wrote down draws
# the same question as before.
_DRAWN_AS = {"pod_node": "seat"}


@dataclass(frozen=True, slots=True)
class ParamDraw:
    """What one parameter is drawn from: its own keys, the names drawn before it, and what none may draw again."""

    spec: Mapping[str, Yaml]
    names: Mapping[str, Yaml]
    rng: Rng
    used: set[Yaml]
    place: Place

    def items(self, key: str) -> list[Yaml]:
        return list(list_of(ANYTHING).read(self.spec[key], self.place.at(key)))

    def numbers(self, key: str) -> tuple[int, ...]:
        return list_of(DRAWN_INTEGER).read(self.spec[key], self.place.at(key))

    def number(self, key: str, default: int) -> int:
        return DRAWN_INTEGER.read(self.spec.get(key, default), self.place.at(key))

    def fresh(self, draw: Callable[[], Yaml]) -> Yaml:
        """A value that was not drawn before."""
        for _ in range(200):
            value = draw()
            if value not in self.used:
                self.used.add(value)
                return value
        where = self.place.where
        raise QuizError(f"{where}: nothing is left to draw that was not drawn before", f"{where}：可抽取的值已用尽")


def draw_params(template: Template, seed: str) -> dict[str, Yaml]:
    """All parameters of `template` for `seed`, in the order written; a shuffled or sampled list also as `name.0`, ..."""
    drawn: dict[str, Yaml] = {}
    used: set[Yaml] = set()
    for name, raw in part(template, "params", MAPPING, {}).items():
        rng = Rng(template.meta.origin, seed, "param", _DRAWN_AS.get(name, name))
        value = _draw(raw, drawn, rng, used, Place(template, ("params", name)))
        _check_size(value, template.place("params", name))
        drawn[name] = value
        if isinstance(value, list):
            drawn.update({f"{name}.{index}": item for index, item in enumerate(value)})
    return drawn


def _check_size(value: Yaml, where: str) -> None:
    """Refuse what grew by repetition: lists hold each other without being copied, so they are counted as they would be
    read, and no further than the limit."""
    values = texts = 0
    pending = [value]
    while pending:
        one = pending.pop()
        values += 1
        if isinstance(one, Mapping):
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


def _draw(raw: Yaml, names: Mapping[str, Yaml], rng: Rng, used: set[Yaml], place: Place) -> Yaml:
    if not isinstance(raw, Mapping):
        return substitute(raw, names, place.where)
    spec = filled({key: value for key, value in raw.items() if key != "of"}, names, place.where)
    if "of" in raw:
        spec["of"] = raw["of"]
    for key, way in WAYS.items():
        if key in spec:
            return way.draw(ParamDraw(spec, names, rng, used, place))
    raise QuizError(
        f"{place.where}: a parameter is drawn by one of {', '.join(WAYS)}",
        f"{place.where}：参数的抽取方式须为 {'、'.join(WAYS)} 之一",
    )


def _int(of: ParamDraw) -> Yaml:
    ends, step = of.numbers("int"), of.number("step", 1)
    if len(ends) != 2 or ends[0] > ends[1] or step < 1:
        shown = f"[{', '.join(map(str, ends))}]"
        raise QuizError(f"{of.place.where}: int: {shown} is empty", f"{of.place.where}：int：{shown} 为空")
    return of.rng.between(*ends, step)


def _sample(of: ParamDraw) -> Yaml:
    count, items = of.number("count", 1), of.items("sample")
    if count > len(items):
        raise QuizError(
            f"{of.place.where}: cannot sample {count} of {len(items)}",
            f"{of.place.where}：无法从 {len(items)} 个中抽取 {count} 个",
        )
    return of.rng.sample(items, count)


def _case(of: ParamDraw) -> Yaml:
    chosen = show(of.spec["case"], "en")
    table = MAPPING.read(of.spec.get("of"), of.place.at("of"))
    if chosen not in table:
        raise QuizError(
            f"{of.place.where}: of: has no entry for {chosen!r}", f"{of.place.where}：of：没有 {chosen!r} 这一项"
        )
    return substitute(table[chosen], of.names, of.place.where)


def _subnet(of: ParamDraw) -> Yaml:
    # 10.20.0.0 to 10.39.255.255 is left free by bank.identity.
    size = of.number("subnet", 0)
    if not 16 <= size <= 30:
        raise QuizError(
            f"{of.place.where}: subnet: must be between 16 and 30", f"{of.place.where}：subnet：必须在 16 到 30 之间"
        )

    def one() -> str:
        base = ipaddress.ip_address(f"10.{of.rng.between(20, 39)}.{of.rng.below(256)}.0")
        return str(ipaddress.ip_network(f"{base}/{size}", strict=False))

    return of.fresh(one)


def _address(of: ParamDraw) -> Yaml:
    text = WORD.read(of.spec["address"], of.place.at("address"))
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise of.place.at("address").must_be(
            "a network such as 203.0.113.0/24", "网段，例如 203.0.113.0/24", text
        ) from None
    if network.num_addresses < 4:
        raise QuizError(
            f"{of.place.where}: address: {network} has too few hosts",
            f"{of.place.where}：address：{network} 的地址太少",
        )
    end = min(network.num_addresses - 2, 65000)
    return of.fresh(lambda: str(network[1 + of.rng.below(end)]))


def _subtract(of: ParamDraw) -> Yaml:
    first, *rest = of.numbers("subtract")
    return first - sum(rest)


@dataclass(frozen=True, slots=True)
class ParamWay:
    """One way to draw: what its mapping may hold besides its own key, and the draw."""

    shape: Schema
    draw: Callable[[ParamDraw], Yaml]
    more: Mapping[str, Shape[int] | Shape[Mapping[str, Yaml]]] = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()


_ITEMS = list_of(ANYTHING, least=1).schema
_ITEMS.pop("items")
WAYS: dict[str, ParamWay] = {
    "int": ParamWay({"type": "array", "minItems": 2, "maxItems": 2}, _int, {"step": integer(1)}),
    "choice": ParamWay(_ITEMS, lambda of: of.rng.pick(of.items("choice"))),
    "shuffle": ParamWay(_ITEMS, lambda of: of.rng.shuffled(of.items("shuffle"))),
    "sample": ParamWay(_ITEMS, _sample, {"count": DRAWN_INTEGER}),
    "case": ParamWay({}, _case, {"of": MAPPING}, ("of",)),
    "port": ParamWay({"const": True}, lambda of: of.fresh(lambda: of.rng.between(1024, 29999))),
    "subnet": ParamWay({"type": "integer"}, _subnet),
    "address": ParamWay({"type": "string"}, _address),
    "add": ParamWay(_ITEMS, lambda of: sum(of.numbers("add"))),
    "subtract": ParamWay(_ITEMS, _subtract),
    "multiply": ParamWay(_ITEMS, lambda of: prod(of.numbers("multiply"))),
}
