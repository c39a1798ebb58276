"""crictl(1): the pods and containers of a node, a container's facts, its log, a command in it.

Source: cri-tools v1.31, cmd/crictl/container.go, sandbox.go, exec.go, logs.go.
"""

from __future__ import annotations

import dataclasses
import json
import re

from engine.cluster import Pod
from engine.errors import NoSuchObject
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.logs import application, coredns
from engine.shell.namespaces import netns_name
from engine.shell.processes import container_name, container_pid, full_id, pods_on, short_id
from engine.shell.tools.lines import Unusable, pattern

_AGE = "12 days ago"
_WITH_VALUE = {"--name": "name", "--namespace": "namespace", "--pod": "pod", "-p": "pod", "--label": "label", "--state": "state", "-s": "state",
               "-o": "output", "--output": "output", "--template": "template", "--tail": "tail", "--image": "image", "-r": "runtime",
               "--runtime-endpoint": "runtime"}  # fmt: skip
_FLAGS = {"-a": "all", "--all": "all", "-q": "quiet", "--quiet": "quiet", "-i": "stdin", "-t": "tty", "-it": "tty", "-ti": "tty", "-f": "follow",
          "--no-trunc": "whole", "-l": "latest"}  # fmt: skip
_SHELLS = ("/bin/sh", "/bin/bash", "/bin/ash")
_PID = re.compile(r"\{\{\s*\.info\.pid\s*\}\}")


def run(call: Call) -> Result:
    """`crictl ps|pods [--name PATTERN] [--namespace NS] [--pod ID] [--label A=B] [-q]`, `crictl inspect|inspectp ID`, `crictl logs ID`,
    `crictl exec [-it] ID COMMAND...`."""
    words, values, flags = _read(list(call.args))
    verb = words[0] if words else ""
    try:
        if verb in ("ps", "pods"):
            return _listed(call, verb, values, flags)
        if verb in ("inspect", "inspectp", "logs", "exec"):
            return _of_one(call, verb, words[1:], values, flags)
    except Unusable as error:
        return failed(f"crictl: {error}")
    return failed(
        f"crictl: {verb[:30] or 'nothing'} is not simulated here; there are ps, pods, inspect, inspectp, logs and exec"
    )


def _read(left: list[str]) -> tuple[list[str], dict[str, str], set[str]]:
    words: list[str] = []
    values: dict[str, str] = {}
    flags: set[str] = set()
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if words[:1] == ["exec"] and len(words) > 1:
            words += [word, *left] if word != "--" else left
            break
        if name in _WITH_VALUE:
            values[_WITH_VALUE[name]] = value if equals else left.pop(0) if left else ""
        elif word in _FLAGS:
            flags.add(_FLAGS[word])
        else:
            words.append(word)
    return words, values, flags


def _listed(call: Call, verb: str, values: dict[str, str], flags: set[str]) -> Result:
    name = pattern(values.get("name", ""), extended=True)
    label, _, wanted = values.get("label", "").partition("=")
    pods = [
        pod
        for pod in pods_on(call.live, call.host)
        if name.search(pod.name if verb == "pods" else container_name(pod))
        and values.get("namespace", pod.namespace) == pod.namespace
        and full_id(pod).startswith(values.get("pod", ""))
        and (not label or pod.labels.get(label) == wanted)
        and values.get("state", "running").lower() in ("running", "ready")
    ]
    if "quiet" in flags:
        return Result("".join(f"{full_id(pod, '' if verb == 'pods' else 'container')}\n" for pod in pods))
    if verb == "pods":
        rows: list[tuple[str, ...]] = [("POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME")]
        rows += [(short_id(pod), _AGE, "Ready", pod.name, pod.namespace, "0", "(default)") for pod in pods]
    else:
        rows = [("CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD")]
        rows += [(short_id(pod, "container"), short_id(pod, "image"), _AGE, "Running", container_name(pod), "0", short_id(pod), pod.name) for pod in pods]  # fmt: skip
    widths = [
        max(len(row[at]) for row in rows) + (3 if verb == "pods" else 13 if at < 2 else 3) for at in range(len(rows[0]))
    ]
    return Result("".join("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows))  # fmt: skip


def _of_one(call: Call, verb: str, words: list[str], values: dict[str, str], flags: set[str]) -> Result:
    if not words:
        return failed("crictl: ID cannot be empty")
    kind = "" if verb == "inspectp" else "container"
    found = [
        pod
        for pod in pods_on(call.live, call.host)
        if re.fullmatch("[0-9a-f]+", words[0]) and full_id(pod, kind).startswith(words[0])
    ]
    if len(found) != 1:
        noun = "sandbox" if verb == "inspectp" else "container"
        return failed(f'E0314 14:05:00.000000    2790 remote_runtime.go:366] "{noun} status from runtime service failed" err="rpc error: code = NotFound desc = could not find {noun} \\"{words[0][:70]}\\": not found"')  # fmt: skip
    pod = found[0]
    if verb == "logs":
        text = coredns() if pod.labels.get("k8s-app") == "kube-dns" else application(pod)
        tail = values.get("tail", "")
        return Result(
            "".join(text.splitlines(keepends=True)[-int(tail) :]) if re.fullmatch("[1-9][0-9]{0,5}", tail) else text
        )
    if verb == "exec":
        return _exec(call, pod, tuple(words[1:]), flags)
    pid = container_pid(call.live, pod) - (1 if verb == "inspectp" else 0)
    if "template" in values:
        if not _PID.fullmatch(values["template"].strip()):
            return failed("crictl: of templates {{.info.pid}} is simulated here")
        return Result(f"{pid}\n")
    return Result(json.dumps(_facts(pod, pid, verb), indent=2) + "\n")


def _exec(call: Call, pod: Pod, command: tuple[str, ...], flags: set[str]) -> Result:
    if not command:
        return failed("crictl: exec needs a command")
    try:
        host = call.live.host_named(f"pod/{pod.namespace}/{pod.name}")
    except NoSuchObject:
        host = call.host
    if "tty" in flags and f"/bin/{command[0].rpartition('/')[2]}" in _SHELLS and len(command) == 1:
        return Result(login=host)
    assert call.execute is not None
    result = call.execute(call.live, host, command, call.stdin)
    said = f"command terminated with exit code {result.status}\n" if 0 < result.status < 126 else ""
    return dataclasses.replace(result, stderr=result.stderr + said)


def _facts(pod: Pod, pid: int, verb: str) -> dict[str, object]:
    """What is known of what `crictl inspect` prints."""
    if verb == "inspectp":
        path = f"/var/run/netns/{netns_name(pod)}"
        return {
            "status": {
                "id": full_id(pod),
                "metadata": {"attempt": 0, "name": pod.name, "namespace": pod.namespace},
                "state": "SANDBOX_READY",
                "network": {"additionalIps": [], "ip": pod.ips[0] if pod.ips else ""},
                "labels": dict(pod.labels),
            },
            "info": {"pid": pid, "runtimeSpec": {"linux": {"namespaces": [{"type": "network", "path": path}]}}},
        }
    labels = {"io.kubernetes.container.name": container_name(pod), "io.kubernetes.pod.name": pod.name, "io.kubernetes.pod.namespace": pod.namespace}  # fmt: skip
    return {
        "status": {
            "id": full_id(pod, "container"),
            "metadata": {"attempt": 0, "name": container_name(pod)},
            "state": "CONTAINER_RUNNING",
            "labels": labels,
        },
        "info": {"sandboxID": full_id(pod), "pid": pid},
    }


TOOL = Tool(("crictl",), run, ON_NODES)
