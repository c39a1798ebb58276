"""What a repair question asks."""

from __future__ import annotations

from engine.values import dataclass
from k8squiz.bank.forms import PREDICATE
from k8squiz.bank.shapes import WORD, key, list_of, record
from k8squiz.world.comparisons import Conditions, conditions
from k8squiz.world.predicates import Predicate


@dataclass(frozen=True, slots=True)
class EditedObject:
    """The object that may be edited; without a name the only one of its kind."""

    kind: str = key(WORD)
    name: str | None = key(WORD, None)


@dataclass(frozen=True, slots=True)
class RepairAsk:
    """Either the rule of `node` that `missing_rule` fits is lost, or a field of `object` is not what it is in request `fixed_request`."""

    node: str = key(WORD.told("Whose rules: a role."), "")
    missing_rule: Conditions | None = key(
        conditions("table", "chain", "text").told("The one rule of the node that is taken away."), None
    )
    object: EditedObject | None = key(record(EditedObject).told("The Kubernetes object that may be edited."), None)
    fixed_request: str = key(WORD.told("The request in whose manifests that object is as it should be."), "")
    goal: Predicate = key(PREDICATE)
    must_hold: tuple[Predicate, ...] = key(
        list_of(PREDICATE).told("What must hold besides, each about a request of its own."), ()
    )
