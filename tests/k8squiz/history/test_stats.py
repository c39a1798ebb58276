"""What the statistics say of rows of answers, on the page and as JSON; and the data commands."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from k8squiz.bank.find import metas
from k8squiz.bank.question import QuestionMeta
from k8squiz.history.due import DAY, reviewed
from k8squiz.history.stats import stats
from k8squiz.history.store import FILE, Card, Review, open_store
from k8squiz.terminal.width import width_of
from tests.k8squiz.history.card_state import STATE
from tests.k8squiz.runner import k8squiz, process

NOW = dt.datetime(2026, 7, 15, 12, tzinfo=dt.UTC).timestamp()  # a Wednesday
KNOWN = (QuestionMeta("a", "nodeport", 1, "choice", ""), QuestionMeta("b", "hairpin", 1, "choice", ""), QuestionMeta("c", "hairpin", 2, "number", ""))  # fmt: skip


def review(days: float, question: str, score: float) -> Review:
    return Review(question, NOW - days * DAY, score, 3, "1")


STREAKS = [([], 0), ([0], 1), ([1], 1), ([0, 1, 2], 3), ([1, 2, 4], 2), ([2, 3], 0), ([0, 0, 0.2], 1)]


@pytest.mark.parametrize(("days", "streak"), STREAKS)
def test_streak(days: list[float], streak: int) -> None:
    reviews = sorted((review(day, "a", 1.0) for day in days), key=lambda one: one.at)
    assert stats(reviews, {}, KNOWN, NOW, dt.UTC).streak == streak


def test_figures() -> None:
    reviews = [
        review(9, "a", 0.2),
        review(5, "b", 1.0),
        review(3, "a", 0.4),
        review(2, "b", 0.9),
        review(1, "gone", 0.0),
    ]
    cards = {"a": reviewed(None, "a", 0.2, NOW - 9 * DAY), "b": reviewed(None, "b", 1.0, NOW - DAY), "gone": Card("gone", STATE, 0, 0)}  # fmt: skip
    found = stats(reviews, cards, KNOWN, NOW, dt.UTC)
    assert found.retention == 0.5
    assert found.due_today == ("a",)
    assert found.unseen == 1
    assert [(one.topic, one.seen, one.all) for one in found.topics] == [("nodeport", 1, 1), ("hairpin", 1, 2)]
    assert 0 < found.topics[1].strength < 0.5 < 1
    assert [(weak.question, round(weak.score, 2)) for weak in found.weakest] == [("a", 0.3), ("b", 0.95)]
    assert found.calendar[0][0].weekday() == 0
    assert found.calendar[-1] == (dt.date(2026, 7, 15), 0)
    assert sum(count for _, count in found.calendar) == 5


@pytest.fixture
def filled(home: Path) -> Path:
    store = open_store()
    now = dt.datetime.now(dt.UTC).timestamp()
    for number, meta in enumerate(metas()[:6]):
        card = reviewed(None, meta.id, number / 6, now - number * DAY)
        store.save_review(Review(meta.id, now - number * DAY, number / 6, 2, str(number)), card)
    session = store.start("mock", "3", "zh", {"questions": []}, now)
    store.append(session, "answered", {"x": "\x1b[31m"}, now)
    store.close()
    return home


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits(
    filled: Path, lang: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = k8squiz(capsys, "stats", "--lang", lang)
    assert (code, err) == (0, "")
    assert max(map(width_of, out.splitlines())) <= width
    assert "k8squiz practice --question" in out


def test_json(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(k8squiz(capsys, "stats", "--json").out)
    assert told["answers"] == 6
    assert set(told) == {"answers", "streak_days", "retention", "due_today", "unseen", "topics", "calendar", "weakest"}


@pytest.mark.parametrize(("lang", "word"), [("en", "Nothing here yet"), ("zh", "还没有记录")])
def test_nothing_yet(lang: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert word in k8squiz(capsys, "stats", "--lang", lang).out


def test_data_goes_out_and_in_again(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    assert k8squiz(capsys, "data", "export", "--out", str(file)).code == 0
    exported = file.read_text(encoding="utf-8")
    assert k8squiz(capsys, "data", "delete", "--yes").code == 0
    assert not (filled / FILE).exists()
    assert k8squiz(capsys, "data", "import", str(file)).out == "New: 1 sessions, 6 cards, 6 answers.\n"
    assert k8squiz(capsys, "data", "import", str(file), "--lang", "zh").out == "新增：0 场、0 张卡片、0 次作答。\n"
    assert k8squiz(capsys, "data", "export").out == exported
    assert k8squiz(capsys, "data", "path").out == f"{filled / FILE}\n"


BAD = [
    ("{", "1: this is no JSON", "不是 JSON"),
    ("[]", "nothing that `k8squiz data export` wrote", "不是由"),
    ('{"format": "k8squiz-data", "version": 9}', "its version is 9", "其版本为 9"),
    ('{"format": "k8squiz-data", "version": 1, "cards": 3}', "cards: must be a list", "必须是列表"),
    ('{"format": "k8squiz-data", "version": 1, "reviews": [{"question": 3}]}', "reviews[0].question", "reviews[0].question"),
    (
        '{"format": "k8squiz-data", "version": 1, "reviews": [{"question": "q", "at": 1, "score": 7}]}',
        "reviews[0].score: must be a number from 0 to 1", "必须是 0 到 1 的数",
    ),
    ('{"format": "k8squiz-data", "version": 1, "cards": [{"state": {"a": 1}}]}', "cards[0].state", "不是 FSRS 卡片"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "en", "zh"), BAD)
def test_bad_imports_keep_nothing(
    text: str, en: str, zh: str, filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    before = k8squiz(capsys, "data", "export").out
    for lang, words in (("en", en), ("zh", zh)):
        code, out, err = k8squiz(capsys, "data", "import", str(file), "--lang", lang)
        assert (code, out) == (2, "")
        assert words in err
    assert k8squiz(capsys, "data", "export").out == before


def test_delete_asks(filled: Path) -> None:
    code, _, err = process("data", "delete")
    assert code == 2
    assert "--yes" in err
    assert (filled / FILE).exists()


def test_practice_writes_each_answer_down_at_once(home: Path) -> None:
    code, _, _ = process("practice", "--question", "endpoint-share", "--seed", "1", stdin="1/2\n")
    assert code == 0
    store = open_store()
    assert [review.question for review in store.reviews()] == ["endpoint-share"]
    assert list(store.cards()) == ["endpoint-share"]


def test_cramming_reschedules_nothing(home: Path) -> None:
    process("practice", "--question", "endpoint-share", "--seed", "1", "--cram", stdin="1/2\n")
    store = open_store()
    assert len(store.reviews()) == 1
    assert store.cards() == {}


def test_a_disk_that_refuses_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "below")
    code, out, _ = process(
        "practice", "--question", "endpoint-share", "--seed", "1", stdin="1/2\n", K8SQUIZ_HOME=nowhere
    )
    assert code == 0
    assert "Practice goes on" in out
    kept = next(line for line in out.splitlines() if line.startswith('{"format"'))
    assert json.loads(kept)["reviews"][0]["question"] == "endpoint-share"


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--until", "soon"), "write YYYY-MM-DD"), (("--until", "2020-01-01"), "is past"), (("--new", "-1"), "--new")],
)
def test_bad_wishes(words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = k8squiz(capsys, "practice", *words)
    assert code == 2
    assert message in err
