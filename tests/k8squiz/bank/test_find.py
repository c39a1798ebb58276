"""Finding and reading question files; what is wrong with one is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.trace import Text
from k8squiz.bank import find as bank
from k8squiz.bank.question import QuestionMeta, Template
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import REGISTRY
from k8squiz.kinds.skeleton import skeleton
from tests.k8squiz.fakes import anything
from tests.rows import named

GOOD = skeleton("outcome", "nodeport")

BROKEN = [
    ("level: 2", "level: 9", 5, "level: 9 is not between 1 and 5"),
    ("level: 2", "level: high", 5, "level: must be integer"),
    ("kind: outcome", "kind: outcom", 6, "did you mean 'outcome'?"),
    ("format_version: 1", "format_version: 2", 2, "format_version: must be 1"),
    ("  zh: 不泄露答案的标题\n", "", 7, "title: 'zh' is missing"),
    ("hints:", "hint:", 27, "hint: no such field; did you mean 'hints'?"),
    ("endpoints: [pod-a]", "endpoint: [pod-a]", 21, "did you mean 'endpoints'?"),
    ("request: {", "requests: {", 22, "requests.from"),
    ("when: {verdict: DELIVERED}", "when: {verdickt: DELIVERED}", 30, "no such field; did you mean 'verdict'?"),
    ("parts: [ending, host]", "parts: [ending, hosts]", 23, "did you mean 'host'?"),
    ("id: my-question", "id: My_Question", 3, "does not have the form"),
    ("  nodes: 2", "  from: ../../etc/passwd", 14, "does not have the form"),
    ("  nodes: 2", "  from: nowhere", 13, "there is no"),
    ("  nodes: 2", "  nodes: 2\n  nodes: 3", 15, "duplicate key 'nodes'"),
    ("sources:", "resources:", 43, "did you mean 'sources'?"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), BROKEN)
def test_a_broken_file_is_told_with_its_line(old: str, new: str, line: int, words: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = tmp_path / "01-nodeport" / "my-question.yaml"
    path.parent.mkdir()
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(QuizError) as caught:
        bank.load(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: "), str(caught.value)


@pytest.mark.parametrize("kind", REGISTRY)
def test_every_skeleton_is_a_question(kind: str) -> None:
    template = bank.parse_template(skeleton(kind, "nodeport"), Path("questions/01-nodeport/my-question.yaml"))
    assert template.meta.kind == kind


def test_the_headings_read_off_the_first_lines_are_those_of_the_files() -> None:
    found = bank.metas()
    assert found
    for meta in found:
        assert bank.load(Path(meta.path)).meta == meta
    assert len({meta.id for meta in found}) == len(found) == len(bank.files(bank.bank_folder()))


def test_selection() -> None:
    assert {meta.topic for meta in bank.select(["hairpin"])} == {"hairpin"}
    assert {meta.level for meta in bank.select(level=3)} == {3}
    with pytest.raises(QuizError, match="did you mean hairpin"):
        bank.select(["harpin"])
    with pytest.raises(QuizError, match="no such question"):
        bank.find("hairpin-what-brakes")


def test_a_cluster_may_start_from_a_shared_one(tmp_path: Path) -> None:
    (tmp_path / "clusters").mkdir()
    (tmp_path / "01-nodeport").mkdir()
    (tmp_path / "clusters" / "two.yaml").write_text("nodes: 2\nservices: {web: {type: NodePort, port: 80}}\n")
    path = tmp_path / "01-nodeport" / "my-question.yaml"
    path.write_text(GOOD.replace("  nodes: 2\n", "  from: two\n"), encoding="utf-8")
    cluster = anything(bank.load(path).data["cluster"])
    assert cluster["nodes"] == 2
    assert cluster["services"]["web"]["port"] == 80
    assert cluster["services"]["web"]["endpoints"] == ["pod-a"]


@pytest.mark.parametrize("content", [b"", b"- a\n", b"just text", b"\xff\xfe", b"a: \x1b[31m\n"])
def test_what_is_no_question_at_all(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(QuizError, match="x.yaml:1: "):
        bank.load(path)


def test_titles_are_those_of_the_parsed_files() -> None:
    for meta in bank.metas():
        assert bank.title(meta) == bank.load(Path(meta.path)).title


def test_hardly_a_file_is_parsed_for_its_title(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Path] = []
    load = bank.load

    def counting(path: Path) -> Template:
        parsed.append(path)
        return load(path)

    monkeypatch.setattr(bank, "load", counting)
    known = bank.metas()
    for meta in known:
        bank.title(meta)
    assert len(parsed) < len(known) / 20


@pytest.mark.parametrize(
    ("en", "plain"),
    named(
        {
            "words": ("A packet, and its way", True),
            "a number first": ("127.0.0.1 and the NodePort", True),
            "one word": ("yes", False),
            "a comment": ("A packet # of mine", False),
            "a mapping": ("A packet: and its way", False),
            "a quote": ("'A packet: and its way'", False),
            "double quotes": ('"A packet: and its way"', True),
            "an escape in them": ('"A packet\\tand its way"', False),
            "more behind them": ('"A packet" # of mine', False),
            "an anchor": ("&a A packet", False),
            "folded": ("A packet\n    and its way", False),
        }
    ),
)
def test_a_title_that_is_not_plain_is_left_to_yaml(
    en: str, plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "q.yaml"
    path.write_text(f"id: q\ntitle:\n  en: {en}\n  zh: 数据包\nparams: {{}}\n", encoding="utf-8")
    meta, parsed = QuestionMeta("q", "nodeport", 1, "outcome", str(path)), Text("parsed", "parsed")
    monkeypatch.setattr(bank, "load", lambda path: Template(meta, parsed, {}, {}))
    assert bank.title(meta) == (Text(en.strip('"'), "数据包") if plain else parsed)
