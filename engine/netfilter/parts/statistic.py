"""`-m statistic --mode random --probability P`: how iptables mode draws an endpoint.

Sources: net/netfilter/xt_statistic.c (statistic_mt); iptables 1.8.9 extensions/libxt_statistic.c; kube-proxy's
computeProbability (pkg/proxy/iptables/proxier.go).
"""

from __future__ import annotations

import functools
import re
from fractions import Fraction

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass

_SCALE = 0x80000000


@dataclass(frozen=True, slots=True)
class StatisticRandom(ModelledMatch):
    """`-m statistic --mode random --probability P`. `probability` is the exact value meant (1/n);
    the kernel stores it in 31 bits, which is what iptables-save prints (xt_statistic.c)."""

    probability: Fraction

    def holds(self, context: Context) -> bool:
        # statistic_mt draws 31 bits and compares; a probability of 1 is above every draw, so nothing is drawn for it.
        weights = self.weights()
        return weights is None or context.choose(weights) == 0

    def weights(self) -> tuple[Fraction, Fraction] | None:
        # To compare Fractions takes longer than all of this.
        numerator, denominator = self.probability.numerator, self.probability.denominator
        return None if numerator >= denominator else _weights(numerator, denominator)

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" statistic mode random probability {probability_text(self.probability)}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m statistic --mode random --probability {probability_text(self.probability)}"

    def nft_text(self, ip: str) -> str:
        # libxt_statistic.c (statistic_mt_xlate), as nft prints iptables-nft's rules.
        return f"meta random & {_SCALE - 1} < {kernel_probability(self.probability)}"


@functools.lru_cache(maxsize=4096)
def _weights(numerator: int, denominator: int) -> tuple[Fraction, Fraction]:
    """Those of a decision that holds so often, and that it does not."""
    probability = Fraction(numerator, denominator)
    return probability, 1 - probability


def probability_text(probability: Fraction) -> str:
    """What iptables-save prints for a probability: what is left of it in the kernel's 31 bits.

    1/n goes through the ten decimals that kube-proxy writes it with (computeProbability in proxier.go).
    """
    return f"{kernel_probability(probability) / _SCALE:.11f}"


def kernel_probability(probability: Fraction) -> int:
    """The 31-bit number the kernel compares a random one with (libxt_statistic.c: lround(0x80000000 * p))."""
    # A Fraction takes longer to hash than all of this.
    return _in_31_bits(probability.numerator, probability.denominator)


@functools.lru_cache(maxsize=4096)
def _in_31_bits(numerator: int, denominator: int) -> int:
    value = numerator / denominator
    if numerator == 1:
        value = float(f"{value:.10f}")
    return int(_SCALE * value + 0.5)


@functools.lru_cache(maxsize=4096)
def read_probability(text: str) -> Fraction:
    """The probability that a printed one stands for: 1/n where n's 31 bits print the same, else the 31 bits."""
    try:
        value = float(text)
    except ValueError:
        raise BadRule(f"{text!r} is not a probability", zh=f"{text!r} 不是概率") from None
    if not 0 <= value <= 1:
        raise BadRule(f"probability {text} is not between 0 and 1", zh=f"概率 {text} 不在 0 与 1 之间")
    kept = Fraction(kernel_probability(Fraction(value)), 1 << 31)
    if kept:
        nearest = Fraction(1, round(1 / value))
        if probability_text(nearest) == probability_text(kept):
            return nearest
    return kept


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--mode", "--probability"} or options["--mode"][1] != "random":
        return None
    negate, text = options["--probability"]
    return None if negate or text is None else (StatisticRandom(read_probability(text)),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    bits = int(found[1])
    if not 0 < bits <= _SCALE:
        raise BadRule(f"{bits} is not a probability", zh=f"{bits} 不是概率")
    nearest = Fraction(1, round(_SCALE / bits))
    return StatisticRandom(nearest if kernel_probability(nearest) == bits else Fraction(bits, _SCALE))


PART = Part(
    classes=(StatisticRandom,),
    modules={"statistic": by_options(_read)},
    nft_matches=((rf"meta random & {_SCALE - 1} < ([0-9]+)", _read_nft),),
)
