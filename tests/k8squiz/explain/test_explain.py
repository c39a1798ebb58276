"""The stories: what they must tell, that every word of it exists in both languages, and that the parts taken away kill."""

from __future__ import annotations

import dataclasses
import html.parser
import io
import re
from collections.abc import Iterator

import pytest

from engine.trace import Text, Verdict
from k8squiz.errors import QuizError
from k8squiz.explain import TOPICS, tell
from k8squiz.locale.i18n import LANGS, Lang
from k8squiz.screens.explain import story_view
from k8squiz.story.blocks import BesideWalk, Grid, Paragraph, Rules, Steps, Story, Walk
from k8squiz.story.markdown import story_markdown
from k8squiz.story.page import story_page
from k8squiz.story.picture.drawing import svg_drawing
from k8squiz.terminal.console import make_console
from k8squiz.terminal.export import recorder, to_svg
from k8squiz.terminal.width import width_of
from tests.k8squiz.explain.told import told

NAMES = [entry.name for entry in TOPICS]


@pytest.fixture(scope="module")
def stories() -> dict[str, Story]:
    return {name: told(name) for name in NAMES}


def texts(story: Story) -> Iterator[Text]:
    yield from (story.title, story.summary, *story.points, *story.spoken, *story.follow_ups)
    for claim in story.claims:
        yield from (claim.claim, claim.truth)
    for section in story.sections:
        yield section.title
        for block in section.blocks:
            match block:
                case Paragraph(text):
                    yield text
                case BesideWalk(caption, names, _):
                    yield from (caption, *names)
                case Walk(caption, outcome):
                    yield caption
                    yield from (hop.note for hop in (*outcome.hops, *outcome.reply))
                case Grid(caption, headers, rows):
                    yield from (caption, *headers, *(cell for row in rows for cell in row))
                case Rules(caption, _):
                    yield caption
                case Steps(caption, steps):
                    yield caption
                    for step in steps:
                        yield from (step.title, *([step.seen] if step.seen is not None else []))


def steps(story: Story) -> Steps:
    return next(block for section in story.sections for block in section.blocks if isinstance(block, Steps))


def walks(story: Story) -> list[Walk]:
    return [block for section in story.sections for block in section.blocks if isinstance(block, Walk)]


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_the_same_figures(stories: dict[str, Story], name: str) -> None:
    address = re.compile(r"\d+\.\d+\.\d+\.\d+(?::\d+)?")
    for text in texts(stories[name]):
        assert text.en.strip() and text.zh.strip()
        assert sorted(set(address.findall(text.en))) == sorted(set(address.findall(text.zh))), text


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", NAMES)
def test_fits_the_screen(stories: dict[str, Story], name: str, columns: int, lang: Lang) -> None:
    out = io.StringIO()
    make_console(width=columns, file=out).print(story_view(stories[name], lang))
    assert max(width_of(line) for line in out.getvalue().splitlines()) <= columns


@pytest.mark.parametrize(
    ("topic", "number"),
    [("nodeport", 11), ("hairpin", 7), ("ipvs", 9), ("nftables", 10)],
)
def test_every_step_of_the_path_is_walked(stories: dict[str, Story], topic: str, number: int) -> None:
    walked = steps(stories[topic]).steps
    assert len(walked) == number
    assert all(step.seen is not None for step in walked)


@pytest.mark.parametrize(
    ("topic", "without", "verdict", "code"),
    [
        ("hairpin", {"masquerade"}, Verdict.LOST, "martian-source"),
        ("hairpin", {"hairpin-mode"}, Verdict.LOST, "bridge-refuses-same-port"),
        ("hairpin", {"br_netfilter"}, Verdict.DELIVERED, None),
        ("hairpin", {"hairpin-mode", "br_netfilter"}, Verdict.DELIVERED, None),
        ("nodeport", {"masquerade"}, Verdict.LOST, "wrong-reply-source"),
        ("nodeport", {"route"}, Verdict.LOST, None),
        ("nftables", {"masquerade"}, Verdict.LOST, "wrong-reply-source"),
        ("nftables", {"route"}, Verdict.LOST, None),
        ("ipvs", {"kube-ipvs0"}, Verdict.LOST, "no-such-host"),
        ("ipvs", {"vs-conntrack"}, Verdict.DELIVERED, None),
        ("rollout", {"pre-stop"}, Verdict.REFUSED, "nobody-listens"),
        ("rollout", {"pre-stop", "drain"}, Verdict.LOST, None),
        ("rollout", {"kube-proxy"}, Verdict.DELIVERED, None),
    ],
)
def test_without_a_part_the_walk_ends(topic: str, without: set[str], verdict: Verdict, code: str | None) -> None:
    outcome = walks(told(topic, *sorted(without)))[0].outcome
    assert outcome.verdict is verdict
    if code is not None:
        assert outcome.where is not None and outcome.where.code == code


