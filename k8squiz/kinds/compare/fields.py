"""The table of designs and requirements: a tick where one meets the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import MenuField

FIELD = "met"
BETWEEN = "/"


@dataclass(frozen=True, slots=True)
class DesignField(MenuField):
    """A key is DESIGN/REQUIREMENT. `figures` are what the engine computed for one, by its key, where there is a figure."""

    multiple: bool = True
    figures: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def flaws(self) -> Iterator[Text]:
        if len(self.truth) in (0, len(self.items)):
            yield Text(
                f"{'all' if self.truth else 'none'} of the requirements are met by all designs",
                f"{'所有' if self.truth else '没有任何'}方案满足所有要求",
            )
        if len({self._met_by(design) for design in self.designs()}) == 1:
            yield Text("the designs do not differ in any requirement", "各方案在所有要求上都相同")
        yield from MenuField.flaws(self)

    def designs(self) -> tuple[str, ...]:
        """The designs, in their order."""
        return tuple(dict.fromkeys(item.key.partition(BETWEEN)[0] for item in self.items))

    def _met_by(self, design: str) -> frozenset[str]:
        pairs = (key.partition(BETWEEN) for key in self.truth)
        return frozenset(requirement for of, _, requirement in pairs if of == design)
