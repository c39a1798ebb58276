"""`k8squiz lab verify --shell`: what the simulated tools print, held against the real ones on the same clusters."""

from __future__ import annotations

import contextlib
import difflib
import itertools
import time
from collections import Counter
from collections.abc import Iterator

from engine.cluster import Mode
from engine.cni.interface import LabNetwork
from engine.faults.networks import EVERY
from engine.faults.scene import draw_scene
from engine.lab.cases import drawn_on, scenes
from engine.lab.drawn_clusters import with_affinity
from engine.lab.parallel import in_processes
from engine.lab.requirements import prepare
from engine.lab.tool_lines import ToolLine, tool_lines
from engine.lab.tool_output import ToolComparison, compare_tools
from engine.shell.live import LiveCluster
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain

# A cluster with what is run on it.
_Job = tuple[str, LiveCluster, tuple[ToolLine, ...]]


def verify(clusters: int, seed: int, workers: int, questions: int, mode: str | None, as_json: bool, lang: Lang) -> int:
    """That many drawn clusters, half of them those of incidents, and the evidence of the bank's questions drawn `questions`
    times; 1 where a line prints something else."""
    modes, networks = drawn_on(prepare())
    asked = modes if mode is None else (Mode(mode),)
    jobs = list(itertools.islice(_clusters(seed, asked, networks), clusters)) + list(_questions(questions, asked))
    began = time.monotonic()
    found: list[ToolComparison] = []
    # Ctrl-C ends it with what there is.
    with contextlib.suppress(KeyboardInterrupt):
        for results in in_processes(lambda index: compare_tools(*jobs[index]), len(jobs), workers):
            found += results
    took = time.monotonic() - began
    wrong = [one for one in found if one.skipped is None and not one.equal]
    compared = [one for one in found if one.skipped is None]
    if as_json:
        print_json({
            "clusters": len({one.cluster for one in compared}), "lines": len(compared), "seconds": round(took, 1),
            "commands": _table(compared), "differences": [_difference(one) for one in wrong],
            "left_out": dict(Counter(one.skipped.en for one in found if one.skipped is not None)),
        })  # fmt: skip
        return 1 if wrong else 0
    print_plain("\n".join(_told(one) for one in wrong[:20]))
    rows = (
        f"{name:<32} {row['clusters']:>4} {row['lines']:>5} {row['differences']:>4}"
        for name, row in _table(compared).items()
    )
    print_plain("\n".join(rows) + "\n")
    skipped = Counter(pick(one.skipped, lang) for one in found if one.skipped is not None)
    for reason, count in skipped.most_common():
        print_plain(f"{count}: {reason}")
    if lang == "zh":
        print_plain(
            f"{len(compared)} 条命令，{len({one.cluster for one in compared})} 个集群，{len(wrong)} 处不同，耗时 {took:.0f} 秒\n"
        )
    else:
        print_plain(
            f"{len(compared)} lines on {len({one.cluster for one in compared})} clusters, {len(wrong)} differences, {took:.0f} s\n"
        )
    return 1 if wrong else 0


def _clusters(seed: int, modes: tuple[Mode, ...], networks: tuple[tuple[str, LabNetwork], ...]) -> Iterator[_Job]:
    """Clusters without end: those that incidents are drawn on and those of `lab verify`, one after the other."""
    drawn = (one for one in scenes(seed, modes, networks) if one.version == 4)
    backends = {(plugin, network.backend) for plugin, network in networks}
    plugins = [one for one in EVERY if tuple(one.split("/")) in backends]
    for number in itertools.count():
        chosen = modes[number % len(modes)]
        name = f"incident {seed}.{number}"
        made = draw_scene(name, plugins[number % len(plugins)], chosen, 2 + number % 2)
        other = next(drawn)
        # Two in a row, so that each mode has them.
        scene = with_affinity(made.cluster) if number // 2 % 2 else made.cluster
        for told, cluster, its in ((name, scene, chosen), (other.name, other.cluster, other.mode)):
            live = LiveCluster(cluster, its, None, seed)
            yield told, live, tuple(tool_lines(live, number))


def _questions(draws: int, modes: tuple[Mode, ...]) -> Iterator[_Job]:
    """What the bank's questions show of what tools print, their fault being there."""
    from k8squiz.bank.draw import draw
    from k8squiz.bank.find import bank_folder, files, load
    from k8squiz.kinds.interface import kind
    from k8squiz.world.world import World

    for template in map(load, files(bank_folder())) if draws else ():
        for seed in range(1, draws + 1):
            world = World(draw(template, seed))
            shown = kind(template.meta.kind).shown(world)
            if not shown:
                break
            live = world.live(world.first)
            # The administrator's machine has no real kubectl.
            lines = tuple(ToolLine(" ".join(line.split()[:2]), host, line) for host, line in shown if host)
            if live.mode in modes:
                yield f"{template.meta.id}, seed {seed}", live, lines


def _table(compared: list[ToolComparison]) -> dict[str, dict[str, int]]:
    names = dict.fromkeys(one.line.name for one in compared)
    return {
        name: {
            "clusters": len({one.cluster for one in compared if one.line.name == name}),
            "lines": sum(one.line.name == name for one in compared),
            "differences": sum(one.line.name == name and not one.equal for one in compared),
        }
        for name in names
    }


def _difference(one: ToolComparison) -> dict[str, str]:
    return {
        "cluster": one.cluster,
        "host": one.line.host,
        "line": one.line.line,
        "simulated": one.simulated,
        "real": one.real,
    }


def _told(one: ToolComparison) -> str:
    lines = difflib.unified_diff(
        one.simulated.splitlines(), one.real.splitlines(), "simulated", "real", lineterm="", n=0
    )
    ran = "; ".join(part for part in (one.line.first, one.line.meanwhile, one.line.line) if part)
    return "\n".join((f"{one.cluster}: {one.line.host}$ {ran}", *itertools.islice(lines, 2, 14)))
