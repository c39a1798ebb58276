"""`k8squiz lab`: the same cluster in network namespaces of this machine's kernel, beside what the engine says."""

from __future__ import annotations

import dataclasses
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from engine.cluster import Mode
from engine.errors import EngineError, NoSuchObject
from engine.fabric.fabric import Fabric, build_fabric
from engine.lab.cases import drawn_on, scenes
from engine.lab.known import known
from engine.lab.requirements import prepare
from engine.lab.scene import Scene
from engine.lab.verify import VerifiedCase, enough, run_all, run_scene, spread
from engine.proxy.interface import family_named, mode_named
from engine.proxy.releases import reported
from engine.trace import Request
from engine.walk.locate import locate
from k8squiz.commands.input import read_cluster, say_release
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, bracketed, joined, listed, pick
from k8squiz.terminal.console import make_console, print_json, print_plain

_WORDS = {
    "none": ("No lab is up.", "没有正在运行的实验环境。"),
    "smallest": ("The smallest cluster that shows it:", "能复现该差异的最小集群："),
    "left out": ("left out", "跳过"),
    "mode": ("mode", "模式"),
    "ip": ("ip", "地址族"),
    "cni": ("cni", "CNI"),
    "policy": ("policy", "流量策略"),
    "way": ("way", "起作用的机制"),
    "broken": ("broken", "去掉的部分"),
    "outcome": ("outcome", "判定"),
    "ending": ("ending", "结果"),
}


def _say(word: str, lang: Lang) -> str:
    english, chinese = _WORDS[word]
    return chinese if lang == "zh" else english


def up(paths: tuple[str, ...], mode: str | None, family: str, lang: Lang, release: str | None = None) -> int:
    """Build the cluster and leave it running in the background, for `lab shell`."""
    from engine.lab import registry
    from engine.lab.live import Lab

    fabric = _fabric(paths, mode, lang, release)
    prepare_for_good()
    version = family_named(family).version
    lab = registry.start(lambda: Lab(fabric, version))
    hosts = ", ".join(sorted(lab.hosts))
    if lang == "zh":
        print_plain(f"{lab.name} 已启动（{fabric.mode}）。主机：{hosts}\nk8squiz lab shell 主机名；k8squiz lab down\n")
    else:
        print_plain(f"{lab.name} is up ({fabric.mode}). Hosts: {hosts}\nk8squiz lab shell HOST; k8squiz lab down\n")
    return 0


def prepare_for_good() -> None:
    """As prepare(); a lab that stays up needs root, since a later command must be able to enter it."""
    if os.geteuid() != 0:
        from engine.lab.errors import LabUnavailable

        raise LabUnavailable(
            "lab up, shell and down need root: run them with sudo",
            "lab up、shell 和 down 需要 root 权限：请用 sudo 运行",
        )
    prepare()


def run(
    paths: tuple[str, ...],
    source: str,
    destination: str,
    node: str | None,
    protocol: str,
    mode: str | None,
    lang: Lang,
    release: str | None = None,
) -> int:
    """Send one request on the kernel and in the engine; 1 where they disagree."""
    fabric = _fabric(paths, mode, lang, release)
    request = Request(source, destination, protocol.upper(), node)
    version = 6 if ":" in locate(fabric, request).dst else 4
    prepare()
    (result,) = run_scene(Scene("run", fabric.cluster, fabric.mode, (request,), version))
    if result.skipped is not None:
        raise QuizError(result.skipped.en, result.skipped.zh)
    from k8squiz.screens.lab import comparison_view

    make_console().print(comparison_view(result.points, lang))
    return 1 if result.differences else 0


def verify(
    cases: int,
    seed: int,
    workers: int,
    fixed: bool,
    questions: int,
    mode: str | None,
    as_json: bool,
    lang: Lang,
    release: str | None = None,
) -> int:
    """Generated clusters and requests (and first the fixed scenes), of kube-proxy `release` where one is given; 1 where
    kernel and engine disagree on any."""
    modes, networks = drawn_on(prepare())
    asked = modes if mode is None else (Mode(mode),)
    began = time.monotonic()
    bank = (scene for scene in bank_scenes(questions) if mode in (None, scene.mode))
    wanted = chain(known(asked) if fixed else (), bank, enough(scenes(seed, asked, networks), cases))
    results = run_all((dataclasses.replace(one, cluster=reported(one.cluster, release)) for one in wanted), workers)
    took = time.monotonic() - began
    wrong = [result for result in results if result.differences]
    if as_json:
        print_json(_as_data(results, took))
        return 1 if wrong else 0
    for result in wrong[:10]:
        print_plain(_report(result, lang))
    counted = [result for result in results if result.outcome is not None]
    if lang == "zh":
        print_plain(f"{len(counted)} 个用例，{len(wrong)} 处不一致，耗时 {took:.0f} 秒\n")
    else:
        print_plain(f"{len(counted)} cases, {len(wrong)} disagreements, {took:.0f} s\n")
    print_plain(_spread_text(results, lang))
    return 1 if wrong else 0


def bank_scenes(draws: int) -> Iterator[Scene]:
    """Every request of every question of the bank, each question drawn by the seeds 1 to `draws`."""
    from k8squiz.bank.draw import draw
    from k8squiz.bank.find import bank_folder, files, load
    from k8squiz.world.world import World

    for template in map(load, files(bank_folder())):
        for seed in range(1, draws + 1):
            question = draw(template, seed)
            world = World(question)
            for ask in question.requests:
                cluster = world.cluster(ask.name)
                request = Request(ask.source, ask.destination, ask.protocol, ask.node, ask.sport)
                version = 6 if ":" in locate(build_fabric(cluster, ask.mode), request).dst else 4
                yield Scene(f"{question.id}, seed {seed}, {ask.name}", cluster, ask.mode, (request,), version, seed)


