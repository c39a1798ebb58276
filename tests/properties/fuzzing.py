"""Inputs damaged at random, one target a loader: each is taken, or refused by our own error, in seconds and in little memory.

A seed is an input: what fails is found again by its number. By hand, with figures, one target or all of them:

    python -m tests.properties.fuzzing cluster 10000 [FIRST]
"""

from __future__ import annotations

import io
import json
import random
import re
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine import EngineError, compile_node, compile_rules, load_cluster, outcomes, resolve
from engine.ipvs.scenario import parse_requirements
from engine.ipvs.scenario_reading import load_scenario
from engine.netfilter.saved import SavedText, read_saved
from engine.walk.jsonform import trace_to_dict
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.bank.pack import packed, unpack
from k8squiz.errors import QuizError
from k8squiz.history.due import retrievability, reviewed
from k8squiz.history.export import exported, take_in
from k8squiz.history.rescue import rescued
from k8squiz.history.store import Review, Store, open_memory
from k8squiz.kinds.fields import Field, Unreadable
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, make_task
from k8squiz.world.texts import explanation, hints, key_points, prompt
from k8squiz.world.world import World
from tests.properties import fuzzing_shell
from tests.properties.mutations import LOADER, damaged, dumped, scrambled
from tests.properties.scenes import ROOT, asked, saved, scenes

QUESTIONS = sorted((ROOT / "questions").glob("[0-9]*/*.yaml"))
MODES = ("iptables", "ipvs", "nftables")
NOW = 1_790_000_000.0
#: What an input may cost: CPU seconds, and bytes of memory at the end of a run.
MOST_SECONDS, MOST_BYTES = 10.0, 1 << 30
OURS = (EngineError, QuizError)
# What Python says, and no message of ours.
PYTHONS = re.compile(
    r"invalid literal|does not appear to be an|to unpack|could not convert|has no attribute|NoneType|not supported between"
)
# A database is written and synced for each input: in memory, where the system has such a folder.
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def cluster(rng: random.Random) -> None:
    scene = rng.choice(scenes())
    if rng.random() < 0.9:
        text = "---\n".join(map(dumped, damaged(rng, scene.documents)))
    else:
        text = scrambled(rng, scene.text, ["kind:", "- ", "{}", "&a", "*a"])
    mode = rng.choice(MODES)
    made = load_cluster(text=text, strict=rng.random() < 0.5)
    request = asked(rng, scene)
    node = rng.choice(scene.nodes)
    str(compile_node(made, node, mode) if rng.random() < 0.5 else compile_rules(made, node, mode))
    assert sum(each.probability for each in resolve(made, node, request, mode=mode)) == 1
    ways = outcomes(made, request, mode=mode)
    assert sum(way.probability for way in ways) == 1
    json.dumps(trace_to_dict(made, request, ways, mode))


_WORDS = ["-j", "-A", "ACCEPT", "DROP", "MASQUERADE", "KUBE-SERVICES", "!", "-m", "statistic", "--probability", "0.5", "tcp", "0x4000/0x4000",
          "PREROUTING", ":X", "COMMIT", "*nat", "jump", "goto", "drop", "{", "}", "vmap", "ip", "daddr", "@cluster-ips", "numgen", "random", "mod",
          "-a", "-t", "-r", "-w", "create", "add", "hash:ip,port", "timeout", "--match-set", "mh", "-p", "-1", "REJECT", "CT", "TPROXY", "ct", "meta", "mark"]  # fmt: skip


def _rules(rng: random.Random, mode: str) -> None:
    base = rng.choice(saved(mode))
    read = read_saved([SavedText("f", scrambled(rng, base.text, _WORDS))], base.family, [])
    str(read)
    ways = outcomes(base.cluster, asked(rng, base.scene), mode, rulesets={base.node: read})
    assert sum(way.probability for way in ways) == 1


def rules_iptables(rng: random.Random) -> None:
    _rules(rng, "iptables")


def rules_nft(rng: random.Random) -> None:
    _rules(rng, "nftables")


def rules_ipvs(rng: random.Random) -> None:
    _rules(rng, "ipvs")


@lru_cache
def _question(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)


# Where a drawn question takes a tenth of a second: a simulation, or the cost of a thousand Services.
_DEAR = ("05-schedulers", "08-scale")


def question(rng: random.Random) -> None:
    path = rng.choice(QUESTIONS)
    if path.parent.name in _DEAR and rng.random() < 0.8:
        path = rng.choice(QUESTIONS)
    text = dumped(damaged(rng, _question(path)))
    world = World(draw(bank.parse_template(text, path), str(rng.randrange(9))))
    make_task(world)
    assert all(each.en and each.zh for each in (prompt(world), *explanation(world), *key_points(world)))
    hints(world)


@cache
def _pack() -> bytes:
    return packed(ROOT / "questions")


_NAMES = ["../x.yaml", "/x.yaml", "a/../../x.yaml", "a/x.yaml", "A/x.yaml", "a/b/c.yaml", "a\\x.yaml", "C:x.yaml", "a/\x1b[2J.yaml", "clusters/x.yaml", "", "a/", "a/x.yaml/y.yaml"]  # fmt: skip


