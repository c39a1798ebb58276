"""What speaks against a question of evidence as it is drawn: another cause prints the same, or nothing is broken."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Text
from k8squiz.bank.rng import Rng
from k8squiz.kinds.evidence.others import every_fault, prints, with_fault, works
from k8squiz.kinds.evidence.transcript import Printed, ShownCommand
from k8squiz.world.world import World

# Other causes tried for one draw: all of them over a few seeds.
_TRIED = 8


def objections(world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], place: bool) -> Iterator[Text]:
    """The connection works with the fault or fails without it, or another cause prints the same; with `place` also the same
    cause elsewhere."""
    name, fault = world.first, world.request(world.first).fault
    if fault is None:
        return
    if works(world.all_outcomes(name)):
        yield Text(
            f"with {fault.cause} at {fault.at} the connection works", f"有 {fault.cause}（{fault.at}）时连接仍能建立"
        )
    sound = with_fault(world.question, None)
    if not works(sound.all_outcomes(name)):
        yield Text("without the fault the connection does not work either", "去掉故障后连接也不能建立")
    others = [
        other
        for other in every_fault(sound.cluster(name))
        if other.cause != fault.cause or (place and other.at != fault.at)
    ]
    for other in Rng(world.question.id, world.question.seed, "others").shuffled(others)[:_TRIED]:
        if prints(world.question, name, other, shown) == told:
            yield Text(
                f"{other.cause} at {other.at} prints the same as {fault.cause} at {fault.at}",
                f"{other.cause}（{other.at}）与 {fault.cause}（{fault.at}）的输出相同",
            )
