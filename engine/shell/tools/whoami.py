"""What a host says of itself: whoami(1), id(1), hostname(1), uname(1), date(1), uptime(1), lsmod(8), modprobe(8), dmesg(1), clear(1), seq(1).

Source: GNU coreutils 9.1, procps-ng 4.0.2, kmod 30. The kernel is that of Debian 12.
"""

from __future__ import annotations

import re

from engine.network.devices import DeviceKind
from engine.shell.clock import time_of_day
from engine.shell.expand import environment
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed, printed
from engine.shell.live import ADMINISTRATOR
from engine.shell.logs import KERNEL_ALONE, kernel

_KERNEL = "6.1.0-18-amd64"
# Seconds since the start when the clock begins: uptime(1) says 12 days, 3:07.
_UPTIME = ((12 * 24 + 3) * 60 + 7) * 60.0
_MOST_NUMBERS = 10_000
# A device's kind -> the module that makes it.
_MODULES = {DeviceKind.VXLAN: "vxlan", DeviceKind.IPIP: "ipip", DeviceKind.BRIDGE: "bridge", DeviceKind.VETH: "veth", DeviceKind.DUMMY: "dummy"}  # fmt: skip


def run(call: Call) -> Result:
    """A command by its name."""
    return _RUN[call.argv[0].rpartition("/")[2]](call)


def _name(call: Call) -> str:
    return environment(call.live, call.host)["HOSTNAME"]


def _hostname(call: Call) -> Result:
    if call.args[:1] in (("-i",), ("-I",)) and call.host != ADMINISTRATOR:
        own = [a.address for d in call.here.devices.values() if d.name != "lo" for a in d.addresses]
        return printed(" ".join(own) + (" " if call.args[0] == "-I" else ""))
    return failed("hostname: you must be root to change the host name") if call.args and not call.args[0].startswith("-") else printed(_name(call))  # fmt: skip


def _uname(call: Call) -> Result:
    letters = "".join(word.lstrip("-") for word in call.args) or "s"
    said = {
        "s": "Linux",
        "n": _name(call),
        "r": _KERNEL,
        "v": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1",
        "m": "x86_64",
        "o": "GNU/Linux",
    }
    wanted = "snrvmo" if "a" in letters else [one for one in "snrvmo" if one in letters]
    return (
        printed(" ".join(said[one] for one in wanted))
        if wanted
        else failed(f"uname: invalid option -- '{letters[:1]}'")
    )


def _date(call: Call) -> Result:
    now = time_of_day(call.live.clock)
    shape = next((word[1:] for word in call.args if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    if "%s" in shape:
        return printed(shape.replace("%s", str(int(now.timestamp()))))
    try:
        return printed(now.strftime(shape[:200]))
    except ValueError:
        return failed(f"date: invalid date '{shape[:50]}'")


def _uptime(call: Call) -> Result:
    return printed(f" {time_of_day(call.live.clock).strftime('%H:%M:%S')} up 12 days,  3:07,  1 user,  load average: 0.21, 0.18, 0.11")  # fmt: skip


def _lsmod(call: Call) -> Result:
    """The modules that the node's devices and rules need; their sizes are a kernel's own."""
    if call.host == ADMINISTRATOR:
        return failed("sh: lsmod: command not found", 127)
    found = {_MODULES[d.kind] for d in call.here.devices.values() if d.kind in _MODULES}
    found |= {"nf_conntrack", "nf_nat", "xt_conntrack", "xt_comment", "overlay", "ip_tables"}
    found |= {"br_netfilter"} if "bridge" in found else set()
    found |= {"ip_vs"} if "kube-ipvs0" in call.here.devices else set()
    rows = (f"{name:<19} {16384 * (1 + len(name) % 5):>8}  {len(name) % 4}" for name in sorted(found))
    return printed("\n".join(("Module                  Size  Used by", *rows)))


def _modprobe(call: Call) -> Result:
    """What is loaded already stays so; the sysctls of br_netfilter are there with it."""
    asked = [word for word in call.args if not word.startswith("-")]
    if any(word in ("-r", "--remove") for word in call.args):
        return failed("modprobe: taking a module out is not simulated here")
    loaded = {line.split()[0] for line in _lsmod(call).stdout.splitlines()[1:]}
    missing = [name for name in asked if name.replace("-", "_") not in loaded]
    return (
        failed(f"modprobe: {missing[0][:50]} is not simulated here; lsmod shows what is loaded")
        if missing
        else Result()
    )


def _seq(call: Call) -> Result:
    numbers = [int(word) for word in call.args if re.fullmatch(r"-?[0-9]{1,6}", word)]
    if len(numbers) != len(call.args) or not 1 <= len(numbers) <= 3:
        return failed(f"seq: invalid argument: '{' '.join(call.args)[:50]}'" if call.args else "seq: missing operand")
    first, step, last = (1, 1, *numbers) if len(numbers) == 1 else (numbers[0], numbers[1] if len(numbers) == 3 else 1, numbers[-1])  # fmt: skip
    if not step:
        return failed("seq: invalid Zero increment value: '0'")
    found = range(first, last + (1 if step > 0 else -1), step)
    return printed("".join(f"{number}\n" for number in found[:_MOST_NUMBERS]))


def _dmesg(call: Call) -> Result:
    """`dmesg [-T]`: a node's."""
    if call.host not in call.live.fabric.nodes:
        return failed("dmesg: the kernel's log is not simulated here but on nodes")
    dated = "-T" in call.args
    rows = [
        f"[{time_of_day(at).strftime('%a %b %e %H:%M:%S %Y') if dated else f'{_UPTIME + at:12.6f}'}] {line}\n"
        for at, line in kernel(call.live, call.host)
    ]
    return Result("".join(rows), f"dmesg: {KERNEL_ALONE}\n")


_RUN = {
    "whoami": lambda call: printed("root"),
    "id": lambda call: printed("uid=0(root) gid=0(root) groups=0(root)"),
    "hostname": _hostname,
    "uname": _uname,
    "date": _date,
    "uptime": _uptime,
    "lsmod": _lsmod,
    "modprobe": _modprobe,
    "dmesg": _dmesg,
    "clear": lambda call: Result(),
    "seq": _seq,
}
TOOL = Tool(tuple(_RUN), run, ANYWHERE, at_administrator=True)
