"""A valid tree or text with a few places of it changed: what a loader reads may be wrong anywhere, and mostly is right.

Every change is drawn from the given generator alone, so a seed is an input. Copies share what is not changed: a change
costs what its way down from the root costs, not what the whole holds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

# What people, and programs gone wrong, write where something else belongs.
ODD: list[Any] = [
    None, True, 0, -1, 65536, 2**31, 10**30, 1.5, float("inf"), float("nan"), "", "x", "None", "0.0.0.0", "::1", "fd00::5", "1.2.3.4/0",
    "10.244.1.0/32", "10.244.1.6", "10.244.2.8", "10.96.0.10", "192.168.1.10", "192.168.1.11", "node2", "pod-b", "\x1b[31m", "a" * 300, "节点",
    "{x}", "{0}", "{}", "$x", [], {}, [None], [{}], [[]], {"a": 1}, "Local", "ipvs", "UDP", "1,2", "9" * 5000, "\udcff", "\u202e",
]  # fmt: skip
_CHARACTERS = ["", "\0", "-", ":", "9" * 30, "\x1b", " ", "\n", '"', "{", "节"]
_SEPARATORS = " ,:/"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys and indices that lead to each value inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def damaged(rng: random.Random, whole: Any) -> Any:
    """`whole` with something odd, near, gone, doubled, or from elsewhere in a few of its places."""
    value = whole
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        known = list(places(value))
        if not known:
            break
        value = _changed(rng, value, rng.choice(known), known)
    return value


def _changed(rng: random.Random, whole: Any, path: tuple[Any, ...], known: Sequence[tuple[Any, ...]]) -> Any:
    *above, last = path
    value = around = _copy(whole)
    for key in above:
        around[key] = _copy(around[key])
        around = around[key]
    how = rng.randrange(7)
    if how == 0:
        del around[last]
    elif how == 1:
        around[last] = at(whole, rng.choice(known))
    elif how == 2 and isinstance(around, list):
        around += [around[last]] * rng.choice([1, 2, 30])
    elif how in (3, 4):
        around[last] = _alike(rng, whole, path, known)
    elif how == 5:
        around[last] = near(rng, around[last])
    else:
        around[last] = rng.choice(ODD)
    return value


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, (dict, list)) else value


def _alike(rng: random.Random, whole: Any, path: tuple[Any, ...], known: Sequence[tuple[Any, ...]]) -> Any:
    """What stands elsewhere under the same key, else something of the same type: such an input gets far."""
    own = at(whole, path)
    same = [other for other in known if other[-1] == path[-1] and other != path and isinstance(path[-1], str)]
    if not same:
        same = [other for other in known if other != path and type(at(whole, other)) is type(own)]
    return at(whole, rng.choice(same)) if same else own


def near(rng: random.Random, value: Any) -> Any:
    """A value one step away: another number, another case, a part more or less."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return rng.choice([value + 1, value - 1, -value, value * 2, value * 1000, str(value)])
    if isinstance(value, str) and value:
        position = rng.randrange(len(value))
        if value[position].isdigit():
            return value[:position] + rng.choice("0123456789") + value[position + 1 :]
        return rng.choice(
            [value[:position], value[position:], value.swapcase(), value + value[-1], f" {value}", [value]]
        )
    if isinstance(value, list):
        return rng.choice([value[:-1], value[::-1], value + value, {}])
    if isinstance(value, dict):
        return {**value, rng.choice([*value, "x"]): rng.choice([*value.values(), None])} if value else []
    return value


def scrambled(rng: random.Random, text: str, words: Sequence[str]) -> str:
    """`text` with lines, words or characters gone, doubled, swapped, put in or a step away."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        if rng.randrange(8) == 0:
            position = rng.randrange(len(text) + 1)
            text = text[:position] + rng.choice(_CHARACTERS) + text[position + rng.randrange(8) :]
            continue
        lines = text.split("\n")
        if rng.randrange(4) == 0:
            _lines_changed(rng, lines)
        else:
            one = rng.randrange(len(lines))
            lines[one] = " ".join(_words_changed(rng, lines, lines[one].split(" "), words))
        text = "\n".join(lines)
    return text


def _lines_changed(rng: random.Random, lines: list[str]) -> None:
    """A line gone, doubled elsewhere, or in another's place."""
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(3)
    if how == 0:
        del lines[one]
    elif how == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]


def _words_changed(rng: random.Random, lines: list[str], parts: list[str], words: Sequence[str]) -> list[str]:
    one = rng.randrange(len(parts))
    how = rng.randrange(8)
    if how == 0:
        parts[one] = rng.choice(words)
    elif how == 1:
        parts.insert(one, rng.choice(words))
    elif how == 2:
        del parts[one]
    elif how == 3:
        changed = near(rng, parts[one])
        parts[one] = changed if isinstance(changed, str) else parts[one] + rng.choice(_SEPARATORS)
    elif one:
        # What follows the same word in another line: a chain for a chain, an address for an address.
        before = f" {parts[one - 1]} "
        alike = [line.split(before, 1)[1].split(" ", 1)[0] for line in lines if before in line]
        parts[one] = rng.choice(alike) if alike else parts[one]
    return parts


LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def dumped(value: Any) -> str:
    """`value` as YAML, each part of it written out where it stands."""
    try:
        return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False))
    except UnicodeEncodeError:
        # libyaml takes no half of a surrogate pair; PyYAML escapes it.
        return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))
