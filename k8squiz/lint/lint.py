"""Check the bank: every question is drawn over many seeds, its answer computed, its texts held against the engine.

What is refused: a file that is no question, an answer that is ambiguous or degenerate, a text that lacks a language,
prose with a number that neither the draw nor the engine nor a source confirms. Warned of: an answer that never changes.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from engine.errors import EngineError
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.bank.followup import follow_ups, names
from k8squiz.bank.forms import FOLLOWUPS, FollowUpForm, part
from k8squiz.bank.placeholders import PLACEHOLDER, placeholders
from k8squiz.bank.question import Template
from k8squiz.bank.shapes import MAPPING
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import Task, kind, make_task, told_world
from k8squiz.lint.confirmed import Confirmed, literal_numbers
from k8squiz.lint.finding import Finding
from k8squiz.lint.spread import Signature, signature
from k8squiz.lint.terms import terms
from k8squiz.lint.themes import on_one_line, over_the_bank
from k8squiz.terminal.files import there
from k8squiz.terminal.processes import processors, shared_out
from k8squiz.terminal.sanitize import visible
from k8squiz.world.predicates import Ambiguous
from k8squiz.world.texts import explanation, followups, hints, key_points, prompt
from k8squiz.world.world import World

SEEDS = 50
_WORTH_SHARING = 1000  # draws; below that, starting processes takes longer
# The letters of the right answer.
_Slot: TypeAlias = "tuple[str, ...] | None"
_CJK = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class LintReport:
    questions: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.warning)


def lint(paths: Iterable[Path] = (), seeds: int = SEEDS) -> LintReport:
    """Lint these files and folders (default: the whole bank). Raises QuizError for a path that is not there."""
    paths = tuple(paths)
    chosen = _files(paths)
    # Only of the program's own questions it is expected that they cover all themes.
    shipped = not paths and bank.bank_folder() == bank.shipped_folder()
    findings: list[Finding] = list(over_the_bank(bank.metas())) if shipped else []
    ids: dict[str, str] = {}
    for path, (name, found) in zip(chosen, _each(chosen, seeds), strict=True):
        if name and name in ids:
            findings.append(
                Finding(f"{path}:1", f"the id {name!r} is taken by {ids[name]}", f"id {name!r} 已被 {ids[name]} 使用")
            )
        ids.setdefault(name, str(path))
        findings += found
    return LintReport(len(chosen), tuple(findings))


def _each(paths: list[Path], seeds: int) -> list[tuple[str, list[Finding]]]:
    """The files' findings, in their order; many files are shared out among the processors."""
    work = functools.partial(_file, seeds=seeds)
    if len(paths) * seeds < _WORTH_SHARING or processors() < 2:
        return [work(path) for path in paths]
    return list(shared_out(work, paths))


def _file(path: Path, seeds: int) -> tuple[str, list[Finding]]:
    """The id of one file ("" where it is no question) and what is wrong with it."""
    try:
        template = bank.load(path)
    except QuizError as error:
        return "", [_from_error(error, path)]
    found = [
        *_identity(template, path),
        *on_one_line(template, path),
        *_old_words(template),
        *_languages(template),
        *_unanswered(template),
    ]
    found += _over_seeds(template, seeds)
    for each in follow_ups(template):
        found += _over_seeds(each, seeds)
    return template.meta.id, found


def _files(paths: Iterable[Path]) -> list[Path]:
    chosen: list[Path] = []
    for path in paths:
        if there(path, Path.is_dir):
            found = [file for file in sorted(path.rglob("*.yaml")) if file.parent.name != "clusters"]
            if not found:
                raise QuizError(f"{path}: the folder holds no question (*.yaml)", f"{path}：该目录中没有题目（*.yaml）")
            chosen += found
        elif there(path, Path.is_file):
            chosen.append(path)
        else:
            raise QuizError(f"{path}: no such file or folder", f"{path}：没有这个文件或目录")
    return chosen or bank.files(bank.bank_folder())


def _from_error(error: QuizError | EngineError, path: Path) -> Finding:
    """An error that starts with file:line, or with the file alone, taken apart."""
    taken = re.compile(rf"{re.escape(str(path))}(?::(\d+))?(?:: ?|：)(.*)", re.DOTALL)
    en, zh = taken.match(error.en), taken.match(error.zh)
    if en is None:
        return Finding(f"{path}:1", error.en, error.zh)
    return Finding(f"{path}:{en.group(1) or 1}", en.group(2), zh.group(2) if zh else error.zh)


