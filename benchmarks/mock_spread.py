"""How evenly mock interviews draw the bank: `python benchmarks/mock_spread.py [SEEDS]`, for each track the questions drawn most.

A question that is in every other interview is learnt by heart. Follow-ups, which make interviews shorter, are left out.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from k8squiz.bank.find import metas
from k8squiz.bank.question import QuestionMeta
from k8squiz.kinds.tracks import TRACKS
from k8squiz.mock.plan import plan

SEEDS, MINUTES, SHOWN = 60, 45, 6


def spread(known: Sequence[QuestionMeta], track: str, seeds: int) -> tuple[Counter[str], Counter[str], float]:
    """In how many interviews of seeds 0, 1, ... each question is, which begins them, and the mean number of questions."""
    asked: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for seed in range(seeds):
        drawn = [item.question for item in plan(known, str(seed), MINUTES, track=track).items]
        asked.update(drawn)
        first[drawn[0]] += 1
    return asked, first, asked.total() / seeds


def main(seeds: int) -> None:
    known = metas()
    for track in TRACKS:
        asked, first, mean = spread(known, track, seeds)
        print(f"{track}: {seeds} interviews of {mean:.1f} questions, {len(asked)} different ones")
        for title, counted in (("drawn most", asked), ("begin most", first)):
            shown = ", ".join(f"{name} {count / seeds:.0%}" for name, count in counted.most_common(SHOWN))
            print(f"  {title}: {shown}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
