"""A name in the cluster: resolv.conf, the queries it makes of one name, the way of a query, who answers and for how long."""

from __future__ import annotations

import dataclasses

from engine.dns import DNSQuery, Lookup, lookup, records
from engine.dns.addresses import Libc
from engine.dns.answers import Ask
from engine.dns.cache import KUBEADM, NODE_LOCAL, DNSCache, ask_through
from engine.dns.zone import NOERROR, ZoneIndex
from engine.shell.names import zone_behind
from engine.shell.resolver import resolv_conf
from engine.trace import Outcome, Stage, Text, Verdict
from k8squiz.explain import dns_cluster as cluster
from k8squiz.explain import dns_words as words
from k8squiz.explain.live_world import LiveWorld, Typed
from k8squiz.explain.walked import first, last
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, same

WITHOUT = ("search-list", "ndots-5", "path-to-node2", "coredns-ready")
_FRONT = "pod/shop/front"
_SERVICE = "svc/kube-system/kube-dns:53"
_FAR = cluster.PODS["kube-system/coredns-2"][0]
_FULL = f"api.shop.svc.{cluster.DOMAIN}"
_NAMES = ("api", "api.shop", _FULL, f"{_FULL}.", cluster.FOREIGN, f"{cluster.FOREIGN}.")
_LIBRARIES: tuple[Libc, ...] = ("glibc", "musl")


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the pod's resolv.conf, or from the cluster."""
    world, whole = _world(without), _world()
    return Story(
        topic="dns",
        title=words.TITLE,
        summary=words.SUMMARY,
        sections=(
            _settings(world),
            _asked(world),
            _on_its_way(world),
            _dots(),
            _records(world),
            _silent(),
            _kept(),
            _node_cache(),
            _what_breaks(),
        ),
        claims=_claims(whole),
        points=words.POINTS,
        spoken=words.spoken(_figures(whole)),
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "Kubernetes documentation, DNS for Services and Pods; Kubernetes DNS-Based Service Discovery 1.1.0",
            "resolv.conf(5); glibc 2.36 resolv/res_query.c, res_send.c; musl 1.2.3 src/network/lookup_name.c, res_msend.c",
            "CoreDNS plugin/kubernetes, plugin/cache; kubernetes/dns cmd/node-cache (KEP-1024)",
            "kubernetes issue 56903: two packets of one socket race in conntrack (as of 2026-11; not walked here)",
        ),
        without=WITHOUT,
    )


_OPTIONS = "dnsConfig: {options: [{name: ndots, value: '1'}]}, "
_NO_SEARCH = (
    f"dnsPolicy: None, dnsConfig: {{nameservers: [{cluster.SERVER}], options: [{{name: ndots, value: '%d'}}]}}, "
)
# What dnsPolicy and dnsConfig make of the pod's file.
_POLICIES = (
    (same("ClusterFirst"), ""),
    (same("Default"), "dnsPolicy: Default, "),
    (words.POLICY_NONE, _NO_SEARCH % 5),
)


def _world(without: frozenset[str] = frozenset(), *, node_cache: bool = False) -> LiveWorld:
    dots = 1 if "ndots-5" in without else 5
    pod_dns = _NO_SEARCH % dots if "search-list" in without else _OPTIONS if dots == 1 else ""
    return _with_dns(pod_dns, ready="coredns-ready" not in without, cut="path-to-node2" in without, cache=node_cache)


def _with_dns(pod_dns: str, *, ready: bool = True, cut: bool = False, cache: bool = False) -> LiveWorld:
    """The cluster with front's dnsPolicy and dnsConfig; `cut`: no tunnel's packet gets from node to node."""
    lost = ["underlayDrops: [{protocol: UDP, port: 8472}]"] if cut else []
    outside = f"externalHosts: {{{cluster.FOREIGN}: {cluster.OUTSIDE}}}"
    return LiveWorld(outside, *lost, manifests=cluster.manifests(pod_dns, ready=ready, node_cache=cache))


def _looked_up(world: LiveWorld, name: str, libc: Libc = "glibc", *, dead: tuple[str, ...] = ()) -> Lookup:
    """What getaddrinfo() in front does for the name, every query answered but those to `dead` servers."""
    text = resolv_conf(world.shell.live, "front")
    return lookup(resolv_conf=text, name=name, libc=libc, zone=zone_behind(world.shell.live, text), dead=dead)


def _found(looked: Lookup) -> Text:
    """What came of it, as a cell: so many queries, and the address or the error."""
    return words.found(len(looked.queries), looked.result[0] if looked.result else looked.error)


def _told(looked: Lookup) -> Text:
    """The same in a sentence."""
    return words.told(len(looked.queries), looked.result[0] if looked.result else looked.error)


def _settings(world: LiveWorld) -> Section:
    shown = world.session(words.SHOWN, Typed("shop/front", "cat /etc/resolv.conf"))
    rows = []
    for policy, pod_dns in _POLICIES:
        other = _with_dns(pod_dns)
        rows.append((policy, *(_found(_looked_up(other, name)) for name in ("api", cluster.FOREIGN))))
    grid = Grid(words.POLICIES_CAPTION, (same("dnsPolicy"), same("api"), same(cluster.FOREIGN)), tuple(rows))
    return Section(words.SETTINGS, (Paragraph(words.SETTINGS_TOLD), shown, grid))


