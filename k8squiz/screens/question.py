"""A question on the screen: the cluster's picture, the request, the task. Returns renderables; prints nothing."""

from __future__ import annotations

from collections.abc import Iterable

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from engine.cluster import Mode
from k8squiz.bank.question import NodeView, Picture, PodView, Question, QuestionRequest, ServiceView
from k8squiz.kinds.fields import Item
from k8squiz.kinds.interface import Task, shown_requests
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import visible
from k8squiz.terminal.width import width_of
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.texts import prompt
from k8squiz.world.world import World

_MANY_PODS = 6
_MANY_NODES = 4


def title_view(question: Question, lang: Lang, number: int, total: int) -> RenderableType:
    """The line above a question: which one it is, its title, topic and level."""
    meta = question.meta
    rest = f"{meta.topic} · {say('level', lang, level=meta.level)}"
    return Titled(say("question", lang, number=number, total=total), pick(question.template.title, lang), rest)


class Titled:
    """`label · title · rest` on a rule; the title on a line of its own where that would be cut off."""

    def __init__(self, label: str, title: str, rest: str = "", mark: str = "") -> None:
        self._label, self._title, self._rest, self._mark = label, title, rest, mark

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        fits = sum(map(width_of, (self._label, self._title, self._rest, self._mark))) + 13 <= options.max_width
        line = Styled(self._label, style="quiet")
        if fits and self._title:
            line.append(" · ").append(self._title, style="title")
        if self._rest:
            line.append(f" · {self._rest}")
        if self._mark:
            line.append(f" · {self._mark}", style="mark")
        yield Styled("")
        yield Rule(line, align="left", style="quiet")
        if self._title and not fits:
            yield Prose(self._title, "strong")


def question_view(world: World, task: Task, lang: Lang, listed: bool = True) -> RenderableType:
    """Everything one needs to answer: cluster, request, prompt, and what can be picked. Without `listed` the steps of
    an order are left out: the re-orderable list shows them."""
    parts: list[RenderableType] = [
        *_given(world.question, lang),
        Padding(Prose(pick(prompt(world), lang)), (1, 0, 0, 0)),
    ]
    parts += [Padding(Styled(visible(field.before)), (0, 0, 0, 2)) for field in task.fields if field.before]
    parts += [
        Padding(items_view(field.options, lang), (1, 0, 0, 0)) for field in task.fields
        if field.options and (listed or not field.ordered)
    ]  # fmt: skip
    return Group(*parts)


def _given(question: Question, lang: Lang) -> list[RenderableType]:
    """The cluster and the request; where the question needs none, its servers and what happens to them, or its size."""
    if not needs_no_cluster(question):
        return [picture_view(question.picture, lang), requests_view(question, lang)]
    from k8squiz.screens.virtual_servers import history_view, scenario_view, size_view
    from k8squiz.world.virtual_servers import history, scenario, size

    work, past, crowd = scenario(question), history(question), size(question)
    shown: list[RenderableType] = [] if work is None else [scenario_view(work, lang)]
    shown += [] if past is None else [history_view(past, lang)]
    return shown if crowd is None else [*shown, size_view(crowd, lang)]


def given_view(question: Question, lang: Lang) -> RenderableType:
    """All that is given before what is asked."""
    return Group(*_given(question, lang))


def picture_view(picture: Picture, lang: Lang) -> RenderableType:
    """Nodes with their devices and pods, Services under them, then what else is given."""
    parts: list[RenderableType] = []
    if len(picture.nodes) <= _MANY_NODES:
        boxes = [_node_box(node, lang) for node in picture.nodes]
        parts.append(Columns(boxes, padding=(0, 1), equal=True))
    else:
        parts.append(_node_table(picture.nodes))
    parts += [_service_view(service, lang) for service in picture.services]
    parts.append(Styled(say("client", lang, address=picture.client)))
    parts.append(Styled(" · ".join(picture.facts), style="quiet"))
    return Group(*parts)


def _node_box(node: NodeView, lang: Lang) -> RenderableType:
    title = Styled(node.name, style="strong")
    if node.zone:
        title.append(f" [{node.zone}]", style="plain")
    body = Styled(no_wrap=False)
    devices = "\n".join(f"{device} {address}" for device, address in node.devices)
    body.append(devices + f"\npodCIDR {node.pod_cidr}", style="quiet")
    for line in _pods(node.pods):
        body.append("\n" + line)
    return Panel(body, title=title, title_align="left", padding=(0, 1), expand=False)


def _pods(pods: tuple[PodView, ...]) -> Iterable[str]:
    shown = pods if len(pods) <= _MANY_PODS else pods[: _MANY_PODS - 1]
    for pod in shown:
        yield f"● {pod.name} {pod.address}" + (f" ({pod.ready})" if pod.ready else "")
    if len(shown) < len(pods):
        yield f"● … +{len(pods) - len(shown)}"


def _node_table(nodes: tuple[NodeView, ...]) -> RenderableType:
    table = Table(padding=(0, 1), show_header=False)
    for node in nodes:
        pods = ", ".join(line.removeprefix("● ") for line in _pods(node.pods))
        table.add_row(Styled(node.name, style="strong"), node.zone or node.address, node.pod_cidr, Styled(pods))
    return table


def _service_view(service: ServiceView, lang: Lang) -> RenderableType:
    line = Styled("Service ")
    line.append(service.name, style="strong")
    line.append(f" ({service.type}): {' · '.join(service.lines)}")
    ends = ", ".join(service.endpoints[:_MANY_PODS]) + (
        f", … +{len(service.endpoints) - _MANY_PODS}" if len(service.endpoints) > _MANY_PODS else "")  # fmt: skip
    line.append(f"\n  {say('endpoints', lang, names=ends) if ends else say('no-endpoints', lang)}")
    return line


def requests_view(question: Question, lang: Lang) -> RenderableType:
    """The requests, one line each; of further ones, what differs."""
    lines = Styled("")
    shown = shown_requests(question)
    for index, ask in enumerate(shown):
        named = f" {ask.name}" if len(shown) > 1 else ""
        lines.append(("\n" if index else "") + say("request", lang, name=named), style="strong")
        lines.append(_request(ask, question, lang))
    return lines


def _request(ask: QuestionRequest, question: Question, lang: Lang) -> str:
    source = ask.source.rsplit("/", 1)[-1]
    if source == "client":
        source = f"client {question.picture.client}:{ask.sport}"
    arrives = say("arrives", lang, node=ask.node) if ask.node and ask.source.count("/") == 0 else ""
    extra = [f"{path.rsplit('.', 1)[-1]} {value}" for path, value in ask.changed]
    extra += [say("without", lang, part=part) for part in ask.without]
    changes = f"  [{', '.join(extra)}]" if extra else ""
    mode = f"  [kube-proxy {ask.mode}]" if ask.mode is not Mode.IPTABLES else ""
    return f"{ask.protocol} {source} → {ask.destination}{arrives}{changes}{mode}"


def items_view(items: tuple[Item, ...], lang: Lang) -> RenderableType:
    """What can be picked, each with its letter."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for item in items:
        table.add_row(Styled(f" {item.letter}", style="strong"), Prose(pick(item.text, lang)))
    return table
