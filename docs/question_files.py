"""Write questions/schema.json and the tables of questions/README.md from the types that question files are read into.

python docs/question_files.py
"""

from __future__ import annotations

import re
from pathlib import Path

from k8squiz.bank.network_facts import NETWORK_FACTS
from k8squiz.kinds.interface import REGISTRY, kind
from k8squiz.kinds.schema import schema_text
from k8squiz.world.facts import TOLD

QUESTIONS = Path(__file__).parents[1] / "questions"


def facts() -> str:
    rows = [f"| {', '.join(f'`{name}`' for name in names)} | {told} |" for names, told in TOLD]
    return "\n".join(["| fact | |", "|---|---|", *rows])


def network() -> str:
    rows = [
        f"| `{fact.name}` | {fact.default} | {fact.told}{f' (`{fact.sysctl}`)' if fact.sysctl else ''} |"
        for fact in NETWORK_FACTS
    ]
    return "\n".join(["| `network` | default | |", "|---|---|---|", *rows])


def examples() -> str:
    rows = [f"| {name} | [{kind(name).example.partition('/')[2]}]({kind(name).example}.yaml) |" for name in REGISTRY]
    return "\n".join(["| kind | read |", "|---|---|", *rows])


TABLES = {"facts": facts, "network": network, "examples": examples}


def readme(text: str) -> str:
    """`text` with each table between its marks written anew."""
    for name, table in TABLES.items():
        marked = re.compile(
            rf"(<!-- {name}: written by docs/question_files.py -->\n).*?(\n<!-- /{name} -->)", re.DOTALL
        )
        text, count = marked.subn(lambda found, table=table: f"{found[1]}{table()}{found[2]}", text)  # type: ignore[misc]
        if count != 1:
            raise SystemExit(f"README.md has no place for the table {name!r}")
    return text


if __name__ == "__main__":
    page = QUESTIONS / "README.md"
    page.write_text(readme(page.read_text(encoding="utf-8")), encoding="utf-8")
    (QUESTIONS / "schema.json").write_text(schema_text(), encoding="utf-8")