def _spread_text(results: list[VerifiedCase], lang: Lang) -> str:
    lines = []
    for name, counter in spread(results).items():
        lines.append(
            joined(_say(name, lang), listed((f"{what} {count}" for what, count in counter.most_common()), lang), lang)
        )
    reasons = Counter(pick(result.skipped, lang) for result in results if result.skipped)
    lines += [
        joined(_say("left out", lang), f"{count}{bracketed(reason, lang)}", lang)
        for reason, count in reasons.most_common()
    ]
    return "\n".join(lines) + "\n"


def _as_data(results: list[VerifiedCase], seconds: float) -> dict[str, Any]:
    reasons = Counter(result.skipped for result in results if result.skipped is not None)
    return {
        "cases": sum(result.outcome is not None for result in results),
        "disagreements": [_disagreement(result) for result in results if result.differences],
        "seconds": round(seconds, 1),
        "drawn": {name: dict(counter.most_common()) for name, counter in spread(results).items()},
        "left_out": [
            {"count": count, "reason": {"en": reason.en, "zh": reason.zh}} for reason, count in reasons.most_common()
        ],
    }


def _disagreement(result: VerifiedCase) -> dict[str, Any]:
    request, scene = result.request, result.scene
    told = {"from": request.source, "to": request.destination, "protocol": request.protocol, "node": request.node}
    points = [{"what": one.what, "kernel": one.kernel, "engine": one.engine} for one in result.differences]
    return {"scene": scene.name, "request": {**told, "mode": scene.mode}, "differences": points}


def _report(result: VerifiedCase, lang: Lang) -> str:
    """One disagreement with the smallest cluster that shows it, ready to be pasted."""
    from engine.lab.smallest import as_text, smallest

    def shows(scene: Scene) -> bool:
        try:
            return any(one.differences for one in run_scene(scene))
        except EngineError:
            return False

    scene = smallest(Scene(result.scene.name, result.scene.cluster, result.scene.mode, (result.request,), result.scene.version, result.scene.seed), shows)  # fmt: skip
    request = result.request
    node = f" --node {request.node}" if request.node else ""
    command = (
        f"k8squiz lab run FILE --from {request.source} --to {request.destination} "
        f"--proto {request.protocol.lower()} --mode {scene.mode}{node}"
    )
    differences = "\n".join(f"  {point}" for point in result.differences)
    return f"{scene.name}\n{command}\n{differences}\n{_say('smallest', lang)}\n{as_text(scene.cluster)}\n"


def shell(host: str, lab: str | None, command: tuple[str, ...], lang: Lang) -> int:
    """A shell (or a command) inside a host of a lab that is up. A `--` may part the words from the tool's own options."""
    if "--" in command:
        at = command.index("--")
        command = (*command[:at], *command[at + 1 :])
    import subprocess
    import tempfile

    from engine.lab import registry
    from engine.lab.namespaces import Namespace, own_name
    from engine.lab.requirements import iptables_in

    alive = [one for one in registry.running() if one.alive() and lab in (None, one.name)]
    if not alive:
        raise QuizError(
            "no lab is up; k8squiz lab up CLUSTER builds one", "没有正在运行的实验环境；用 k8squiz lab up CLUSTER 搭建"
        )
    if len(alive) > 1:
        names = [one.name for one in alive]
        raise QuizError(
            f"several labs are up, name one with --lab: {', '.join(names)}",
            f"有多个实验环境，请用 --lab 指定：{'、'.join(names)}",
        )
    descriptor = alive[0].hosts.get(host)
    if descriptor is None:
        raise NoSuchObject(
            f"there is no host {host!r} in {alive[0].name}; it has {', '.join(sorted(alive[0].hosts))}",
            f"{alive[0].name} 中没有主机 {host!r}；有 {'、'.join(sorted(alive[0].hosts))}",
        )
    inside = Namespace.of_process(alive[0].pid, descriptor)
    words = command or (os.environ.get("SHELL") or "/bin/sh",)
    with inside.entered(), tempfile.TemporaryDirectory() as tools:
        environment = {**os.environ, "K8SQUIZ_HOST": host, "PATH": f"{iptables_in(tools)}{os.environ.get('PATH', '')}"}
        try:
            # What the user asked for is run as the user, who is root already.
            return subprocess.run(words, env=environment, preexec_fn=lambda: own_name(host), check=False).returncode  # noqa: S603
        except OSError as error:
            raise QuizError(
                f"{words[0]} cannot be run ({error.strerror})", f"无法运行 {words[0]}（{error.strerror}）"
            ) from None


def down(lang: Lang) -> int:
    """End every lab of this user, also what one that was killed left behind."""
    from engine.lab import registry

    labs = registry.running()
    for lab in labs:
        registry.stop(lab)
        print_plain(f"{lab.name}：已停止\n" if lang == "zh" else f"{lab.name} is down\n")
    registry.tidy()
    if not labs:
        print_plain(_say("none", lang) + "\n")
    return 0


def _fabric(paths: tuple[str, ...], mode: str | None, lang: Lang, release: str | None) -> Fabric:
    cluster = read_cluster(paths, lang)
    asked = mode_named(mode) if mode else cluster.proxy.effective_mode
    say_release(cluster, None, asked, release, lang)
    return build_fabric(reported(cluster, release), asked)
