"""The IPVS schedulers: what each computes, on one history; what each is good for, by measuring; what kube-proxy leaves."""

from __future__ import annotations

from fractions import Fraction

from engine.cluster import Mode
from engine.ipvs import SCENARIOS, SCHEDULERS, Workload, WorkServer, kube_proxy_twins, measure
from engine.ipvs.scenario import BARE, KUBE_PROXY, candidates
from engine.trace import Text
from k8squiz.explain.clusters import PODS, Shape
from k8squiz.explain.history import NAMES, Round, picks, rounds
from k8squiz.explain.removed_servers import trash
from k8squiz.explain.reused_ports import reused_ports
from k8squiz.explain.scheduler_words import COMPUTES, FOLLOW_UPS, SOURCES, claims, points
from k8squiz.explain.walked import StoryCluster
from k8squiz.story.blocks import Grid, Paragraph, Section, Story, same

WITHOUT = ("weights",)
WEIGHTS = (4, 1, 1)
_CONNECTIONS = 12
_WORKED = 7


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story; without `weights` every weight is 1, as kube-proxy sets them."""
    weights = (1, 1, 1) if "weights" in without else WEIGHTS
    return Story(
        topic="schedulers",
        title=Text(
            "The IPVS schedulers, and which of them a Service can use", "IPVS 调度算法，以及 Service 用得上哪些"
        ),
        summary=Text(
            f"Three servers, a, b and c, added in this order, with weights {', '.join(map(str, weights))}. The same "
            f"{_CONNECTIONS} connections come in under each of the kernel's {len(SCHEDULERS)} schedulers. Who gets them, "
            "and which scheduler answers which wish?",
            f"三台服务器 a、b、c 依次加入，权重为 {'、'.join(map(str, weights))}。同样的 {_CONNECTIONS} 个连接分别交给内核的 "
            f"{len(SCHEDULERS)} 种调度算法：各分给谁？哪种算法满足哪种需求？",
        ),
        sections=(
            _where_it_is_asked(),
            _one_history(weights),
            _worked(weights),
            _which_fits(),
            _one_address(),
            _kube_proxy(),
            trash(),
            reused_ports(),
        ),
        claims=claims(),
        points=points(),
        follow_ups=FOLLOW_UPS,
        sources=SOURCES,
        without=WITHOUT,
    )


def _where_it_is_asked() -> Section:
    world = StoryCluster(Shape(), mode=Mode.IPVS)
    return Section(
        Text("Where the scheduler is asked", "调度算法在哪里被调用"),
        (
            Paragraph(
                Text(
                    "Once for a connection: at INPUT of the first node, where IPVS finds no entry for it yet. It picks the "
                    "server; conntrack and IPVS' own table remember it for every later packet.",
                    "每个连接只调用一次：在第一个节点的 INPUT 处，IPVS 还没有该连接的表项。算法选出服务器，"
                    "之后的包由 conntrack 与 IPVS 自己的连接表记住。",
                )
            ),
            world.told(same("pod-a -> svc/web"), world.walk("pod/pod-a", "svc/web", to=PODS["pod-b"][0])),
        ),
    )


def _one_history(weights: tuple[int, ...]) -> Section:
    rows = []
    for name in SCHEDULERS:
        rows.append((same(name), COMPUTES[name], same(" ".join(picks(name, weights, _CONNECTIONS)))))
    return Section(
        Text("One history, every scheduler", "同一段历史，每种算法"),
        (
            Grid(
                Text(
                    f"{_CONNECTIONS} clients connect once each, nobody hangs up; - is a connection that no server took",
                    f"{_CONNECTIONS} 个客户端各连接一次，都不断开；- 表示没有服务器接收",
                ),
                (Text("scheduler", "调度算法"), Text("what it computes", "计算什么"), Text("who gets them", "分给谁")),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "A server is added at the head of the kernel's list, and a later one has to be strictly better to "
                    "win: between equals the newest is first, c before b before a.",
                    "服务器总是加在内核列表的头部，后面的必须严格更优才能胜出：相等时最新加入的在前，c 先于 b 先于 a。",
                )
            ),
        ),
    )


def _worked(weights: tuple[int, ...]) -> Section:
    grids = tuple(_costs(name, formula, rounds(name, weights, _WORKED)) for name, formula in _FORMULAS)
    return Section(
        Text("Worked by hand: wlc, sed, nq", "动手计算：wlc、sed、nq"),
        (
            *grids,
            Paragraph(
                Text(
                    "wlc weighs what is there, so an empty server always wins, however small. sed counts the newcomer "
                    "in, so a large server gets several before a small one gets its first. nq is sed that looks for an "
                    "idle server first.",
                    "wlc 只看已有的连接，所以空闲服务器总是优先，无论多小。sed 把新来的这个也算进去，所以大服务器先接几个，小服务器"
                    "才轮到第一个。nq 就是先找空闲服务器的 sed。",
                )
            ),
        ),
    )


_EXPECTED_DELAY = Text("(active + 1) / weight", "（活动 + 1）/ 权重")
_FORMULAS = (
    ("wlc", Text("(active × 256 + inactive) / weight", "（活动 × 256 + 非活动）/ 权重")),
    ("sed", _EXPECTED_DELAY),
    ("nq", _EXPECTED_DELAY),
)


def cost(scheduler: str, active: int, inactive: int, weight: int) -> Fraction:
    """What a table shows as a server's cost: the formula of ip_vs_wlc.c, or of ip_vs_sed.c, which nq shares."""
    return Fraction(active * 256 + inactive, weight) if scheduler == "wlc" else Fraction(active + 1, weight)


