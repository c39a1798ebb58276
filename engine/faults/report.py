"""The report that wakes somebody up: what users see fail, since when, what still works, and what was changed that day."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping

from engine.faults.flows import Flow, matrix, request_of
from engine.faults.incident import Incident
from engine.shell.connect import Ending, attempt
from engine.trace import Text
from engine.values import dataclass

_ENDINGS = {
    Ending.REFUSED: Text("refused at once", "立即被拒绝"),
    Ending.NO_ROUTE: Text('"no route to host"', "报 “no route to host”"),
    Ending.TIMED_OUT: Text("hangs until it times out", "一直卡到超时"),
}
_STALLS = Text("connects, then hangs", "能连上，随后卡住")
_NOISE = (
    Text("the dashboards were moved to another domain", "监控面板换了域名"),
    Text("{other} was scaled up and down again", "{other} 扩容后又缩容"),
    Text("a certificate of the ingress was renewed", "Ingress 的证书做了续期"),
    Text("the disk of {node} was at 81 % for an hour", "{node} 的磁盘使用率有一小时达到 81 %"),
    Text("a pod of {other} restarted once, by itself", "{other} 的一个 Pod 自己重启过一次"),
    Text("the backup window was moved to 13:30", "备份窗口挪到了 13:30"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """The report: a first sentence, flows that fail with how, flows that work, the day's changes with their times."""

    since: str
    headline: Text
    failing: tuple[tuple[str, Text], ...]
    working: tuple[str, ...]
    changes: tuple[tuple[str, Text], ...]


def told(incident: Incident) -> Told:
    """The report of an incident; the same for the same seed."""
    scene, rng = incident.scene, random.Random(f"report:{incident.id}")
    minute = rng.randint(4, 55)
    since = f"14:{minute:02d}"
    failing = _chosen(rng, incident.failing)
    working = _chosen(rng, tuple(n for n, worked in incident.baseline.items() if worked and n not in incident.failing))
    names = {"front": scene.front, "other": scene.other, "node": rng.choice(scene.nodes)}
    # What was left behind stands among the day's changes, so that it is met twice.
    noise = [_told(one.herring.told, {**names, "node": one.node}) for one in incident.herrings]
    noise += [_told(one, names) for one in rng.sample(_NOISE, 3)][len(noise) :]
    triggers = [_told(one.fault.trigger, names) for one in incident.faults]
    trigger = triggers[0]
    rows = [*noise, *triggers]
    rng.shuffle(rows)
    times = sorted(rng.sample(range(9 * 60, 14 * 60 + minute), len(rows)))
    at = rows.index(trigger)
    # What was guilty was not done long before, but another change may lie in between.
    rows[at], rows[-1 - at % 2] = rows[-1 - at % 2], rows[at]
    share = len(incident.failing)
    return Told(
        since,
        Text(
            f"Since {since} {scene.front} is in trouble; of {len(incident.baseline)} flows that are watched {share} fail.",
            f"从 {since} 开始 {scene.front} 出现问题：{len(incident.baseline)} 条受监控的流量中有 {share} 条失败。",
        ),
        tuple((name, _ending(incident, name)) for name in failing),
        working,
        tuple((f"{time // 60:02d}:{time % 60:02d}", row) for time, row in zip(times, rows, strict=True)),
    )


def _told(text: Text, names: Mapping[str, str]) -> Text:
    return Text(text.en.format(**names), text.zh.format(**names))


def _chosen(rng: random.Random, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(names, min(3, len(names)))))


def _ending(incident: Incident, name: str) -> Text:
    """How the flow fails, as its caller sees it: the first of its draws that does."""
    flow = next((one for one in matrix(incident.scene) if one.name == name), None)
    fallback = Text("gets no answer", "得不到响应")
    if flow is None:
        return fallback
    for seed in range(12):
        said = _one(incident, flow, seed)
        if said is not None:
            return said if seed == 0 else Text(f"now and then: {said.en}", f"时好时坏：{said.zh}")
    return fallback


def _one(incident: Incident, flow: Flow, seed: int) -> Text | None:
    """What its caller says of one draw; None where it works."""
    live = dataclasses.replace(incident.broken, seed=f"report:{seed}")
    request = request_of(incident.scene, live, flow)
    if request is None:
        return None
    host = live.host_named(request.source)
    address, port = _address(incident, request.destination)
    found = attempt(live, host, address, port, flow.protocol, size=request.size)
    return _STALLS if found.hangs else _ENDINGS.get(found.ending)


def _address(incident: Incident, to: str) -> tuple[str, int]:
    """Address and port of a request's destination."""
    cluster = incident.broken.cluster
    name, _, port = to.rpartition(":")
    kind, _, key = name.partition("/")
    if not key:
        return name, int(port)
    if kind == "svc":
        key = key if "/" in key else f"default/{key}"
        return next(one.cluster_ips[0] for one in cluster.services if one.key == key), int(port)
    if kind == "node":
        return incident.scene.addresses[key], int(port)
    return next(pod.ips[0] for pod in cluster.pods if f"{pod.namespace}/{pod.name}" == key), int(port)