def _old_words(template: Template) -> Iterator[Finding]:
    for word in template.old_words:
        yield Finding(
            word.place,
            f"`{word.old}` is called `{word.new}` now; the old word is read for one more release",
            f"`{word.old}` 已改名为 `{word.new}`；旧名再保留一个版本",
            warning=True,
        )
    if "seat" in part(template, "params", MAPPING, {}):
        yield Finding(
            template.place("params", "seat"),
            "a parameter that draws a pod's node is called `pod_node` in this bank, not `seat`",
            "本题库中抽取 Pod 所在节点的参数名为 `pod_node`，不用 `seat`",
            warning=True,
        )


def _identity(template: Template, path: Path) -> Iterator[Finding]:
    meta = template.meta
    if path.stem != meta.id:
        yield Finding(
            template.place("id"),
            f"the file must be named {meta.id}.yaml, after the id",
            f"文件名须与 id 一致：{meta.id}.yaml",
        )
    folder = re.sub(r"^\d+-", "", path.parent.name)
    if folder != meta.topic and re.match(r"\d+-", path.parent.name):
        yield Finding(
            template.place("topic"),
            f"topic {meta.topic!r} lies in the folder of {folder!r}",
            f"主题 {meta.topic!r} 却放在 {folder!r} 的目录中",
        )
    then = names(template)
    for index, name in enumerate(then):
        if name in then[:index]:
            yield Finding(
                template.place("then", index, "id"),
                f"two follow-ups are called {name!r}",
                f"有两个追问都叫 {name!r}",
            )
    scanned = bank.scan(path)
    if scanned is None or dataclasses.replace(scanned, path=meta.path, themes=meta.themes, trivia=meta.trivia) != meta:
        yield Finding(
            template.place("id"),
            "id, topic, level and kind must stand first in the file, each on its own line",
            "id、topic、level、kind 须位于文件开头，各占一行",
        )


def _texts(data: Yaml, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, str]]]:
    """Every bilingual text of a file."""
    if isinstance(data, Mapping):
        en, zh = data.get("en"), data.get("zh")
        if isinstance(en, str) and isinstance(zh, str):
            yield path, {"en": en, "zh": zh}
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))


def _languages(template: Template) -> Iterator[Finding]:
    for path, text in _texts(template.data):
        place = template.place(*path)
        if _CJK.search(text["en"]):
            yield Finding(place, "the English text holds Chinese characters", "英文文本中含有中文字符")
        words = max(len(re.sub(r"\{[^}]*\}", "", text[lang]).split()) for lang in ("en", "zh"))
        if words > 3 and not _CJK.search(text["zh"]):
            yield Finding(place, "the Chinese text is not in Chinese", "中文文本不是中文")
        for lang in ("en", "zh"):
            if visible(text[lang]) != text[lang]:
                yield Finding(
                    place,
                    f"the {lang} text holds characters that a terminal would obey",
                    f"{lang} 文本中含有终端控制字符",
                )
        if path[:1] != ("params",) and set(placeholders(text["en"])) != set(placeholders(text["zh"])):
            odd = sorted(set(placeholders(text["en"])) ^ set(placeholders(text["zh"])))
            yield Finding(
                place,
                f"the two languages use different placeholders: {', '.join(odd)}",
                f"两种语言的占位符不同：{'、'.join(odd)}",
            )


def _over_seeds(template: Template, seeds: int) -> Iterator[Finding]:
    found: dict[tuple[str, str], Finding] = {}
    answers: set[Signature] = set()
    slots: set[_Slot] = set()
    drawn = 0
    for seed in range(1, seeds + 1):
        for finding in _one(template, seed, answers, slots):
            # The same complaint about other seeds says nothing new.
            found.setdefault((finding.place, re.sub(r"[\d.:/]+", "#", finding.message)), finding)
        drawn += 1
        if len(found) > 8:
            break
    yield from found.values()
    if found or drawn < 10:
        return
    if len(answers) == 1 and not kind(template.meta.kind).one_answer:
        yield Finding(
            template.place("ask"),
            f"the answer is the same for all {drawn} seeds",
            f"{drawn} 个种子的答案都相同",
            warning=True,
        )
    if len(slots) == 1 and slots != {None}:
        yield Finding(
            template.place("ask"),
            f"the right answer sits in the same place for all {drawn} seeds",
            f"{drawn} 个种子的正确答案都在同一位置",
        )


def _one(template: Template, seed: int, answers: set[Signature], slots: set[_Slot]) -> Iterator[Finding]:
    try:
        question = draw(template, seed)
        world = World(question)
        task = make_task(world)
    except Ambiguous as error:
        yield _ambiguous(template, error, seed, "ask")
        return
    except (QuizError, EngineError) as error:
        yield _at(template, error, seed, "ask")
        return
    yield from _degenerate(template, task, seed)
    answers.add(signature(world, task))
    slots.add(_slot(task))
    yield from _prose(template, world, task, seed)
    yield from terms(template, world, task, seed)


