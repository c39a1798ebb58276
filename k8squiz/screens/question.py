"""A question on the screen: the cluster's picture, the request, the task. Returns renderables; prints nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from engine.cluster import Mode
from k8squiz.bank.question import Question, QuestionRequest
from k8squiz.kinds.fields import Item
from k8squiz.kinds.interface import Task, shown_requests
from k8squiz.locale.i18n import LANGS, Lang, pick
from k8squiz.locale.names import named_request, request_name, subject_name
from k8squiz.locale.practice import say
from k8squiz.screens.cluster import cluster_view
from k8squiz.screens.pieces import Pieces
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import visible
from k8squiz.terminal.width import width_of
from k8squiz.world.subjects import about_an_incident, needs_no_cluster
from k8squiz.world.texts import prompt
from k8squiz.world.world import World

_WIDE = 120  # columns: from here on the cluster stands left of the question
_GAP = 3
_LINES = 19  # what 24 lines leave to a question, less its title and the prompt
_MANY_ITEMS = 5
_ALIKE = 2
_LETTER = 4  # columns before an item
_INDENT = 2
_FEW_LINES = 8
_DOCUMENTS = re.compile(r"^---[ \t]*\n", re.MULTILINE)  # YAML 1.2, 9.2: a document begins
_READABLE = 90  # columns: longer lines of prose are read with effort


def title_view(question: Question, lang: Lang, number: int, total: int) -> RenderableType:
    """The line above a question: which one it is, its title, topic and level."""
    meta = question.meta
    labels = say("question", lang, number=number, total=total), f"{number}/{total}"
    rest = subject_name(meta.topic, lang), say("level", lang, level=meta.level)
    return Titled(labels, pick(question.template.title, lang), rest)


class Titled:
    """`label · title · rest` on a rule: with the short label where the long one leaves the title no room, then without
    the first of the rest; the title on a line of its own where all that would still cut it off."""

    def __init__(self, labels: tuple[str, str], title: str, rest: tuple[str, ...] = (), mark: str = "") -> None:
        self._labels, self._title, self._rest, self._mark = labels, title, rest, mark

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        (long, short), rest = self._labels, self._rest
        forms = [(long, rest), (short, rest), *((short, rest[at:]) for at in range(1, len(rest)))]
        fitting = [form for form in forms if self._width(*form) <= options.max_width]
        label, rest = fitting[0] if fitting else forms[0]
        line = Styled(label, style="quiet")
        if fitting and self._title:
            line.append(" · ").append(self._title, style="title")
        for each in rest:
            line.append(f" · {each}")
        if self._mark:
            line.append(f" · {self._mark}", style="mark")
        yield Rule(line, align="left", style="quiet")
        if self._title and not fitting:
            yield Prose(self._title, "strong")

    def _width(self, label: str, rest: tuple[str, ...]) -> int:
        shown = [each for each in (label, self._title, *rest, self._mark) if each]
        # Two columns of the rule stand behind it.
        return sum(map(width_of, shown)) + 3 * (len(shown) - 1) + 2


def question_view(world: World, task: Task, lang: Lang, listed: bool = True, material: bool = True) -> RenderableType:
    """Everything one needs to answer: what is to be read, cluster, request, prompt, and what can be picked. Without `listed`
    the steps of an order are left out: the re-orderable list shows them; without `material` what is to be read."""
    above = material_view(task, lang) if material else None
    asked: list[RenderableType] = [Prose(pick(prompt(world), lang))]
    asked += [Material(text) for field in task.fields if (text := field.before_in(lang)) and not _long(text)]
    asked += [
        items_view(field.options, lang) for field in task.fields if field.options and (listed or not field.ordered)
    ]
    words = [pick(prompt(world), lang), *(pick(item.text, lang) for field in task.fields for item in field.options)]
    question = Beside(given_view(world.question, lang, "\n".join(words)), Group(*asked))
    return question if above is None else Group(above, Styled(""), question)


def material_view(task: Task, lang: Lang) -> RenderableType | None:
    """What is to be read before the question: manifests, what tools print; None where there is nothing, or no more than fits
    under the prompt. It stands above all else, for what one answers by is not to scroll away."""
    texts = [text for field in task.fields if _long(text := field.before_in(lang))]
    return Group(*map(Material, texts)) if texts else None


def _long(text: str) -> bool:
    return text.count("\n") >= _FEW_LINES


class Material:
    """A text as it stands; the YAML documents in it side by side where they are narrow enough."""

    def __init__(self, text: str) -> None:
        self._documents = [visible(part).strip("\n") for part in _DOCUMENTS.split(text)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        half = (options.max_width - _GAP - _INDENT) // 2
        pairs = zip(self._documents[::2], self._documents[1::2], strict=False)
        if (
            len(self._documents) < 2
            or max(width_of(line) for each in self._documents for line in each.split("\n")) > half
        ):
            yield Padding(Styled("\n---\n".join(self._documents)), (0, 0, 0, _INDENT))
            return
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for left, right in pairs:
            table.add_row(Styled(left), Styled(right))
        if len(self._documents) % 2:
            table.add_row(Styled(self._documents[-1]))
        yield Padding(table, (0, 0, 0, _INDENT))


class Beside:
    """What is given above what is asked; left of it where there is the room."""

    def __init__(self, given: RenderableType, asked: RenderableType) -> None:
        self._given, self._asked = given, asked

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < _WIDE:
            above = console.render_lines(self._given, options, pad=False)
            below = console.render_lines(self._asked, options, pad=False)
            # A blank line is worth having, but no line that scrolls away.
            blank = [Styled("")] if len(above) + len(below) < _LINES else []
            yield Group(self._given, *blank, self._asked)
            return
        left = min(Measurement.get(console, options, self._given).maximum, (options.max_width - _GAP) // 2)
        table = Table.grid(padding=(0, _GAP, 0, 0))
        table.add_column(width=left)
        table.add_column(width=min(options.max_width - left - _GAP, _READABLE))
        table.add_row(self._given, self._asked)
        yield table


def given_view(question: Question, lang: Lang, words: str | None = None) -> RenderableType:
    """All that is given before what is asked: the cluster and the request; where the question needs none, its servers and
    what happens to them, or its size. The client is left out where neither a request nor the `words` of the question
    (None: whatever they are) have to do with it."""
    if not needs_no_cluster(question):
        return Group(cluster_view(question.picture, lang, _told(question, words)), requests_view(question, lang))
    if about_an_incident(question):
        from k8squiz.world.incidents import incident_of, report_text

        report = report_text(incident_of(question), lang).split("\n")
        indents = (len(line) - len(line.lstrip()) for line in report)
        return Group(*(Padding(Prose(line), (0, 0, 0, by)) for line, by in zip(report, indents, strict=True)))
    from k8squiz.screens.virtual_servers import history_view, scenario_view, size_view
    from k8squiz.world.virtual_servers import history, scenario, size

    work, past, crowd = scenario(question), history(question), size(question)
    shown: list[RenderableType] = [] if work is None else [scenario_view(work, lang)]
    shown += [] if past is None else [history_view(past, lang)]
    return Group(*(shown if crowd is None else [*shown, size_view(crowd, lang)]))


def _told(question: Question, words: str | None) -> frozenset[str]:
    """The facts of the picture that its requests tell, or that have nothing to do with it: the client's address, and the
    mode where requests differ in it."""
    requests, told = shown_requests(question), set()
    client = question.picture.client
    asked_of = words is None or client in words
    if not asked_of or any(ask.source.rsplit("/", 1)[-1] == "client" for ask in requests):
        told |= {say("client", lang, address=client) for lang in LANGS}
    if _modes_differ(requests):
        told |= {fact for fact in question.picture.facts if fact in {_proxy(mode) for mode in Mode}}
    return frozenset(told)


def _modes_differ(requests: Sequence[QuestionRequest]) -> bool:
    return len({ask.mode for ask in requests}) > 1


def _proxy(mode: Mode) -> str:
    return f"kube-proxy {mode}"


def requests_view(question: Question, lang: Lang) -> RenderableType:
    """The requests; of one that goes the same way as the one before it, what differs."""
    shown = shown_requests(question)
    differ = _modes_differ(shown)
    lines: list[tuple[str, list[str]]] = []
    before = ""
    for ask in shown:
        way = _way(ask, question, lang)
        changes = _changes(ask, question, differ, lang)
        noted = f"  [{', '.join(changes)}]" if changes else ""
        if way == before:
            lines[-1][1].append(say("same-request", lang, name=request_name(ask.name, lang)) + noted)
            continue
        label = say("request", lang, name=named_request(ask.name, lang) if len(shown) > 1 else "")
        lines.append((label, [label + way, *([noted.strip()] if noted else [])]))
        before = way
    return Group(*(Pieces(pieces, label, "  ") for label, pieces in lines))


def _way(ask: QuestionRequest, question: Question, lang: Lang) -> str:
    source = ask.source.rsplit("/", 1)[-1]
    if source == "client":
        source = f"client {question.picture.client}:{ask.sport}"
    arrives = ""
    if ask.node and ask.source.count("/") == 0:
        its = any(
            node.name == ask.node and ask.destination.startswith(f"{node.address}:") for node in question.picture.nodes
        )
        arrives = f" ({ask.node})" if its else say("arrives", lang, node=ask.node)
    return f"{ask.protocol} {source} → {ask.destination}{arrives}"


def _changes(ask: QuestionRequest, question: Question, modes: bool, lang: Lang) -> list[str]:
    """What is otherwise for this request than for the cluster as it is shown."""
    changes = [f"{path.rsplit('.', 1)[-1]} {value}" for path, value in ask.changed]
    changes += [say("without", lang, part=part) for part in ask.without]
    return [*changes, _proxy(ask.mode)] if modes or _proxy(ask.mode) not in question.picture.facts else changes


def fields_lines(task: Task, lang: Lang) -> list[str]:
    """What is to be filled in, where it is more than one thing: a line for each point with its fields, one for all others."""
    fields = [field for field in task.fields if field.foreseen]
    if len(fields) < 2:
        return []
    points: dict[str, list[str]] = {}
    for field in fields:
        points.setdefault("" if field.row is None else pick(field.row, lang), []).append(pick(field.label, lang))
    between, colon = (", ", ": ") if lang == "en" else ("、", "：")
    return [
        f"› {row}{colon}{between.join(labels)}" if row else f"› {' · '.join(labels)}" for row, labels in points.items()
    ]


def items_view(items: tuple[Item, ...], lang: Lang) -> RenderableType:
    """What can be picked, each with its letter; in two columns where all of it is short."""
    return Items(items, lang)


class Items:
    """Letters and what they stand for."""

    def __init__(self, items: tuple[Item, ...], lang: Lang) -> None:
        self._items, self._lang = items, lang

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        told = _grouped(self._items, self._lang)
        if told is not None:
            yield told
            return
        widest = max(width_of(pick(item.text, self._lang)) for item in self._items)
        if len(self._items) < _MANY_ITEMS or 2 * (widest + _LETTER) + _GAP > options.max_width:
            yield _lettered(self._items, self._lang)
            return
        half = (len(self._items) + 1) // 2
        table = Table.grid(padding=(0, _GAP, 0, 0))
        table.add_row(_lettered(self._items[:half], self._lang), _lettered(self._items[half:], self._lang))
        yield table


def _grouped(items: tuple[Item, ...], lang: Lang) -> RenderableType | None:
    """Where the same is said of several (`one: it holds`, `other: it holds`): what is said, once, and the letters of whom."""
    colon = "：" if lang == "zh" else ": "
    parted = [(item.letter, *pick(item.text, lang).partition(colon)[::2]) for item in items]
    runs = [list(run) for _, run in itertools.groupby(parted, key=lambda one: one[2])]
    if not all(said for _, _, said in parted) or any(len(run) < _ALIKE for run in runs):
        return None
    table = Table.grid(padding=(0, 1))
    for run in runs:
        table.add_row("·", Prose(run[0][2]))
        table.add_row("", Styled("   ".join(f"{letter} {who}" for letter, who, _ in run), style="strong"))
    return table


def _lettered(items: tuple[Item, ...], lang: Lang) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for item in items:
        table.add_row(Styled(f" {item.letter}", style="strong"), Prose(pick(item.text, lang)))
    return table
