"""What a write question asks."""

from __future__ import annotations

from collections.abc import Mapping

from engine.values import dataclass
from k8squiz.bank.shapes import WORD, key, list_of, mapping_of, one_of, record
from k8squiz.kinds.write.cells import SHOWN
from k8squiz.kinds.write.typed import KINDS


@dataclass(frozen=True, slots=True)
class WriteAsk:
    """`model` is one text that is right; what it makes of the requests is the table that is wanted, and any text that makes the
    same is as right. `given` is an object that is there already, to be patched or written anew."""

    kinds: tuple[str, ...] = key(list_of(one_of(*KINDS), least=1).told("Which objects may be written."))
    namespace: str = key(WORD.told("Where an object goes that names no namespace."), "default")
    model: str = key(WORD.told("YAML that does what is wanted, with nothing that could be left out."))
    given: str = key(
        WORD.told(
            "YAML of an object that is there already: the model replaces it, and what is typed may be a merge patch of it."
        ),
        "",
    )
    show: tuple[str, ...] = key(
        list_of(one_of(*SHOWN)).told("What the table tells of a connection besides whether it works."), ()
    )
    names: Mapping[str, str] = key(
        mapping_of(WORD).told("Addresses that requests go to by a name: of a Service that is to be written."), {}
    )


WRITE_ASK = record(WriteAsk)
