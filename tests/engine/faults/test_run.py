"""What is made of lines, diagnoses and steps that one does not take."""

from __future__ import annotations

import dataclasses

import pytest

from engine.errors import NoSuchObject
from engine.faults import draw_incident
from engine.faults.dangers import dangerous
from engine.faults.diagnosis import choices, diagnosed
from engine.faults.flows import works
from engine.faults.grade import graded
from engine.faults.herrings import HERRINGS, RedHerring
from engine.faults.incident import from_id, renewed
from engine.faults.interface import FaultError, run_lines
from engine.faults.report import told
from engine.faults.run import begin
from engine.faults.scene import pod_of, reconciled, restarted
from engine.faults.script import ScriptLine, read_script_line

from .script import after, followed

HAIRPIN = draw_incident("hairpin-off", seed=3)
NODE = HAIRPIN.case.place[0]

LINES = {
    "on a host": ("node1: ip route", ScriptLine("", "node1", "ip route")),
    "in a pod": ("pod/default/a-1: ls", ScriptLine("", "pod/default/a-1", "ls")),
    "without a host": ("kubectl get pods", ScriptLine("", "", "kubectl get pods")),
    "a colon in quotes": ("echo 'a: b' | cat", ScriptLine("", "", "echo 'a: b' | cat")),
    "a word": ("diagnose node1: routes", ScriptLine("diagnose", "", "node1: routes")),
    "a comment": ("# nothing", None),
    "empty": ("  ", None),
}


@pytest.mark.parametrize(("text", "read"), LINES.values(), ids=LINES)
def test_a_line(text: str, read: ScriptLine | None) -> None:
    assert read_script_line(text) == read


DIAGNOSES = {
    "cause and place": (f"{NODE}: hairpin mode is off", True, True),
    "Chinese": (f"{NODE} 的网桥端口关闭了 hairpin", True, True),
    "no place": ("hairpin mode is off", True, False),
    "another cause": (f"{NODE}: the selector is wrong", False, True),
    "every node": (f"hairpin on {' '.join(HAIRPIN.scene.nodes)}", True, False),
    "everything there is": (f"{NODE} hairpin selector route policy port dns 53 conntrack kube-proxy stopped iptables drop", False, True),
    "nothing": ("", False, False),
    "a number beyond": (f"9 {NODE}", False, True),
    "long": ("z" * 10_000, False, False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "cause", "place"), DIAGNOSES.values(), ids=DIAGNOSES)
def test_a_diagnosis(text: str, cause: bool, place: bool) -> None:
    said = diagnosed(HAIRPIN, text)
    assert (said.cause, said.place) == (cause, place)


def test_a_choice() -> None:
    number = [one.name for one in choices(HAIRPIN)].index("hairpin-off") + 1
    said = diagnosed(HAIRPIN, f"{number} {NODE}")
    assert (said.cause, said.place) == (True, True)


def test_a_node_that_is_still_cordoned_takes_pods_again() -> None:
    run = begin(HAIRPIN)
    for host, line in (("", f"kubectl cordon {NODE}"), *HAIRPIN.case.cures[0]):
        run = run.run(host, line)[1]
    assert (run.broken(), run.later()) == ((), ())


DANGERS = {
    "iptables -F": True,
    "iptables -t nat -F": True,
    "iptables --flush": True,
    "iptables -F KUBE-SERVICES": False,
    "iptables -D FORWARD 1": False,
    "iptables -I FORWARD -j ACCEPT": True,
    "iptables -I FORWARD 1 -j ACCEPT": True,
    "iptables -I FORWARD -s 10.244.0.0/16 -j ACCEPT": False,
    "iptables -I FORWARD -s 0.0.0.0/0 -j ACCEPT": True,
    "iptables -A FORWARD -p tcp -j ACCEPT": True,
    "iptables -A FORWARD -p tcp --dport 80 -j ACCEPT": False,
    "iptables -I FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT": True,
    "iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT": False,
    "iptables -I FORWARD -i cni0 -j ACCEPT": False,
    "conntrack -F": True,
    "conntrack -D -p udp": False,
    "nft flush ruleset": True,
    "nft list ruleset": False,
    "ip route flush cache": True,
    "ip route del 10.244.1.0/24": False,
    "nft delete table ip kube-proxy": True,
    "ipvsadm -C": True,
    "ipvsadm -Ln": False,
    "ipset flush": True,
    "ipset list": False,
    "reboot": True,
    "kubectl delete pods --all": True,
    "kubectl delete pod a": False,
}


@pytest.mark.parametrize(("line", "is_one"), DANGERS.items(), ids=DANGERS)
def test_a_dangerous_step(line: str, is_one: bool) -> None:
    assert bool(dangerous((line,))) is is_one


def test_what_is_mended_by_flushing_is_not_mended() -> None:
    incident = draw_incident("app-port-dropped", seed=0)
    grade = after(incident, ((incident.case.place[0], "iptables -F FORWARD"), *incident.case.cures[0]))
    assert not grade.mended


def test_what_is_opened_counts_as_harm() -> None:
    incident = draw_incident("egress-deny-no-dns", seed=0)
    grade = after(incident, (("", "kubectl delete netpol egress"),))
    assert not grade.mended
    assert grade.harmed
    assert not set(grade.harmed) & set(incident.failing)


