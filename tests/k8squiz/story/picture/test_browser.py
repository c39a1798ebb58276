"""The page of a walk in a real browser: stepped by keys and buttons, in both languages, and it asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.trace import Text
from k8squiz.story.picture.beside import beside
from k8squiz.story.picture.beside_page import beside_section
from k8squiz.story.picture.page import walk_page
from tests.k8squiz.story.picture.browser import CHROMIUM, DRIVER, Browser, browser
from tests.k8squiz.story.picture.walks import hostile, laid_out

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not here")
TITLE = Text("From outside", "来自集群外")
NAMES = (Text("everything in place", "一切正常"), Text("without masquerade", "去掉 masquerade"))
NOW = "return document.querySelector('section:not([hidden]) li.now')?.dataset.key"
CELL = "const c = document.querySelector('.packet [data-field={}]'); return [c.className, c.querySelector('del').textContent, c.querySelector('ins').textContent]"
SEEN = "return [...document.querySelectorAll('h1 span, .list h2, .list li.now p')].filter((e) => e.offsetParent).map((e) => e.textContent).join('|')"
# Whatever a name in a manifest says.
EVIL = '</script><img src=http://192.0.2.1/x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser") / "log") as found:
        yield found


@pytest.fixture
def page(window: Browser, tmp_path: Path) -> Browser:
    """The page of a NodePort's walk, opened from a file."""
    path = tmp_path / "walk.html"
    path.write_text(walk_page(TITLE, [(TITLE, laid_out("nodeport"))], "en"), encoding="utf-8")
    window.look(1280, 800)
    window.requests(), window.complaints()
    window.open(path)
    return window


def test_keys_step_and_the_header_tells_what_changed(page: Browser) -> None:
    assert page.run(NOW) == "request-1"
    page.press(*["right"] * 10)
    assert page.run(NOW) == "request-11"
    assert page.run(CELL.format("dst")) == ["changed", "192.168.1.10:30080", "10.244.2.8:8080"]
    assert page.run(CELL.format("src")) == ["", "", "1.2.3.4:54321"]
    page.press("left")
    assert page.run(NOW) == "request-10"
    assert page.run(CELL.format("dst")) == ["", "", "192.168.1.10:30080"]
    page.press("end")
    assert page.run(NOW) == "reply-20"
    page.press("right")
    assert page.run(NOW) == "reply-20"
    page.press("home", "left")
    assert page.run(NOW) == "request-1"


def test_the_drawing_follows(page: Browser) -> None:
    page.press(*["right"] * 17)
    assert page.run("return document.querySelector('.stage.now').dataset.steps") == "request-18"
    assert page.run("return document.querySelector('.walker').classList.contains('inside')") is True
    page.run(
        "document.querySelector('.stage[data-steps~=\"reply-13\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert page.run(NOW) == "reply-13"


@pytest.mark.parametrize(("button", "ends"), [("next", "request-2"), ("last", "reply-20"), ("first", "request-1")])
def test_buttons_step(page: Browser, button: str, ends: str) -> None:
    page.run(f"document.querySelector('[data-do={button}]').click()")
    assert page.run(NOW) == ends


def test_both_languages(page: Browser) -> None:
    page.press("right", "right", "right")
    english = page.run(SEEN)
    assert english.startswith("From outside|Request|4prerouting") and "每个" not in english
    page.press("l")
    chinese = page.run(SEEN)
    assert chinese.startswith("来自集群外|请求|4prerouting") and "every new connection" not in chinese
    assert page.run("return document.documentElement.lang") == "zh-CN"
    page.press("l")
    assert page.run(SEEN) == english


def test_no_request_leaves_the_page_and_nothing_is_amiss(page: Browser) -> None:
    page.press(*["right"] * 5, "l", "end")
    assert [url for url in page.requests() if not url.startswith(("file://", "data:"))] == []
    assert page.complaints() == []


@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1280, 800, False), (1280, 800, True), (390, 844, False), (390, 844, True)]
)
def test_it_fits_the_window(page: Browser, width: int, height: int, dark: bool) -> None:
    page.look(width, height, dark)
    page.press(*["right"] * 17)
    assert page.run("return document.documentElement.scrollWidth <= window.innerWidth") is True
    assert page.run("return document.documentElement.scrollHeight <= window.innerHeight") is True
    seen = "const r = document.querySelector('{}').getBoundingClientRect(); return r.top >= 0 && r.bottom <= window.innerHeight"
    assert page.run(seen.format(".packet")) is True
    assert page.run("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 24, 31)" if dark else "rgb(255, 255, 255)"
    )


def test_paper_has_every_step(page: Browser) -> None:
    page.look(800, 1100, medium="print")
    shown = "return [...document.querySelectorAll('{}')].filter((e) => e.getClientRects().length).length"
    assert page.run(shown.format("li[data-key]")) == 52
    assert page.run(shown.format("button")) == 0
    page.look(1280, 800)


def test_a_walk_beside_a_walk(window: Browser, tmp_path: Path) -> None:
    whole, broken = laid_out("hairpin"), laid_out("martian")
    path = tmp_path / "beside.html"
    views = [beside_section(beside(whole, broken), NAMES)]
    path.write_text(walk_page(TITLE, list(zip(NAMES, (whole, broken), strict=True)), "en", views), encoding="utf-8")
    window.look(1280, 800)
    window.open(path)
    assert window.run("return document.querySelector('.beside tr.first').textContent.includes('MASQUERADE')") is True
    window.run("const s = document.querySelector('select'); s.value = '2'; s.dispatchEvent(new Event('change'))")
    window.press("end")
    assert window.run(NOW) == "request-16"


def test_names_are_text(window: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    evil = Text(EVIL, EVIL)
    path.write_text(walk_page(evil, [(evil, hostile(EVIL))], "en"), encoding="utf-8")
    window.requests(), window.complaints()
    window.open(path)
    window.press("right")
    assert window.run("return document.title") == EVIL
    assert window.run("return document.images.length") == 0
    assert [url for url in window.requests() if not url.startswith("file://")] == []
    assert window.complaints() == []


def test_it_plays_and_stops(page: Browser) -> None:
    shown = "return [...document.querySelectorAll('[data-do=play] span')].filter((e) => e.offsetParent).map((e) => e.textContent).join()"
    assert page.run(shown) == "play"
    page.press(" ")
    assert page.run(shown) == "pause"
    page.press("right")
    assert (page.run(shown), page.run(NOW)) == ("play", "request-2")
