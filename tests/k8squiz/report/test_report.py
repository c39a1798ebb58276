"""Reports: the figures, the three forms, and nothing in them that a reader would obey."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.trace import Text
from k8squiz.bank.find import metas
from k8squiz.bank.schema import violations
from k8squiz.locale.i18n import LANGS, Lang
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion
from k8squiz.mock.state import start
from k8squiz.report.asjson import as_values, report_json
from k8squiz.report.build import InterviewReport, build
from k8squiz.report.clocktext import away, clock
from k8squiz.report.markdown import plain, report_markdown
from k8squiz.report.page import report_page
from k8squiz.report.script import most, script
from k8squiz.report.turns import turns
from k8squiz.screens.report import bench_texts, report_view
from k8squiz.terminal.console import make_console
from tests.k8squiz.fakes import anything
from tests.k8squiz.mock.answered import HOSTILE, PLAN, report, sit

ROOT = Path(__file__).parents[3]


def forms(lang: Lang, of: InterviewReport | None = None) -> dict[str, str]:
    of = of if of is not None else report()
    return {"md": report_markdown(of, lang), "html": report_page(of, lang), "json": report_json(of)}


def test_scores_by_question() -> None:
    results = [question.result for question in report().questions]
    assert [result.sheet.status.value for result in results] == [
        "answered", "answered", "answered", "struck", "skipped", "open",
    ]  # fmt: skip
    assert results[0].score == 1.0
    assert 0 < results[1].score < 1
    assert 0 < results[2].score < 0.5  # reversed, and a hint
    assert [result.score for result in results[3:]] == [0, 0, 0]
    assert report(truth=True).total == 1.0


def test_time_against_budget() -> None:
    assert report().spent == 200
    (policy,) = [part for part in report().topics if part.name == "traffic-policy"]
    assert (policy.questions, policy.spent, policy.budget) == (3, 120, 300)


# A question that was answered wrong, and what its cause says in either language.
CAUSES = [
    (1, "the server sees", "服务端看到"),
    (2, "F before D, which is hop 30", "F 在 D（第 30 跳）之前"),
    (2, "Host by host", "逐台主机进行"),
]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("position", "en", "zh"), CAUSES)
def test_every_form_says_why_an_answer_is_wrong(position: int, en: str, zh: str, lang: Lang) -> None:
    out = io.StringIO()
    make_console(width=400, file=out).print(report_view(report(), lang))
    for name, text in {**forms(lang), "screen": out.getvalue()}.items():
        assert (en if lang == "en" else zh) in text, name


def test_what_is_right_or_blank_has_no_cause() -> None:
    assert not [field.causes for question in report(truth=True).questions for field in question.fields if field.causes]
    assert not [field.causes for question in report().questions[3:] for field in question.fields if field.causes]


def test_what_to_study_names_commands_that_draw_the_same_questions_again() -> None:
    commands = [command for study in report().study for command in study.commands]
    assert [study.topic for study in report().study][-1] == "traffic-policy"
    assert "k8squiz explain hairpin" in commands
    assert "k8squiz questions show local-policy-ending/now-cluster --seed 9-1 --answer" in commands
    assert not [command for command in commands if "show local-policy-ending --" in command]
    assert report(truth=True).study == ()


@pytest.mark.parametrize("lang", LANGS)
def test_every_form_has_the_figures_the_rule_and_every_question(lang: Lang) -> None:
    for name, text in forms(lang).items():
        total = f"{report().total:.0%}" if name != "json" else str(report().total)
        assert total in text, name
        assert "k8squiz explain hairpin" in text
        for question in report().questions:
            title = getattr(question.title, lang)
            assert (title if name != "md" else plain(title)) in text or title.replace("'", "&#x27;") in text
            for word in ("KUBE-SVC-", "flannel.1") if question.result.item.label == "2" else ():
                assert word in text
    words = {"en": ("How it is scored", "What to study next", "Interruptions", "away for 10 min"),
             "zh": ("评分规则", "接下来学什么", "中断", "离开 10 分钟")}  # fmt: skip
    for word in words[lang]:
        assert word in forms(lang)["md"] and word in forms(lang)["html"]


def test_the_json_is_what_its_schema_says() -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    for of in (report(), report(truth=True)):
        assert [(path, found.en) for path, found in violations(json.loads(report_json(of)), schema)] == []
    wrong = {**as_values(report()), "score": "much"}
    assert list(violations(anything(wrong), schema))


@pytest.mark.parametrize("value", [5, ("gone",), ("gone", "too"), "nonsense", {"a": 1}, [1], None, True])
def test_answers_to_a_question_that_has_changed_since_do_no_harm(value: object) -> None:
    state = sit()
    sheets = tuple(
        dataclasses.replace(sheet, answer={field.id: value for field in DrawnQuestions(PLAN).task(position).fields})
        for position, sheet in enumerate(state.sheets)
    )
    it = build(PLAN, dataclasses.replace(state, sheets=sheets), 7)
    assert it.total < 0.5
    for lang in LANGS:
        assert all(forms(lang, it).values())
        make_console(width=80, file=io.StringIO()).print(report_view(it, lang))


class Seen(HTMLParser):
    """Which elements and attributes a page has, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str | None] = []
        self.ids: set[str | None] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]
        self.ids |= {value for name, value in attrs if name == "id"}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> InterviewReport:
    """Every text of the first question is hostile, as if a question file or a manifest had been."""
    evil = Text(HOSTILE, HOSTILE)
    first, *rest = report().questions
    field = dataclasses.replace(first.fields[0], label=evil, truth=evil, given=evil)
    question = dataclasses.replace(
        first, title=evil, prompt=evil, cluster=(HOSTILE,), requests=(evil,), fields=(field,), explanation=(evil,),
        key_points=(evil,), sources=(evil,),
    )  # fmt: skip
    return dataclasses.replace(report(), questions=(question, *rest))


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_stands_alone_and_is_whole(lang: Lang) -> None:
    page = report_page(hostile(), lang)
    seen = Seen()
    seen.feed(page)
    assert seen.open == []
    assert not seen.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not {name for name in seen.attributes if name.startswith("on") or name == "src"}
    # What links there are lead to the page's own cards.
    assert seen.links == [f"#q{item.label}" for item in PLAN.items]
    assert set(seen.links) <= {f"#{name}" for name in seen.ids}
    assert not re.search(r"https?:|url\(|@import", page)
    assert "alert(1)" in seen.text
    assert "prefers-color-scheme: dark" in page and "@media print" in page


