"""Names: what glibc and musl ask for one, a pod's resolv.conf, the DNS records of a cluster, what a cache keeps of them;
and what NodeLocal DNSCache writes on a node.

`lookup` is getaddrinfo over a zone. No packet lives here, nor how one reaches a name server: that is the walk's; nothing is
sent and no clock is read.
"""

from __future__ import annotations

from engine.dns.answers import DNSQuery, Lookup
from engine.dns.lookup import lookup
from engine.dns.pod import KubeletDNS, PodResolvConf, pod_resolv_conf
from engine.dns.records import records

__all__ = ["DNSQuery", "KubeletDNS", "Lookup", "PodResolvConf", "lookup", "pod_resolv_conf", "records"]
