"""A timeline as text: what is given of it, a row for each pod, kube-proxy and connection, in the fields' own words."""

from __future__ import annotations

from collections.abc import Iterator

from k8squiz.world.over_time import moments
from k8squiz.world.timeline_forms import ConnectionForm, PortsForm, TableForm, TimelineForm

# Beside two columns of indentation it fits a terminal of 80.
_WIDTH = 76
_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


def seconds(ms: int) -> str:
    """`1.5 s`."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " s"


def drawing(form: TimelineForm | PortsForm | TableForm) -> str:
    """What is given, as lines of at most 76 columns. What follows from it is not drawn."""
    if isinstance(form, PortsForm):
        return "\n".join(_ports(form))
    if isinstance(form, TableForm):
        return "\n".join(_table(form))
    return "\n".join((*_rows(form), "", *_given(form)))


def _rows(form: TimelineForm) -> Iterator[str]:
    stops = [one for one in form.stops if one.at is not None]
    labels = [name for one in form.pods for name in one.pods] + [f"kube-proxy {one.node}" for one in stops]
    labels += ["Deployment"] if form.rollout is not None else []
    labels += [one.name for one in form.connections]
    left = min(24, max(map(len, ("seconds", *labels)))) + 2
    scale = _Scale(max((*moments(form), 1000)), _WIDTH - left - 2)
    yield "seconds".ljust(left) + scale.axis()
    for pod in form.pods:
        begins, ends = pod.created or 0, pod.deleted if pod.deleted is not None else pod.vanishes
        words = [(pod.created, "created"), (pod.deleted, "deleted"), (pod.vanishes, "node loses power")]
        words += [(pod.unready, "unready"), (pod.ready_again, "ready")]
        for name in pod.pods:
            yield name[:24].ljust(left) + scale.bar(begins, ends, words)
    if form.rollout is not None:
        yield "Deployment".ljust(left) + scale.bar(0, None, [(form.rollout.at, form.rollout.strategy.value)])
    for stop in stops:
        yield f"kube-proxy {stop.node}"[:24].ljust(left) + scale.bar(
            0, stop.at, [(stop.at, "stops"), (stop.until, "starts")]
        )
    for one in form.connections:
        yield one.name[:24].ljust(left) + scale.requests(one)


class _Scale:
    """`until` milliseconds over `columns` columns."""

    def __init__(self, until: int, columns: int) -> None:
        # A second is as many whole columns as there is room for, so that what is regular looks so.
        each = columns * 1000 // until
        self._until, self._columns = until, each * until // 1000 if each else columns

    def column(self, at: int) -> int:
        return min(self._columns, round(at * self._columns / self._until))

    def axis(self) -> str:
        step = next((s for s in _STEPS if self._until <= s * 1000 * max(1, self._columns // 8)), _STEPS[-1])
        line = [" "] * (self._columns + 8)
        for second in range(0, self._until // 1000 + 1, step):
            for offset, char in enumerate(str(second)):
                line[self.column(second * 1000) + offset] = char
        return "".join(line).rstrip()[: self._columns + 2]

    def bar(self, begins: int, ends: int | None, words: list[tuple[int | None, str]]) -> str:
        """A line from one moment to the other, with words at moments."""
        last = self._columns if ends is None else self.column(ends)
        line = [" "] * (self._columns + 1)
        for column in range(self.column(begins), last + 1):
            line[column] = "-"
        told: dict[int, list[str]] = {}
        for at, word in sorted((at, word) for at, word in words if at is not None):
            told.setdefault(self.column(at), []).append(word)
        behind = 0
        for column, said in told.items():
            text = ", ".join(said)
            # Left of its moment where there is no room to the right, unless an earlier one's words stand there.
            left = column + len(text) > self._columns and column - len(text) >= behind
            start, text = (column - len(text), f"{text}|") if left else (column, f"|{text}")
            line[start : start + len(text)] = text
            behind = start + len(text)
        return "".join(line).rstrip()

    def requests(self, one: ConnectionForm) -> str:
        """`o` a request; between those of one connection a line."""
        line = [" "] * (self._columns + 1)
        sent = range(one.opened, one.until, one.every) if one.every and one.until else range(one.opened, one.opened + 1)
        if one.reuses and len(sent) > 1:
            for column in range(self.column(sent[0]), self.column(sent[-1])):
                line[column] = "-"
        for at in sent:
            line[self.column(at)] = "o"
        return "".join(line).rstrip()


def _given(form: TimelineForm) -> Iterator[str]:
    for one in form.connections:
        how = "" if one.every is None else f"every {seconds(one.every)}"
        if one.every is not None:
            how += ", one connection" if one.reuses else ", each its own connection"
        parts = [how, f"takes {seconds(one.lasts)}" if one.lasts else ""]
        parts += [f"max age {seconds(one.max_age)}" if one.max_age is not None else ""]
        parts += [f"client timeout {seconds(one.timeout)}" if one.timeout is not None else ""]
        yield from _wrapped(one.name, [part for part in parts if part] or [f"one request at {seconds(one.opened)}"])
    life = form.lifecycle
    parts = []
    if form.rollout is not None:
        plan = form.rollout
        yield from _wrapped("strategy", [
            f"{plan.strategy.value}, replicas {len(plan.old)}",
            *([f"maxSurge {plan.max_surge}", f"maxUnavailable {plan.max_unavailable}"] if plan.strategy == "RollingUpdate" else []),
            *([f"minReadySeconds {plan.min_ready // 1000}"] if plan.min_ready else []),
        ])  # fmt: skip
    if form.rollout is not None or any(one.created is not None for one in form.pods):
        parts.append(f"listens after {seconds(life.listens_after)}")
        parts.append(
            "no readiness probe" if life.ready_after is None else f"probe passes {seconds(life.ready_after)} later"
        )
    if form.rollout is not None or any(one.deleted is not None for one in form.pods):
        parts.append(f"preStop sleep {seconds(life.pre_stop)}" if life.pre_stop else "no preStop")
        drains = f" for up to {seconds(life.drain)}" if life.on_sigterm == "drains" else ""
        parts += [f"on SIGTERM {life.on_sigterm}{drains}", f"terminationGracePeriodSeconds {life.grace // 1000}"]
    if parts:
        yield from _wrapped("pods", parts)
    lags = [f"EndpointSlice {seconds(form.lags.endpoint_slice)}", f"kube-proxy {seconds(form.lags.proxy)}"]
    lags += [f"on {one.node} {seconds(one.seconds)}" for one in form.lags.nodes]
    yield from _wrapped("lags", lags)
    if form.checks != TimelineForm((), ()).checks:
        yield from _wrapped("health checks", [
            f"every {seconds(form.checks.interval)}", f"unhealthy after {form.checks.unhealthy}",
            f"healthy after {form.checks.healthy}",
        ])  # fmt: skip


def _wrapped(label: str, parts: list[str]) -> Iterator[str]:
    """`label: part; part`, further lines indented."""
    line = f"{label}: "
    for number, part in enumerate(parts):
        added = part + ("; " if number + 1 < len(parts) else "")
        if len(line) + len(added.rstrip()) > _WIDTH and line.strip():
            yield line.rstrip()
            line = "  "
        line += added
    yield line.rstrip()


def _ports(form: PortsForm) -> Iterator[str]:
    yield f"new connections: {form.per_second} per second, for {form.seconds} s, each open {seconds(form.lasts)}"
    if form.ports == "masquerade":
        yield "ports: MASQUERADE on the node, 1024-65535"
        addresses = "node addresses to masquerade to"
    else:
        yield "ports: the client's own, net.ipv4.ip_local_port_range 32768-60999;"
        yield "  then 60 s in TIME_WAIT"
        addresses = "client addresses"
    yield f"destinations (address and port): {form.destinations}; {addresses}: {form.sources}"


def _table(form: TableForm) -> Iterator[str]:
    yield f"net.netfilter.nf_conntrack_max = {form.most}"
    yield f"entries that stay (long connections, ASSURED): {form.standing}"
    yield f"new connections: {form.per_second} per second, for {form.seconds} s, each open {seconds(form.lasts)}"
    state = "ASSURED" if form.assured else "not ASSURED (never answered)"
    yield f"each: {form.entries} of this node's entries, {state}"
