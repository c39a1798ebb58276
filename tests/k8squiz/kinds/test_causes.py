"""Typical mistakes, at least one of each kind: the reveal holds the cause of exactly that mistake, in both languages."""

from __future__ import annotations

import io

import pytest

from engine.cluster import Mode
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, select
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import REGISTRY, causes_of, make_task
from k8squiz.locale.i18n import Lang
from k8squiz.screens.grade import grade_view
from k8squiz.screens.reveal import details_view
from k8squiz.terminal.console import make_console
from k8squiz.world.what_if import ChangedWorld, what_ifs
from k8squiz.world.world import World

PATH = (
    "client client > node1; node1 eth0 client > node1; node2 eth0 node1 > stock-a; node2 cni0 node1 > stock-a; "
    "node2 veth node1 > stock-a; stock-a eth0 node1 > stock-a"
)
# (question, seed, what is typed for each field ("=": the truth, "-": nothing), the cause in English, in Chinese).
MISTAKES = {
    "a set is thought empty": (
        "what-is-in-the-sets", "3", ["E"], "KUBE-NODE-PORT-TCP: 31645", "KUBE-NODE-PORT-TCP: 31645",
    ),
    "a set is thought to hold a remote pod": (
        "what-is-in-the-sets", "3", ["B C E"], "KUBE-LOOP-BACK on worker1 is empty", "KUBE-LOOP-BACK 为空或不存在",
    ),
    "the share of one pod is halved": (
        "probability-of-a-rule", "1", ["2/9"], "4 × 1/9 = 4/9", "4 × 1/9 = 4/9",
    ),
    "the tunnel's header is forgotten": (
        "what-the-tunnel-leaves", "1", ["9000"], "9000 - 50 (vxlan) = 8950", "9000 - 50 (vxlan) = 8950",
    ),
    "SNAT before routing": (
        "nodeport-forward-order", "1", ["J E G F D H B"], "SNAT comes last, in POSTROUTING", "SNAT 在最后的 POSTROUTING",
    ),
    "a forwarded packet taken in": (
        "nodeport-forward-order", "1", ["J G A E F D H B"], "on node1 there is nic › prerouting › dnat › routing",
        "node1 上有的是 nic › prerouting › dnat › routing",
    ),
    "the pod is thought to see the client": (
        "nodeport-cross-node-rewrites", "1", ["=", "=", "client", "=", "=", "=", "=", "="],
        "yours stood there until hop 17", "你填的是第 17 跳之前的",
    ),
    "the policy's drop is overlooked": (
        "a-route-is-missing", "1", ["=", "10.9.9.9"], "no hop rewrites the source", "没有一跳改写源地址",
    ),
    "a scheduler is overrated": (
        "no-idle-pod", "1", ["all"], "required", "要求",
    ),
    "the rule names the wrong source": (
        "hairpin-mend", "3", ["-t nat -A KUBE-SEP-EW454EMKD6DSHQR4 -s 10.233.38.195/32 -j KUBE-MARK-MASQ"],
        "a martian", "martian",
    ),
    "forwarding that is off is taken for a missing route": (
        "route-or-tunnel", "2", ["C", "="], "`ip route` would lack: ", "`ip route` 会没有：",
    ),
    "the fault is looked for on the wrong node": (
        "route-or-tunnel", "2", ["=", "kube-1"], "net.ipv4.ip_forward", "net.ipv4.ip_forward",
    ),
    "a policy is overlooked": (
        "default-deny", "3", ["B E C"], "isolated for ingress by shop/allow-db", "入站流量被 shop/allow-db, shop/default-deny 隔离",
    ),
    "the address is thought to be rewritten on the first node only": (
        "path-to-a-service", "1",
        [PATH.replace("node2 eth0 node1", "node2 eth0 client")],
        "yours stood there until hop", "你填的是第",
    ),
    "a device is left out": (
        "path-to-a-service", "1",
        [PATH.replace("node2 veth node1 > stock-a; ", "")],
        "left out: node2 veth", "漏了：node2 veth",
    ),
    "masquerading is not mentioned": (
        "nodeport-told", "1", ["PREROUTING leads by KUBE-SVC to KUBE-SEP, then it is forwarded", *["-"] * 7],
        "not heard: masquerad, mark, 172.18.142.72; in the walk: hop 17", "路径中：第 17 跳",
    ),
    "the design is thought to keep the source": (
        "compare-cluster-and-local", "2", ["A B C E G"], "cluster: DELIVERED at 10.200.2.192:4000, the server sees 10.200.14.0",
        "服务端看到 10.200.14.0",
    ),
    "every request to the pod that is gone is thought to fail": (
        "affinity-to-a-dead-pod", "1", ["7", "="],
        "3.5 without an answer (api-1 is gone since 2 s", "3.5 个无响应（api-1 从 2 s 起已不存在",
    ),
    "the incident is looked at and not mended": (
        "nobody-answers", "1", ["kubectl get endpoints"], "the Service's selector matches no pod", "selector 没有匹配到任何 Pod",
    ),
    "the namespace is shut and no door opened": (
        "write-default-deny", "1",
        ["apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}}"],
        "has to work and does not. DROP, node2: Calico drops what store-0 would get: Pod shop/store-0 is isolated for ingress by shop/p",
        "该通却不通。DROP，node2：",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("name", "seed", "typed", "en", "zh"), MISTAKES.values(), ids=MISTAKES)
def test_the_cause_of_a_mistake(name: str, seed: str, typed: list[str], en: str, zh: str, lang: Lang) -> None:
    world = World(draw(find(name), seed))
    task = make_task(world)
    answer = {
        field.id: field.truth if word == "=" else field.read(word)
        for field, word in zip(task.fields, typed, strict=True)
        if word != "-"
    }
    found = grade(task, answer)
    assert found.raw < 1.0
    out = io.StringIO()
    make_console(file=out, width=400).print(grade_view(world, task, found, lang))
    shown = " ".join(out.getvalue().split())
    assert (en if lang == "en" else zh) in shown, shown
    # Nothing is explained that was right.
    wrong = {mark.field for mark in found.differences}
    causes = causes_of(world, task, found)
    assert causes and {cause.field for cause in causes} <= wrong
    right = grade(task, {field.id: field.truth for field in task.fields})
    assert causes_of(world, task, right) == ()


def test_a_mistake_of_every_kind_is_among_them() -> None:
    assert {find(name).meta.kind for name, *_ in MISTAKES.values()} == set(REGISTRY)


@pytest.mark.parametrize("kind", ["choice", "number", "scheduler", "outcome", "rewrite", "hop-order", "matrix", "path"])
def test_every_question_says_why_a_blank_is_wrong(kind: str) -> None:
    """What is blank is wrong in every part that is true; each has one line."""
    for meta in select():
        if meta.kind != kind:
            continue
        world = World(draw(find(meta.id), "2"))
        task = make_task(world)
        causes = causes_of(world, task, grade(task, {}))
        assert causes, meta.id
        for cause in causes:
            for text in (cause.text.en, cause.text.zh):
                assert text and "\n" not in text and "{" not in text.split(" /")[0][:20], (meta.id, text)


WHAT_IFS = [
    ("without=masquerade", {"LOST", "DELIVERED"}),
    ("without=hairpin-mode", {"LOST", "DELIVERED"}),
    ("masquerade-all=true", {"DELIVERED"}),
    ("mode=ipvs", {"DELIVERED"}),
]


@pytest.mark.parametrize(("word", "verdicts"), WHAT_IFS, ids=[word for word, _ in WHAT_IFS])
def test_a_changed_world_is_walked_anew(word: str, verdicts: set[str]) -> None:
    """Of a pod that reaches itself through a Service of two, on flannel's bridge."""
    world = World(draw(find("hairpin-mend"), "3"))
    name = world.question.requests[0].name
    changes = {change.word: change for change in what_ifs(world, name)}
    assert "mode=iptables" not in changes and "mode=kernelspace" not in changes
    changed = ChangedWorld(world, changes[word])
    assert {str(way.verdict) for way in changed.all_outcomes(name)} == verdicts
    assert changed.request(name).mode is (Mode.IPVS if word == "mode=ipvs" else Mode.IPTABLES)
    assert {str(way.verdict) for way in world.all_outcomes(name)} == {"DELIVERED"}


def test_the_walk_is_marked_where_the_answer_parts_from_it() -> None:
    world = World(draw(find("nodeport-forward-order"), "1"))
    task = make_task(world)
    found = grade(task, {"order": task.fields[0].read("J E G F D H B")})
    out = io.StringIO()
    make_console(file=out, width=120).print(details_view(world, "en", causes_of(world, task, found)))
    marked = [line for line in out.getvalue().splitlines() if "◄ your answer parts here" in line]
    assert len(marked) == 1 and "12 routing" in marked[0]
