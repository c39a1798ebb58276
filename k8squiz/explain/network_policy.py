"""NetworkPolicy: a name is looked up, a Service is asked, and each packet is judged at two doors; what each rule is there for."""

from __future__ import annotations

from engine.cluster import NetworkFacts
from engine.trace import Outcome, Stage, Text
from k8squiz.explain import network_policy_words as words
from k8squiz.explain import policy_cluster as shop
from k8squiz.explain.live_world import LiveWorld, Typed
from k8squiz.explain.walked import first, last
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, same
from k8squiz.story.endings import brief, ending

WITHOUT = ("dns-rule", "egress-rule", "ingress-rule", "pod-port", "default-deny", "enforcement")
_FRONT, _API = "pod/shop/front", "svc/shop/api"
_NAME_SERVER = "svc/kube-system/kube-dns:53"
_STRANGER, _TO_DB = "pod/batch/job", "pod/shop/db:5432"
_TO_API = f"pod/shop/api:{shop.TARGET_PORT}"


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the policies, or from the network."""
    world, whole = _world(without), _world()
    return Story(
        topic="network-policy",
        title=words.TITLE,
        summary=words.SUMMARY,
        sections=(
            _written(without),
            _asked(world),
            _called(world),
            _everybody(world),
            _node_ports(),
            _enforcers(),
            _what_breaks(),
        ),
        claims=_claims(whole),
        points=words.POINTS,
        spoken=words.spoken(shop.API, shop.API_PORT, _served(whole)),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "Kubernetes documentation, Network Policies; networking.k8s.io/v1 NetworkPolicy, API reference",
            "projectcalico/calico felix/rules/endpoints.go: policies in filter FORWARD, after DNAT and before SNAT",
            "kube-router pkg/controllers/netpol; kubernetes-sigs/kube-network-policies",
        ),
        without=WITHOUT,
    )


_CLIENT = NetworkFacts().client_address


def _policies(without: frozenset[str]) -> tuple[str, ...]:
    port = shop.API_PORT if "pod-port" in without else shop.TARGET_PORT
    written = (
        ("default-deny", shop.DENY),
        ("dns-rule", shop.DNS_OUT),
        ("egress-rule", shop.front_out(port)),
        ("ingress-rule", shop.api_in(shop.TARGET_PORT)),
    )
    return tuple(policy for part, policy in written if part not in without)


def _world(without: frozenset[str] = frozenset()) -> LiveWorld:
    """The shop on Calico with the policies that are left; flannel alone where nobody is to enforce them."""
    return _shop(*_policies(without), plugin="flannel" if "enforcement" in without else "calico")


def _shop(*policies: str, plugin: str = "calico", enforced_by: str = "") -> LiveWorld:
    told = [f"policyEnforcement: {enforced_by}"] if enforced_by else []
    return LiveWorld(f"cni: {{plugin: {plugin}, backend: vxlan}}", *told, manifests=shop.manifests(*policies))


def _lookup(world: LiveWorld) -> Outcome:
    return world.walk(_FRONT, _NAME_SERVER, protocol="UDP")


def _written(without: frozenset[str]) -> Section:
    lines = "---\n".join(_policies(without)).splitlines()
    return Section(words.WRITTEN, (Paragraph(words.WRITTEN_TOLD), Rules(words.WRITTEN_CAPTION, tuple(lines))))


def _asked(world: LiveWorld) -> Section:
    outcome = _lookup(world)
    shown = world.session(words.TYPED, Typed("shop/front", "curl -sS -m 3 http://api"))
    return Section(words.ASKED, (Paragraph(words.asked(shop.DNS)), world.told(words.ASKED_CAPTION, outcome), shown))


def _called(world: LiveWorld) -> Section:
    outcome = world.walk(_FRONT, _API)
    there, back = outcome.hops, outcome.reply
    hops = (
        there[0],
        first(there, Stage.DNAT),
        first(there, Stage.POLICY, lambda hop: hop.host == "node1"),
        first(there, Stage.POLICY, lambda hop: hop.host == "node2"),
        first(there, Stage.SOCKET),
        first(back, Stage.POLICY, lambda hop: hop.host == "node2"),
        first(back, Stage.POLICY, lambda hop: hop.host == "node1"),
        last(back[1:], Stage.SOCKET),
    )
    return world.stepped(words.CALLED, words.CALLED_CAPTION, zip(words.STEPS, hops, strict=True), outcome)


_WHO = ("pod/shop/front", "pod/shop/db", _STRANGER, "node/node1", "node/node2")


def _everybody(world: LiveWorld) -> Section:
    targets = ((_TO_API, "TCP"), (_TO_DB, "TCP"), (_NAME_SERVER, "UDP"))
    rows = tuple(
        (same(who), *(brief(world.walk(who, where, protocol=protocol)) for where, protocol in targets)) for who in _WHO
    )
    grid = Grid(words.EVERYBODY_CAPTION, words.EVERYBODY_HEADERS, rows)
    return Section(words.EVERYBODY, (grid, Paragraph(words.EVERYBODY_TOLD)))


def _of_the_client(node: str) -> Outcome:
    """The client outside at that node's NodePort, let in by its address."""
    world = _shop(shop.DENY, shop.api_in(shop.TARGET_PORT, shop.ip_block(_CLIENT)))
    return world.walk("client", f"{shop.NODES[node][0]}:{shop.NODE_PORT}")


