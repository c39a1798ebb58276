"""What a device does to packets in a kernel's stead, switched off: then one segment is one packet.

Source: include/uapi/linux/ethtool.h, sockios.h (what `ethtool -K DEVICE tso off gso off gro off` asks for).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import socket
import struct
from collections.abc import Iterable

_SIOCETHTOOL = 0x8946
_TSO, _GSO, _GRO = 0x1F, 0x24, 0x2C


def switch_off(devices: Iterable[str]) -> None:
    """For each device of the network namespace that the thread is in, as far as it has them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for device in devices:
            for command in (_TSO, _GSO, _GRO):
                value = ctypes.create_string_buffer(struct.pack("II", command, 0))
                request = struct.pack("16sP16x", device.encode(), ctypes.addressof(value))
                with contextlib.suppress(OSError):
                    fcntl.ioctl(sock, _SIOCETHTOOL, request)
