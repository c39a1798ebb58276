"""The user's data as one JSON text, out and in again. What comes in is checked field by field before anything is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

from k8squiz.bank.limits import DEEPEST_DATA
from k8squiz.errors import QuizError
from k8squiz.history import check
from k8squiz.history.records import (
    Card,
    CardData,
    DraftData,
    DraftRow,
    Review,
    ReviewData,
    Row,
    SessionData,
    SessionRow,
)
from k8squiz.history.store import Store
from k8squiz.terminal.sanitize import json_text

FORMAT, FORMAT_VERSION = "k8squiz-data", 1
LATEST = check.LATEST


def exported(store: Store, indent: int | None = 1) -> str:
    """Everything in the store as JSON; on one line where `indent` is None."""
    return "".join(export_pieces(store, indent))


def export_pieces(store: Store, indent: int | None = 1) -> Iterator[str]:
    """The same piece by piece: a record a line, none of it in memory longer than it takes to write."""
    line, one_more = ("", "") if indent is None else ("\n" + " " * indent, "\n" + " " * 2 * indent)
    yield f'{{{line}"format": "{FORMAT}",{line}"version": {FORMAT_VERSION}'
    parts: tuple[tuple[str, Iterable[object]], ...] = (
        ("sessions", (_session(store, one) for one in store.each_session())),
        ("cards", (_card(card) for card in store.cards().values())),
        ("reviews", (_review(one) for one in store.each_review())),
    )
    for name, records in parts:
        yield f',{line}"{name}": ['
        comma = ""
        for record in records:
            yield f"{comma}{one_more}{json_text(json.dumps(_whole(record), ensure_ascii=False))}"
            comma = ","
        yield f"{line}]"
    yield "}\n" if indent is None else "\n}\n"


def _session(store: Store, one: SessionRow) -> SessionData:
    return {
        "uid": one.uid, "kind": one.kind, "started": one.started, "seed": one.seed, "lang": one.lang,
        "plan": one.plan, "ended": one.ended,
        "events": [{"seq": row.seq, "at": row.now, "kind": row.kind, "body": row.body} for row in store.events(one.id)],
        "draft": _draft(store.draft(one.id)),
    }  # fmt: skip


def _card(card: Card) -> CardData:
    return {"question": card.question, "state": card.state, "due": card.due, "updated": card.updated}


def _review(one: Review) -> ReviewData:
    return {"question": one.question, "at": one.at, "score": one.score, "rating": one.rating, "seed": one.seed}


def _draft(found: DraftRow | None) -> DraftData | None:
    if found is None:
        return None
    return {"position": found.position, "text": found.text, "elapsed": found.elapsed, "at": found.now}


def _whole(value: object) -> object:
    """`value` without characters that no UTF-8 file can hold (halves of pairs, from bytes that were no text)."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def take_in(store: Store, text: str, file: str) -> tuple[int, int, int]:
    """Merge exported data: how many sessions, cards and reviews were new. Raises QuizError, and then keeps nothing."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        raise QuizError(
            f"{file}:{line}: this is no JSON from column {column} on; was it cut off, or edited?",
            f"{file}:{line}：从第 {column} 列起不是 JSON；文件是否被截断或改动过？",
        ) from None
    except RecursionError:
        raise QuizError(f"{file}:1: nested too deep for an export", f"{file}:1：嵌套过深，不像是导出文件") from None
    except ValueError as error:
        raise QuizError(f"{file}:1: this is no JSON ({error})", f"{file}:1：不是 JSON（{error}）") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise QuizError(
            f"{file}:1: this is nothing that `k8squiz data export` wrote",
            f"{file}:1：不是由 `k8squiz data export` 导出的文件",
        )
    if data.get("version") != FORMAT_VERSION:
        raise QuizError(
            f"{file}:1: its version is {data.get('version')!r}, this k8squiz reads {FORMAT_VERSION}; update k8squiz",
            f"{file}:1：其版本为 {data.get('version')!r}，本程序读取 {FORMAT_VERSION}；请升级 k8squiz",
        )
    read = _ImportReader(file)
    sessions = [read.session(one, f"sessions[{at}]") for at, one in enumerate(read.many(data, "sessions", ""))]
    cards = [read.card(one, f"cards[{at}]") for at, one in enumerate(read.many(data, "cards", ""))]
    reviews = [read.review(one, f"reviews[{at}]") for at, one in enumerate(read.many(data, "reviews", ""))]
    return store.take_in(sessions, cards, reviews)


class _ImportReader:
    def __init__(self, file: str) -> None:
        self._file = file

    def _wrong(self, place: str, en: str, zh: str) -> QuizError:
        return QuizError(f"{self._file}: {place}: {en}", f"{self._file}：{place}：{zh}")

    def _must(self, place: str, en: str, zh: str) -> QuizError:
        return self._wrong(place, f"must be {en}", f"必须是{zh}")

    def fields(self, data: object, place: str) -> Mapping[str, object]:
        if not isinstance(data, dict):
            raise self._must(place, "an object", "对象")
        return data

    def many(self, data: Mapping[str, object], name: str, place: str) -> list[object]:
        found = data.get(name, [])
        if not isinstance(found, list):
            raise self._must(f"{place}{name}", "a list", "列表")
        return found

    def text(self, data: Mapping[str, object], name: str, place: str) -> str:
        value = data.get(name)
        if not check.is_text(value):
            raise self._must(f"{place}.{name}", "a string", "字符串")
        return value

    def plain(self, data: Mapping[str, object], name: str, place: str) -> object:
        """Whatever JSON can hold, as long as it can be written and read again."""
        value = data.get(name)
        if check.json_flaw(value):
            en, zh = (
                f"no more than {DEEPEST_DATA} deep, with finite numbers",
                f"嵌套不超过 {DEEPEST_DATA} 层且数字有限的值",
            )
            raise self._must(f"{place}.{name}", en, zh)
        return value

    def number(
        self, data: Mapping[str, object], name: str, place: str, low: float = 0.0, high: float = LATEST
    ) -> float:
        value = data.get(name)
        if not check.is_number(value, low, high):
            raise self._must(f"{place}.{name}", f"a number from {low:g} to {high:g}", f" {low:g} 到 {high:g} 的数")
        return float(value)

    def draft(self, found: object, place: str) -> DraftRow:
        data = self.fields(found, place)
        position = int(self.number(data, "position", place, 0, 1e6))
        text = self.text(data, "text", place)
        return DraftRow(position, text, self.number(data, "elapsed", place), self.number(data, "at", place))

    def session(self, read: object, place: str) -> tuple[SessionRow, list[Row], DraftRow | None]:
        data = self.fields(read, place)
        uid = self.text(data, "uid", place)
        ended = None if data.get("ended") is None else self.number(data, "ended", place)
        found = SessionRow(
            0, uid, self.text(data, "kind", place), self.number(data, "started", place),
            self.text(data, "seed", place), self.text(data, "lang", place), self.plain(data, "plan", place), ended,
        )  # fmt: skip
        rows = []
        for at, event in enumerate(self.many(data, "events", f"{place}.")):
            where = f"{place}.events[{at}]"
            one = self.fields(event, where)
            kind = self.text(one, "kind", where)
            body = self.plain(one, "body", where)
            wrong = check.body_flaw(body)
            if wrong:
                raise self._wrong(f"{where}.{wrong}", "is nothing a journal has there", "不是日志应有的值")
            rows.append(Row(at + 1, self.number(one, "at", where), kind, body))
        draft = data.get("draft")
        return found, rows, None if draft is None else self.draft(draft, f"{place}.draft")

    def card(self, found: object, place: str) -> Card:
        data = self.fields(found, place)
        state = self.fields(data.get("state"), f"{place}.state")
        if not check.is_card(state):
            raise self._wrong(
                f"{place}.state.{check.card_flaw(state)}", "is nothing an FSRS card has there", "不是 FSRS 卡片应有的值"
            )
        name = self.text(data, "question", place)
        return Card(name, state, self.number(data, "due", place), self.number(data, "updated", place))

    def review(self, found: object, place: str) -> Review:
        data = self.fields(found, place)
        return Review(
            self.text(data, "question", place), self.number(data, "at", place),
            self.number(data, "score", place, 0.0, 1.0), int(self.number(data, "rating", place, 1, 4)),
            self.text(data, "seed", place),
        )  # fmt: skip


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