@pytest.mark.parametrize("name", ["md", "html", "json"])
def test_nothing_foreign_is_obeyed(name: str) -> None:
    text = forms("en", hostile())[name]
    assert "\x1b" not in text and "\u202e" not in text
    if name != "json":
        assert "<script>" not in text.replace("\\<", "")
    if name == "md":
        assert "\\<script\\>alert(1)\\</script\\> \\\\x1b\\[31m \\| \\`x\\` \\& \\\\u202egood" in text


def test_an_order_is_told_step_by_step() -> None:
    """As it happens, not as the letters stand; what does not happen comes last, the candidate's before the others."""
    field = next(field for field in report().questions[2].fields if field.ordered)
    rows = [(option.truth, option.given) for option in field.rows]
    steps = sum(1 for truth, _ in rows if truth)
    assert [truth for truth, _ in rows[:steps]] == list(range(1, steps + 1))
    assert {truth for truth, _ in rows[steps:]} == {0}
    assert [option.letter for option in field.options] == sorted(option.letter for option in field.options)


MARKDOWN = {"# head": "\\# head", "1. one": "1\\. one", "10.0.0.1:80": "10\\.0.0.1:80", "- dash": "\\- dash",
            "a|b": "a\\|b", "two\nlines": "two lines", "KUBE-SVC-X": "KUBE-SVC-X", "*b* _i_": "\\*b\\* \\_i\\_"}  # fmt: skip


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_shows_text_as_it_was_written(text: str) -> None:
    assert plain(text) == MARKDOWN[text]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [80, 120])
def test_on_the_screen_it_fits(lang: Lang, width: int) -> None:
    out = io.StringIO()
    make_console(width=width, file=out).print(report_view(report(), lang))
    from k8squiz.terminal.width import width_of

    assert max(map(width_of, out.getvalue().splitlines())) <= width
    assert ("How it is scored" if lang == "en" else "评分规则") in out.getvalue()


def test_times() -> None:
    assert [clock(seconds) for seconds in (0, 59.6, 61, 3725)] == ["0:00", "1:00", "1:01", "1:02:05"]
    assert [away(seconds, "en") for seconds in (40, 200, 9000, 400000)] == ["40 s", "3 min", "2 h", "5 days"]


# --- the script for a human interviewer ---


@pytest.mark.parametrize("lang", LANGS)
def test_the_handout_has_every_question_and_no_answer(lang: Lang) -> None:
    whole = script(DrawnQuestions(PLAN), lang)
    parts = re.split(r"^## ", whole, flags=re.MULTILINE)
    assert len(parts) == 4
    _, handout, guide, sheet = parts
    for question in report().questions:
        for part in (handout, guide):
            assert plain(getattr(question.prompt, lang)) in part
        for text in (*question.explanation, *question.key_points):
            assert plain(getattr(text, lang)) in guide
            assert plain(getattr(text, lang)) not in handout
        assert f"| {question.result.item.label} |" in sheet
    assert "KUBE-SVC-" not in handout
    assert "**" not in handout