def _node_ports() -> Section:
    rows = tuple((same(f"{node}:{shop.NODE_PORT}"), _verdict(found), ending(found)) for node in reversed(shop.NODES) if (found := _of_the_client(node)))  # fmt: skip
    grid = Grid(words.node_ports(_CLIENT), (words.ASKS, words.VERDICT, words.HAPPENED), rows)
    return Section(words.NODE_PORTS, (grid, Paragraph(words.NODE_PORTS_TOLD)))


def _verdict(outcome: Outcome) -> Text:
    return same(str(outcome.verdict))


_ENFORCERS = ("calico", "kube-router", "kindnet", "none")


def _enforced(by: str) -> Outcome:
    """Somebody who is not allowed, where `by` enforces."""
    return _shop(*_policies(frozenset()), plugin="flannel", enforced_by=by).walk(_STRANGER, _API)


def _enforcers() -> Section:
    rows = tuple((same(by), _verdict(found), ending(found)) for by in _ENFORCERS if (found := _enforced(by)))
    grid = Grid(words.ENFORCERS_CAPTION, (words.ENFORCED_BY, words.VERDICT, words.HAPPENED), rows)
    return Section(words.ENFORCERS, (grid, Paragraph(words.ENFORCERS_TOLD)))


def _what_breaks() -> Section:
    cases = (frozenset[str](), *(frozenset({part}) for part in WITHOUT))
    rows = []
    for parts in cases:
        world = _world(parts)
        walks = (_lookup(world), world.walk(_FRONT, _API), world.walk(_STRANGER, _API), world.walk(_STRANGER, _TO_DB))
        rows.append((words.case(parts), *(_verdict(outcome) for outcome in walks)))
    grid = Grid(words.BREAKS_CAPTION, words.BREAKS_HEADERS, tuple(rows))
    return Section(words.BREAKS, (grid, Paragraph(words.BREAKS_TOLD)))


def _served(world: LiveWorld) -> str:
    return world.walk(_FRONT, _API).destination


def _claims(whole: LiveWorld) -> tuple[Claim, ...]:
    nobody = _shop()
    forgotten = _world(frozenset({"dns-rule"}))
    one_end = _world(frozenset({"ingress-rule"}))
    by_service = _world(frozenset({"pod-port"}))
    more = _shop(*_policies(frozenset()), shop.api_in(shop.TARGET_PORT, shop.EITHER).replace("api-in", "also-in"))
    both, either = (_shop(shop.api_in(shop.TARGET_PORT, peers)) for peers in (shop.BOTH, shop.EITHER))
    answered = whole.walk(_FRONT, _API)
    return (
        words.claim_default(nobody.walk(_STRANGER, _API)),
        words.claim_dns(forgotten.walk(_FRONT, _API), _lookup(forgotten)),
        words.claim_answers(answered, sum(1 for hop in answered.reply if hop.stage == Stage.POLICY)),
        words.claim_service_port(shop.API_PORT, shop.TARGET_PORT, by_service.walk(_FRONT, _API)),
        words.claim_one_end(one_end.walk(_FRONT, _API)),
        words.claim_adds(whole.walk(_STRANGER, _API), more.walk(_STRANGER, _API)),
        words.claim_dash(
            *(brief(world.walk(who, _API)) for world in (both, either) for who in (_STRANGER, "pod/shop/db"))
        ),
        words.claim_refused(_enforced("calico"), _enforced("kube-router"), _enforced("none")),
        words.claim_client(_CLIENT, _of_the_client("node2"), _of_the_client("node1")),
        words.claim_probes(whole.walk("node/node2", _TO_API), whole.walk("node/node1", _TO_API)),
    )
