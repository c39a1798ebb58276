"""`-m mark --mark VALUE/MASK` and `-j MARK --set-xmark VALUE/MASK`; nft `meta mark`, `meta mark set`.

Sources: net/netfilter/xt_mark.c (mark_mt, mark_tg), nft_meta.c, nft_bitwise.c; iptables 1.8.9 extensions/libxt_MARK.c;
nftables 1.0.6 src/netlink_delinearize.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.ipt_words import ALL_BITS, Options, by_options, negation, number
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, ModelledTarget, Part
from engine.netfilter.ruleset import Match, Target
from engine.netfilter.skb import MarkEvent, TargetAction
from engine.packet import Family
from engine.values import dataclass

_HEX = r"(0x[0-9a-f]{1,8})"
# iptables-nft's rules are printed by libxtables: `mark or 0x4000` for `meta mark | 0x00004000`.
_MARK = r"(?:meta )?mark"
_OPERATORS = {"&": "&", "|": "|", "^": "^", "and": "&", "or": "|", "xor": "^"}
OPERATION = rf"(&|\||\^|and|or|xor) {_HEX}(?: (\^|xor|\||or) {_HEX})?"


@dataclass(frozen=True, slots=True)
class MarkMatch(ModelledMatch):
    """`-m mark --mark VALUE/MASK`."""

    value: int
    mask: int
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        return (context.skb.mark & self.mask == self.value) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        mask = "" if self.mask == ALL_BITS else f"/{self.mask:#x}"
        return f" mark match{negation(self.negate)} {self.value:#x}{mask}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        mask = "" if self.mask == ALL_BITS else f"/{self.mask:#x}"
        return f" -m mark{negation(self.negate)} --mark {self.value:#x}{mask}"

    def nft_text(self, ip: str) -> str:
        if self.mask == ALL_BITS:
            return f"meta mark {not_equal(self.negate)}{self.value:#010x}"
        length = self.mask.bit_count()
        if length and self.mask == ALL_BITS ^ (ALL_BITS >> length):
            # nft lists a mask of leading ones as a prefix; a masquerade mark is one with masqueradeBit 31.
            return f"meta mark {not_equal(self.negate)}{self.value:#010x}/{length}"
        return f"meta mark & {self.mask:#010x} {'!=' if self.negate else '=='} {self.value:#010x}"


@dataclass(frozen=True, slots=True)
class SetMark(ModelledTarget):
    """`-j MARK --set-xmark VALUE/MASK`: mark = (mark & ~MASK) ^ VALUE (xt_mark.c). Not terminal."""

    value: int
    mask: int

    goes_on = True

    def act(self, context: Context) -> Decision:
        cause = context.record(TargetAction.MARK)
        before = context.skb.mark
        context.skb.mark = (before & ~self.mask & ALL_BITS) ^ self.value
        if context.skb.mark != before:
            context.events.append(MarkEvent(cause, before, context.skb.mark))
        # mark_tg answers XT_CONTINUE: the rules after it are tried.
        return CONTINUE

    def listing(self, numeric: bool) -> str:
        return f" MARK {change_listing(self.value, self.mask)}"

    def iptables_text(self, family: Family) -> str:
        return f" -j MARK --set-xmark {self.value:#x}/{self.mask:#x}"

    def nft_text(self, ip: str) -> str:
        # nft has one operator where libxt_MARK.c has a mask for all: each is one case of (mark & ~MASK) ^ VALUE.
        if self.mask == ALL_BITS:
            return f"meta mark set {self.value:#010x}"
        if self.mask == 0:
            return f"meta mark set meta mark ^ {self.value:#010x}"
        if self.mask == self.value:
            return f"meta mark set meta mark | {self.value:#010x}"
        if self.value == 0:
            return f"meta mark set meta mark & {self.mask ^ ALL_BITS:#010x}"
        return f"meta mark set meta mark & {self.mask ^ ALL_BITS:#010x} ^ {self.value:#010x}"


@dataclass(frozen=True, slots=True)
class MarkStatement(ModelledMatch):
    """`meta mark set meta mark ...` before another statement of the same nft rule: SetMark in its turn, and the rule goes
    on, so that it stands where a match would."""

    value: int
    mask: int

    def holds(self, context: Context) -> bool:
        # nft_bitwise and nft_meta set registers and leave the verdict alone (NFT_CONTINUE).
        SetMark(self.value, self.mask).act(context)
        return True

    def nft_text(self, ip: str) -> str:
        return SetMark(self.value, self.mask).nft_text(ip)


def change_listing(value: int, mask: int) -> str:
    """libxt_MARK.c mark_tg_print: the operation that MASK and VALUE come to."""
    if mask == 0:
        return f"xor {value:#x}"
    if value == mask:
        return f"or {value:#x}"
    if value == 0:
        return f"and {mask ^ ALL_BITS:#x}"
    return f"set {value:#x}" if mask == ALL_BITS else f"xset {value:#x}/{mask:#x}"


def value_mask(text: str | None) -> tuple[int, int]:
    """`0x1/0xff` as its two numbers; without a mask all bits count."""
    value, slash, mask = (text or "").partition("/")
    return number(value), number(mask) if slash else ALL_BITS


def _read_match(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--mark"}:
        return None
    negate, text = options["--mark"]
    value, mask = value_mask(text)
    return (MarkMatch(value, mask, negate),)


def read_change(options: Options) -> tuple[int, int] | None:
    """What an option of MARK or CONNMARK says, as the (VALUE, MASK) of --set-xmark."""
    if len(options) != 1:
        return None
    ((option, (_, text)),) = options.items()
    if option not in ("--set-xmark", "--set-mark", "--or-mark", "--and-mark", "--xor-mark"):
        return None
    value, mask = value_mask(text)
    return {
        "--set-xmark": (value, mask),
        "--set-mark": (value, mask | value),
        "--or-mark": (value, value),
        "--and-mark": (0, ~value & ALL_BITS),
        "--xor-mark": (value, 0),
    }[option]


def _read_target(name: str, options: Options, family: Family) -> Target | None:
    change = read_change(options)
    return None if change is None else SetMark(*change)


def _read_nft_prefix(found: re.Match[str], family: Family) -> Match:
    mask = ALL_BITS ^ (ALL_BITS >> int(found[3])) if found[3] else ALL_BITS
    return MarkMatch(int(found[2], 16), mask, found[1] is not None)


def nft_change(found: re.Match[str]) -> tuple[int, int]:
    """What `OPERATOR VALUE` or `& VALUE OPERATOR VALUE` makes of a mark, as the VALUE and MASK of a SetMark."""
    operator, value = _OPERATORS[found[1]], int(found[2], 16)
    if found[4] is not None:
        # Two steps, (mark & ~MASK) ^ VALUE, are SetMark's own form; with | the bits are taken out first.
        second = int(found[4], 16)
        return second, value ^ ALL_BITS | (second if _OPERATORS[found[3]] == "|" else 0)
    if operator == "^":
        return value, 0
    return (value, value) if operator == "|" else (0, value ^ ALL_BITS)


PART = Part(
    classes=(MarkMatch, SetMark, MarkStatement),
    modules={"mark": by_options(_read_match)},
    jumps={"MARK": by_options(_read_target)},
    nft_matches=(
        (
            rf"{_MARK} (?:&|and) {_HEX} (==|!=) {_HEX}",
            lambda found, family: MarkMatch(int(found[3], 16), int(found[1], 16), found[2] == "!="),
        ),
        (rf"{_MARK} (!= )?{_HEX}(?:/([1-9]|[12][0-9]|3[01])\b)?(?= |$)", _read_nft_prefix),
    ),
    nft_targets=(
        (
            rf"meta mark set {_MARK} {OPERATION}",
            lambda found, family: SetMark(*nft_change(found)),
        ),
        (rf"meta mark set {_HEX}", lambda found, family: SetMark(int(found[1], 16), ALL_BITS)),
    ),
)
