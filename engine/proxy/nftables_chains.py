"""What the chains of kube-proxy's nftables mode mean, a row each. All stand in a table of its own.

Source: pkg/proxy/nftables/proxier.go and README.md of Kubernetes.
"""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning as Row
from engine.netfilter.chain_meaning import ChainRole, ChainWriter
from engine.proxy import chain_texts as texts
from engine.proxy.nftables_names import TABLE
from engine.trace import ReasonCode, Text
from engine.values import pattern

ROWS = (
    Row(
        "services",
        texts.LOOK_UP,
        Text("{host}: services, two look-ups in verdict maps", "{host}：services，在判决映射中查找两次"),
    ),
    Row(
        "service-endpoints-check",
        Text("Services without usable endpoints are looked up.", "查找没有可用端点的 Service。"),
        Text(
            "{host}: service-endpoints-check, Services without endpoints",
            "{host}：service-endpoints-check，没有端点的 Service",
        ),
        code=ReasonCode.NO_LOCAL_ENDPOINTS,
    ),
    Row(
        "nodeport-endpoints-check",
        Text("NodePorts without usable endpoints are looked up.", "查找没有可用端点的 NodePort。"),
        Text(
            "{host}: nodeport-endpoints-check, NodePorts without endpoints",
            "{host}：nodeport-endpoints-check，没有端点的 NodePort",
        ),
        code=ReasonCode.NO_LOCAL_ENDPOINTS,
    ),
    Row(
        "cluster-ips-check",
        card=Text(
            "{host}: cluster-ips-check rejects unknown ports of ClusterIPs",
            "{host}：cluster-ips-check 拒绝 ClusterIP 的未知端口",
        ),
        code=ReasonCode.UNKNOWN_CLUSTER_IP_PORT,
        part="cluster-ips-check",
    ),
    Row(
        "firewall-check",
        card=Text("{host}: firewall-check, addresses with source ranges", "{host}：firewall-check，限定来源的地址"),
        code=ReasonCode.SOURCE_RANGES,
    ),
    Row(
        "external-",
        texts.EXTERNAL,
        Text("{host}: external-…, the chain for traffic from outside", "{host}：external-…，外部流量的入口链"),
    ),
    Row(
        "service-",
        texts.DRAW,
        Text("{host}: service-…, picks an endpoint of the Service", "{host}：service-…，选出该 Service 的一个端点"),
    ),
    # A Service whose policy is Local, for traffic from outside or inside.
    Row(
        "local-",
        texts.LOCAL,
        Text("{host}: local-… picks one of the local endpoints", "{host}：local-… 从本地端点中选一个"),
    ),
    Row(
        "endpoint-",
        texts.DRAWN,
        Text("{host}: endpoint-…, the chain of one endpoint, does DNAT", "{host}：endpoint-…，单个端点的链，执行 DNAT"),
        role=ChainRole.ENDPOINT,
    ),
    Row(
        "mark-for-masquerade",
        texts.MARK,
        Text("{host}: mark-for-masquerade sets the mark", "{host}：mark-for-masquerade 打上标记"),
        role=ChainRole.MARK,
    ),
    Row(
        "masquerading",
        texts.SOURCE_NAT,
        Text("{host}: masquerading masquerades what is marked", "{host}：masquerading 对带标记的数据包做 MASQUERADE"),
        role=ChainRole.MASQUERADE,
    ),
    # The maps of Services without endpoints lead here, from every check.
    Row(
        "reject-chain",
        card=Text("{host}: reject-chain rejects", "{host}：reject-chain 拒绝"),
        code=ReasonCode.NO_ENDPOINTS,
    ),
    Row("firewall-", texts.SOURCE_RANGES, code=ReasonCode.SOURCE_RANGES),
)

# A chain of one Service or endpoint: what it is, its hash, whose it is.
_OF_A_SERVICE = pattern(r"([a-z]+)-[A-Z2-7]{8}-(?:[^_]*__)?(.+)")


def _short(chain: str) -> str | None:
    """service-…default/web/tcp, endpoint-…10.244.2.8/8080: without the hash."""
    named = _OF_A_SERVICE.fullmatch(chain)
    return None if named is None else f"{named[1]}-…{named[2].rstrip('/')}"


WRITER = ChainWriter(
    "nftables",
    ROWS,
    table=TABLE,
    # Since v1.36 a rule sets the mark itself where before it jumped to mark-for-masquerade.
    marks_in_place=True,
    # Base chains of its own at every hook, where the other modes hang theirs on the kernel's built-in chains.
    base=r"(nat|filter)-[a-z]+(-(pre|post)-dnat)?",
    refusals=(("unallocated ClusterIPs", ReasonCode.UNASSIGNED_CLUSTER_IP),),
    reasons=texts.REASONS,
    # Since v1.36; before, each endpoint's chain marks by its source.
    hairpin_sets=("hairpin-connections",),
    short=_short,
)