def _asked(world: LiveWorld) -> Section:
    rows = tuple((same(name), *(_found(_looked_up(world, name, libc)) for libc in _LIBRARIES)) for name in _NAMES)
    log = [_logged(query) for query in _looked_up(world, cluster.FOREIGN).queries]
    return Section(
        words.ASKED,
        (
            Grid(words.ASKED_CAPTION, (words.NAME, *(same(libc) for libc in _LIBRARIES)), rows),
            Rules(words.LOG, tuple(log)),
            Paragraph(words.ASKED_TOLD),
        ),
    )


def _logged(query: DNSQuery) -> str:
    return f"{query.type:<5}{query.name}.  {query.rcode}" + (f" ({query.answers})" if query.rcode == NOERROR else "")


def _query(world: LiveWorld, to: str = _FAR) -> Outcome:
    return world.walk(_FRONT, _SERVICE, to=to, protocol="UDP")


def _on_its_way(world: LiveWorld) -> Section:
    outcome = _query(world)
    there, back = outcome.hops, outcome.reply
    hops = (
        there[0],
        first(there, Stage.DNAT),
        first(there, Stage.ROUTING),
        first(there, Stage.WIRE),
        first(there, Stage.SOCKET),
        next((hop for hop in back if hop.changes and hop.stage == Stage.POSTROUTING), None),
        last(back[1:], Stage.SOCKET),
    )
    return world.stepped(words.WAY, words.WAY_CAPTION, zip(words.STEPS, hops, strict=True), outcome)


def _dots() -> Section:
    rows = []
    for dots in (5, 2, 1):
        world = _with_dns(f"dnsConfig: {{options: [{{name: ndots, value: '{dots}'}}]}}, ")
        for libc in _LIBRARIES:
            cells = (_found(_looked_up(world, name, libc)) for name in ("api", "api.shop", cluster.FOREIGN))
            rows.append((same(f"ndots:{dots}, {libc}"), *cells))
    grid = Grid(words.DOTS_CAPTION, (words.OPTION, same("api"), same("api.shop"), same(cluster.FOREIGN)), tuple(rows))
    return Section(words.DOTS, (grid, Paragraph(words.DOTS_TOLD)))


def _records(world: LiveWorld) -> Section:
    zone = records(world.cluster, cluster.DOMAIN)
    names = (_FULL, f"_http._tcp.{_FULL}", *(f"{name}.shop.svc.{cluster.DOMAIN}" for name in ("db", "db-0.db", "pay")))
    rows = tuple((same(name), same(", ".join(" ".join(pair) for pair in zone[name]))) for name in names)
    return Section(
        words.RECORDS, (Grid(words.RECORDS_CAPTION, (words.NAME, words.ANSWER), rows), Paragraph(words.RECORDS_TOLD))
    )


_DEAD = "10.96.0.9"


def _two_servers(options: str, name: str, libc: Libc) -> Lookup:
    """The first of two name servers never answers."""
    text = resolv_conf(_world().shell.live, "front")
    text = text.replace("nameserver", f"nameserver {_DEAD}\nnameserver", 1).replace("ndots:5", f"ndots:5{options}")
    return lookup(resolv_conf=text, name=name, libc=libc, zone=zone_behind(_world().shell.live, text), dead=(_DEAD,))


def _silent() -> Section:
    rows = []
    for options in ("", " timeout:1 attempts:1"):
        for libc in _LIBRARIES:
            cells = (words.seconds(_two_servers(options, name, libc).seconds) for name in ("api", cluster.FOREIGN))
            rows.append((words.servers(libc, options), *cells))
    grid = Grid(words.SILENT_CAPTION, (words.RESOLVER, same("api"), same(cluster.FOREIGN)), tuple(rows))
    return Section(words.SILENT, (grid, Paragraph(words.silent(_only_server("glibc"), _only_server("musl")))))


def _only_server(libc: Libc) -> float:
    """Seconds until a look-up of api gives up where the only name server never answers."""
    return _looked_up(_world(), "api", libc, dead=(cluster.SERVER,)).seconds


_PLAIN = dataclasses.replace(KUBEADM, success_off=(cluster.DOMAIN,), denial_off=(cluster.DOMAIN,))
_CACHES: tuple[tuple[Text, tuple[DNSCache, ...]], ...] = (
    (words.CACHE_30, (KUBEADM,)),
    (words.CACHE_DISABLED, (_PLAIN,)),
    (words.CACHE_NODE, (NODE_LOCAL, KUBEADM)),
)


def _ask(*addresses: str) -> Ask:
    """A zone in which the headless Service db has those endpoints."""
    name = f"db.shop.svc.{cluster.DOMAIN}"
    zone = {f"svc.{cluster.DOMAIN}": (), **({name: tuple(("A", one) for one in addresses)} if addresses else {})}
    index = ZoneIndex(zone)
    return index.answer


