"""--release of rules and trace: as which kube-proxy, what is said where nobody tells, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cost.sizes import synthetic_cluster
from k8squiz.world.release import RELEASE, as_of
from tests.k8squiz.runner import k8squiz

Capture = pytest.CaptureFixture[str]
CLUSTER = Path(__file__).parents[3] / "docs" / "examples" / "cluster.yaml"
RULES = ("--node", "node1", "--mode", "nftables")


def given(tmp_path: Path, *changes: tuple[str, str]) -> str:
    """The README's cluster with these words changed, as a file."""
    text = CLUSTER.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


REPORTED = "kubeletVersion: v1.37.0"


@pytest.mark.parametrize(
    ("nodes", "asked", "marked_by_a_chain"),
    [
        (REPORTED, (), False),
        ("kubeletVersion: v1.35.2", (), True),
        # kubeProxyVersion is kube-proxy's own, the kubelet's only a guess.
        ("kubeletVersion: v1.36.0, kubeProxyVersion: v1.34.1+k3s1", (), True),
        ("kubeletVersion: v1.30.5", ("--release", "1.37"), False),
        (REPORTED, ("--release", "v1.30.5"), True),
    ],
)
def test_whose_rules_are_printed(
    nodes: str, asked: tuple[str, ...], marked_by_a_chain: bool, tmp_path: Path, capsys: Capture
) -> None:
    code, out, err = k8squiz(capsys, "rules", given(tmp_path, (REPORTED, nodes)), *RULES, *asked)
    assert (code, err) == (0, "")
    assert ("chain mark-for-masquerade {" in out) == marked_by_a_chain


def test_what_nobody_tells_is_said(tmp_path: Path, capsys: Capture) -> None:
    silent = given(tmp_path, ("  nodeInfo: {kubeletVersion: v1.37.0}\n", ""), ("kind: ServiceCIDR", "kind: Other"))
    trace = ("trace", silent, "--from", "pod/pod-a", "--to", "svc/web", "--mode", "nftables")
    for words in (("rules", silent, *RULES), trace):
        code, _, err = k8squiz(capsys, *words)
        assert code == 0
        assert [line.split(" ")[0] for line in err.splitlines()] == ["note:", "note:"]
        assert "v1.37, the newest known, is assumed" in err
        assert "No ServiceCIDR is given" in err
    assert k8squiz(capsys, *trace, "--release", "1.32").err == ""


@pytest.mark.parametrize(
    ("words", "said", "said_zh"),
    [
        (("--release", "1.27"), "there is no kube-proxy release '1.27' here; 1.28 to 1.37", "没有 kube-proxy 版本 '1.27'"),
        (("--release", "new"), "there is no kube-proxy release 'new' here", "没有 kube-proxy 版本 'new'"),
        (("--release", "1.28"), "nftables mode is modelled since v1.30", "nftables 模式自 v1.30"),
    ],
)  # fmt: skip
def test_refused(words: tuple[str, ...], said: str, said_zh: str, capsys: Capture) -> None:
    for lang, expected in (("en", said), ("zh", said_zh)):
        code, out, err = k8squiz(capsys, "rules", str(CLUSTER), *RULES, *words, "--lang", lang)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert expected in err


def test_a_node_that_reports_what_is_not_known(tmp_path: Path, capsys: Capture) -> None:
    file = given(tmp_path, (REPORTED, "kubeletVersion: v1.21.5-gke.1"))
    code, _, err = k8squiz(capsys, "rules", file, *RULES)
    assert code == 2
    assert "node node1 reports kube-proxy 'v1.21.5-gke.1'" in err
    assert k8squiz(capsys, "rules", file, *RULES, "--release", "1.30").code == 0


@pytest.mark.parametrize(
    ("addresses", "asked", "tables"),
    [
        ("192.168.1.10", (), ["ip"]),
        ("192.168.1.10}\n  - {type: InternalIP, address: fd00::10", (), ["ip", "ip6"]),
        ("fd00::10}\n  - {type: InternalIP, address: 192.168.1.10", (), ["ip", "ip6"]),
        ("192.168.1.10}\n  - {type: InternalIP, address: fd00::10", ("--family", "ipv6"), ["ip6"]),
        ("fd00::10", (), ["ip6"]),
    ],
)
def test_a_dual_stack_node_has_two_tables(
    addresses: str, asked: tuple[str, ...], tables: list[str], tmp_path: Path, capsys: Capture
) -> None:
    out = k8squiz(capsys, "rules", given(tmp_path, ("192.168.1.10", addresses)), *RULES, *asked).out
    assert [line.split(" ")[1] for line in out.splitlines() if line.startswith("table ")] == tables


def test_the_quiz_s_own_clusters_are_of_one_release() -> None:
    assert {node.proxy_version for node in as_of(synthetic_cluster(1, 1)).nodes} == {RELEASE}
