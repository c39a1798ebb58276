"""Questions of kind repair: what is typed is put in, and the packet is walked again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, parse_template
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.kinds.repair.fields import RepairField
from k8squiz.kinds.repair.object_edit import ObjectEdit, differences, read_edit
from k8squiz.kinds.repair.rule_edit import RuleEdit, read_rule
from k8squiz.locale.i18n import Lang
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.world import World
from tests.k8squiz.fakes import anything
from tests.k8squiz.runner import k8squiz

# Seeds under which the drawn part is the one that a row speaks of.
SEEDS = {"nodeport-mend-the-way-back": "2", "mend-node-port-addresses": "5"}


def field_of(name: str, seed: str) -> RepairField:
    (field,) = make_task(World(draw(find(name), seed))).fields
    assert isinstance(field, RepairField)
    return field


def filled(name: str, typed: str) -> tuple[RepairField, str]:
    """`typed` with drawn names in place of {placeholders}, CHAIN the chain that is shown."""
    seed = SEEDS.get(name, "1")
    question = draw(find(name), seed)
    field = field_of(name, seed)
    for key, value in question.names.items():
        typed = typed.replace("{" + key + "}", str(value))
    chain = next((line.split()[1] for line in field.given.splitlines() if line.startswith("-N ")), "")
    ext = next((word for word in field.given.replace(",", "").split() if word.startswith("KUBE-EXT-")), "")
    return field, typed.replace("CHAIN", chain).replace("EXT", ext).replace("SVC", ext.replace("-EXT-", "-SVC-"))


SCORES = [
    # A pod calls itself: the mark must be set, for it alone, before DNAT.
    ("hairpin-mend", "-t nat -I CHAIN 1 -s {pod-a.ip}/32 -j KUBE-MARK-MASQ", 1.0),
    ("hairpin-mend", "iptables -t nat -I CHAIN -s {pod-a.ip} -j KUBE-MARK-MASQ", 1.0),
    ("hairpin-mend", "sudo iptables -w 5 -I CHAIN -s {pod-a.ip} -j MARK --or-mark 0x4000", 1.0),
    ("hairpin-mend", "-t nat -I CHAIN -j KUBE-MARK-MASQ", 0.5),
    ("hairpin-mend", "-t nat -A CHAIN -s {pod-a.ip}/32 -j KUBE-MARK-MASQ", 0.0),
    ("hairpin-mend", "-t nat -I CHAIN -s {pod-b.ip}/32 -j KUBE-MARK-MASQ", 0.0),
    ("hairpin-mend", "-t nat -I CHAIN -s {pod-a.ip}/32 -j ACCEPT", 0.0),
    # Every spelling that iptables takes.
    ("hairpin-mend", "-tnat -I CHAIN 1 --src={pod-a.ip} --jump KUBE-MARK-MASQ", 1.0),
    ("hairpin-mend", "－t nat －I CHAIN 1 -s{pod-a.ip}/32 -jMARK --or-m 0x4000", 1.0),
    ("nodeport-mend-one-node", "--table=nat --append KUBE-NODEPORTS -p 6 --dport={web.nodePort} -j EXT", 1.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp --dport {web.nodePort} -j REDIRECT", 0.0),
    ("nodeport-mend-the-way-back", "-t nat -A KUBE-POSTROUTING -j SNAT --to {node1.ip}", 1.0),
    # The answer must come back through the node that translated.
    ("nodeport-mend-the-way-back", "-t nat -A KUBE-POSTROUTING -j MASQUERADE", 1.0),
    ("nodeport-mend-the-way-back", "-t nat -A KUBE-POSTROUTING -j SNAT --to-source {node1.ip}", 1.0),
    ("nodeport-mend-the-way-back", "-t nat -I KUBE-POSTROUTING -j MASQUERADE", 0.5),
    ("nodeport-mend-the-way-back", "-t nat -A KUBE-POSTROUTING -s {caller.ip} -j MASQUERADE", 0.0),
    # One node's NodePort.
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp --dport {web.nodePort} -j EXT", 1.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp -m tcp --dport {web.port} -j EXT", 0.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp --dport {web.nodePort} -j SVC", 0.0),
    # A field of the Service.
    ("mend-which-policy", "spec.internalTrafficPolicy: Cluster", 1.0),
    ("mend-which-policy", "internalTrafficPolicy: Cluster", 1.0),
    ("mend-which-policy", "spec.internalTrafficPolicy: null", 1.0),
    ("mend-which-policy", "spec.externalTrafficPolicy: Cluster", 0.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: [{office}/32, {partner}/32]", 1.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges[1]: {partner}/32", 1.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: ['{partner}/32']", 0.75),
    # What opens a door that was shut is no cure.
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: []", 0.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: null", 0.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: [0.0.0.0/0]", 0.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: [196.0.0.0/6, 200.0.0.0/5]", 0.0),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: [{office}/24, {partner}/32]", 0.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -j EXT", 0.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp -j EXT", 0.0),
    ("nodeport-mend-one-node", "-t nat -A KUBE-NODEPORTS -p tcp --dport 30000:32767 -j EXT", 0.0),
    ("nodeport-mend-one-node", "-t nat -I PREROUTING -p tcp --dport {web.nodePort} -j EXT", 0.0),
    # What rewrites others' sources is half a cure.
    ("hairpin-mend", "-t nat -I PREROUTING -s {pod-a.ip} -j KUBE-MARK-MASQ", 0.75),
    ("hairpin-mend", "-t nat -I CHAIN ! -s {caller.ip} -j KUBE-MARK-MASQ", 0.75),
    ("mend-source-ranges", "spec.loadBalancerSourceRanges: [{stranger}/32]", 0.0),
    # What the API server changes by itself, and any spelling of one field.
    ("mend-the-policy", "spec.type: ClusterIP", 0.0),
    ("mend-the-policy", "spec.selector: {app: another}", 0.0),
    ("mend-the-policy", "spec: {externalTrafficPolicy: Cluster}", 1.0),
    ("mend-the-policy", ".spec.externalTrafficPolicy: Cluster", 1.0),
    ("mend-the-policy", "spec.externalTrafficPolicy=Cluster", 1.0),
    ("mend-the-policy", "externalTrafficPolicy： Cluster", 1.0),
    ("mend-the-policy", '{"spec": {"externalTrafficPolicy": "Cluster"}}', 1.0),
    ("mend-the-policy", "kubectl patch svc {web} -n prod -p '{\"spec\":{\"externalTrafficPolicy\":\"Cluster\"}}'", 1.0),
    # An edit of any field takes effect, the mode's too.
    ("mend-node-port-addresses", "mode: iptables", 1.0),
    ("mend-node-port-addresses", "mode: ipvs", 1.0),
    ("mend-node-port-addresses", "nodePortAddresses: [{at.extra1}/32]", 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "score"), SCORES, ids=[f"{case[0]}: {case[1]}" for case in SCORES])
def test_a_repair_is_graded_by_its_effect(name: str, typed: str, score: float) -> None:
    field, line = filled(name, typed)
    assert field.score(field.read(line)) == score


UNREADABLE = [
    ("hairpin-mend", "", "type one rule", "请输入一条规则"),
    ("hairpin-mend", "-t nat -D CHAIN 1", "type one rule", "请输入一条规则"),
    ("hairpin-mend", "-t nat -A NOPE -j ACCEPT", "no chain NOPE", "没有链 NOPE"),
    ("hairpin-mend", "-t filter -A CHAIN -j ACCEPT", "in table filter", "表 filter 中"),
    ("hairpin-mend", "-A KUBE-SERVICES -j ACCEPT", "say which with -t", "请用 -t 指明"),
    ("hairpin-mend", "-t nat -I CHAIN 7 -j KUBE-MARK-MASQ", "no place 7", "没有第 7 个位置"),
    ("hairpin-mend", "-t nat -A CHAIN -s 300.0.0.1 -j KUBE-MARK-MASQ", "no IP address", "IP"),
    ("hairpin-mend", "-t nat -A CHAIN -j KUBE-SERVICES", "circle", "环"),
    ("hairpin-mend", "-t nat -A CHAIN " + "-s 10.0.0.1 " * 99, "much shorter", "没有这么长"),
    ("hairpin-mend", "-t nat -I CHAIN 1 -s {pod-a.ip} -j MASQUERADE", "used from hooks PREROUTING/OUTPUT", "内核会拒绝"),
    ("hairpin-mend", "-t filter -A KUBE-FORWARD -j MASQUERADE", "only valid in nat table", "内核会拒绝"),
    ("hairpin-mend", "-t nat -I CHAIN 1 -j NFQUEUE --queue-num 1", "which is not modelled", "未建模"),
    ("mend-the-policy", "spec.ports[0].nodePort: 80", "The range of valid ports is 30000-32767", "API server 会拒绝"),
    ("mend-the-policy", "spec.trafic: 1", 'unknown field "spec.trafic"', 'unknown field "spec.trafic"'),
    ("mend-the-policy", "spec: {type: LoadBalancer, externalTrafficPolicy: Local}", "one field", "一个字段"),
    ("mend-the-policy", "spec: {}", "one field", "一个字段"),
    ("mend-the-policy", "spec: null", "field is immutable", "API server 会拒绝"),
    ("mend-the-policy", "metadata.name: x", "field is immutable", "API server 会拒绝"),
    ("mend-the-policy", "spec.clusterIP: 10.0.0.1", "field is immutable", "API server 会拒绝"),
    ("mend-source-ranges", "status.loadBalancer.ingress: []", "status is a subresource", "status 是子资源"),
    ("mend-source-ranges", "spec.type: ClusterIP", "may only be used when `type` is 'LoadBalancer'", "API server 会拒绝"),
    ("mend-which-policy", "make it work", "a field and its value", "字段与值"),
    ("mend-which-policy", "spec.internalTrafficPolicy: Global", "internalTrafficPolicy", "internalTrafficPolicy"),
    ("mend-which-policy", "spec.ports[9].port: 80", "nothing at 9", "没有 9"),
    ("mend-which-policy", "spec.internalTrafficPolicy: [", "not valid YAML", "YAML 无效"),
    ("mend-which-policy", "spec.internalTrafficPolicy: *x", "aliases", "别名"),
    ("mend-which-policy", "spec.publishNotReadyAddresses: yes", "true", "true"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed", "en", "zh"), UNREADABLE, ids=[case[1][:40] for case in UNREADABLE])
def test_what_neither_kernel_nor_api_server_would_take(name: str, typed: str, en: str, zh: str) -> None:
    field, line = filled(name, typed)
    with pytest.raises(Unreadable) as caught:
        field.read(line)
    assert en in caught.value.text.en
    assert zh in caught.value.text.zh
    assert "<text>" not in caught.value.text.en


KEPT = [
    ("hairpin-mend", "-t nat -A KUBE-SEP-OFANOTHERSEED00 -j KUBE-MARK-MASQ"),
    ("mend-which-policy", "spec.ports[9].port: 80"),
]


@pytest.mark.parametrize(("name", "kept"), KEPT, ids=[case[0] for case in KEPT])
def test_an_answer_that_a_changed_question_no_longer_knows_scores_nothing(name: str, kept: str) -> None:
    assert field_of(name, "1").score(kept) == 0.0


KNOWN = (
    RuleLine("nat", "A", ":A - [0:0]", declares=True), RuleLine("filter", "A", ":A - [0:0]", declares=True),
    RuleLine("nat", "B", ":B - [0:0]", declares=True),
)  # fmt: skip
COMMANDS = [
    ("-t nat -A A -j B", RuleEdit("nat", "A", "-j B")),
    ("-A B -j A -t nat", RuleEdit("nat", "B", "-j A")),
    ("iptables -I B -j A", RuleEdit("nat", "B", "-j A", 1)),
    ("ip6tables --table nat --insert B 2   -j A", RuleEdit("nat", "B", "-j A", 2)),
]


@pytest.mark.parametrize(("typed", "edit"), COMMANDS, ids=[case[0] for case in COMMANDS])
def test_a_command_is_read_as_iptables_does(typed: str, edit: RuleEdit) -> None:
    assert read_rule(typed, KNOWN) == edit
    assert read_rule(str(edit), KNOWN) == edit


TEXT = "*nat\n:A - [0:0]\n:B - [0:0]\n-A A -j B\n-A B -j ACCEPT\nCOMMIT\n"
PLACES = [
    (None, ["-A A -j B", "-A B -j ACCEPT", "-A A -j X"]),
    (1, ["-A A -j X", "-A A -j B", "-A B -j ACCEPT"]),
    (2, ["-A A -j B", "-A B -j ACCEPT", "-A A -j X"]),
]


@pytest.mark.parametrize(("position", "rules"), PLACES)
def test_where_a_rule_goes(position: int | None, rules: list[str]) -> None:
    edited = RuleEdit("nat", "A", "-j X", position).apply(TEXT)
    assert [line for line in edited.splitlines() if line.startswith("-A")] == rules
    assert edited.endswith("COMMIT\n")


def test_differences_are_edits() -> None:
    broken = {"spec": {"a": 1, "ports": [{"port": 80}], "gone": True, "list": [1]}}
    sound = {"spec": {"a": 1, "ports": [{"port": 81}], "new": "x", "list": [1, 2]}}
    edits = list(differences(anything(broken), anything(sound)))
    assert {str(edit) for edit in edits} == {
        "spec.ports[0].port: 81", "spec.gone: null", "spec.new: x", "spec.list: [1, 2]",
    }  # fmt: skip
    for edit in edits:
        assert read_edit(str(edit), anything(broken)) == edit
        edit.apply(anything(broken))
    assert broken == sound


def test_a_path_into_nothing_is_made() -> None:
    document: dict[str, Yaml] = {"spec": {}}
    ObjectEdit(("spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"), 5).apply(document)
    assert document == {"spec": {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}}


def test_the_answer_stays_hidden_until_it_is_graded(capsys: pytest.CaptureFixture[str]) -> None:
    question = ("questions", "show", "mend-which-policy", "--seed", "1")
    assert "Cluster\n" not in k8squiz(capsys, *question).out
    assert "internalTrafficPolicy: Cluster" not in k8squiz(capsys, *question, "--json").out
    assert "spec.internalTrafficPolicy: Cluster" in k8squiz(capsys, *question, "--answer").out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_wrong_repair_shows_what_came_of_it(lang: Lang) -> None:
    from rich.console import Console

    from k8squiz.screens.grade import grade_view

    world = World(draw(find("hairpin-mend"), "1"))
    task = make_task(world)
    field, line = filled("hairpin-mend", "-t nat -I CHAIN -j KUBE-MARK-MASQ")
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(grade_view(world, task, grade(task, {field.id: field.read(line)}), lang))
    shown = console.export_text()
    # How each of the two lines ends it, and why that is not what had to stay.
    assert shown.count("neighbour") + shown.count("另一个 Pod") == 3
    assert str(world.question.names["node1.cni0"]) in shown


NO_QUESTIONS = [
    ("goal: {for: hairpin, verdict: DELIVERED}", "goal: {for: neighbour, verdict: DELIVERED}", "without any repair"),
    ("goal: {for: hairpin, verdict: DELIVERED}", "goal: {for: hairpin, verdict: DROP}", "the goal is not met"),
    ('text: {contains: "-s {pod-a.ip}/32"}', 'text: {contains: "KUBE"}', "it must be one"),
]


@pytest.mark.parametrize(("old", "new", "message"), NO_QUESTIONS, ids=[case[2] for case in NO_QUESTIONS])
def test_what_is_no_repair(old: str, new: str, message: str) -> None:
    path = Path(find("hairpin-mend").meta.path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    world = World(draw(parse_template(text.replace(old, new), path), "1"))
    with pytest.raises(QuizError) as caught:
        make_task(world)
    assert message in caught.value.en
