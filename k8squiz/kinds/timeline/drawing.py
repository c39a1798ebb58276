"""A timeline as text: what is given of it, a row for each pod, kube-proxy and connection; names of fields as Kubernetes has them."""

from __future__ import annotations

from collections.abc import Iterator

from k8squiz.kinds.timeline.words import say
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.width import width_of
from k8squiz.world.over_time import moments
from k8squiz.world.timeline_forms import ConnectionForm, PortsForm, TableForm, TimelineForm

# Beside two columns of indentation it fits a terminal of 80.
_WIDTH = 76
_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


def seconds(ms: int) -> str:
    """`1.5 s`."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " s"


def drawing(form: TimelineForm | PortsForm | TableForm, lang: Lang) -> str:
    """What is given, as lines of at most 76 columns. What follows from it is not drawn."""
    if isinstance(form, PortsForm):
        return "\n".join(_ports(form, lang))
    if isinstance(form, TableForm):
        return "\n".join(_table(form, lang))
    return "\n".join((*_rows(form, lang), "", *_given(form, lang)))


def _rows(form: TimelineForm, lang: Lang) -> Iterator[str]:
    stops = [one for one in form.stops if one.at is not None]
    labels = [name for one in form.pods for name in one.pods] + [f"kube-proxy {one.node}" for one in stops]
    labels += ["Deployment"] if form.rollout is not None else []
    labels += [one.name for one in form.connections]
    head = say("seconds", lang)
    left = min(24, max(map(width_of, (head, *labels)))) + 2
    scale = _Scale(max((*moments(form), 1000)), _WIDTH - left - 2)
    yield head + " " * (left - width_of(head)) + scale.axis()
    for pod in form.pods:
        begins, ends = pod.created or 0, pod.deleted if pod.deleted is not None else pod.vanishes
        words = [
            (pod.created, say("created", lang)),
            (pod.deleted, say("deleted", lang)),
            (pod.vanishes, say("vanishes", lang)),
        ]
        words += [(pod.unready, say("unready", lang)), (pod.ready_again, say("ready", lang))]
        for name in pod.pods:
            yield name[:24].ljust(left) + scale.bar(begins, ends, words)
    if form.rollout is not None:
        yield "Deployment".ljust(left) + scale.bar(0, None, [(form.rollout.at, form.rollout.strategy.value)])
    for stop in stops:
        yield f"kube-proxy {stop.node}"[:24].ljust(left) + scale.bar(
            0, stop.at, [(stop.at, say("stops", lang)), (stop.until, say("starts", lang))]
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
            wide = width_of(text)
            left = column + wide > self._columns and column - wide >= behind
            start, text = (column - wide, f"{text}|") if left else (column, f"|{text}")
            line[start : start + wide + 1] = _cells(text)
            behind = start + wide + 1
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


def _cells(text: str) -> list[str]:
    """A cell a column: a wide character stands in one and leaves the next empty."""
    return [cell for char in text for cell in (char, *[""] * (width_of(char) - 1))]


def _given(form: TimelineForm, lang: Lang) -> Iterator[str]:
    for one in form.connections:
        how = "" if one.every is None else say("reuses" if one.reuses else "each-own", lang, every=seconds(one.every))
        parts = [how, say("takes", lang, time=seconds(one.lasts)) if one.lasts else ""]
        parts += [say("max-age", lang, time=seconds(one.max_age)) if one.max_age is not None else ""]
        parts += [say("timeout", lang, time=seconds(one.timeout)) if one.timeout is not None else ""]
        yield from _wrapped(
            one.name, [part for part in parts if part] or [say("one", lang, at=seconds(one.opened))], lang
        )
    life = form.lifecycle
    parts = []
    if form.rollout is not None:
        plan = form.rollout
        yield from _wrapped(say("strategy", lang), [
            f"{plan.strategy.value}, replicas {len(plan.old)}",
            *([f"maxSurge {plan.max_surge}", f"maxUnavailable {plan.max_unavailable}"] if plan.strategy == "RollingUpdate" else []),
            *([f"minReadySeconds {plan.min_ready // 1000}"] if plan.min_ready else []),
        ], lang)  # fmt: skip
    if form.rollout is not None or any(one.created is not None for one in form.pods):
        parts.append(say("listens", lang, time=seconds(life.listens_after)))
        parts.append(
            say("no-probe", lang) if life.ready_after is None else say("probe", lang, time=seconds(life.ready_after))
        )
    if form.rollout is not None or any(one.deleted is not None for one in form.pods):
        parts.append(f"preStop sleep {seconds(life.pre_stop)}" if life.pre_stop else say("no-pre-stop", lang))
        parts.append(say(f"sigterm-{life.on_sigterm}", lang, time=seconds(life.drain)))
        parts.append(f"terminationGracePeriodSeconds {life.grace // 1000}")
    if parts:
        yield from _wrapped(say("pods", lang), parts, lang)
    lags = [f"EndpointSlice {seconds(form.lags.endpoint_slice)}", f"kube-proxy {seconds(form.lags.proxy)}"]
    lags += [say("on-node", lang, node=one.node, time=seconds(one.seconds)) for one in form.lags.nodes]
    yield from _wrapped(say("lags", lang), lags, lang)
    if form.checks != TimelineForm((), ()).checks:
        yield from _wrapped(say("checks", lang), [
            say("every", lang, time=seconds(form.checks.interval)), say("unhealthy", lang, count=form.checks.unhealthy),
            say("healthy", lang, count=form.checks.healthy),
        ], lang)  # fmt: skip


def _wrapped(label: str, parts: list[str], lang: Lang) -> Iterator[str]:
    """`label: part; part`, further lines indented."""
    line, between = (f"{label}: ", "; ") if lang == "en" else (f"{label}：", "；")
    for number, part in enumerate(parts):
        added = part + (between if number + 1 < len(parts) else "")
        if width_of(line) + width_of(added.rstrip()) > _WIDTH and line.strip():
            yield line.rstrip()
            line = "  "
        line += added
    yield line.rstrip()


def _ports(form: PortsForm, lang: Lang) -> Iterator[str]:
    yield say("new", lang, count=form.per_second, seconds=form.seconds, lasts=seconds(form.lasts))
    masquerade = form.ports == "masquerade"
    yield from say("ports-masquerade" if masquerade else "ports-own", lang).splitlines()
    addresses = say("node-addresses" if masquerade else "client-addresses", lang)
    yield say("destinations", lang, count=form.destinations, addresses=addresses, sources=form.sources)


def _table(form: TableForm, lang: Lang) -> Iterator[str]:
    yield f"net.netfilter.nf_conntrack_max = {form.most}"
    yield say("standing", lang, count=form.standing)
    yield say("new", lang, count=form.per_second, seconds=form.seconds, lasts=seconds(form.lasts))
    yield say("entries-assured" if form.assured else "entries-not-assured", lang, count=form.entries)
