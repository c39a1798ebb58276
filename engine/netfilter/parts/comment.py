"""`-m comment --comment TEXT`; nft's comment at the end of a rule.

Sources: net/netfilter/xt_comment.c; iptables 1.8.9 extensions/libxt_comment.c, libxtables/xtables.c
(xtables_save_string); nft(8).
"""

from __future__ import annotations

import re

from engine.errors import RuleError
from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass

# Compiled by re when first used: most starts print no rule.
_PLAIN = r"[A-Za-z0-9_-]+"
_ESCAPED = r"[\"\\']"


def quoted(text: str) -> str:
    """xtables_save_string: bare where nothing but letters, digits, _ and - is in it, else in double quotes."""
    if re.fullmatch(_PLAIN, text):
        return text
    return '"' + re.sub(_ESCAPED, lambda found: "\\" + found.group(), text) + '"'


def nft_quoted(text: str) -> str:
    """A string as nft prints it; RuleError for what it has no spelling for."""
    if '"' in text or "\n" in text:
        raise RuleError(f"nft cannot hold {text!r} in a string", zh=f"nft 的字符串无法包含 {text!r}")
    return f'"{text}"'


@dataclass(frozen=True, slots=True)
class Comment(ModelledMatch):
    """Matches always (comment_mt); kube-proxy and people say in it what the rule is for."""

    text: str

    pure = True
    always = True
    at_end_in_nft = True

    def holds(self, context: Context) -> bool:
        return True

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" /* {self.text} */"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m comment --comment {quoted(self.text)}"

    def nft_text(self, ip: str) -> str:
        return f"comment {nft_quoted(self.text)}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--comment"}:
        return None
    text = options["--comment"][1]
    return None if text is None else (Comment(text),)


def cut_nft_comment(line: str) -> tuple[str, tuple[Match, ...]]:
    """A rule's line without its comment, and the comment."""
    said = re.search(r' comment "([^"]*)"$', line)
    return (line, ()) if said is None else (line[: said.start()], (Comment(said[1]),))


PART = Part(classes=(Comment,), modules={"comment": by_options(_read)})
