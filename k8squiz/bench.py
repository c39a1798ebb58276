"""Questions about IPVS alone: a virtual server with a history (`ask.ipvs`), or a workload (`ask.scenario`).

The answer is what engine.ipvs does: the server that the kernel's scheduler picks, or the figures of the workload.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError
from engine.ipvs import VirtualServer
from engine.ipvs.scenario import Scenario, load_scenario
from engine.trace import Text
from engine.values import dataclass
from k8squiz.errors import QuizError

_ADDRESS, _PORT = "10.96.0.10", 80
_MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history: what happened, and the server that a connection went to (None: no server took it)."""

    text: Text
    connected: int = 0
    picked: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """`servers` as (name, weight) before the first step."""

    scheduler: str
    servers: tuple[tuple[str, int], ...]
    persistent: int | None
    steps: tuple[Step, ...]

    @property
    def picks(self) -> tuple[str | None, ...]:
        """The server of each connection, in order."""
        return tuple(step.picked for step in self.steps if step.connected)

    def picked(self, which: int | str) -> str:
        """The server of connection `which` (from 1, or "last"); "" where none took it."""
        picks = self.picks
        number = len(picks) if which == "last" else int(which)
        if not 1 <= number <= len(picks):
            raise QuizError(f"ask.ipvs: there is no connection {which}", f"ask.ipvs：没有第 {which} 个连接")
        return picks[number - 1] or ""


def history(ask: Mapping[str, Any]) -> History | None:
    """The history of a question's `ask.ipvs`; None where there is none. Raises QuizError for what makes no sense."""
    return _history(json.dumps(ask["ipvs"])) if "ipvs" in ask else None


@functools.lru_cache(maxsize=256)
def _history(text: str) -> History:
    spec = json.loads(text)
    try:
        return _Run(spec).history()
    except EngineError as error:
        raise QuizError(f"ask.ipvs: {error.en}", f"ask.ipvs：{error.zh}") from error
    except (LookupError, TypeError, ValueError) as error:
        raise QuizError(f"ask.ipvs: {error!r} makes no sense there", f"ask.ipvs：{error!r} 在此没有意义") from error


class _Run:
    """A virtual server and the connections it has made, by number."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        name, *flags = str(spec["scheduler"]).split("+")
        self._persistent = spec.get("persistent")
        self._vs = VirtualServer(
            "TCP", _ADDRESS, _PORT, scheduler=name, flags=tuple(flags), persistent=self._persistent
        )
        self._servers: dict[str, str] = {}
        self._clients: dict[str, str] = {}
        self._connections: list[Any] = []
        self._weights: list[tuple[str, int]] = []

    def history(self) -> History:
        for server, weight in self._spec["servers"].items():
            self._add(str(server), int(weight))
            self._weights.append((str(server), int(weight)))
        steps: list[Step] = []
        for line in self._spec["steps"]:
            steps += self._step(str(line).split())
            if len(steps) > _MOST_STEPS:
                raise ValueError(f"more than {_MOST_STEPS} steps")
        return History(str(self._spec["scheduler"]), tuple(self._weights), self._persistent, tuple(steps))

    def _add(self, server: str, weight: int) -> None:
        self._servers[server] = f"10.244.1.{len(self._servers) + 5}"
        self._vs.add_server(self._servers[server], _PORT, weight=weight)

    def _step(self, words: list[str]) -> list[Step]:
        match words:
            case ["connect"]:
                return [self._connect(f"client-{len(self._connections) + 1}")]
            case ["connect", "from", client]:
                return [self._connect(client)]
            case ["connect", count]:
                return [self._connect(f"client-{len(self._connections) + 1}") for _ in range(int(count))]
            case ["close", number]:
                self._connections[int(number) - 1].close()
                return [Step(Text(f"connection {number} closes", f"第 {number} 个连接关闭"))]
            case ["weight", server, weight]:
                self._vs.set_weight(self._servers[server], _PORT, int(weight))
                return [Step(Text(f"the weight of {server} becomes {weight}", f"{server} 的权重变为 {weight}"))]
            case ["add", server, weight]:
                self._add(server, int(weight))
                return [Step(Text(f"{server} joins with weight {weight}", f"{server} 加入，权重为 {weight}"))]
            case ["remove", server]:
                self._vs.remove_server(self._servers[server], _PORT)
                return [Step(Text(f"{server} is removed", f"{server} 被移除"))]
        raise ValueError(" ".join(words))

    def _connect(self, client: str) -> Step:
        address = self._clients.setdefault(client, f"198.51.100.{len(self._clients) + 1}")
        number = len(self._connections) + 1
        made = self._vs.connect(address, 40000 + number)
        self._connections.append(made)
        by_address = {f"{address}:{_PORT}": name for name, address in self._servers.items()}
        picked = None if made.server is None else by_address[made.server]
        return Step(Text(f"connection {number}, from {client}", f"第 {number} 个连接，来自 {client}"), number, picked)


def scenario(ask: Mapping[str, Any], name: str) -> Scenario | None:
    """The workload of a question's `ask.scenario`; None where there is none. Raises QuizError for what makes no sense."""
    if "scenario" not in ask:
        return None
    try:
        return load_scenario({"name": name, **ask["scenario"]})
    except EngineError as error:
        raise QuizError(f"ask.scenario: {error.en}", f"ask.scenario：{error.zh}") from error
