"""What each printer's output says of a walk, read back from it: hosts, steps and rewrites as plain tuples."""

from __future__ import annotations

import html.parser
import re
import xml.etree.ElementTree as ET

from engine.trace import Direction, Text, Verdict
from engine.values import dataclass
from k8squiz.story.picture.drawing import svg_drawing
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.lines import Detail, picture_lines
from k8squiz.story.picture.page import walk_page
from k8squiz.story.picture.rail import make_rail
from k8squiz.story.picture.words import rewrite_text

TITLE = Text("a walk", "一条路径")
_WIDE = 2000  # nothing is folded
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True, slots=True)
class Told:
    """Hosts in the order of their lanes; steps as (direction, number); rewrites as (badge, text), in order."""

    hosts: tuple[str, ...]
    steps: tuple[tuple[str, int], ...]
    rewrites: tuple[tuple[str, str], ...]


def by_the_layout(layout: WalkLayout) -> Told:
    steps = list(layout.steps())
    return Told(
        tuple(lane.host for lane in layout.lanes),
        tuple((step.direction.value, step.number) for step in steps),
        tuple((step.label, rewrite_text(rewrite)) for step in steps for rewrite in step.rewrites),
    )


def by_the_terminal(layout: WalkLayout) -> Told:
    lines = ["".join(span.text for span in line) for line in picture_lines(layout, "en", _WIDE, Detail.STAGES)]
    rail = make_rail(layout.lanes, _WIDE)
    hosts = tuple(lines[0].split()) if rail.spread else ()
    told = [line[rail.width + 2 :] for line in lines[2:]]
    steps: list[tuple[str, int]] = []
    rewrites: list[tuple[str, str]] = []
    direction = ""
    for line in told:
        numbered = re.match(r"(\d+)(?:-(\d+))? \w", line)
        badge = re.match(r"\[(.+?)\] (.*)$", line)
        if line in ("Request", "Reply"):
            direction = line.lower()
        elif numbered:
            first, last = int(numbered[1]), int(numbered[2] or numbered[1])
            steps += [(direction, number) for number in range(first, last + 1)]
        elif badge and badge[1] not in set(Verdict):
            rewrites += [(badge[1], text) for text in badge[2].split("; ")]
    return Told(hosts, tuple(steps), tuple(rewrites))


def by_the_drawing(layout: WalkLayout) -> Told:
    root = ET.fromstring(svg_drawing([(TITLE, layout)], ("en",)))
    hosts = tuple(group.attrib["data-host"] for group in root.iter(f"{_SVG}g") if "data-host" in group.attrib)
    keys = [key for group in root.iter(f"{_SVG}g") for key in group.attrib.get("data-steps", "").split()]
    rewrites = []
    for group in root.iter(f"{_SVG}g"):
        if "data-rewrite" in group.attrib:
            label, text = (text.text or "" for text in group.iter(f"{_SVG}text"))
            rewrites.append((label, text))
    return Told(hosts, tuple(_key(key) for key in keys), tuple(rewrites))


def off_the_sheet(layout: WalkLayout) -> list[str]:
    """The texts of a drawing that stand on its edge or beyond, as far as a monospace font of 11 px tells."""
    root = ET.fromstring(svg_drawing([(TITLE, layout)], ("en",), moving=False))
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    found = []
    for element in root.iter(f"{_SVG}text"):
        x, y = float(element.attrib["x"]), float(element.attrib["y"])
        long = len(element.text or "") * 6.65 if "mono" in element.attrib.get("class", "") else 0
        left = x - {"start": 0, "middle": long / 2, "end": long}[element.attrib.get("text-anchor", "start")]
        if left < 0 or left + long > width or not 0 <= y <= height:
            found.append(element.text or "")
    return found


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hosts: dict[str, None] = {}
        self.steps: list[tuple[str, int]] = []
        self.rewrites: list[tuple[str, str]] = []
        self._badge: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-host" in given:
            self.hosts[given["data-host"]] = None
        if "data-key" in given:
            self.steps.append(_key(given["data-key"]))
        if given.get("class") == "badge mono":
            self._badge = []

    def handle_data(self, data: str) -> None:
        if self._badge is not None:
            self._badge.append(data)
            if len(self._badge) == 2:
                self.rewrites.append((self._badge[0], self._badge[1]))
                self._badge = None


def by_the_page(layout: WalkLayout) -> Told:
    page = _Page()
    page.feed(walk_page(TITLE, [(TITLE, layout)], "en"))
    return Told(tuple(page.hosts), tuple(page.steps), tuple(page.rewrites))


def _key(key: str) -> tuple[str, int]:
    direction, _, number = key.partition("-")
    return Direction(direction).value, int(number)
