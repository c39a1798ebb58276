"""Write questions/schema.json and the tables of questions/README.md from the types that question files are read into, and
the table of network facts in docs/manifests.md from their rows.

python docs/question_files.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.cluster.facts import Fact, NetworkFacts, NodeFacts, facts_of
from k8squiz.bank.themes import THEMES
from k8squiz.kinds.interface import REGISTRY, kind
from k8squiz.kinds.schema import schema_text
from k8squiz.world.facts import TOLD

QUESTIONS = Path(__file__).parents[1] / "questions"


def facts() -> str:
    rows = [f"| {', '.join(f'`{name}`' for name in names)} | {told} |" for names, told in TOLD]
    return "\n".join(["| fact | |", "|---|---|", *rows])


def _default(fact: Fact, value: object) -> str:
    """As one would write it in YAML."""
    if fact.usual:
        return fact.usual
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, str)) else "{}" if isinstance(value, Mapping) else "[]"


def _sysctls(fact: Fact) -> str:
    return ", ".join(f"`{name}`" for name in fact.sysctls)


def network() -> str:
    """What a question can set under cluster.network."""
    plain = NetworkFacts()
    rows = [
        f"| `{fact.name}` | {_default(fact, getattr(plain, field))} | {fact.told}{f' ({_sysctls(fact)})' if fact.sysctls else ''} |"
        for field, fact in facts_of(NetworkFacts).items()
        if fact.asked
    ]
    return "\n".join(["| `network` | default | |", "|---|---|---|", *rows])


def every_network_fact() -> str:
    """What a Network document can say, of all nodes and of one."""
    rows = []
    for plain, on_node in ((NetworkFacts(), ""), (NodeFacts(), "only")):
        for field, fact in facts_of(type(plain)).items():
            alone = on_node or ("yes" if fact.on_node else "no")
            lab = f"sysctl {_sysctls(fact)}" if fact.sysctls else fact.lab or "not set up"
            rows.append(f"| `{fact.name}` | {_default(fact, getattr(plain, field))} | {fact.told} | {alone} | {lab} |")
    head = ["| fact | default | what it is | on a node alone | in the lab |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


def examples() -> str:
    rows = [f"| {name} | [{kind(name).example.partition('/')[2]}]({kind(name).example}.yaml) |" for name in REGISTRY]
    return "\n".join(["| kind | read |", "|---|---|", *rows])


def themes() -> str:
    """What a question can be about; 5 is asked in almost every round."""
    rows = [f"| `{name}` | {theme.name.en} | {theme.name.zh} | {theme.asked} |" for name, theme in THEMES.items()]
    return "\n".join(["| theme | | | asked |", "|---|---|---|---|", *rows])


README = QUESTIONS / "README.md"
MANIFESTS = Path(__file__).parent / "manifests.md"
TABLES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    README: {"themes": themes, "facts": facts, "network": network, "examples": examples},
    MANIFESTS: {"network facts": every_network_fact},
}


def written(page: Path) -> str:
    """The page with each table between its marks written anew."""
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES[page].items():
        marked = re.compile(rf"(<!-- {name}: written by docs/question_files.py -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = marked.subn(lambda found, table=table: f"{found[1]}{table()}\n{found[2]}", text)  # type: ignore[misc]
        if count != 1:
            raise SystemExit(f"{page.name} has no place for the table {name!r}")
    return text


if __name__ == "__main__":
    for page in TABLES:
        page.write_text(written(page), encoding="utf-8")
    (QUESTIONS / "schema.json").write_text(schema_text(), encoding="utf-8")
