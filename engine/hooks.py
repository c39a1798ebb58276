"""Netfilter's hooks and the order in which tables are consulted at each (include/uapi/linux/netfilter*.h)."""

from __future__ import annotations

import enum


class Hook(enum.StrEnum):
    INGRESS = "INGRESS"
    PREROUTING = "PREROUTING"
    INPUT = "INPUT"
    FORWARD = "FORWARD"
    OUTPUT = "OUTPUT"
    POSTROUTING = "POSTROUTING"
    EGRESS = "EGRESS"


# enum nf_ip_hook_priorities, include/uapi/linux/netfilter_ipv4.h
PRIORITY_RAW = -300
PRIORITY_CONNTRACK = -200
PRIORITY_MANGLE = -150
PRIORITY_NAT_DST = -100
PRIORITY_FILTER = 0
PRIORITY_SECURITY = 50
PRIORITY_NAT_SRC = 100

# Which iptables tables have a built-in chain at which hook, with the priority it is registered at
# (net/ipv4/netfilter/iptable_{raw,mangle,nat,filter,security}.c), in the order iptables-save lists them: by hook.
IPTABLES_PRIORITY: dict[tuple[str, Hook], int] = {
    ("raw", Hook.PREROUTING): PRIORITY_RAW,
    ("raw", Hook.OUTPUT): PRIORITY_RAW,
    ("mangle", Hook.PREROUTING): PRIORITY_MANGLE,
    ("mangle", Hook.INPUT): PRIORITY_MANGLE,
    ("mangle", Hook.FORWARD): PRIORITY_MANGLE,
    ("mangle", Hook.OUTPUT): PRIORITY_MANGLE,
    ("mangle", Hook.POSTROUTING): PRIORITY_MANGLE,
    ("nat", Hook.PREROUTING): PRIORITY_NAT_DST,
    ("nat", Hook.INPUT): PRIORITY_NAT_SRC,
    ("nat", Hook.OUTPUT): PRIORITY_NAT_DST,
    ("nat", Hook.POSTROUTING): PRIORITY_NAT_SRC,
    ("filter", Hook.INPUT): PRIORITY_FILTER,
    ("filter", Hook.FORWARD): PRIORITY_FILTER,
    ("filter", Hook.OUTPUT): PRIORITY_FILTER,
    ("security", Hook.INPUT): PRIORITY_SECURITY,
    ("security", Hook.FORWARD): PRIORITY_SECURITY,
    ("security", Hook.OUTPUT): PRIORITY_SECURITY,
}

# The hooks a packet meets, by where it comes from and goes to.
FORWARDED_PATH = (Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING)
LOCAL_IN_PATH = (Hook.PREROUTING, Hook.INPUT)
LOCAL_OUT_PATH = (Hook.OUTPUT, Hook.POSTROUTING)
