"""What is shown of a walk after a grade: first a short picture, on demand every hop with the rule that decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text as Styled

from engine.trace import Text
from k8squiz.kinds.cause import Cause
from k8squiz.locale.i18n import Lang, bracketed
from k8squiz.locale.names import request_name
from k8squiz.locale.practice import say
from k8squiz.screens.grade import bench_view, meta
from k8squiz.screens.picture import beside_view, ending_view, picture_view
from k8squiz.story.blocks import same
from k8squiz.story.picture.beside import beside
from k8squiz.story.picture.lines import Detail, Marks
from k8squiz.story.picture.question import QuestionWalk, beside_own, much_alike, question_walks
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.world import World


def marks_of(causes: Iterable[Cause], name: str) -> Marks:
    """The hops of request `name` at which an answer parts from the walk."""
    places = (cause.place for cause in causes)
    return frozenset((one.direction, one.hop) for one in places if one is not None and one.request == name)


def reveal_view(world: World, lang: Lang, causes: Iterable[Cause] = ()) -> RenderableType:
    """The first request's picture, of the second what differs from it (its own picture where all does), of further ones
    how they end."""
    if needs_no_cluster(world.question):
        return bench_view(world, lang)
    return Group(*_pictures(question_walks(world), lang, tuple(causes)))


def _pictures(walks: tuple[QuestionWalk, ...], lang: Lang, causes: tuple[Cause, ...]) -> Iterator[RenderableType]:
    first, *others = walks
    yield meta(walk_title(first, bool(others), lang))
    yield picture_view(first.layout, lang, marks=marks_of(causes, first.name))
    for position, walk in enumerate(others):
        yield meta(walk_title(walk, True, lang))
        yield _other(first, walk, lang) if not position else ending_view(walk.layout, lang)


def _other(first: QuestionWalk, walk: QuestionWalk, lang: Lang) -> RenderableType:
    pair = beside(first.layout, walk.layout)
    if not much_alike(pair):
        return picture_view(walk.layout, lang)
    return beside_view(pair, (same(first.name), same(walk.name)), lang, brief=True)


def details_view(world: World, lang: Lang, causes: Iterable[Cause] = ()) -> RenderableType:
    """Every request's walk with its stages, its rewrites and each rule that decided, as iptables-save or nft prints it."""
    if needs_no_cluster(world.question):
        return bench_view(world, lang)
    walks, told = question_walks(world), tuple(causes)
    parts: list[RenderableType] = []
    for walk in walks:
        picture = picture_view(walk.layout, lang, Detail.RULES, marks_of(told, walk.name))
        parts += [meta(walk_title(walk, len(walks) > 1, lang)), picture]
    return Group(*parts)


def own_view(world: World, own: World, name: str, lang: Lang) -> RenderableType:
    """The walk that was wanted beside the one that the candidate's own answer brings about, for request `name`."""
    names = (Text(say("wanted", "en"), say("wanted", "zh")), Text(say("own", "en"), say("own", "zh")))
    return Group(Styled(""), beside_view(beside_own(world, own, name), names, lang, brief=True))


def walk_title(walk: QuestionWalk, several: bool, lang: Lang) -> str:
    """The heading of a walk: which request's, and of how many ways it is one."""
    title = say("trace-other", lang, name=request_name(walk.name, lang, walk.route)) if several else say("trace", lang)
    if walk.ways > 1:
        chance = say("chance", lang, ways=walk.ways, probability=walk.outcome.probability)
        title += bracketed(chance, lang)
    return title
