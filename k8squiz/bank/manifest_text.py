"""A drawn cluster's manifests as text: as the engine reads it soonest, and as it is shown.

A draw is loaded by whoever asks anything of it, and shown to hardly anybody: to write YAML and to read it again was a fifth
of the bank's lint.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

_LIST = '{"apiVersion": "v1", "kind": "List", "items": '


def text_of(documents: Sequence[Mapping[str, Any]], extra: str) -> str:
    """Kubernetes objects as one text that engine.load_cluster takes: a List in JSON; YAML where the question's author has
    written some more of it (`extra`)."""
    if extra:
        return f"{_yaml(documents)}---\n{extra}"
    return _LIST + json.dumps(documents, ensure_ascii=False) + "}"


@functools.lru_cache(maxsize=64)
def as_yaml(text: str) -> str:
    """What text_of gave, as a multi-document YAML text."""
    return _yaml(json.loads(text)["items"]) if text.startswith(_LIST) else text


def _yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump_all(documents, Dumper=dumper, sort_keys=False, default_flow_style=None, width=120)
    return text
