"""The options of one iptables command as iptables-save prints them: `--dport=80`, `-tnat` and `--to ADDRESS` are theirs too.

Source: getopt_long(3), of `--name=value`, values that follow a short option at once, and long options cut short as far as
they stay unique; iptables 1.8.9 iptables/xshared.c and extensions/*.c, for which options there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Set

_SHORT = "tAIsdpjgimo"
_NAT = frozenset({"--random", "--random-fully", "--persistent"})
_PORTS = frozenset({"--source-port", "--sport", "--destination-port", "--dport"})
_OWN = frozenset({
    "--table", "--append", "--insert", "--source", "--src", "--destination", "--dst", "--in-interface", "--out-interface",
    "--protocol", "--match", "--jump", "--goto", "--fragment", "--wait",
})  # fmt: skip
# What the extensions named behind -p, -m and -j add.
_ADDED: dict[str, Set[str]] = {
    "tcp": {*_PORTS, "--tcp-flags", "--syn", "--tcp-option"}, "6": _PORTS, "udp": _PORTS, "17": _PORTS, "sctp": _PORTS, "132": _PORTS,
    "multiport": {"--source-ports", "--sports", "--destination-ports", "--dports", "--ports"},
    "comment": {"--comment"}, "mark": {"--mark"}, "conntrack": {"--ctstate", "--ctproto", "--ctorigsrc", "--ctorigdst"},
    "addrtype": {"--src-type", "--dst-type"}, "statistic": {"--mode", "--probability", "--every", "--packet"},
    "SNAT": {"--to-source", *_NAT}, "DNAT": {"--to-destination", "--random", "--persistent"},
    "MASQUERADE": {"--to-ports", "--random", "--random-fully"}, "REDIRECT": {"--to-ports", "--random"},
    "MARK": {"--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark"}, "REJECT": {"--reject-with"},
}  # fmt: skip
_NAMES_ONE = frozenset({"-p", "-m", "-j", "--protocol", "--match", "--jump"})


def as_printed(words: list[str]) -> list[str]:
    """`words` with every option by its full name and its value apart."""
    apart: list[str] = []
    for word in words:
        if word.startswith("--") and "=" in word:
            name, _, value = word.partition("=")
            apart += [name, value]
        elif len(word) > 2 and word[0] == "-" and word[1] in _SHORT:
            apart += [word[:2], word[2:]]
        else:
            apart.append(word)
    known = set(_OWN)
    for option, name in itertools.pairwise(apart):
        if option in _NAMES_ONE:
            known |= _ADDED.get(name, frozenset())
    return [_whole(word, known) for word in apart]


def _whole(word: str, known: Set[str]) -> str:
    if not word.startswith("--") or word in known:
        return word
    fitting = [option for option in known if option.startswith(word)]
    return fitting[0] if len(fitting) == 1 and len(word) > 2 else word
