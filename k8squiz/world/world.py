"""The only room that calls the engine: a drawn Question becomes a World one can ask for facts.

A World walks a request when it is first asked about it and remembers the outcome. All else in k8squiz takes a World.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import engine
from engine import ManifestError, Request, compile_node, compile_rules, load_cluster
from engine.cluster import Cluster, EndpointPort, EndpointSlice, ProxyConfig, Service, ServicePort, SliceEndpoint
from engine.packet import L4, Family, split_host_port
from engine.trace import Hop, Outcome
from k8squiz.bank.question import Background, Question, QuestionRequest
from k8squiz.errors import unknown
from k8squiz.world.release import as_of
from k8squiz.world.rule_lines import RuleLine, rule_lines
from k8squiz.world.work import Work

if TYPE_CHECKING:
    from engine import Ruleset
    from engine.shell.live import LiveCluster
    from k8squiz.world.set_elements import SetElement


class World:
    """The clusters of one question, walked on demand."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._requests: Mapping[str, QuestionRequest] = {request.name: request for request in question.requests}
        self._clusters: dict[str, Cluster] = {}
        self._loaded: dict[tuple[object, ...], Cluster] = {}
        self._live: dict[str, LiveCluster] = {}
        self._outcomes: dict[str, tuple[Outcome, ...]] = {}
        self._rules: dict[tuple[str, str, str, str | None], tuple[RuleLine, ...]] = {}
        self._entries: dict[tuple[str, str, str], tuple[SetElement, ...]] = {}
        self.work = Work(question.template)

    @property
    def first(self) -> str:
        """The name of the request that is meant where none is named."""
        return self.question.requests[0].name

    def request(self, name: str) -> QuestionRequest:
        if name not in self._requests:
            raise unknown("request", name, self._requests)
        return self._requests[name]

    def cluster(self, name: str) -> Cluster:
        """The cluster of request `name`."""
        if name not in self._clusters:
            request = self.request(name)
            # Many requests of one cluster are walked on one that was read once.
            same = (request.documents, request.background, request.without)
            if same not in self._loaded:
                self._loaded[same] = _cluster(request)
            self._clusters[name] = self._loaded[same]
            if request.fault is not None:
                self._clusters[name] = self.live(name).cluster
        return self._clusters[name]

    def live(self, name: str) -> LiveCluster:
        """The cluster of request `name` as one may look into it (engine.shell), with its fault. Raises FaultError where that
        cannot be there."""
        if name not in self._live:
            from engine.shell.live import LiveCluster

            request = self.request(name)
            live, fault = LiveCluster(_cluster(request), request.mode, seed=self.question.seed), request.fault
            if fault is not None:
                from engine.faults.placed import put_fault

                live = put_fault(live, fault.cause, fault.at, fault.to)
            self._live[name] = live
        return self._live[name]

    def all_outcomes(self, name: str) -> tuple[Outcome, ...]:
        """Every way the packet of request `name` can go, whatever its `way` says (predicates.outcomes_of heeds it)."""
        if name not in self._outcomes:
            asked = self.request(name)
            request = Request(asked.source, asked.destination, asked.protocol, asked.node, asked.sport, asked.size)
            self._outcomes[name] = self.walked(name, request)
        return self._outcomes[name]

    def walked(self, name: str, request: Request) -> tuple[Outcome, ...]:
        """Every way the packet of any `request` can go in the cluster of request `name`."""
        self.work.compile(self.cluster(name))
        found = self._walk(name, request)
        self.work.walk(found)
        return found

    def _walk(self, name: str, request: Request) -> tuple[Outcome, ...]:
        if self.request(name).fault is not None:
            live = self.live(name)
            return engine.outcomes(live.cluster, request, fabric=live.fabric)
        return engine.outcomes(self.cluster(name), request, mode=self.request(name).mode)

    def rules(self, name: str, node: str, family: str = "ipv4", release: str | None = None) -> tuple[RuleLine, ...]:
        """kube-proxy's rules of `node` in the cluster of request `name`, one line each; `release`: as another
        kube-proxy's."""
        key = (name, node, family, release)
        if key not in self._rules:
            mode = self.request(name).mode
            self.work.compile(self.cluster(name))
            text = str(compile_rules(self.cluster(name), node, mode, family=family, release=release))
            self._rules[key] = rule_lines(text)
        return self._rules[key]

    def node_rules(self, name: str, node: str) -> tuple[RuleLine, ...]:
        """All rules of `node` in the cluster of request `name`, the CNI's too, one line each."""
        return rule_lines(str(compile_node(self.cluster(name), node, self.request(name).mode)))

    def entries(self, name: str, node: str, family: str = "ipv4") -> tuple[SetElement, ...]:
        """What stands in the sets of `node` in the cluster of request `name`."""
        key = (name, node, family)
        if key not in self._entries:
            from k8squiz.world.set_elements import entries

            self.work.compile(self.cluster(name))
            self._entries[key] = entries(
                compile_rules(self.cluster(name), node, self.request(name).mode, family=family)
            )
        return self._entries[key]

    def endpoint(self, name: str, outcome: Outcome) -> tuple[str, str]:
        """The pod and the node an outcome's destination is ("" where it is none of the cluster's pods)."""
        address = _address(outcome.destination)
        for pod in self.cluster(name).pods:
            if address in pod.ips and not pod.host_network:
                return pod.name, pod.node_name or ""
        return "", ""


