"""A question's texts with their placeholders filled: drawn names, and figures the engine computes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from engine.trace import Text
from engine.values import dataclass, pattern
from k8squiz.bank.forms import (
    EXPLANATION,
    FOLLOWUPS,
    HINTS,
    POINTS,
    SOURCES,
    VALUES,
    BlockForm,
    HintForm,
    PointForm,
    SourceForm,
    part,
)
from k8squiz.bank.placeholders import COMPUTED, fill, filled, substitute
from k8squiz.bank.shapes import TEXT, Place
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.world.predicates import holds, value_of
from k8squiz.world.release import spoken
from k8squiz.world.subjects import size_spec
from k8squiz.world.world import World

_BLANKS = pattern(" +")
_STOPS = frozenset("，。；：！？、（）")


class Names(Mapping[str, Yaml]):
    """The drawn names, and the question's `values`, each computed once, when a text asks for it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._values = part(world.question.template, "values", VALUES, {})
        self._own = [name for name in _COMPUTED if name not in world.question.names and name not in self._values]
        self._computed: dict[str, Yaml] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._own or name in self._world.question.names

    def __getitem__(self, name: str) -> Yaml:
        if name in self._values:
            if name not in self._computed:
                raw = substitute(self._values[name], self._world.question.names)
                self._computed[name] = figure(value_of(raw, self._world))
            return self._computed[name]
        if name in self._own:
            return _COMPUTED[name](self._world)
        return self._world.question.names[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._values
        yield from self._own
        yield from self._world.question.names

    def __len__(self) -> int:
        return len(self._values) + len(self._own) + len(self._world.question.names)


def _release(world: World) -> str:
    """The release of kube-proxy that the question speaks of: v1.37."""
    size = size_spec(world.question)
    return spoken(world.cluster(world.first).nodes[0].proxy_version if size is None else size.release)


# What every text may name without having drawn it.
_COMPUTED: Mapping[str, Callable[[World], Yaml]] = dict(zip(COMPUTED, (_release,), strict=True))


def figure(value: Yaml | Fraction) -> Yaml:
    """A computed value as prose shows it: fractions as `1/3`, long ones as decimals, whole ones as integers."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return int(value)
        return str(value) if value.denominator <= 100 else f"{float(value):.4g}"
    return "-" if value is None else value


def bilingual(world: World, raw: Text | HintForm | BlockForm | PointForm, where: str = "") -> Text:
    """A `{en, zh}` of the question file, filled."""
    names = Names(world)
    told = Text(fill(raw.en, names, "en", where).strip(), without_folds(fill(raw.zh, names, "zh", where).strip()))
    if not told.en or not told.zh:
        place, asked = where or world.question.template.place(), (raw.en or raw.zh)[:60]
        raise QuizError(
            f"{place}: a text says nothing once its placeholders are filled in: {asked!r}",
            f"{place}：有文本填入占位符后为空：{asked!r}",
        )
    return told


def without_folds(text: str) -> str:
    """Chinese text without the blanks that YAML's folding leaves where a line ended between two characters."""

    def blank(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if before in _STOPS or after in _STOPS or (_is_wide(before) and _is_wide(after)):
            return ""
        return match.group()

    return _BLANKS.sub(blank, text)


def _is_wide(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\u4e00" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"


def prompt(world: World) -> Text:
    template = world.question.template
    return bilingual(world, TEXT.read(template.data["prompt"], Place(template, ("prompt",))), template.place("prompt"))


def hints(world: World) -> tuple[tuple[float, Text], ...]:
    """The hints with what each costs, cheapest first as written."""
    return tuple((hint.cost, bilingual(world, hint)) for hint in part(world.question.template, "hints", HINTS, ()))


def explanation(world: World) -> tuple[Text, ...]:
    """The blocks of the explanation that hold for this draw."""
    template = world.question.template
    where = template.place("explanation")
    chosen = (
        block for block in part(template, "explanation", EXPLANATION, ())
        if block.when is None or holds(filled(block.when, world.question.names, where), world)
    )  # fmt: skip
    return tuple(bilingual(world, block, where) for block in chosen)


def key_points(world: World) -> tuple[Text, ...]:
    return tuple(point.text for point in points(world))


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A key point as it is drawn. `terms` by language: by which words it is recognised; `probe` what is asked where it was
    left out, None for nothing."""

    text: Text
    terms: Mapping[str, tuple[str, ...]]
    probe: Text | None


def points(world: World) -> tuple[KeyPoint, ...]:
    """The key points with what a talk needs of them. Raises QuizError for an unknown placeholder."""
    return tuple(_point(world, form) for form in part(world.question.template, "key_points", POINTS, ()))


def _point(world: World, form: PointForm) -> KeyPoint:
    names = Names(world)
    given = {"en": form.terms.en, "zh": form.terms.zh} if form.terms is not None else {}
    terms = {lang: tuple(fill(term, names, lang) for term in listed) for lang, listed in given.items()}
    return KeyPoint(bilingual(world, form), terms, None if form.probe is None else bilingual(world, form.probe))


@dataclass(frozen=True, slots=True)
class FollowUpText:
    """A follow-up in words; `answer` is None where the file has none."""

    asked: Text
    answer: Text | None


def followups(world: World) -> tuple[FollowUpText, ...]:
    return tuple(
        FollowUpText(
            bilingual(world, Text(one.en, one.zh)), None if one.answer is None else bilingual(world, one.answer)
        )
        for one in part(world.question.template, "followups", FOLLOWUPS, ())
    )


def sources(world: World) -> tuple[Text, ...]:
    """The sources, each as one line."""
    return tuple(_source(source) for source in part(world.question.template, "sources", SOURCES, ()))


def _source(source: SourceForm) -> Text:
    en, zh = [], []
    if source.since is not None:
        en.append(f"since {source.since}")
        zh.append(f"自 {source.since} 起")
    if source.as_of is not None:
        en.append(f"checked {source.as_of}")
        zh.append(f"核对于 {source.as_of}")
    if not en:
        return Text(source.ref, source.ref)
    return Text(f"{source.ref} ({', '.join(en)})", f"{source.ref}（{'，'.join(zh)}）")
