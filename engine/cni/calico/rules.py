"""What felix writes in the nat table: what leaves the pools with natOutgoing is masqueraded.

Its filter, mangle and raw chains decide policies and spoofed sources; they are not written here: what policies allow is
engine.networkpolicy's.

Sources: projectcalico/calico felix/rules/{static,nat}.go, felix/iptables (RuleHashes: SHA-224, chained from rule to rule),
felix/ipsets; hashes checked against felix's own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from engine.cluster import CNIConfig, IPPool
from engine.cni.calico.chains import FIP_DNAT, FIP_SNAT, NAT_OUTGOING, OUTPUT, POSTROUTING, PREROUTING
from engine.cni.interface import WrittenRules
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.devices import OutInterface
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.protocol import Protocol
from engine.netfilter.parts.set_match import SetMatch
from engine.netfilter.parts.verdicts import Jump
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table, Target
from engine.packet import L4, Family, family_of, is_ipv6

_MOST_MEMBERS = 1048576  # FelixConfiguration maxIpsetSize
_VXLAN_PORT = 4789


def pools_of(config: CNIConfig) -> tuple[IPPool, ...]:
    """The cluster's pools; where none is given, calico.yaml's: one for each network of the pods, natOutgoing for IPv4."""
    if config.pools:
        return config.pools
    return tuple(
        IPPool(net, nat_outgoing=config.ip_masq and not is_ipv6(net.partition("/")[0])) for net in config.networks
    )


def written_rules(pools: Iterable[IPPool], family: Family, tunnels: Iterable[str]) -> WrittenRules:
    """felix's nat table for one family: `tunnels` are the tunnel devices that hold an address, vxlan.calico among them."""
    own = [pool for pool in pools if family_of(pool.cidr.partition("/")[0]) is family]
    masqueraded = sorted(pool.cidr for pool in own if pool.nat_outgoing)
    prefix = "cali60" if family is Family.IPV6 else "cali40"
    masq, everything = f"{prefix}masq-ipam-pools", f"{prefix}network-ip-pools"
    chains = built_in_chains("nat")
    for hook, chain in ((Hook.PREROUTING, PREROUTING), (Hook.OUTPUT, OUTPUT)):
        chains[hook.value].rules += _hashed(hook.value, [((), Jump(chain), f"--jump {chain}")])
    # Behind kube-proxy's jump, whose chain clears its mark: appended rules are hashed under a name of their own.
    appended = f"{Hook.POSTROUTING.value}*appends*"
    chains[Hook.POSTROUTING.value].rules += _hashed(appended, [((), Jump(POSTROUTING), f"--jump {POSTROUTING}")])
    to_dnat: _Written = ((), Jump(FIP_DNAT), f"--jump {FIP_DNAT}")
    outgoing = [_to_snat, ((), Jump(NAT_OUTGOING), f"--jump {NAT_OUTGOING}"), *_from_tunnels(tunnels)]
    rules: dict[str, list[_Written]] = {
        OUTPUT: [to_dnat],
        POSTROUTING: outgoing,
        PREROUTING: [to_dnat],
        FIP_DNAT: [],
        FIP_SNAT: [],
        NAT_OUTGOING: [],
    }
    if masqueraded:
        rules[NAT_OUTGOING] = [
            (
                (SetMatch(masq, ("src",)), SetMatch(everything, ("dst",), negate=True)),
                Masquerade(random_fully=True),
                f"-m set --match-set {masq} src -m set ! --match-set {everything} dst --jump MASQUERADE --random-fully",
            )
        ]
    chains.update({name: Chain(name, _hashed(name, written)) for name, written in rules.items()})
    sets = {
        name: IpSet(name, SetType.HASH_NET, family, set(members), max_elements=_MOST_MEMBERS)
        for name, members in ((masq, masqueraded), (everything, [pool.cidr for pool in own]))
    }
    inserted = frozenset({("nat", Hook.PREROUTING.value), ("nat", Hook.OUTPUT.value)})
    return WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains, sets)}), inserted)


# Matches as iptables-save prints them, target, and the rule as felix writes it.
_Written = tuple[tuple[Match, ...], Target, str]
_to_snat: _Written = ((), Jump(FIP_SNAT), f"--jump {FIP_SNAT}")


def _from_tunnels(tunnels: Iterable[str]) -> Iterable[_Written]:
    """What the node itself sends into a tunnel under another of its addresses gets the tunnel's, or the answer would not
    find its way back; a VXLAN packet's own port must not come out of it."""
    for device in tunnels:
        not_here = (AddressType("src", negate=True, limit="out"), AddressType("src"))
        text = f"--out-interface {device} -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL"
        if device == "vxlan.calico":
            yield (
                (OutInterface(device), Protocol(L4.UDP), *not_here),
                Masquerade(random_fully=True, ports=(_VXLAN_PORT + 1, 65535)),
                f"-p 17 {text} --jump MASQUERADE --to-ports {_VXLAN_PORT + 1}-65535 --random-fully",
            )
        yield (
            (OutInterface(device), *not_here),
            Masquerade(random_fully=True),
            f"{text} --jump MASQUERADE --random-fully",
        )


def _hashed(chain: str, written: Iterable[_Written]) -> list[Rule]:
    """The rules with felix's comment: each rule's hash covers the chain's name and all rules before it."""
    digest = hashlib.sha224(chain.encode()).digest()
    found = []
    for matches, target, text in written:
        digest = hashlib.sha224(digest + f"-A {chain} HASH {text}".encode()).digest()
        said = Comment("cali:" + base64.urlsafe_b64encode(digest).decode()[:16])
        # The comment comes first of what a rule loads by -m, behind -o and -p.
        before = sum(isinstance(match, OutInterface | Protocol) for match in matches)
        found.append(Rule((*matches[:before], said, *matches[before:]), target))
    return found
