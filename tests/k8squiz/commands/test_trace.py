"""`k8squiz trace` and `k8squiz rules` through the real command line: text at both widths and languages, JSON, --rules."""

from __future__ import annotations

import io
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from k8squiz.terminal.width import width_of
from tests.k8squiz.runner import CLUSTER, k8squiz

Capture = pytest.CaptureFixture[str]
NODEPORT = ("trace", CLUSTER, "--from", "client", "--to", "node/node1:30080")
# kube-proxy's rules alone on the nodes: what `rules` prints without --all.
ALONE = "apiVersion: k8squiz.dev/v1\nkind: Network\nspec: {without: [cni-rules]}\n"

# What the text must say: words of the command line after the cluster, and lines that stand in the output.
TOLD: dict[str, tuple[list[str], list[str]]] = {
    "nodeport to the other node": (
        ["--from", "client", "--to", "node/node1:30080", "--seed", "1"],
        [
            "TCP 1.2.3.4:54321 → 192.168.1.10:30080, iptables mode, first met by node1",
            "1.2.3.4:54321 → »10.244.2.8:8080",
            "nat KUBE-MARK-MASQ mark »0x4000",
            "[VXLAN 192.168.1.10 → 192.168.1.11 UDP 8472 VNI 1",
            "= DELIVERED 10.244.2.8:8080 · the server sees 10.244.1.0",
            "» rewritten at this step",
        ],
    ),
    "nftables": (
        ["--from", "client", "--to", "node/node1:30080", "--mode", "nftables"],
        ["nftables mode", "external-PFISGYVC-default/web/tcp/ mark »0x4000", "dnat service-", "= DELIVERED"],
    ),
    "nftables of v1.30": (
        ["--from", "client", "--to", "node/node1:30080", "--mode", "nftables", "--release", "1.30"],
        ["nftables mode", "mark-for-masquerade mark »0x4000", "endpoint-", "= DELIVERED"],
    ),
    "ipvs": (["--from", "pod/pod-a", "--to", "svc/web", "--mode", "ipvs"], ["ipvs mode", "= DELIVERED"]),
    "wrong port": (
        ["--from", "pod/pod-a", "--to", "10.96.0.10:81"],
        ["= LOST 10.96.0.10:81", "conntrack node1 TCP SYN_SENT [UNREPLIED]"],
    ),
    "wrong port, nftables": (
        ["--from", "pod/pod-a", "--to", "10.96.0.10:81", "--mode", "nftables"],
        ["= REJECT 10.96.0.10:81", "at node1"],
    ),
    "notes": (
        ["--from", "client", "--to", "node/node1:30080", "--notes"],
        ["client opens a TCP connection: 1.2.3.4:54321 -> 192.168.1.10:30080."],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_text(name: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    words, lines = TOLD[name]
    code, out, err = k8squiz(capsys, "trace", CLUSTER, *words)
    assert (code, err) == (0, "")
    flat = re.sub(r"\s+", " ", out)
    assert [line for line in lines if line not in flat] == []


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("notes", [True, False])
def test_nothing_is_wider_than_the_screen(
    width: int, lang: str, notes: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    words = (*NODEPORT, "--all", "--lang", lang, *(["--notes"] if notes else []))
    code, out, _ = k8squiz(capsys, *words)
    assert code == 0
    assert max(map(width_of, out.splitlines())) <= width
    assert ("第 3/3 条可能路径，概率 1/3" if lang == "zh" else "Way 3 of 3, probability 1/3") in out


def test_json_has_the_shape_of_the_contract(capsys: Capture) -> None:
    code, out, err = k8squiz(capsys, *NODEPORT, "--all", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["request"] == {
        "from": "1.2.3.4:54321",
        "to": "192.168.1.10:30080",
        "protocol": "TCP",
        "node": "node1",
        "mode": "iptables",
    }
    assert sum(Fraction(way["probability"]) for way in told["outcomes"]) == 1
    for way in told["outcomes"]:
        assert {"verdict", "destination", "source_seen", "masqueraded", "hops", "reply", "conntrack", "cost"} <= set(
            way
        )
        assert [hop["n"] for hop in way["hops"]] == list(range(1, len(way["hops"]) + 1))
        assert all(set(hop["note"]) == {"en", "zh"} for hop in way["hops"] + way["reply"])
    keys = {"n", "host", "device", "stage", "table", "chain", "rule", "src", "dst", "mark", "encapsulation", "note"}
    assert keys <= set(told["outcomes"][0]["hops"][0])


def test_a_seed_draws_one_way_and_always_the_same(capsys: Capture) -> None:
    def drawn(*seed: str) -> str:
        (way,) = json.loads(k8squiz(capsys, *NODEPORT, "--json", *seed).out)["outcomes"]
        return str(way["destination"])

    assert drawn() == drawn() == drawn("--seed", "1")
    assert {drawn("--seed", str(seed)) for seed in range(12)} == {
        "10.244.1.5:8080",
        "10.244.1.6:8080",
        "10.244.2.8:8080",
    }


def test_the_mode_is_the_configuration_s(tmp_path: Path, capsys: Capture) -> None:
    text = Path(CLUSTER).read_text(encoding="utf-8").replace("clusterCIDR:", "mode: nftables\nclusterCIDR:")
    file = tmp_path / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    arguments = ("trace", str(file), "--from", "client", "--to", "node/node1:30080", "--json")
    assert json.loads(k8squiz(capsys, *arguments).out)["request"]["mode"] == "nftables"
    assert json.loads(k8squiz(capsys, *arguments, "--mode", "ipvs").out)["request"]["mode"] == "ipvs"
    assert k8squiz(capsys, "rules", str(file), "--node", "node1").out.startswith("table ip kube-proxy {")


def test_standard_input_and_what_was_assumed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path(CLUSTER).read_text(encoding="utf-8").replace("flannel.alpha.coreos.com/backend-type: vxlan", "a: b")
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code, out, err = k8squiz(capsys, "trace", "-", "--from", "pod/pod-a", "--to", "svc/web", "--lang", "zh")
    assert code == 0
    assert err.startswith("提示：")
    assert "flannel" in err
    assert "= DELIVERED" in out


@pytest.mark.parametrize(
    ("mode", "family", "first", "line"),
    [
        ("iptables", "ipv4", "*nat", "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"),
        ("iptables", "ipv6", "*nat", "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"),
        ("nftables", "ipv4", "table ip kube-proxy {", "table ip kube-proxy {"),
        ("ipvs", "ipv4", "-A -t ", "-A INPUT -m comment --comment \"kubernetes ipvs access filter\" -j KUBE-IPVS-FILTER"),
    ],
)  # fmt: skip
def test_rules(mode: str, family: str, first: str, line: str, capsys: Capture) -> None:
    code, out, err = k8squiz(capsys, "rules", CLUSTER, "--node", "node1", "--mode", mode, "--family", family)
    assert (code, err) == (0, "")
    assert out.startswith(first)
    assert line in out.splitlines()


@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
def test_rules_saved_on_a_node_are_walked_through(mode: str, tmp_path: Path, capsys: Capture) -> None:
    saved = tmp_path / "node1.rules"
    rules = k8squiz(capsys, "rules", CLUSTER, "--node", "node1", "--mode", mode).out
    saved.write_text(rules, encoding="utf-8")
    facts = tmp_path / "facts.yaml"
    facts.write_text(ALONE, encoding="utf-8")
    words = (*NODEPORT, str(facts), "--mode", mode, "--all", "--json")
    same = k8squiz(capsys, *words).out
    assert k8squiz(capsys, *words, "--rules", f"node1={saved}").out == same

    lines = [line for line in rules.splitlines() if not ("MASQUERADE" in line or "masquerade" in line.split())]
    saved.write_text("\n".join(lines) + "\n", encoding="utf-8")
    changed = json.loads(k8squiz(capsys, *words, "--rules", f"node1={saved}").out)
    assert [way["source_seen"] for way in changed["outcomes"]] == ["1.2.3.4"] * 3


def test_an_ipvs_nodes_parts_may_come_in_a_file_each(tmp_path: Path, capsys: Capture) -> None:
    """iptables-save alone does not say what a packet meets: the first rule that asks a set says what is missing."""
    text = k8squiz(capsys, "rules", CLUSTER, "--node", "node1", "--mode", "ipvs").out
    sets, tables = text.index("create "), text.index("*nat")
    parts = {"ipvs": text[:sets], "ipset": text[sets:tables], "tables": text[tables:]}
    given = {name: tmp_path / name for name in parts}
    for name, file in given.items():
        file.write_text(parts[name], encoding="utf-8")
    facts = tmp_path / "facts.yaml"
    facts.write_text(ALONE, encoding="utf-8")
    words = (*NODEPORT, str(facts), "--mode", "ipvs", "--all", "--json")
    rules = {name: ("--rules", f"node1={file}") for name, file in given.items()}

    whole = k8squiz(capsys, *words, *rules["tables"], *rules["ipset"], *rules["ipvs"])
    assert (whole.code, whole.out) == (0, k8squiz(capsys, *words).out)

    line = 1 + next(i for i, line in enumerate(parts["tables"].splitlines()) if "--match-set KUBE-CLUSTER-IP" in line)
    without_sets = k8squiz(capsys, *words, *rules["tables"])
    assert (without_sets.code, without_sets.out) == (2, "")
    assert f"{given['tables']}:{line}: a rule matches on the ipset KUBE-CLUSTER-IP" in without_sets.err
    without_servers = k8squiz(capsys, *words, *rules["tables"], *rules["ipset"])
    assert (without_servers.code, without_servers.out) == (2, "")
    assert "ipvsadm-save -n" in without_servers.err


def test_notes_tell_the_rule_that_decided(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = k8squiz(capsys, *NODEPORT, "--notes")
    assert "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000" in done.out
    assert "-A KUBE-MARK-MASQ" not in k8squiz(capsys, *NODEPORT).out


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param(["--picture"], ["client  1.2.3.4", "[SNAT] src 1.2.3.4:54321 » 10.244.1.0:23885", "2 routing"], id="drawn"),
        pytest.param(["--picture", "--notes"], ["8 -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"], id="with rules"),
        pytest.param(["--picture", "--all"], ["━━ Way 2 of 3, probability 1/3: 10.244.1.6:8080"], id="every way"),
        pytest.param(["--against", "without=masquerade"], ["≠ The first difference", "  ≡ 16 hops alike"], id="without a part"),
        pytest.param(["--against", "mode=ipvs"], ["≡ 3 hops alike", "ipvs mode, first met by node1"], id="another mode"),
        pytest.param(["--against", "external-policy=Local"], ["KUBE-SVL-LOLE4ISW44XBNF3G", "the server sees 1.2.3.4"], id="another policy"),
        pytest.param(["--against", "internal-policy=Local"], ["The two walks are the same."], id="a policy that is not asked"),
        pytest.param(["--against", CLUSTER, "--against", "release=1.28"], ["release=1.28"], id="another file and release"),
    ],
)  # fmt: skip
def test_pictures(words: list[str], lines: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = k8squiz(capsys, *NODEPORT, *words)
    assert done.code == 0
    assert [line for line in lines if line not in done.out] == []
    assert max(map(width_of, done.out.splitlines())) <= 80


@pytest.mark.parametrize("words", [[], ["--all"], ["--against", "mode=nftables"]], ids=["one", "all", "two"])
@pytest.mark.parametrize(
    ("name", "begins"), [("w.html", "<!doctype html>"), ("w.svg", "<svg "), ("w.md", "# TCP 1.2.3.4")]
)
def test_a_walk_is_written(words: list[str], name: str, begins: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / name
    done = k8squiz(capsys, *NODEPORT, *words, "--export", str(path))
    assert (done.code, done.out, done.err.splitlines()[-1]) == (0, "", str(path))
    assert path.read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        (["--export", "w.png"], "must end in .html, .svg or .md", "须以 .html、.svg 或 .md 结尾"),
        (["--against", "mode=ebpf"], "no such mode: 'ebpf'", "ebpf"),
        (["--against", "external-policy=local"], "did you mean Local?", "是不是 Local？"),
        (["--against", "without=nothing"], "there is no part 'nothing'", "没有可去掉的部分 'nothing'"),
        (["--against", "nosuch.yaml"], "nosuch.yaml: cannot be read", "nosuch.yaml: 无法读取"),
        (["--against", "mode=ipvs", "--all"], "leave --all out", "请去掉 --all"),
        (["--json", "--picture"], "--json goes with neither", "--json 不能与"),
    ],
)
def test_pictures_refused(words: list[str], en: str, zh: str, capsys: Capture) -> None:
    for lang, told in (("en", en), ("zh", zh)):
        done = k8squiz(capsys, *NODEPORT, *words, "--lang", lang)
        assert (done.code, done.out) == (2, "")
        assert told in done.err
