"""A question on the screen: what it shows, how many lines it takes, and that nothing that is asked for is dim."""

from __future__ import annotations

import io

import pytest
from rich.style import Style

from benchmarks.screen_lines import FITS, lines_of
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.interface import make_task
from k8squiz.locale.i18n import Lang
from k8squiz.screens.question import given_view, question_view, title_view
from k8squiz.terminal.console import make_console
from k8squiz.terminal.width import width_of
from k8squiz.world.world import World

# One of each way to show what is given.
CLUSTERLESS = ("who-gets-how-many", "no-idle-pod", "rules-of-a-thousand")
SHOWN = ("nodeport-cross-node-rewrites", "share-of-one-pod", "what-is-in-the-sets", "the-ipvs-path", "hairpin-by-mode",
         "who-gets-how-many", "no-idle-pod", "rules-of-a-thousand", "mend-the-policy", "near-traffic")  # fmt: skip


def shown(name: str, width: int, lang: Lang = "en") -> list[str]:
    out = io.StringIO()
    world = World(draw(find(name), "1"))
    console = make_console(width=width, file=out)
    console.print(title_view(world.question, lang, 1, 5))
    console.print(question_view(world, make_task(world), lang))
    return out.getvalue().splitlines()


@pytest.mark.slow
def test_nine_of_ten_questions_fit_24_lines() -> None:
    """24 lines less the prompt and its keys, at 80 columns."""
    for lang in ("en", "zh"):
        counted = lines_of(80, lang)
        long = sorted((name for name in counted if counted[name] > FITS), key=lambda name: -counted[name])
        assert len(long) <= len(counted) // 10, (lang, [(name, counted[name]) for name in long])


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_too_long(name: str, lang: Lang, width: int) -> None:
    assert max(map(width_of, shown(name, width, lang))) <= width


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in CLUSTERLESS])
def test_every_fact_stands_there_at_every_width(name: str) -> None:
    """Addresses of devices and pods, ports, targets: none is lost to a layout, and none is told twice by it."""
    world = World(draw(find(name), "1"))
    picture = world.question.picture
    facts = [address for node in picture.nodes for _, address in node.devices]
    facts += [word for node in picture.nodes for pod in node.pods for word in (pod.name, pod.address)]
    for width in (60, 80, 120):
        text = " ".join(" ".join(shown(name, width)).split())
        assert [fact for fact in facts if fact not in text] == []
        for node in picture.nodes:
            bridge = dict(node.devices).get("cni0")
            assert node.pod_cidr in text or f"{bridge}/{node.pod_cidr.rpartition('/')[2]}" in text


def test_a_row_a_node() -> None:
    lines = shown("nodeport-cross-node-rewrites", 80)
    assert lines[1].split() == ["eth0", "cni0,", "podCIDR", "Pod"]
    assert lines[2].split() == ["worker1", "10.7.128.195", "10.200.17.1/24", "orders-a", "10.200.17.87"]
    assert lines[3].split() == ["worker2", "10.7.128.206", "10.200.7.1/24"]
    assert lines[5].split(" · ")[0] == "Service orders: NodePort 30785"


def test_of_the_same_request_only_what_differs_is_told() -> None:
    lines = shown("what-local-changes", 80)
    assert sum("192.168.18.106:32478" in line for line in lines) == 1
    assert any(line.strip() == "after: the same  [externalTrafficPolicy Local]" for line in lines)
    by_mode = " ".join(shown("hairpin-by-mode", 80))
    for mode in ("iptables", "ipvs", "nftables"):
        assert by_mode.count(f"[kube-proxy {mode}]") == 1


def test_from_120_columns_on_the_cluster_stands_left_and_the_question_right() -> None:
    lines = shown("what-local-changes", 120)
    first = next(line for line in lines if "connects to the NodePort" in line)
    assert first.split()[0] == "eth0"
    assert len(lines) < len(shown("what-local-changes", 80))


def test_nothing_that_is_asked_for_is_dim() -> None:
    for name in SHOWN:
        world = World(draw(find(name), "1"))
        console = make_console(width=80, file=io.StringIO())
        for segment in console.render(given_view(world.question, "en"), console.options):
            style = segment.style if isinstance(segment.style, Style) else Style()
            assert not (style.dim and segment.text.strip()), segment.text


def test_what_is_said_of_several_is_told_once() -> None:
    lines = [line.strip() for line in shown("compare-proxy-modes", 80)]
    said = lines.index("· A process on w1 is served at 127.0.0.1:30524.")
    assert lines[said + 1].split() == ["G", "iptables", "H", "ipvs", "I", "nftables"]


def test_many_pods_of_a_node_stand_behind_its_name() -> None:
    lines = shown("rollout-without-prestop", 80)
    assert lines[4].startswith("Pod  host-1: shell 10.233.29.133 · shop-2 10.233.29.95")
    assert lines[6].strip() == "host-2: shop-1 10.233.5.72"
