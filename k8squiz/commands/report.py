"""`k8squiz report`: what an interview came to, on the screen or in a file."""

from __future__ import annotations

from pathlib import Path

from k8squiz.commands.mock_journal import Record, recorded
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.locale.mock import say
from k8squiz.report.build import InterviewReport, build
from k8squiz.terminal.console import make_console, print_machine

_SUFFIXES = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".json": "json"}


def run(lang: Lang, session: int | None = None, form: str | None = None, out: Path | None = None) -> int:
    """Report on `session` (default: the latest interview). Without a format, on the screen; with `out`, in that file."""
    if form is None and out is not None:
        form = _form_of(out)
    record = recorded(session)
    report = _built(record)
    _say_flaws(report, lang)
    if form is None:
        from k8squiz.screens.report import report_view

        make_console().print(report_view(report, lang))
        return 0
    text = rendered(report, form, lang)
    if out is None:
        print_machine(text)
        return 0
    from k8squiz.terminal.files import write_text

    write_text(out, text)
    make_console().print(say("written", lang, path=out))
    return 0


def _say_flaws(report: InterviewReport, lang: Lang) -> None:
    """On stderr: a report may be read by a program."""
    results = [question.result for question in report.questions]
    if any(result.flaw is not None for result in results):
        from k8squiz.commands.faults import tell_flaws

        tell_flaws(results, make_console(stderr=True), lang)


def _form_of(out: Path) -> str:
    form = _SUFFIXES.get(out.suffix.lower())
    if form is None:
        raise QuizError(
            f"--out {out}: name a .md, .html or .json file, or say which with --format",
            f"--out {out}：请指定 .md、.html 或 .json 文件，或用 --format 说明格式",
        )
    return form


def _built(record: Record) -> InterviewReport:
    from k8squiz.screens.report import bench_texts

    return build(record.plan, record.state, record.session, record.started, bench=bench_texts)


def rendered(report: InterviewReport, form: str, lang: Lang) -> str:
    """The report as text in one of FORMATS."""
    if form == "json":
        from k8squiz.report.asjson import report_json

        return report_json(report)
    if form == "html":
        from k8squiz.report.page import report_page

        return report_page(report, lang)
    from k8squiz.report.markdown import report_markdown

    return report_markdown(report, lang)


def write(report: InterviewReport, path: Path, lang: Lang) -> None:
    """Write `report` to `path`, in the format its name says. Raises QuizError."""
    from k8squiz.terminal.files import write_text

    write_text(path, rendered(report, _form_of(path), lang))