@pytest.mark.parametrize(
    ("topic", "facts"),
    [
        # What the seed gets wrong, said by the trace.
        ("nodeport", ["10.244.1.0 with VXLAN, 192.168.1.10 with host-gw", "KUBE-SVC draws"]),
        ("traffic-policy", ["pod-a on node1 gets DELIVERED, seen 10.244.1.5", "pod-b at node1 gets DROP"]),
        (
            "iptables-vs-ipvs",
            [
                # The seed's figures, each reproduced.
                "| KUBE-SERVICES: about 1000 rules | 1,001 |",
                "| 1000 KUBE-SVC chains of about 10 rules | 1,000 × 11 |",
                "| about 10000 KUBE-SEP chains | 10,000 × 2 |",
                "| 20000+ rules in all | 32,023 | too few: 21,000 is that sum",
                "| at worst 1000 rules for every packet | 1,018.5 | for a connection's first packet; a later one 5 |",
                "| 500 on average | 519 |",
                "= 50 million matches/s | 51,900,000 | for so many new connections",
                "| an update reloads all the rules | 1,061 / 43,019 |",
                "| which takes seconds | 0.120 / 0.288 |",
                # The facts' own counts.
                "| iptables | 32,009 + 11,010 | 1,040 + 21 |",
                "| nftables | 10,069 | 3 |",
                "| nftables v1.35 | 46,071 | 45 |",
                "22,022 rules here, 46,071 lines in a full sync, 45 for one endpoint",
                # The table and its third column.
                "| rule look-up, ten times the Services | O(n): × 8.6 | O(1) | O(1) |",
                "| first packet: last Service | 1,018.5 | 15 + 6 | 13 + 7 |",
                "| iptables rules it needs | 32,023 | 29 | 0 |",
                "keep 0.21 of one processor busy",
            ],
        ),
        ("hairpin", ["No answer is ever sent", "has 0 hops back"]),
        (
            "ipvs",
            [
                "-A -t 10.96.0.10:80 -s rr",
                "kube-ipvs0 holds 10.96.0.10",
                "At INPUT: hence kube-ipvs0",
                "10.96.0.10:81 ends REJECT here, LOST in iptables mode",
                "With 0 the pod sees 1.2.3.4 and the client's connection ends LOST",
                "| v1.43 | planned: removed |",
            ],
        ),
        (
            "schedulers",
            [
                "The kernel has 14; also wrr, wlc, lblc, lblcr, fo, ovf, mh, twos",
                "of four pods, 1 got all 600 connections",
                "(0% of the connections; sed 59%)",
                "It measures nothing",
            ],
        ),
        (
            "nftables",
            [
                "10.96.0.10 . tcp . 80 : goto service-PFISGYVC-default/web/tcp/",
                "(map service-nodeports, tcp . 30080)",
                "127.0.0.1: REFUSED here, DELIVERED, seen 10.244.1.0 there. 10.96.0.10:81: REJECT here, LOST there",
                "v1.30 wrote all 4,671 lines",
                "wrote 45 for one endpoint; since v1.36 it is 3",
                "| rules | 2,222 | 121 |",
                "| v1.35 | numgen random mod 1 vmap { 0 : goto endpoint-",
                "| v1.36 | meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 10.244.2.8 . 8080 } |",
                "| v1.37 | meta l4proto tcp dnat to 10.244.2.8:8080 |",
                "121 rules and 701 set and map entries instead of 3,223 rules",
                "| drops packets in conntrack state INVALID | 0 | 1 |",
                "nobody's, of the ServiceCIDR | DROP | LOST |",
            ],
        ),
    ],
)
def test_corrects_the_common_claims(stories: dict[str, Story], topic: str, facts: list[str]) -> None:
    page = story_markdown(stories[topic], "en")
    assert [fact for fact in facts if fact not in page] == []


