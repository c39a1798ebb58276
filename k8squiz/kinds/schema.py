"""questions/schema.json, from the types that question files are read into; docs/question_files.py writes it."""

from __future__ import annotations

import json

from k8squiz.bank.forms import (
    BLOCKS,
    CLUSTER,
    FOLLOWUPS,
    HINTS,
    LEVEL,
    POINTS,
    REQUEST,
    REQUESTS,
    SOURCES,
    THEME_NAMES,
    TRIVIA,
    VALUES,
)
from k8squiz.bank.params import WAYS
from k8squiz.bank.question import FORMAT_VERSION
from k8squiz.bank.shapes import TEXT, WORD, Schema, drawn, list_of, matching
from k8squiz.kinds.interface import REGISTRY, kind
from k8squiz.world.comparisons import definitions, match_of
from k8squiz.world.facts import FACTS
from k8squiz.world.predicates import BESIDE, OPERATORS
from k8squiz.world.predicates import VALUES as FIGURES

# Where `for` and `is` stand among the operators.
_FOLLOWED_BY = {"not": "for", "chance": "is"}
_ID = matching("^[a-z0-9]+(-[a-z0-9]+)*$")
_ASK: Schema = {"type": "object", "description": "What is asked; see the kinds."}
_EXPLANATION: Schema = {"anyOf": [TEXT.schema, BLOCKS.schema]}
_FILE_NEEDS = (
    "format_version", "id", "topic", "level", "kind", "title", "cluster", "ask", "prompt", "explanation", "key_points",
    "sources",
)  # fmt: skip
_THEN_NEEDS = ("id", "kind", "ask", "prompt", "explanation", "key_points")


def document() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "k8squiz question",
        "description": "One question. See README.md beside this file. It never holds the answer.",
        "type": "object",
        "properties": _file(),
        "required": list(_FILE_NEEDS),
        "additionalProperties": False,
        "oneOf": [{"required": ["request"]}, {"required": ["requests"]}],
        "allOf": [
            {"if": {"properties": {"kind": {"const": name}}}, "then": kind(name).schema} for name in REGISTRY
        ],
        "$defs": _definitions(),
    }  # fmt: skip


def _file() -> Schema:
    return {
        "format_version": {"const": FORMAT_VERSION, "description": "Version of this format."},
        "id": _ID.told("The question's name for ever; the file is id.yaml.").schema,
        "topic": _ID.told("nodeport, traffic-policy, iptables-vs-ipvs, hairpin, ...").schema,
        "level": LEVEL.schema,
        "kind": {"enum": list(REGISTRY)},
        "themes": THEME_NAMES.schema,
        "trivia": TRIVIA.schema,
        "title": TEXT.schema,
        "params": {"type": "object", "additionalProperties": {"anyOf": [_param(name) for name in WAYS]}},
        "cluster": CLUSTER.schema,
        "request": REQUEST.schema,
        "requests": REQUESTS.schema,
        "values": VALUES.schema,
        "ask": _ASK,
        "prompt": TEXT.schema,
        "hints": HINTS.schema,
        "explanation": _EXPLANATION,
        "key_points": POINTS.schema,
        "followups": FOLLOWUPS.schema,
        "then": _then(),
        "sources": SOURCES.schema,
        "tags": list_of(WORD).schema,
    }


def _param(name: str) -> Schema:
    way = WAYS[name]
    properties: Schema = {name: way.shape, **{key: shape.schema for key, shape in way.more.items()}}
    return {
        "type": "object", "properties": properties, "required": [name, *way.needs], "additionalProperties": False,
    }  # fmt: skip


def _then() -> Schema:
    follow_up: Schema = {
        "id": _ID.told("Its name within the file; elsewhere it is PARENT/ID.").schema,
        "kind": WORD.schema,
        "level": LEVEL.schema,
        "title": TEXT.schema,
        "params": {"type": "object", "description": "Drawn besides the parent's."},
        "set": {
            "type": "object",
            "description": "Fields of cluster that are other now, by dotted path; for every request.",
        },
        "without": drawn(list_of(WORD)).schema,
        "mode": WORD.schema,
        "request": {"type": "object", "description": "Instead of the parent's request or requests."},
        "requests": {"type": "object", "minProperties": 1},
        "values": {"type": "object", "description": "Besides the parent's."},
        "ask": _ASK,
        "prompt": TEXT.schema,
        "hints": HINTS.schema,
        "explanation": _EXPLANATION,
        "key_points": POINTS.schema,
        "sources": {"type": "array"},
    }
    return {
        "type": "array",
        "description": "Follow-ups that are asked and graded, in this order.",
        "minItems": 1,
        "maxItems": 4,
        "items": {
            "type": "object",
            "description": "A follow-up: a question of its own on the same drawn cluster. What it leaves out it has from "
            "its parent.",
            "properties": follow_up,
            "required": list(_THEN_NEEDS),
            "additionalProperties": False,
        },
    }


def _definitions() -> Schema:
    word: Schema = {"type": "string", "minLength": 1}
    return {
        "text": {
            "type": "object", "properties": {"en": word, "zh": word}, "required": ["en", "zh"],
            "additionalProperties": False, "description": "A text in both languages.",
        },
        "placeholder": {"type": "string", "pattern": r"^\{[A-Za-z_][A-Za-z0-9_.-]*\}$"},
        **definitions(),
        "predicate": {
            "type": "object",
            "properties": {**{name: match_of(name) for name in FACTS}, **_operators()},
            "additionalProperties": False,
            "minProperties": 1,
            "description": "A condition on the walk; several keys mean and.",
        },
        "value": {
            "anyOf": [
                {"type": "number"},
                {"type": "string"},
                {"type": "object", "properties": _values(), "additionalProperties": False, "minProperties": 1},
            ],
            "description": "A figure computed from the walk or the rules.",
        },
    }  # fmt: skip


def _operators() -> Schema:
    result: Schema = {}
    for name, operator in OPERATORS.items():
        result[name] = operator.shape.schema
        if name in _FOLLOWED_BY:
            result[_FOLLOWED_BY[name]] = BESIDE[_FOLLOWED_BY[name]]
    return result


def _values() -> Schema:
    shapes: Schema = {name: figure.shape.schema for name, figure in FIGURES.items()}
    return {"fact": shapes.pop("fact"), "for": WORD.schema, **shapes}


def schema_text() -> str:
    """The text of schema.json."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
