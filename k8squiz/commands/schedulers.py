"""`k8squiz schedulers`: every IPVS scheduler under one workload, and which of them meet a requirement."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from engine.errors import EngineError
from engine.ipvs.scenario import BARE, Scenario, parse_requirements
from engine.ipvs.scenario_reading import ScenarioError, load_scenario
from engine.ipvs.scenarios import SCENARIOS
from engine.ipvs.simulate import METRICS, Measured
from k8squiz.errors import QuizError, unknown
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import make_console, print_json
from k8squiz.terminal.files import read_text, there

_DEFAULT = "long-and-short"


def run(lang: Lang, scenario: str | None, require: str | None, metric: str | None, seed: str | None, json: bool) -> int:
    """Measure and print. Without a scenario or a requirement: the scenarios there are."""
    if scenario is None and require is None and metric is None:
        return _list(lang, json)
    if metric is not None and metric not in METRICS:
        raise unknown("figure", metric, METRICS)
    found = _scenario(scenario or _DEFAULT)
    if require is not None:
        found = dataclasses.replace(found, requirements=parse_requirements(require))
    drawn = seed if seed is not None else "0"
    table = found.table(drawn)
    fitting = [name for name, figures in table.items() if all(one.met(figures) for one in found.requirements)]
    if json:
        print_json(_json(found, table, fitting, drawn), indent=1)
        return 0
    from rich.console import Group

    from k8squiz.screens.prose import Prose
    from k8squiz.screens.virtual_servers import bar_view, measured_view, scenario_view

    console = make_console()
    own_words = require is None and scenario is not None
    if own_words:
        console.print(Prose(pick(found.words, lang), "strong"))
        console.print()
    chart = metric or found.requirements[0].metric
    console.print(Group(scenario_view(found, lang), "", measured_view(found, table, fitting, lang), ""))
    console.print(bar_view(table, chart, lang))
    console.print(Prose("\n" + _verdict(fitting, list(table), lang)))
    return 0


def _verdict(fitting: list[str], names: list[str], lang: Lang) -> str:
    if not fitting:
        return "没有调度算法满足该要求。" if lang == "zh" else "No scheduler meets the requirement."
    if len(fitting) == len(names):
        return "所有调度算法都满足该要求，因此它不区分任何算法。" if lang == "zh" else (
            "Every scheduler meets the requirement, so it tells none of them apart."
        )  # fmt: skip
    listed = ("、" if lang == "zh" else ", ").join(fitting)
    return f"满足要求：{listed}。" if lang == "zh" else f"These meet the requirement: {listed}."


def _list(lang: Lang, json: bool) -> int:
    if json:
        told = [
            {"name": one.name, "dataplane": one.dataplane, "requirements": list(map(str, one.requirements)),
             "words": {"en": one.words.en, "zh": one.words.zh}}
            for one in SCENARIOS.values()
        ]  # fmt: skip
        print_json(told, indent=1)
        return 0
    from rich.padding import Padding

    from k8squiz.screens.prose import Prose

    console = make_console()
    for one in SCENARIOS.values():
        console.print(f"k8squiz schedulers --scenario {one.name}", style="strong")
        console.print(Padding(Prose(pick(one.words, lang)), (0, 0, 0, 2)))
        console.print(Padding(Prose(", ".join(map(str, one.requirements)), "quiet"), (0, 0, 0, 2)))
    return 0


def _scenario(name: str) -> Scenario:
    """A scenario there is, or one from a YAML file."""
    if name in SCENARIOS:
        return SCENARIOS[name]
    path = Path(name)
    if path.suffix not in (".yaml", ".yml", ".json") and not there(path, Path.is_file):
        raise unknown("scenario", name, SCENARIOS)
    from k8squiz.bank.strictyaml import MAX_BYTES, parse

    document = parse(read_text(path, MAX_BYTES), name)
    try:
        return load_scenario({"name": path.stem, **_mapping(document.data, path)})
    except EngineError as error:
        line = document.line(error.path) if isinstance(error, ScenarioError) else 1
        raise QuizError(f"{path}:{line}: {error.en}", f"{path}:{line}：{error.zh}") from None


def _mapping(data: object, path: Path) -> dict[str, object]:
    if not isinstance(data, dict):
        raise QuizError(f"{path}:1: a scenario is a mapping of fields", f"{path}:1：场景须为字段的映射")
    return data


def _json(found: Scenario, table: dict[str, Measured], fitting: list[str], seed: str) -> dict[str, object]:
    return {
        "scenario": found.name,
        "seed": seed,
        "dataplane": "ipvs" if found.dataplane == BARE else found.dataplane,
        "requirements": [str(one) for one in found.requirements],
        "fitting": fitting,
        "schedulers": {
            name: {
                **{metric: getattr(figures, metric) for metric in METRICS},
                "connections": dict(figures.connections),
            }
            for name, figures in table.items()
        },
    }