def _costs(scheduler: str, formula: Text, found: tuple[Round, ...]) -> Grid:
    rows = []
    for number, one in enumerate(found, 1):
        told = []
        for name in NAMES:
            server = one.before[name]
            value = cost(scheduler, server.active, server.inactive, server.weight)
            idle = Text(", idle", "，空闲") if scheduler == "nq" and not server.active else same("")
            told.append(Text(f"{float(value):g}{idle.en}", f"{float(value):g}{idle.zh}"))
        rows.append((same(str(number)), *told, same(one.picked)))
    return Grid(
        Text(f"{scheduler}: {formula.en}, before each connection", f"{scheduler}：{formula.zh}，每个连接到来之前"),
        (same("#"), *(same(name) for name in NAMES), Text("picked", "选中")),
        tuple(rows),
    )


def _which_fits() -> Section:
    wishes = [scenario for scenario in SCENARIOS.values() if scenario.dataplane == BARE]
    listed = tuple((same(str(n)), same(wish.name), wish.words) for n, wish in enumerate(wishes, 1))
    rows = tuple((same(name), *(same("✓" if wish.fits(name) else "·") for wish in wishes)) for name in candidates(BARE))
    return Section(
        Text("Which scheduler answers which wish", "哪种算法满足哪种需求"),
        (
            Grid(
                Text("what service owners wish", "服务负责人的需求"),
                (same("#"), Text("scenario", "场景"), Text("in words", "描述")),
                listed,
            ),
            Grid(
                Text(
                    "✓: the workload was run and its figures met the requirement (bare IPVS)",
                    "✓：实际运行该负载，测得的数值满足要求（纯 IPVS）",
                ),
                (Text("scheduler", "调度算法"), *(number for number, _, _ in listed)),
                rows,
            ),
            Paragraph(
                Text(
                    "The figures behind it: `k8squiz schedulers --scenario never-queue`, and so on.",
                    "背后的数值：`k8squiz schedulers --scenario never-queue`，其余类推。",
                )
            ),
        ),
    )


_FOUR = tuple(WorkServer(f"pod-{number}", slots=20) for number in range(1, 5))
_MANY = 60


def _one_address() -> Section:
    rows = []
    for name in ("dh", "lblc", "lblcr", "rr"):
        cells = []
        for destinations in (1, _MANY):
            load = Workload(_FOUR, clients=_MANY, connections=600, destinations=destinations)
            shares = [served for _, served in measure(load, name).connections]
            cells.append(same(" ".join(map(str, shares))))
        rows.append((same(name), *cells))
    return Section(
        Text("dh, lblc, lblcr: made for caches", "dh、lblc、lblcr：为缓存而生"),
        (
            Grid(
                Text(
                    "600 connections, four equal servers: how many each got", "600 个连接，四台相同的服务器：各分到多少"
                ),
                (
                    Text("scheduler", "调度算法"),
                    Text("one ClusterIP", "一个 ClusterIP"),
                    Text(f"{_MANY} addresses (firewall mark)", f"{_MANY} 个地址（firewall mark）"),
                ),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "They look at the address that is asked for, so that a cache always serves the same sites. A "
                    "Service has one: dh gives it one pod for ever. lblc stays with one until that is overloaded, "
                    "which with weight 1 two connections at once are while another is idle; then it moves on, and no "
                    "client gains by it.",
                    "它们看的是被访问的地址，好让每个缓存总是服务同样的站点。而一个 Service 只有一个地址：dh 永远给同一个 Pod。lblc 会"
                    "一直给同一个，直到它过载；权重为 1 时，同时有两个连接而别处空闲就算过载，于是它换到下一个，没有哪个客户端因此受益。",
                )
            ),
        ),
    )


def _kube_proxy() -> Section:
    rows = []
    worlds = [scenario for scenario in SCENARIOS.values() if scenario.dataplane == KUBE_PROXY]
    uneven = SCENARIOS["unequal-servers"]
    for twins in kube_proxy_twins():
        first, second = sorted(twins, key=list(SCHEDULERS).index)
        equal = all(world.measure(first) == world.measure(second) for world in worlds)
        spread = ", ".join(f"{uneven.measure(name).load_spread:.3g}" for name in (first, second))
        told = Text("every figure equal", "各项数值全部相同") if equal else Text("figures differ", "数值不同")
        rows.append((same(f"{first}, {second}"), told, same(spread)))
    return Section(
        Text("Under kube-proxy", "在 kube-proxy 之下"),
        (
            Grid(
                Text("pairs that weights alone tell apart", "只有权重才能区分的算法"),
                (
                    Text("pair", "一对"),
                    Text("all weights 1 (kube-proxy)", "权重全为 1（kube-proxy）"),
                    Text("load_spread with unequal weights", "权重不同时的 load_spread"),
                ),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "kube-proxy gives every endpoint weight 1, and 0 while it waits for a terminating one's "
                    "connections; the scheduler is one for the cluster (ipvs.scheduler). mh comes with mh-port: it "
                    "hashes the client's port too, so a client does not stay. Whoever wants that sets sessionAffinity "
                    "ClientIP, which is persistence (-p), whatever the scheduler.",
                    "kube-proxy 给每个端点的权重都是 1，等待正在终止的端点结束连接时为 0；全集群只有一个调度算法（ipvs.scheduler）。"
                    "mh 会带上 mh-port：连客户端端口也参与哈希，所以客户端不会固定。需要固定时应设置 sessionAffinity: ClientIP，"
                    "它就是会话保持（-p），与调度算法无关。",
                )
            ),
        ),
    )