Edit = Callable[[str], str]


class EditedRules(World):
    """A World in which `edit` changes the iptables-save text of one node, the CNI's rules in it, before a packet meets it.

    Raises RuleError (through any question asked of it) where the edited text is no ruleset, or the kernel would refuse it.
    """

    def __init__(self, question: Question, node: str, edit: Edit) -> None:
        super().__init__(question)
        self._node, self._edit = node, edit
        self._edited: dict[str, Ruleset] = {}

    def _walk(self, name: str, request: Request) -> tuple[Outcome, ...]:
        from engine.netfilter.saved import SavedText, read_saved
        from engine.netfilter.usable import check_usable

        cluster, mode = self.cluster(name), self.request(name).mode
        if name not in self._edited:
            text = self._edit(str(compile_node(cluster, self._node, mode)))
            edited = read_saved((SavedText("<text>", text),), Family.IPV4)
            check_usable(edited)
            self._edited[name] = edited
        return engine.outcomes(cluster, request, mode=mode, rulesets={self._node: self._edited[name]})


class EditedManifests(World):
    """A World in which `edit` changes the manifests of every request before a cluster is made of them; where it changes
    kube-proxy's mode, that is the mode of every request.

    Raises ManifestError (through any question asked of it) where the API server would refuse what was edited.
    """

    def __init__(self, question: Question, edit: Edit) -> None:
        super().__init__(
            dataclasses.replace(
                question,
                requests=tuple(
                    dataclasses.replace(request, documents=edit(request.manifests)) for request in question.requests
                ),
            )
        )
        self._before = {request.name: request.manifests for request in question.requests}

    def request(self, name: str) -> QuestionRequest:
        found = super().request(name)
        before, after = (_proxy(text) for text in (self._before[name], found.manifests))
        return found if before.mode is after.mode else dataclasses.replace(found, mode=after.effective_mode)


@functools.lru_cache(maxsize=64)
def _proxy(manifests: str) -> ProxyConfig:
    return load_cluster(text=manifests).proxy


def host_name(host: str) -> str:
    """A hop's host as the candidate knows it: `default/pod-a` and `pod/pod-a` are pod-a."""
    return host.rsplit("/", 1)[-1]


def direction_of(outcome: Outcome, of: str) -> tuple[Hop, ...]:
    """The hops of the request or of the reply."""
    return outcome.reply if of == "reply" else outcome.hops


def _cluster(request: QuestionRequest) -> Cluster:
    cluster = as_of(_read(request))
    if request.background is not None:
        cluster = _crowded(cluster, request.background)
    if request.without:
        network = dataclasses.replace(cluster.network, without=cluster.network.without | set(request.without))
        cluster = dataclasses.replace(cluster, network=network)
    return cluster


def _read(request: QuestionRequest) -> Cluster:
    try:
        return load_cluster(text=request.documents)
    except ManifestError:
        # The lines that it tells are those of what is shown.
        return load_cluster(text=request.manifests)


def _address(endpoint: str) -> str:
    try:
        return split_host_port(endpoint)[0]
    except ValueError:
        return endpoint


def _crowded(cluster: Cluster, background: Background) -> Cluster:
    """`cluster` with many more ClusterIP Services. Their namespaces decide where they sort: kube-proxy's rules stand
    in the order of namespace/name here."""
    services: list[Service] = []
    slices: list[EndpointSlice] = []
    taken = {address for service in cluster.services for address in service.cluster_ips}
    node = cluster.nodes[0].name
    number = 0
    for index in range(background.services):
        namespace = "a-other" if index < background.before else "zz-other"
        name = f"svc-{index:05d}"
        number, address = _free_address(number, taken)
        services.append(Service(namespace, name, cluster_ips=(address,), ports=(ServicePort("", L4.TCP, 80, 8080),)))
        endpoints = tuple(
            SliceEndpoint((_other_pod(index * background.endpoints + each),), node_name=node)
            for each in range(background.endpoints)
        )
        slices.append(EndpointSlice(namespace, f"{name}-1", name, "IPv4", (EndpointPort("", L4.TCP, 8080),), endpoints))
    return dataclasses.replace(cluster, services=(*cluster.services, *services), slices=(*cluster.slices, *slices))


def _free_address(number: int, taken: set[str]) -> tuple[int, str]:
    while True:
        number += 1
        address = f"10.{111 - number // 65000}.{number // 254 % 256}.{number % 254 + 1}"
        if address not in taken:
            return number, address


def _other_pod(number: int) -> str:
    """Addresses of 11.0.0.0/8: no question draws from there."""
    return f"11.{number // 65024 % 256}.{number // 254 % 256}.{number % 254 + 1}"
