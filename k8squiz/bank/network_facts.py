"""The network facts a question can set under `cluster.network`: one row each. What one does is the engine's affair.

Left out is what a question says otherwise: `cni`, `clientAddress`, `without`.
"""

from __future__ import annotations

from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class NetworkFact:
    """`name` as YAML spells it, `default` as one would write it, `sysctl` where it is one, `told` for README."""

    name: str
    default: str
    told: str
    sysctl: str = ""


NETWORK_FACTS = (
    NetworkFact("hairpinMode", "the CNI's own", "whether the bridge sends a frame back out of its own port"),
    NetworkFact(
        "bridgeNfCallIptables", "true", "whether bridged frames pass iptables", "net.bridge.bridge-nf-call-iptables"
    ),
    NetworkFact("rpFilter", "0", "0, 1 (strict) or 2 (loose)", "net.ipv4.conf.*.rp_filter"),
    NetworkFact("routeLocalnet", "true", "false: although kube-proxy would set it", "net.ipv4.conf.all.route_localnet"),
    NetworkFact("ipForward", "true", "whether nodes forward", "net.ipv4.ip_forward"),
    NetworkFact("serviceCIDRVia", "none", "`node1`: the router sends ClusterIPs to this node"),
    NetworkFact("loadBalancerHealthChecks", "true", "whether the load balancer asks the healthCheckNodePort"),
    NetworkFact("missingRoutes", "[]", "routes between nodes that are not there: `[{node: node1, to: node2}]`"),
    NetworkFact("mtu", "1500", "of the nodes' network cards"),
    NetworkFact("externalHosts", "{}", "hosts outside the cluster by name: `{db: 203.0.113.9}`"),
    NetworkFact("policyEnforcement", "by the CNI", "who asks network policies: none, calico, kube-router, kindnet"),
    NetworkFact("forwardPolicy", "ACCEPT", "policy of iptables' filter FORWARD: ACCEPT or DROP"),
    NetworkFact("inputPolicy", "ACCEPT", "policy of iptables' filter INPUT: ACCEPT or DROP"),
    NetworkFact("nodes", "[]", "facts of single nodes: `[{name: node1, ipForward: false}]`"),
    NetworkFact("staleEndpoints", "[]", "endpoints that are gone and that kube-proxy still has"),
    NetworkFact("listeners", "what pods declare", "ports that a pod listens on: `[{pod: default/a, ports: [8080]}]`"),
    NetworkFact("sharedAddresses", "{}", "an address of several pods: the one that answers: `{10.244.1.5: default/a}`"),
    NetworkFact("underlayDrops", "[]", "what the network between the nodes drops: a protocol and a port"),
    NetworkFact("underlayMTU", "0", "bytes that a switch between the nodes carries; 0: as the cards"),
    NetworkFact("underlayDropsFragments", "false", "whether the network between the nodes drops fragments"),
    NetworkFact("podMTU", "the plugin's", "of the pods and their bridge"),
    NetworkFact("tunnelMTU", "the plugin's", "of the tunnel devices"),
)