def _at(template: Template, error: QuizError | EngineError, seed: int, part: str) -> Finding:
    finding = _from_error(error, Path(template.meta.path))
    if finding.message == error.en:
        finding = Finding(template.place(part), *_bare(error, template))
    return dataclasses.replace(finding, message=f"{finding.message} (seed {seed})", zh=f"{finding.zh}（种子 {seed}）")


def _ambiguous(template: Template, error: Ambiguous, seed: int, part: str) -> Finding:
    en, zh = _bare(error, template)
    return Finding(template.place(part), f"ambiguous (seed {seed}): {en}", f"有歧义（种子 {seed}）：{zh}")


def _bare(error: QuizError | EngineError, template: Template) -> tuple[str, str]:
    prefix = re.compile(rf"^{re.escape(template.meta.id)}(: |：)")
    return prefix.sub("", error.en), prefix.sub("", error.zh)


def _degenerate(template: Template, task: Task, seed: int) -> Iterator[Finding]:
    for field in task.fields:
        for flaw in field.flaws():
            yield Finding(template.place("ask"), f"{flaw.en} (seed {seed})", f"{flaw.zh}（种子 {seed}）")


def _slot(task: Task) -> _Slot:
    """The letters of the right answer; None where letters are not what is typed."""
    slots = [field.show(field.truth, False) for field in task.fields if field.options]
    return tuple(slots) or None


def _unanswered(template: Template) -> Iterator[Finding]:
    """Follow-ups in words that nobody answers."""
    asked: tuple[FollowUpForm, ...] = part(template, "followups", FOLLOWUPS, ())
    for index, one in enumerate(asked):
        if one.answer is None:
            yield Finding(
                template.place("followups", index),
                "this follow-up has no answer: write one (answer: {en, zh}), or make it a graded one under `then`",
                "这条追问没有答案：请写上（answer: {en, zh}），或改成 `then` 下可评分的追问",
            )


def _prose(template: Template, world: World, task: Task, seed: int) -> Iterator[Finding]:
    """Every text of this draw can be filled, something explains it, and its numbers are confirmed."""
    after = told_world(world, task)
    shown: list[tuple[str, World, Callable[[World], object]]] = [
        ("prompt", world, prompt), ("hints", world, hints), ("explanation", after, explanation),
        ("key_points", after, key_points), ("followups", after, _asked_next),
    ]  # fmt: skip
    for name, of, render in shown:
        try:
            rendered = render(of)
        except Ambiguous as error:
            yield _ambiguous(template, error, seed, name)
            continue
        except (QuizError, EngineError) as error:
            yield _at(template, error, seed, name)
            continue
        for text in _parts(rendered):
            left = next(
                (match for lang in (text.en, text.zh) for match in PLACEHOLDER.finditer(lang) if match.group(1)), None
            )
            if left is not None:
                yield Finding(
                    template.place(name),
                    f"{left.group()} is left unfilled: a text in a parameter is not filled itself (seed {seed})",
                    f"{left.group()} 没有被替换：参数里的文本自身不再替换占位符（种子 {seed}）",
                )
        if name == "explanation" and not rendered:
            yield Finding(
                template.place(name),
                f"nothing is explained: no block's `when` holds (seed {seed})",
                f"没有任何解释：各段的 `when` 都不成立（种子 {seed}）",
            )
    literal = [
        (path, number)
        for path, text in _texts(template.data) if path[0] not in ("params", "then")
        for number in sorted({number for lang in ("en", "zh") for number in literal_numbers(text[lang])})
    ]  # fmt: skip
    if not literal:
        return
    confirmed = Confirmed(template, after, task)
    for path, number in literal:
        if not confirmed.knows(number):
            yield Finding(
                template.place(*path),
                f"{number} is not confirmed by the engine; use a placeholder, or name the source that `states` it",
                f"引擎未能确认 {number}；请改用占位符，或在来源的 `states` 中注明",
            )


def _asked_next(world: World) -> tuple[Text, ...]:
    """The follow-ups in words, with their answers."""
    return tuple(text for one in followups(world) for text in (one.asked, one.answer) if text is not None)


def _parts(rendered: object) -> Iterator[Text]:
    """The texts of a prompt, of hints with their costs, of a list."""
    if isinstance(rendered, Text):
        yield rendered
    elif isinstance(rendered, tuple):
        for each in rendered:
            yield from _parts(each)