def _archive(rng: random.Random) -> bytes:
    """A zip file damaged as bytes, or made with names, kinds and sizes that a stranger may give."""
    if rng.random() < 0.5:
        content = bytearray(_pack())
        for _ in range(rng.randrange(1, 12)):
            # What is at the end says where everything is.
            at = rng.randrange(len(content)) if rng.random() < 0.5 else len(content) - 1 - rng.randrange(3000)
            content[at] = rng.randrange(256)
        return bytes(content if rng.random() < 0.8 else content[: rng.randrange(len(content))])
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive,
        suppress(Warning),
    ):
        for _ in range(rng.randrange(1, 6)):
            entry = zipfile.ZipInfo(rng.choice(_NAMES))
            entry.external_attr = rng.choice((0o100644, 0o120777, 0o040755, 0)) << 16
            archive.writestr(
                entry, rng.choice(QUESTIONS).read_bytes() if rng.random() < 0.5 else b"\x00" * rng.randrange(1 << 18)
            )
    return out.getvalue()


def pack(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY) as folder, warnings.catch_warnings(action="ignore"):
        root = Path(folder)
        (root / "in").mkdir()
        (root / "pack.zip").write_bytes(_archive(rng))
        try:
            unpack(root / "pack.zip", root / "in")
        finally:
            assert {path.name for path in root.iterdir()} == {"in", "pack.zip"}
            assert all(path.is_dir() or path.suffix == ".yaml" for path in (root / "in").rglob("*"))
        for path in bank.files(root / "in")[:2]:
            with suppress(QuizError):
                bank.load(path)


_SCENARIO = {
    "clients": 5, "connections": 30, "gap": 100, "short": 10, "long": 400, "long_share": 0.1, "destinations": 2, "persistent": 30,
    "servers": [{"name": "a", "weight": 3, "speed": 2, "slots": 1}, {"name": "b"}, {"name": "c", "from_start": False}],
    "changes": [{"action": "remove", "at": 100, "server": "a"}, {"action": "add", "at": 200, "server": "c"}],
    "requirements": [{"metric": "stickiness", "at_least": 1}, {"metric": "spread", "at_most": 2}], "words": {"en": "x", "zh": "乙"},
}  # fmt: skip


def scenario(rng: random.Random) -> None:
    made = load_scenario(damaged(rng, _SCENARIO))
    with suppress(EngineError):
        parse_requirements(
            scrambled(rng, "stickiness >= 1, spread <= 1.5", [">=", "<=", "==", ",", "and", "1e9", "-1", "٣"])
        )
    made.table("1")
    made.fitting("1")


def _filled(store: Store, rng: random.Random) -> None:
    for number in range(rng.randrange(1, 4)):
        session = store.start("mock", str(number), "en", {"n": number}, NOW, uid=f"u{number}-{rng.random()}")
        for second in range(rng.randrange(4)):
            store.append(session, "shown", {"position": 0, "at": float(second)}, NOW + second)
        store.save_draft(session, 1, "half", 5.0, NOW)
    for number in range(rng.randrange(1, 5)):
        name, moment = f"q{number}", NOW + number * 86400
        store.save_review(Review(name, moment, 0.7, 3, str(number)), reviewed(None, name, 0.7, moment))


def imports(rng: random.Random) -> None:
    source, target = open_memory(), open_memory()
    _filled(source, rng)
    tree = damaged(rng, json.loads(exported(source)))
    text = (
        json.dumps(tree)
        if rng.random() < 0.9
        else scrambled(rng, json.dumps(tree, indent=1), ["{", "[", "null", "1e999", "NaN"])
    )
    take_in(target, text, "f")
    for card in target.cards().values():
        retrievability(card, NOW)
        reviewed(card, card.question, 1.0, NOW + 86400)
    assert json.loads(exported(target))


@lru_cache
def _database(number: int) -> bytes:
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY) as folder:
        path = Path(folder, "k8squiz.db")
        store = Store(path)
        _filled(store, random.Random(number))
        store.close()
        return path.read_bytes()


def database(rng: random.Random) -> None:
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY) as folder:
        path = Path(folder, "k8squiz.db")
        raw = bytearray(_database(rng.randrange(32)))
        for _ in range(rng.randrange(1, 9)):
            where, size = rng.randrange(len(raw)), rng.choice([1, 1, 4, 60, 4096])
            raw[where : where + size] = rng.randbytes(size) if rng.random() < 0.7 else bytes(size)
        path.write_bytes(bytes(raw[: rng.randrange(len(raw)) if rng.random() < 0.1 else len(raw)]))
        try:
            again = Store(path)
            try:
                exported(again)
                _filled(again, rng)
                again.is_sound()
            finally:
                again.close()
        except QuizError:
            found = rescued(path)
            target = open_memory()
            take_in(target, found.text, "rescued")
            assert json.loads(exported(target))
            raise


@cache
def _task(path: Path, seed: str) -> Task:
    return make_task(World(draw(bank.load(path), seed)))