def _row(story: Story, name: str) -> list[str]:
    """The last words of a row's cells, by its first cell."""
    grids = [block for section in story.sections for block in section.blocks if isinstance(block, Grid)]
    rows = {row[0].en: [cell.en.rsplit(" ", 1)[-1] for cell in row[1:]] for grid in grids for row in grid.rows}
    return rows[name]


@pytest.mark.parametrize(
    ("part", "cells"),
    [
        ("everything in place", ["10.244.1.0", "10.244.1.1", "REJECT"]),
        ("no masquerade rule", ["LOST", "LOST", "REJECT"]),
        ("no masquerade for hairpin", ["10.244.1.0", "LOST", "REJECT"]),
        ("no cluster-ips-check", ["10.244.1.0", "10.244.1.1", "LOST"]),
    ],
)
def test_what_nftables_mode_cannot_do_without(stories: dict[str, Story], part: str, cells: list[str]) -> None:
    assert _row(stories["nftables"], part) == cells


@pytest.mark.parametrize(
    ("part", "cells"),
    [
        ("everything in place", ["10.244.1.5", "10.244.1.0", "10.244.1.1", "10.244.1.0"]),
        ("no addresses on kube-ipvs0", ["LOST", "10.244.1.0", "10.244.1.1", "10.244.1.0"]),
        ("vs.conntrack=0", ["10.244.1.5", "LOST", "1.2.3.4", "LOST"]),
        ("no MASQUERADE rules", ["10.244.1.5", "LOST", "1.2.3.4", "LOST"]),
        ("ip_forward=0", ["LOST", "LOST", "LOST", "LOST"]),
    ],
)
def test_what_ipvs_mode_cannot_do_without(stories: dict[str, Story], part: str, cells: list[str]) -> None:
    assert _row(stories["ipvs"], part) == cells


@pytest.mark.parametrize(("topic", "without"), [("hairpinn", ()), ("hairpin", ("masq",)), ("traffic-policy", ("x",))])
def test_unknown_words_are_refused(topic: str, without: tuple[str, ...]) -> None:
    with pytest.raises(QuizError):
        tell(topic, frozenset(without))


class _Balanced(html.parser.HTMLParser):
    """Fails on a tag that is closed without having been opened, or the other way round."""

    _ALONE = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "img", "iframe"}
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in self._ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_the_page_stands_alone(stories: dict[str, Story], name: str, lang: Lang) -> None:
    page = story_page(stories[name], lang)
    parser = _Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "http-equiv" in page
    assert page.count("<h2>") == len(stories[name].sections) + 4 + bool(stories[name].spoken)


def test_a_page_escapes_and_says_what_is_taken_away(stories: dict[str, Story]) -> None:
    story = dataclasses.replace(stories["hairpin"], summary=Text("<b>`a<b`</b>", "<i>"))
    page = story_page(story, "en", frozenset({"masquerade"}))
    assert "&lt;b&gt;<code>a&lt;b</code>&lt;/b&gt;" in page
    assert "Taken away here: masquerade" in page
    assert "**Taken away here: masquerade**" in story_markdown(story, "en", frozenset({"masquerade"}))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_story_is_drawn(stories: dict[str, Story], name: str, lang: Lang) -> None:
    drawn = svg_drawing(stories[name].drawings(), (lang,))
    assert drawn.count("data-host") >= 2 and "textLength" not in drawn
    assert story_page(stories[name], lang).count("<svg") == len(walks(stories[name]))


@pytest.mark.parametrize("name", ["hairpin", "nodeport", "ipvs", "nftables"])
def test_without_a_part_the_walk_stands_beside_the_whole_one(name: str) -> None:
    without = "masquerade" if name != "ipvs" else "kube-ipvs0"
    blocks = [block for s in told(name, without).sections for block in s.blocks]
    first = next(index for index, block in enumerate(blocks) if isinstance(block, Walk))
    beside = blocks[first + 1]
    assert isinstance(beside, BesideWalk) and not beside.pair.same
    assert beside.pair.left.delivered and beside.names[1].en == f"without {without}"
    assert "≠ The first difference" in story_markdown(told(name, without), "en")


def test_chinese_text_is_two_cells_wide_in_svg() -> None:
    console = recorder(40)
    console.print("中文 ab")
    drawn = to_svg(console, "t")
    (width,) = re.findall(r'textLength="([\d.]+)"[^>]*>中文&#160;ab<', drawn)
    assert float(width) == pytest.approx(7 * 12.2)