def _old_for(caches: tuple[DNSCache, ...], before: Ask, after: Ask) -> int:
    """Seconds for which a client that asked a moment before a change may still get the old answer."""
    name = f"db.shop.svc.{cluster.DOMAIN}"
    held = ask_through(caches, before, name, "A", 0).caches
    wanted = after(name, "A")
    return next(at for at in range(600) if ask_through(held, after, name, "A", at).answer == wanted)


def _kept() -> Section:
    rows = []
    for name, caches in _CACHES:
        gone = _old_for(caches, _ask("10.244.2.9"), _ask("10.244.2.10"))
        made = _old_for(caches, _ask(), _ask("10.244.2.9"))
        rows.append((name, same(f"{gone} s"), same(f"{made} s")))
    headers = (words.CACHE, words.CHANGED, words.MADE)
    return Section(words.KEPT, (Grid(words.KEPT_CAPTION, headers, tuple(rows)), Paragraph(words.KEPT_TOLD)))


def _tracked(outcome: Outcome, host: str = "node1") -> str:
    return str(sum(1 for entry in outcome.conntrack if entry.host == host))


def _node_cache() -> Section:
    cached = _world(node_cache=True)
    rows = []
    for name, outcome in ((words.PLAIN_DNS, _query(_world())), (words.NODE_LOCAL_DNS, _query(cached))):
        rewritten = first(outcome.hops, Stage.DNAT) is not None
        hosts = " → ".join(dict.fromkeys(hop.host for hop in outcome.hops))
        rows.append((name, same(hosts), words.YES if rewritten else words.NO, same(_tracked(outcome)), same(str(outcome.cost.rules_evaluated))))  # fmt: skip
    grid = Grid(words.NODE_CACHE_CAPTION, words.NODE_CACHE_HEADERS, tuple(rows))
    return Section(
        words.NODE_CACHE,
        (
            cached.told(words.NODE_CACHE_WALK, _query(cached)),
            grid,
            Paragraph(words.NODE_CACHE_TOLD),
        ),
    )


def _chances(world: LiveWorld) -> Text:
    """Every way a query can go, with its chance."""
    ways = world.ways(_FRONT, _SERVICE, protocol="UDP")
    by_verdict = {verdict: sum(way.probability for way in ways if way.verdict is verdict) for verdict in Verdict}
    return same(", ".join(f"{chance} {verdict}" for verdict, chance in by_verdict.items() if chance))


def _fate(world: LiveWorld, name: str) -> Text:
    """What musl makes of the name, where every query is answered; else whether some are, or none."""
    ends = {way.verdict for way in world.ways(_FRONT, _SERVICE, protocol="UDP")}
    if ends == {Verdict.DELIVERED}:
        return _found(_looked_up(world, name, "musl"))
    return words.SOME_FAIL if Verdict.DELIVERED in ends else words.FAILS


def _what_breaks() -> Section:
    cases = (frozenset[str](), *(frozenset({part}) for part in WITHOUT), frozenset({"search-list", "ndots-5"}))
    rows = []
    for parts in cases:
        world = _world(parts)
        looked = (_fate(world, name) for name in ("api", "api.shop"))
        rows.append((words.case(parts), _chances(world), *looked))
    return Section(words.BREAKS, (Grid(words.BREAKS_CAPTION, words.BREAKS_HEADERS, tuple(rows)),))


def _figures(whole: LiveWorld) -> words.Figures:
    return words.Figures(
        server=cluster.SERVER,
        outside=len(_looked_up(whole, cluster.FOREIGN).queries),
        dotted=len(_looked_up(whole, f"{cluster.FOREIGN}.").queries),
        short=len(_looked_up(whole, "api").queries),
        full=len(_looked_up(whole, _FULL).queries),
        dead=_two_servers("", cluster.FOREIGN, "glibc").seconds,
    )


def _claims(whole: LiveWorld) -> tuple[Claim, ...]:
    fewer = _with_dns(_OPTIONS)
    figures = _figures(whole)
    refused = _query(_world(frozenset({"coredns-ready"})))
    return (
        words.claim_full(_FULL, figures),
        words.claim_ndots(*(_told(_looked_up(fewer, "api.shop", libc)) for libc in _LIBRARIES)),
        words.claim_second(figures.dead, _two_servers("", cluster.FOREIGN, "musl").seconds),
        words.claim_down(refused, _only_server("glibc")),
        words.claim_service(_tracked(_query(whole)), first(_query(whole).hops, Stage.DNAT)),
        words.claim_headless(len(records(whole.cluster)[f"db.shop.svc.{cluster.DOMAIN}"]), _tcp(whole)),
        words.claim_policy(_told(_looked_up(_with_dns("dnsPolicy: Default, "), "api"))),
        words.claim_race(_tracked(_query(_world(node_cache=True)))),
    )


def _tcp(world: LiveWorld) -> Outcome:
    """front at the headless Service's pod."""
    return world.walk(_FRONT, "pod/shop/db-0:5432")
