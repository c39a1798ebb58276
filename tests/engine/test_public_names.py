"""What `import engine` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine
import k8squiz

BARE = "import sys; import engine; print(sorted(m for m in sys.modules if m.startswith(('engine', 'yaml'))))"


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", engine.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(engine, name)
    assert name in dir(engine)
    assert value.__name__ == name


def test_the_engine_says_its_release() -> None:
    assert engine.__version__ == k8squiz.__version__


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'nothing'"):
        _ = engine.nothing


def test_importing_engine_loads_nothing_else() -> None:
    assert run(BARE) == "['engine']"
