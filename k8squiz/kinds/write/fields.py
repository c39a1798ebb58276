"""The blank of a write question: YAML, graded by the table that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.errors import EngineError
from engine.trace import Text
from engine.values import dataclass
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import FieldBase, Unreadable
from k8squiz.kinds.write.cells import Cell, same
from k8squiz.kinds.write.typed import tidy
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.world.world import World

# What one types of an object besides its labels.
_WORDS = (
    "apiVersion: networking.k8s.io/v1", "apiVersion: v1", "kind: NetworkPolicy", "kind: Service", "metadata:", "name:",
    "namespace:", "spec:", "podSelector:", "matchLabels:", "policyTypes:", "ingress:", "egress:", "from:", "to:", "ports:",
    "port:", "endPort:", "protocol:", "namespaceSelector:", "ipBlock:", "cidr:", "except:", "selector:", "targetPort:",
    "nodePort:", "clusterIP: None", "externalTrafficPolicy: Local", "kubernetes.io/metadata.name:",
)  # fmt: skip
Cells = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class WriteField(FieldBase):
    """A value is the YAML as it was typed, tidied. `wanted` is the table, `labels` what its cells are called, `cells` the table
    that a text makes (raising Unreadable or EngineError) and `world` the cluster with it, `unwritten` a cell before anything is written."""

    id: str
    truth: str
    given: str
    kinds: tuple[str, ...]
    wanted: Cells
    labels: Mapping[str, str]
    cells: Callable[[str], Cells]
    world: Callable[[str], World]
    unwritten: Callable[[str], Cell]
    known: tuple[str, ...] = ()
    weight: float = 1.0

    @property
    def label(self) -> Text:
        return Text(f"YAML ({', '.join(self.kinds)})", f"YAML（{'、'.join(self.kinds)}）")

    def read(self, typed: str) -> str:
        """Raises Unreadable, with line and column, for what is no YAML or what the API server would refuse."""
        value = tidy(typed)
        try:
            self.cells(value)
        except (EngineError, QuizError) as error:
            raise Unreadable(error.en, error.zh) from None
        return value

    def wrong(self, value: str) -> tuple[str, ...]:
        """The requests whose cells are not as they are wanted."""
        cells = self.cells(value)
        return tuple(name for name, cell in self.wanted.items() if not same(cells[name], cell))

    def score(self, value: str) -> float:
        """The share of what has to work that does as it has to, less the share opened of what must not."""
        if value == self.truth:
            return 1.0
        try:
            wrong, cells = set(self.wrong(value)), self.cells(value)
        except (Unreadable, EngineError, QuizError):
            # An answer that was kept from before the question changed may be no answer any more.
            return 0.0
        works = [name for name, cell in self.wanted.items() if cell.works]
        shut = [name for name, cell in self.wanted.items() if not cell.works]
        right = sum(1 for name in works if name not in wrong) / len(works) if works else 1.0
        opened = sum(1 for name in shut if cells[name].reached) / len(shut) if shut else 0.0
        return max(0.0, round(right - opened, 6))

    def reckoned(self, value: str) -> Text | None:
        score = self.score(value)
        if not 0.0 < score < 1.0:
            return None
        wrong = len(self.wrong(value))
        return Text(
            f"{len(self.wanted) - wrong} of {len(self.wanted)} connections are as the table wants; one that is opened and must not be"
            f" counts against those that work: {score:.0%}",
            f"{len(self.wanted)} 条连接中有 {len(self.wanted) - wrong} 条符合表格；不该放通却放通的要从该通的份额中扣除：{score:.0%}",
        )

    def show(self, value: str, zh: bool) -> str:
        return value

    @property
    def long(self) -> bool:
        return True

    @property
    def tried(self) -> bool:
        return True

    @property
    def before(self) -> str:
        return self.given

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-write", lang, kinds=", ".join(self.kinds))

    def words(self) -> tuple[str, ...]:
        return (*_WORDS, *self.known)

    def flaws(self) -> Iterator[Text]:
        if not any(cell.works for cell in self.wanted.values()):
            yield Text("nothing is to work", "没有任何连接需要放通")
        if all(same(self.unwritten(name), cell) for name, cell in self.wanted.items()):
            yield Text("the table is so without anything written", "什么都不写表格也已成立")