def test_a_cure_that_a_new_pod_undoes_does_not_last() -> None:
    incident = draw_incident("endpoints-empty", seed=0)
    scene = incident.scene
    pods = [pod_of(incident.broken, one) for one in scene.of(scene.front)]
    lines = tuple(("", f"kubectl label pod {pod.name} app={scene.front}-v2 --overwrite") for pod in pods if pod)
    grade = after(incident, lines)
    assert not grade.broken
    assert grade.later
    assert not grade.mended


SHOWS = [f"{one.host}: {one.line}" for one in HAIRPIN.case.evidence]
CURE = [f"{host}: {line}" for host, line in HAIRPIN.case.cures[0]]
# A script, and what it is worth.
WORTH = {
    "the cause": (["diagnose hairpin"], 0.2),
    "and the place": ([f"diagnose {NODE}: hairpin"], 0.35),
    "and all that shows it": ([f"diagnose {NODE}: hairpin", *SHOWS], 0.45),
    "the cure alone": (CURE, 0.55),
    "the cure after a long search": ([*["client: true"] * 80, *CURE], 0.45),
    "the cure and something dangerous": ([f"{NODE}: conntrack -F", *CURE], 0.3),
}


@pytest.mark.parametrize(("script", "score"), WORTH.values(), ids=WORTH)
def test_what_a_run_is_worth(script: list[str], score: float) -> None:
    assert graded(followed(HAIRPIN, script)).score == score


def test_hints_cost() -> None:
    script = [f"diagnose {NODE}: hairpin", *(f"{host}: {line}" for host, line in HAIRPIN.case.cures[0])]
    without, with_hints = graded(followed(HAIRPIN, script)), graded(followed(HAIRPIN, ["hint", "hint", *script]))
    assert without.score - with_hints.score == pytest.approx(0.1)


def test_a_pod_comes_again_under_another_name() -> None:
    scene, live = HAIRPIN.scene, HAIRPIN.healthy
    template = scene.of(scene.front)[0]
    before, after_it = pod_of(live, template), pod_of(restarted(scene, live, template), template)
    assert before is not None
    assert after_it is not None
    assert after_it.name != before.name
    assert after_it.ips != before.ips
    assert after_it.labels == before.labels


@pytest.mark.parametrize("id_", ["udp-stale-conntrack.3", "kube-proxy-stale.9"])
def test_an_address_that_is_free_again_is_not_given_next(id_: str) -> None:
    assert from_id(id_).failing


def test_nothing_to_make_anew() -> None:
    assert reconciled(HAIRPIN.scene, HAIRPIN.broken) is HAIRPIN.broken


def test_an_entry_that_is_used_does_not_run_out() -> None:
    incident = draw_incident("udp-stale-conntrack", seed=0)
    assert incident.failing
    live = incident.broken
    for _ in range(5):
        live = renewed(live.later(60))
    assert [name for name, works_ in works(incident.scene, live).items() if not works_] == list(incident.failing)
    idle = dataclasses.replace(live, traffic=()).later(600)
    assert all(works(incident.scene, dataclasses.replace(idle, traffic=live.traffic)).values())


@pytest.mark.parametrize("line", ["frob", "x" * 10_000, "a " * 5_000, "\x1b[31m", "ls |", "cat /etc/shadow"])
@pytest.mark.parametrize("host", ["", NODE, "client"], ids=["kubectl's", "a node", "the client"])
def test_bad_lines(host: str, line: str) -> None:
    reply, run = begin(HAIRPIN).run(host, line)
    assert reply.status
    assert reply.stderr
    assert graded(run).broken == HAIRPIN.failing


def test_no_such_host() -> None:
    with pytest.raises(NoSuchObject):
        begin(HAIRPIN).run("nowhere", "ls")


@pytest.mark.parametrize("name", ["nope", "nope.1", "", "x" * 10_000])
def test_no_such_fault(name: str) -> None:
    with pytest.raises(FaultError, match="there is no fault"):
        from_id(name)


def test_a_level_without_faults() -> None:
    with pytest.raises(FaultError, match="no fault has level 6"):
        draw_incident(level=6)


def test_the_report() -> None:
    report = told(HAIRPIN)
    assert {name for name, _ in report.failing} <= set(HAIRPIN.failing)
    assert not set(report.working) & set(HAIRPIN.failing)
    assert len(report.changes) == 4
    assert [time for time, _ in report.changes] == sorted(time for time, _ in report.changes)
    assert all(time < report.since for time, _ in report.changes)
    assert report == told(from_id(HAIRPIN.id))


@pytest.mark.parametrize(("fault", "count"), [("endpoints-empty", 0), ("app-port-dropped", 1), ("hairpin-off", 2), ("vxlan-fdb-missing", 3)])  # fmt: skip
def test_red_herrings_break_nothing_and_are_told_among_the_changes(fault: str, count: int) -> None:
    incident = draw_incident(fault, seed=5)
    assert len({one.herring.name for one in incident.herrings}) == count
    assert all(incident.baseline.values())
    told_of = " ".join(text.en for _, text in told(incident).changes)
    assert all(one.node in told_of for one in incident.herrings if "{node}" in one.herring.told.en)


@pytest.mark.parametrize("herring", HERRINGS, ids=[one.name for one in HERRINGS])
def test_a_red_herring_is_harmless(herring: RedHerring) -> None:
    incident = draw_incident("endpoints-empty", seed=0)
    for node in incident.scene.nodes:
        live = run_lines(incident.healthy, herring.lines(incident.scene, node))
        assert all(works(incident.scene, live).values())
