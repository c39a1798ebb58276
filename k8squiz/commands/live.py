"""`k8squiz explain TOPIC --live`: what a story tells, done by this machine's kernel."""

from __future__ import annotations

from engine.lab.requirements import prepare
from engine.lab.scene import Scene
from engine.lab.verify import VerifiedCase, run_scene
from k8squiz.errors import QuizError
from k8squiz.explain import TOPICS, tell
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.blocks import Live
from k8squiz.terminal.console import make_console


def run(lang: Lang, topic: str, without: frozenset[str], release: str | None = None) -> int:
    """Run each of the story's cases on the kernel, and show it beside the engine; 1 where they disagree."""
    known = [entry.name for entry in TOPICS if entry.live]
    if topic not in known and topic in (entry.name for entry in TOPICS):
        raise QuizError(
            f"{topic} has nothing to run on a kernel; --live goes with {', '.join(known)}",
            f"{topic} 没有可在内核上运行的内容；--live 可用于 {'、'.join(known)}",
        )
    story = tell(topic, without, release)
    if not story.live:
        parts = ", ".join(sorted(without))
        raise QuizError(
            f"{topic} without {parts} cannot be set up on a kernel here; k8squiz explain {topic} --live runs what can",
            f"去掉 {parts} 的 {topic} 无法在内核上搭建；可运行的见 k8squiz explain {topic} --live",
        )
    from rich.text import Text as Styled

    from k8squiz.screens.heading import heading
    from k8squiz.screens.lab import comparison_view

    prepare()
    console = make_console()
    console.print(Styled(pick(story.title, lang), style="strong"))
    wrong = False
    for live in story.live:
        result = _on_the_kernel(live)
        console.print(heading(f"{pick(live.name, lang)}: {live.request.source} -> {live.request.destination}"))
        console.print(comparison_view(result.points, lang))
        wrong = wrong or bool(result.differences)
    return 1 if wrong else 0


def _on_the_kernel(live: Live) -> VerifiedCase:
    (result,) = run_scene(Scene(live.name.en, live.cluster, live.mode, (live.request,)))
    if result.skipped is not None:
        raise QuizError(result.skipped.en, result.skipped.zh)
    return result
