"""Options as they are typed, and as iptables-save prints them: every option that is known, cut as short as it may be."""

from __future__ import annotations

import pytest

from k8squiz.kinds.repair.option_spelling import as_printed

# (what stands before it, the option as it is typed, by its full name).
CUT = [
    ("", "--ta", "--table"),
    ("", "--ap", "--append"),
    ("", "--ins", "--insert"),
    ("", "--sou", "--source"),
    ("", "--sr", "--src"),
    ("", "--de", "--destination"),
    ("", "--ds", "--dst"),
    ("", "--in-", "--in-interface"),
    ("", "--out", "--out-interface"),
    ("", "--prot", "--protocol"),
    ("", "--mat", "--match"),
    ("", "--ju", "--jump"),
    ("", "--go", "--goto"),
    ("", "--fr", "--fragment"),
    ("", "--wa", "--wait"),
    *(
        (f"-p {protocol}", typed, whole)
        for protocol in ("tcp", "6", "udp", "17", "sctp", "132")
        for typed, whole in (
            ("--source-p", "--source-port"),
            ("--sp", "--sport"),
            ("--destination-p", "--destination-port"),
            ("--dp", "--dport"),
        )
    ),
    ("-p tcp", "--tcp-f", "--tcp-flags"),
    ("-p tcp", "--tcp-o", "--tcp-option"),
    ("-p tcp", "--sy", "--syn"),
    ("-m multiport", "--source-p", "--source-ports"),
    ("-m multiport", "--sp", "--sports"),
    ("-m multiport", "--destination-p", "--destination-ports"),
    ("-m multiport", "--dp", "--dports"),
    ("-m multiport", "--po", "--ports"),
    ("-m comment", "--com", "--comment"),
    ("-m mark", "--mar", "--mark"),
    ("-m conntrack", "--cts", "--ctstate"),
    ("-m conntrack", "--ctp", "--ctproto"),
    ("-m conntrack", "--ctorigs", "--ctorigsrc"),
    ("-m conntrack", "--ctorigd", "--ctorigdst"),
    ("-m addrtype", "--src-", "--src-type"),
    ("-m addrtype", "--dst-", "--dst-type"),
    ("-m statistic", "--mo", "--mode"),
    ("-m statistic", "--prob", "--probability"),
    ("-m statistic", "--ev", "--every"),
    ("-m statistic", "--pa", "--packet"),
    ("-j SNAT", "--to", "--to-source"),
    ("-j SNAT", "--random", "--random"),
    ("-j SNAT", "--random-", "--random-fully"),
    ("-j SNAT", "--pe", "--persistent"),
    ("-j DNAT", "--to", "--to-destination"),
    ("-j DNAT", "--ra", "--random"),
    ("-j DNAT", "--pe", "--persistent"),
    ("-j MASQUERADE", "--to", "--to-ports"),
    ("-j MASQUERADE", "--random", "--random"),
    ("-j MASQUERADE", "--random-", "--random-fully"),
    ("-j REDIRECT", "--to", "--to-ports"),
    ("-j REDIRECT", "--ra", "--random"),
    ("-j MARK", "--set-x", "--set-xmark"),
    ("-j MARK", "--set-m", "--set-mark"),
    ("-j MARK", "--an", "--and-mark"),
    ("-j MARK", "--or", "--or-mark"),
    ("-j MARK", "--xo", "--xor-mark"),
    ("-j REJECT", "--rej", "--reject-with"),
    # What an extension is named behind.
    ("--protocol tcp", "--sy", "--syn"),
    ("--match comment", "--com", "--comment"),
    ("--jump MARK", "--set-x", "--set-xmark"),
]


@pytest.mark.parametrize(("before", "typed", "whole"), CUT)
def test_an_option_that_is_cut_short(before: str, typed: str, whole: str) -> None:
    assert as_printed([*before.split(), typed, "X"]) == [*before.split(), whole, "X"]


AMBIGUOUS = [
    ("", "--s"),
    ("", "--sy"),
    ("", "--set-x"),
    ("-j SNAT", "--rando"),
    ("-p tcp", "--tcp-"),
    ("-m tcp", "--set-x"),
]


@pytest.mark.parametrize(("before", "typed"), AMBIGUOUS)
def test_what_could_be_two_options_or_none_stays(before: str, typed: str) -> None:
    assert as_printed([*before.split(), typed]) == [*before.split(), typed]


APART = [("-tnat", "-t nat"), ("--dport=80", "--dport 80"), ("-s10.0.0.1", "-s 10.0.0.1"), ("-x1", "-x1"), ("-t", "-t")]


@pytest.mark.parametrize(("typed", "words"), APART)
def test_a_value_that_follows_at_once(typed: str, words: str) -> None:
    assert " ".join(as_printed([typed])) == words
