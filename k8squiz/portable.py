"""The user's data as one JSON text, out and in again. What comes in is checked field by field before anything is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from k8squiz.errors import QuizError
from k8squiz.store import Card, Review, Row, Session, Store

FORMAT, FORMAT_VERSION = "k8squiz-data", 1


def exported(store: Store) -> str:
    """Everything in the store as JSON."""
    data = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "sessions": [
            {
                "uid": one.uid, "kind": one.kind, "started": one.started, "seed": one.seed, "lang": one.lang,
                "plan": one.plan, "ended": one.ended,
                "events": [
                    {"seq": row.seq, "at": row.now, "kind": row.kind, "body": row.body} for row in store.events(one.id)
                ],
            }
            for one in store.sessions()
        ],
        "cards": [
            {"question": card.question, "state": card.state, "due": card.due, "updated": card.updated}
            for card in store.cards().values()
        ],
        "reviews": [
            {"question": r.question, "at": r.at, "score": r.score, "rating": r.rating, "seed": r.seed}
            for r in store.reviews()
        ],
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def take_in(store: Store, text: str, file: str) -> tuple[int, int, int]:
    """Merge exported data: how many sessions, cards and reviews were new. Raises QuizError, and then keeps nothing."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise QuizError(f"{file}:{line}: this is no JSON ({error})", f"{file}:{line}：不是 JSON（{error}）") from None
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
    read = _Reader(file)
    sessions = [read.session(one, f"sessions[{at}]") for at, one in enumerate(read.many(data, "sessions", ""))]
    cards = [read.card(one, f"cards[{at}]") for at, one in enumerate(read.many(data, "cards", ""))]
    reviews = [read.review(one, f"reviews[{at}]") for at, one in enumerate(read.many(data, "reviews", ""))]
    return store.take_in(sessions, cards, reviews)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def _wrong(self, place: str, en: str, zh: str) -> QuizError:
        return QuizError(f"{self._file}: {place}: {en}", f"{self._file}：{place}：{zh}")

    def many(self, data: Mapping[str, Any], name: str, place: str) -> list[Any]:
        found = data.get(name, [])
        if not isinstance(found, list):
            raise self._wrong(f"{place}{name}", "must be a list", "必须是列表")
        return found

    def field(self, data: Any, name: str, place: str, fits: Callable[[Any], bool], en: str, zh: str) -> Any:
        if not isinstance(data, dict):
            raise self._wrong(place, "must be an object", "必须是对象")
        value = data.get(name)
        if not fits(value):
            raise self._wrong(f"{place}.{name}", f"must be {en}", f"必须是{zh}")
        return value

    def text(self, data: Any, name: str, place: str) -> str:
        return str(self.field(data, name, place, lambda value: isinstance(value, str), "a string", "字符串"))

    def number(self, data: Any, name: str, place: str, low: float = 0.0, high: float = 1e12) -> float:
        def fits(value: Any) -> bool:
            return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high

        return float(
            self.field(data, name, place, fits, f"a number from {low:g} to {high:g}", f" {low:g} 到 {high:g} 的数")
        )

    def session(self, data: Any, place: str) -> tuple[Session, list[Row]]:
        ended = None if isinstance(data, dict) and data.get("ended") is None else self.number(data, "ended", place)
        found = Session(
            0, self.text(data, "uid", place), self.text(data, "kind", place), self.number(data, "started", place),
            self.text(data, "seed", place), self.text(data, "lang", place), data.get("plan"), ended,
        )  # fmt: skip
        rows = []
        for at, one in enumerate(self.many(data, "events", f"{place}.")):
            where = f"{place}.events[{at}]"
            kind = self.text(one, "kind", where)
            rows.append(Row(at + 1, self.number(one, "at", where), kind, one.get("body")))
        return found, rows

    def card(self, data: Any, place: str) -> Card:
        state = self.field(data, "state", place, lambda value: isinstance(value, dict), "an object", "对象")
        try:
            from fsrs import Card as FsrsCard

            FsrsCard.from_dict(state)
        except Exception as error:  # noqa: BLE001 - whatever py-fsrs makes of a foreign state, it is the file that is wrong
            raise self._wrong(f"{place}.state", f"is no FSRS card ({error})", f"不是 FSRS 卡片（{error}）") from None
        name = self.text(data, "question", place)
        return Card(name, state, self.number(data, "due", place), self.number(data, "updated", place))

    def review(self, data: Any, place: str) -> Review:
        return Review(
            self.text(data, "question", place), self.number(data, "at", place),
            self.number(data, "score", place, 0.0, 1.0), int(self.number(data, "rating", place, 1, 4)),
            self.text(data, "seed", place),
        )  # fmt: skip
