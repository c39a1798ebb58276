"""matrix: which of these connections work? Each is walked, with its policies, Services and firewalls."""

from __future__ import annotations

from collections.abc import Collection

from engine.trace import Text, Verdict
from engine.values import dataclass
from k8squiz.bank.placeholders import fill
from k8squiz.bank.question import Grade, Question, QuestionRequest
from k8squiz.bank.rng import Rng
from k8squiz.bank.shapes import FLAG, key, record
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Item
from k8squiz.kinds.interface import Task, TypedKind, letters
from k8squiz.kinds.matrix.fields import FIELD, TickField
from k8squiz.kinds.matrix.why import tick_causes
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.world import World, host_name

LABEL = Text("Which of these connections are established? (all of them)", "下列连接中哪些能够建立？（选出全部）")
_LEAST, _MOST = 3, 16


@dataclass(frozen=True, slots=True)
class MatrixAsk:
    """`manifests`: whether the YAML that the cluster has besides is shown above the connections."""

    manifests: bool = key(FLAG, True)


class Matrix(TypedKind[MatrixAsk]):
    about = Text("Tick the connections that work", "勾选能建立的连接")
    example = "09-network-policy/default-deny"
    skeleton = "ask: {}  # the connections are the requests: write `requests:`, three or more, instead of `request:`"
    seconds = 240
    for_juniors = True
    in_exams = True
    ask = record(MatrixAsk)

    def hidden(self, question: Question) -> Collection[str]:
        """All: they are what can be ticked."""
        return [request.name for request in question.requests]

    def task(self, world: World, ask: MatrixAsk) -> Task:
        """One field with a line a request. Raises QuizError for too few or too many, Ambiguous where a connection now works
        and now does not."""
        question = world.question
        if not _LEAST <= len(question.requests) <= _MOST:
            raise QuizError(
                f"{question.id}: a matrix needs {_LEAST} to {_MOST} requests",
                f"{question.id}：matrix 需要 {_LEAST} 到 {_MOST} 个请求",
            )
        works = {request.name: _works(world, request.name) for request in question.requests}
        shown = Rng(question.id, question.seed, "connections").shuffled(question.requests)
        items = tuple(
            Item(letter, request.name, _connection(request, question))
            for letter, request in zip(letters(len(shown)), shown, strict=True)
        )
        truth = tuple(item.key for item in items if works[item.key])
        given = _manifests(question) if ask.manifests else ""
        return Task(question, (TickField(FIELD, LABEL, items, truth, given=given),))

    def why(self, world: World, ask: MatrixAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return tick_causes(world, task, grade)


KIND = Matrix()


def _works(world: World, name: str) -> bool:
    found = {outcome.verdict is Verdict.DELIVERED for outcome in outcomes_of(world, name)}
    if len(found) != 1:
        raise Ambiguous(
            f"{world.question.id}: request {name} works for some of the ways alone",
            f"{world.question.id}：请求 {name} 只有部分路径能够建立",
        )
    return found.pop()


def _connection(request: QuestionRequest, question: Question) -> Text:
    """`shop → web 10.96.0.10:80`; a protocol that is not TCP, and what is other for this request, beside it."""
    address = request.destination.rpartition(":")[0].strip("[]")
    names = [name for name, its in question.aliases.items() if its == address and not name.startswith("svc/")]
    name = min(names, key=lambda known: ("/" in known, len(known)), default="")
    source = host_name(request.source)
    told = [f"{path.rsplit('.', 1)[-1]} {value}" for path, value in request.changed]
    told += [] if request.protocol == "TCP" else [request.protocol]
    more = f"  [{', '.join(told)}]" if told else ""
    # An echo request has no port.
    target = request.destination.removesuffix(":0") if request.protocol == "ICMP" else request.destination
    line = f"{source} → {f'{name} ' if name else ''}{target}{more}"
    return Text(line, line)


def _manifests(question: Question) -> str:
    """The YAML that the question's cluster has besides, its placeholders filled."""
    cluster = question.template.data["cluster"]
    written = cluster.get("manifests", "") if isinstance(cluster, dict) else ""
    return fill(str(written), question.names).rstrip()
