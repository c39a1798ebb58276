"""Which language a run speaks."""

from __future__ import annotations

import pytest

from k8squiz.errors import QuizError, unknown
from k8squiz.locale.i18n import detect

CASES: list[tuple[list[str], dict[str, str], str]] = [
    ([], {}, "en"),
    ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
    ([], {"LANG": "de_DE.UTF-8"}, "en"),
    ([], {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
    ([], {"LC_ALL": "", "LANG": "zh_TW.Big5"}, "zh"),
    ([], {"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
    ([], {"K8SQUIZ_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
    ([], {"K8SQUIZ_LANG": "zh-cn"}, "zh"),
    (["practice", "--lang", "zh"], {"K8SQUIZ_LANG": "en"}, "zh"),
    (["--lang=en", "practice"], {"LC_ALL": "zh_CN.UTF-8"}, "en"),
    (["trace", "--", "--lang", "zh"], {}, "en"),
]


@pytest.mark.parametrize(("words", "environ", "lang"), CASES, ids=str)
def test_language(words: list[str], environ: dict[str, str], lang: str) -> None:
    assert detect(words, environ) == lang


@pytest.mark.parametrize(
    ("words", "environ"),
    [(["--lang", "fr"], {}), (["practice", "--lang"], {}), (["--lang=", "x"], {}), ([], {"K8SQUIZ_LANG": "klingon"})],
    ids=str,
)
def test_no_such_language(words: list[str], environ: dict[str, str]) -> None:
    with pytest.raises(QuizError, match="the languages are en and zh"):
        detect(words, environ)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("hairpn", ["hairpin", "nodeport"], "did you mean hairpin?"),
        ("xyz", ["hairpin", "nodeport"], "there is hairpin, nodeport"),
        ("xyz", [f"question-{n}" for n in range(40)], "there are 40, none of them like it"),
        ("xyz", [], "there are none"),
    ],
)
def test_unknown_names_suggest(name: str, known: list[str], hint: str) -> None:
    assert hint in str(unknown("topic", name, known))
