"""How far the engine goes with one input, in one place; docs/limits.md tells each, and a test compares the two.

Kubernetes and the kernel set some of these; the others are ours, far beyond what a cluster holds, so that no file
makes the engine run or grow without end.
"""

from __future__ import annotations

#: TTL and hop limit of a packet as its sender makes it (net.ipv4.ip_default_ttl, IPV6_DEFAULT_HOPLIMIT).
INITIAL_TTL = 64
#: Steps of one packet (a device, a socket, an encapsulation) on its way from end to end.
MOST_STEPS = 4096
#: Distinct ways of one request, where all are asked for.
MOST_WAYS = 4096
#: Steps of all those ways together: ways that circle are long.
MOST_STEPS_OF_ALL_WAYS = 40_000
#: Chains entered, and rules evaluated, by one packet in one base chain.
MOST_CHAINS_ENTERED = 16_384
MOST_RULES_EVALUATED = 4_000_000
#: How deep chains may lead into each other. nftables itself allows 16 (NFT_JUMP_STACK_SIZE).
MOST_CHAIN_DEPTH = 256
#: A workload of the schedulers: connections, clients and destinations; servers; connections times servers; changes midway.
#: All 18 candidates run it in 10 CPU seconds at most.
MOST_CONNECTIONS = 10_000
MOST_SERVERS = 250
MOST_CONNECTIONS_BY_SERVERS = 100_000
MOST_CHANGES = 50
#: How long it may last, in milliseconds: connections times the longest of gap, short and long; the time of a change.
LONGEST_WORKLOAD = 1_000_000_000
#: A real server's weight (ipvsadm(8): 0 to 65535), speed and slots.
MOST_WEIGHT = 65_535