@pytest.mark.parametrize("lang", LANGS)
def test_the_handout_of_an_open_question_keeps_its_points(lang: Lang) -> None:
    of = next(heading for heading in metas() if heading.kind == "talk")
    plan = InterviewPlan(None, (), 10, "1", (PlannedQuestion(of.id, of.topic, of.level, of.kind, "1-1", 600, "1"),))
    (question,) = build(plan, start(plan), whole=True).questions
    _, handout, guide, _ = re.split(r"^## ", script(DrawnQuestions(plan), lang), flags=re.MULTILINE)
    for point in question.key_points:
        assert plain(getattr(point, lang)) not in handout
        assert guide.count(plain(getattr(point, lang))) == 1
    assert "****" not in guide and "(no answer)" not in guide


@pytest.mark.parametrize("lang", LANGS)
def test_a_computed_manifest_keeps_its_lines_in_the_script(lang: Lang) -> None:
    of = next(heading for heading in metas() if heading.id == "write-ip-block")
    plan = InterviewPlan(None, (), 10, "1", (PlannedQuestion(of.id, of.topic, of.level, of.kind, "1-1", 600, "1"),))
    assert "\n    kind: NetworkPolicy\n    metadata:\n      name: partner\n" in script(DrawnQuestions(plan), lang)


def test_the_script_is_the_same_for_the_same_seed() -> None:
    assert script(DrawnQuestions(PLAN), "en") == script(DrawnQuestions(PLAN), "en")


def test_full_points_follow_the_weights() -> None:
    assert [most(item) for item in PLAN.items] == [6, 3, 5, 7, 5, 6]


def test_wrong_turns_are_wrong_and_say_something_each() -> None:
    drawn_questions = DrawnQuestions(PLAN)
    for position, item in enumerate(PLAN.items):
        task = drawn_questions.task(position)
        found = turns(task)
        assert found, item.question
        for turn in found:
            assert turn.says.en and turn.says.zh and turn.reveals.en and turn.reveals.zh
        for field in task.fields:
            row = getattr(field, "row", None)
            place = f"{row.en}, {field.label.en}: " if row is not None else ""
            assert f"{place}answers {field.show(field.truth, False)}" not in {turn.says.en for turn in found}
    said = " ".join(turn.reveals.en for turn in turns(drawn_questions.task(5)))
    assert "InternalIP" in said


@pytest.mark.parametrize("lang", LANGS)
def test_a_question_without_a_cluster_shows_its_workload_instead(lang: Lang) -> None:
    of = next(heading for heading in metas() if heading.kind == "scheduler")
    plan = InterviewPlan(None, (), 10, "1", (PlannedQuestion(of.id, of.topic, of.level, of.kind, "1-1", 600, "1"),))
    (question,) = build(plan, start(plan), bench=bench_texts, whole=True).questions
    assert (question.cluster, question.requests, question.walks) == ((), (), ())
    name = "round-robin" if "round-robin" in question.given.en else "server"
    assert name in question.given.en.lower() and getattr(question.computed, lang)
    it = build(plan, start(plan), bench=bench_texts, whole=True)
    for text in forms(lang, it).values():
        assert getattr(question.given, lang).splitlines()[0].strip() in text
    handout = script(DrawnQuestions(plan), lang, bench_texts).split("\n## ")[1]
    assert getattr(question.given, lang).splitlines()[-1].strip() in handout
    assert getattr(question.computed, lang).splitlines()[-1].strip() not in handout
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert [found.en for _, found in violations(json.loads(report_json(it)), schema)] == []


@pytest.mark.parametrize("lang", LANGS)
def test_credit_in_part_is_told_in_every_form(lang: Lang) -> None:
    credit = Text("+1 of 2, -1 of 4 for B: 25%", "+1/2，-1/4（B）：25%")
    of = report()
    first, *others = of.questions
    fields = (dataclasses.replace(first.fields[0], credit=credit), *first.fields[1:])
    of = dataclasses.replace(of, questions=(dataclasses.replace(first, fields=fields), *others))
    out = io.StringIO()
    make_console(width=200, file=out).print(report_view(of, lang))
    told = "for B: 25%" if lang == "en" else "（B）：25%"
    assert json.loads(report_json(of))["questions"][0]["fields"][0]["credit"] == {"en": credit.en, "zh": credit.zh}
    assert told in report_page(of, lang)
    assert told in report_markdown(of, lang)
    assert told in out.getvalue()
