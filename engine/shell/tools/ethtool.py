"""ethtool(8) -k: a device's offloads, as Linux 6.18 has them for the devices of a cluster. Source: net/ethtool/common.c.

A network card's are those of the virtual cards of clouds here: what is software's to do is on.
"""

from __future__ import annotations

from engine.network.devices import DeviceKind
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed

# Columns: lo, a card or one end of a veth pair, a bridge, a VXLAN device. "*": [fixed]; "?": [requested on].
_KINDS = {
    DeviceKind.LOOPBACK: 0, DeviceKind.ETHERNET: 1, DeviceKind.VETH: 1, DeviceKind.BRIDGE: 2, DeviceKind.VXLAN: 3, DeviceKind.IPIP: 3,
    DeviceKind.DUMMY: 3,
}  # fmt: skip
_FEATURES = """
rx-checksumming on* on off* on
tx-checksumming on on on on
>tx-checksum-ipv4 off* off* off* off*
>tx-checksum-ip-generic on* on on on
>tx-checksum-ipv6 off* off* off* off*
>tx-checksum-fcoe-crc off* off* off* off*
>tx-checksum-sctp on* on off* off*
scatter-gather on on on on
>tx-scatter-gather on* on on on
>tx-scatter-gather-fraglist on* on on on
tcp-segmentation-offload on on on on
>tx-tcp-segmentation on on on on
>tx-tcp-ecn-segmentation on on on on
>tx-tcp-mangleid-segmentation on on on on
>tx-tcp6-segmentation on on on on
>tx-tcp-accecn-segmentation on on on on
generic-segmentation-offload on on on on
generic-receive-offload on off on on
large-receive-offload off* off* off* off*
rx-vlan-offload off* on off* off*
tx-vlan-offload off* on on off*
ntuple-filters off* off* off* off*
receive-hashing off* off* off* off*
highdma on* on on off*
rx-vlan-filter off* off* off* off*
vlan-challenged on* off* off* off*
tx-gso-robust off* off* off? off*
tx-fcoe-segmentation off* off* off? off*
tx-gre-segmentation off* on on off*
tx-gre-csum-segmentation off* on on off*
tx-ipxip4-segmentation off* on on off*
tx-ipxip6-segmentation off* on on off*
tx-udp_tnl-segmentation off* on on off*
tx-udp_tnl-csum-segmentation off* on on off*
tx-gso-partial off* off* on off*
tx-tunnel-remcsum-segmentation off* off* on off*
tx-sctp-segmentation on on on on
tx-esp-segmentation off* off* on off*
tx-udp-segmentation on on on on
tx-gso-list on on on on
tx-nocache-copy off* off off off
loopback on* off* off* off*
rx-fcs off* off* off* off*
rx-all off* off* off* off*
tx-vlan-stag-hw-insert off* on on off*
rx-vlan-stag-hw-parse off* on off* off*
rx-vlan-stag-filter off* off* off* off*
l2-fwd-offload off* off* off* off*
hw-tc-offload off* off* off* off*
esp-hw-offload off* off* off* off*
esp-tx-csum-hw-offload off* off* off* off*
rx-udp_tunnel-port-offload off* off* off* off*
tls-hw-tx-offload off* off* off* off*
tls-hw-rx-offload off* off* off* off*
rx-gro-hw off* off* off* off*
tls-hw-record off* off* off* off*
rx-gro-list off off off off
macsec-hw-offload off* off* off* off*
rx-udp-gro-forwarding off off off off
hsr-tag-ins-offload off* off* off* off*
hsr-tag-rm-offload off* off* off* off*
hsr-fwd-offload off* off* off* off*
hsr-dup-offload off* off* off* off*
"""


def run(call: Call) -> Result:
    """`ethtool -k DEVICE`."""
    words = [word for word in call.args if not word.startswith("-")]
    if call.args[:1] not in (("-k",), ("--show-features",), ("--show-offload",)):
        return failed("ethtool: here it shows a device's offloads: ethtool -k DEVICE")
    if len(words) != 1:
        return failed("ethtool: bad command line argument(s)\nFor more information run ethtool -h")
    device = call.here.devices.get(words[0])
    if device is None:
        return failed("netlink error: no device matches name (offset 24)\nnetlink error: No such device", 75)
    lines = [f"Features for {device.name}:"]
    for row in _FEATURES.strip().splitlines():
        name, *values = row.split()
        value = values[_KINDS[device.kind]]
        said = value.rstrip("*?") + (" [fixed]" if "*" in value else " [requested on]" if "?" in value else "")
        lines.append(f"{name.replace('>', chr(9))}: {said}")
    return Result("".join(f"{line}\n" for line in lines))


TOOL = Tool(("ethtool",), run, ANYWHERE)