_TYPED = ["", "A", "B A D", "1/3", "33%", "1e400", "nan", "-1", "10.0.0.1:80", "[::1]:80", "{}", "node1", "yes", "DROP", "LOST", "\x1b[2J", "节点",
          "-A KUBE-SERVICES -j DROP", "-I X 1", "spec.replicas: 3", "-t nat -I PREROUTING -j ACCEPT", "-j MASQUERADE", "--dport=80", "! -s 0.0.0.0/0",
          "spec: null", "mode: ipvs", "spec.type: ClusterIP", "metadata: {}", "spec.ports: []", '{"spec":{"ports":[1]}}', "3.14e6", "33,33%", "all", "A and C", "a: [1", "9" * 5000, "0x" + "f" * 5000, "١٢", "\udcff", "1/0", "  ", "A" * 70_000]  # fmt: skip


def _typed(rng: random.Random, field: Field) -> str:
    """What people, and programs gone wrong, type in this field: the truth and its words among it, full-width letters too."""
    near = [field.show(field.truth, False), field.show(field.truth, True), *field.words()]
    words = [*_TYPED, *near]
    how = rng.random()
    if how < 0.4:
        return rng.choice(_TYPED)
    text = rng.choice(near if how < 0.8 else words) if how < 0.9 else f"{rng.choice(words)} {rng.choice(words)}"
    text = scrambled(rng, text, words) if rng.random() < 0.7 else text
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text) if how > 0.7 else text


def answer(rng: random.Random, among: Sequence[Path] = QUESTIONS) -> None:
    task = _task(rng.choice(among), str(rng.randrange(2)))
    given = {}
    try:
        for field in task.fields:
            try:
                given[field.id] = field.read(_typed(rng, field))
            except Unreadable as error:
                assert 0 < len(error.text.en) < 2000 and 0 < len(error.text.zh) < 2000
            else:
                assert isinstance(field.show(given[field.id], rng.random() < 0.5), str)
                told = field.reckoned(given[field.id])
                assert told is None or told.en and told.zh
        assert 0 <= grade(task, given, rng.choice([0, 0.1, 2])).score <= 1
    except OURS as error:
        # It would end the question, and tell of it as of a fault in its file.
        raise AssertionError(f"an answer is graded or asked again: {error!r:.200}") from error


@cache
def _of_kinds(*kinds: str) -> tuple[Path, ...]:
    named = tuple(f"\nkind: {kind}\n" for kind in kinds)
    return tuple(path for path in QUESTIONS if any(one in path.read_text(encoding="utf-8") for one in named))


def repair(rng: random.Random) -> None:
    answer(rng, _of_kinds("repair"))


def cells(rng: random.Random) -> None:
    """Answers of several parts: the cells of a matrix, a path of devices, pieces of evidence."""
    answer(rng, _of_kinds("matrix", "path", "evidence"))


TARGETS: dict[str, Callable[[random.Random], None]] = {
    "cluster": cluster, "rules-iptables": rules_iptables, "rules-nft": rules_nft, "rules-ipvs": rules_ipvs, "question": question, "scenario": scenario,
    "import": imports, "database": database, "answer": answer, "repair": repair, "cells": cells, "pack": pack,
    "shell": fuzzing_shell.line, "shell-objects": fuzzing_shell.objects, "shell-rules": fuzzing_shell.rules, "script": fuzzing_shell.script,
    "name": fuzzing_shell.name,
}  # fmt: skip


def run(name: str, seed: int) -> tuple[str, float]:
    """What became of input `seed`: "taken", "refused", or what else escaped; and the CPU seconds it took."""
    rng, began = random.Random(f"{name}:{seed}"), time.process_time()
    try:
        TARGETS[name](rng)
        what = "taken"
    except OURS as error:
        shown = str(error).isprintable() and error.en.isprintable() and error.zh.isprintable()
        told = shown and error.en and error.zh and not PYTHONS.search(error.en + error.zh)
        what = "refused" if told else f"not told: {error!r:.200}"
    except Exception as error:  # noqa: BLE001 - that nothing else escapes is what is asked
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = "" if frame is None else f" at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
        what = f"{type(error).__name__}: {error!s:.120}{place}"
    return what, time.process_time() - began


def main(words: list[str]) -> int:
    names = list(TARGETS) if words[0] == "all" else [words[0]]
    first = int(words[2]) if len(words) > 2 else 0
    for name in names:
        counts: dict[str, int] = {}
        slow, longest = [], 0.0
        for seed in range(first, first + int(words[1])):
            what, took = run(name, seed)
            counts[what] = counts.get(what, 0) + 1
            longest = max(longest, took)
            if what not in ("taken", "refused") and counts[what] == 1:
                print(f"{name} {seed}: {what}", flush=True)
            if took > MOST_SECONDS:
                slow.append(seed)
                print(f"{name} {seed}: {took:.1f} s", flush=True)
        wrong = sum(count for what, count in counts.items() if what not in ("taken", "refused"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        figures = (
            f"taken {counts.get('taken', 0)}, refused {counts.get('refused', 0)}, wrong {wrong}, over 10 s {len(slow)}"
        )
        print(f"{name}: inputs {sum(counts.values())}: {figures}, longest {longest:.2f} s, peak {peak} MiB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
