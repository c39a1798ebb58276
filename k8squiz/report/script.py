"""The same interview for two people: a handout without answers, what the interviewer needs, a scoring sheet."""

from __future__ import annotations

from collections.abc import Iterator

from k8squiz.locale.i18n import Lang, joined, pick
from k8squiz.locale.names import subject_name
from k8squiz.locale.report import say
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.plan import PlannedQuestion
from k8squiz.mock.score import weight
from k8squiz.mock.state import start
from k8squiz.report import facts
from k8squiz.report.build import Answered, Bench, build, no_bench
from k8squiz.report.markdown import block, given, plain, table, walk_lines
from k8squiz.report.turns import turns
from k8squiz.world.texts import followups

# A line to write on.
_BLANK = "\\_" * 12


def most(item: PlannedQuestion) -> int:
    """Full points on the scoring sheet: four times a question's weight."""
    return round(4 * weight(item))


def script(drawn_questions: DrawnQuestions, lang: Lang, bench: Bench = no_bench) -> str:
    """The whole script as Markdown. Raises QuizError where a question cannot be drawn."""
    return "\n".join(_lines(drawn_questions, lang, bench)).rstrip() + "\n"


def _lines(drawn_questions: DrawnQuestions, lang: Lang, bench: Bench) -> Iterator[str]:
    report = build(
        drawn_questions.plan, start(drawn_questions.plan), drawn_questions=drawn_questions, bench=bench, whole=True
    )
    facts_line = {
        "minutes": drawn_questions.plan.minutes,
        "questions": drawn_questions.plan.questions,
        "seed": drawn_questions.plan.seed,
    }
    yield from (f"# {say('script', lang)}", "")
    yield from (plain(say("facts", lang, track=facts.track_name(drawn_questions.plan, lang), **facts_line)), "")
    yield from (plain(say("script-how", lang)), "", f"## {say('handout', lang)}", "")
    for question in report.questions:
        yield from _handout(question, lang)
    yield from ("---", "", f"## {say('guide', lang)}", "")
    for position, question in enumerate(report.questions):
        yield from _guide(drawn_questions, position, question, lang)
    yield from ("---", "", f"## {say('sheet', lang)}", "")
    yield from _sheet(drawn_questions, lang)
    yield from ("", facts.made(lang))


def _title(question: Answered, lang: Lang) -> str:
    return f"### {plain(facts.title(question, lang))}"


def _time(question: Answered, lang: Lang) -> str:
    return say("minutes", lang, minutes=max(1, round(question.result.item.seconds / 60)))


def _asked(question: Answered, lang: Lang) -> Iterator[str]:
    """What the candidate sees: the cluster, the request, the question, what can be picked."""
    yield from given(question, lang)
    yield from (f"> {plain(pick(question.prompt, lang))}", "")
    for field in question.fields:
        if field.options:
            yield from (f"- {plain(option.letter)}. {plain(pick(option.text, lang))}" for option in field.options)
            yield ""


def _handout(question: Answered, lang: Lang) -> Iterator[str]:
    yield from (_title(question, lang), "", plain(_time(question, lang)), "", *_asked(question, lang))
    for field in question.fields:
        # What an open answer is held against is the answer.
        if not field.self_checked:
            yield f"- {plain(pick(field.label, lang))} {_BLANK}"
    yield ""


def _guide(drawn_questions: DrawnQuestions, position: int, question: Answered, lang: Lang) -> Iterator[str]:
    yield from (_title(question, lang), "")
    yield from (f"{plain(facts.subject(question, lang))} · {plain(_time(question, lang))}", "")
    yield from (
        f"**{say('ask', lang)}**",
        "",
        f"> {plain(pick(question.prompt, lang))}",
        "",
        f"**{say('truth', lang)}**",
        "",
    )
    # An open answer has no truth of its own, and its points stand under what to listen for.
    opens = any(field.self_checked for field in question.fields)
    for field in question.fields:
        if field.self_checked or (opens and field.long):
            continue
        yield from _truth(pick(field.label, lang), pick(field.truth, lang))
        picked = sorted((option for option in field.options if option.truth), key=lambda option: option.truth)
        yield from (f"  - {plain(option.letter)}. {plain(pick(option.text, lang))}" for option in picked)
    yield ""
    yield from (plain(pick(text, lang)) + "\n" for text in question.explanation)
    yield from (f"**{say('listen', lang)}**", "", *(f"- {plain(pick(text, lang))}" for text in question.key_points), "")
    wrong = turns(drawn_questions.task(position))
    if wrong:
        yield from (f"**{say('wrong-turns', lang)}**", "")
        for turn in wrong:
            yield f"- {joined(plain(pick(turn.says, lang)), f'*{plain(pick(turn.reveals, lang))}*', lang)}"
        yield ""
    stuck = drawn_questions.hints(position)
    if stuck:
        yield from (f"**{say('if-stuck', lang)}**", "", *(f"- {plain(pick(text, lang))}" for _, text in stuck), "")
    more = followups(drawn_questions.world(position))
    if more:
        yield from (f"**{say('next', lang)}**", "")
        for one in more:
            yield f"- {plain(pick(one.asked, lang))}" + (f" *{plain(pick(one.answer, lang))}*" if one.answer else "")
        yield ""
    yield from walk_lines(question, lang)


def _truth(label: str, truth: str) -> Iterator[str]:
    """What is computed for a blank; several lines, such as a manifest, stand as they are."""
    if "\n" not in truth:
        yield f"- {plain(label)} → **{plain(truth)}**"
        return
    # A paragraph and not an item: within a list four blanks would be text.
    yield from ("", f"{plain(label)} →", "", *block(truth))


def _sheet(drawn_questions: DrawnQuestions, lang: Lang) -> Iterator[str]:
    yield from (plain(say("sheet-rule", lang)), "")
    yield from (f"{say('candidate', lang)} {_BLANK} {say('date', lang)} {_BLANK}", "")
    rows = [
        (item.label, subject_name(item.topic, lang), subject_name(item.kind, lang), f"/ {most(item)}", "")
        for item in drawn_questions.plan.items
    ]
    whole = sum(most(item) for item in drawn_questions.plan.items)
    rows.append((say("sum", lang), "", "", f"/ {whole}", ""))
    headers = [
        say("name", lang),
        say("topic", lang),
        say("kind", lang),
        say("points", lang),
        say("remarks", lang),
    ]
    yield from table(headers, rows)
