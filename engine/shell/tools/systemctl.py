"""systemctl(1) of a node's services: kube-proxy, which is one of them as the incidents here have it, the kubelet, containerd.

kube-proxy can be stopped and started; the others run, and a restart of them changes nothing that packets see.
Source: systemd 252, src/systemctl/systemctl-show.c, systemctl-list-units.c.
"""

from __future__ import annotations

from engine.shell.conntrack_room import set_by_kube_proxy
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed

_PROXY = "kube-proxy"
# A unit and its description; those that always run.
_UNITS = {
    "containerd": "containerd container runtime",
    "kube-proxy": "kube-proxy",
    "kubelet": "kubelet: The Kubernetes Node Agent",
    "ssh": "OpenBSD Secure Shell server",
    "systemd-journald": "Journal Service",
    "systemd-resolved": "Network Name Resolution",
}
_STARTS = ("start", "restart", "reload", "reload-or-restart", "try-restart")


def run(call: Call) -> Result:
    """`systemctl status|is-active|is-enabled|start|stop|restart UNIT`, `systemctl list-units [--failed]`, `systemctl --failed`."""
    words = [word for word in call.args if not word.startswith("-")]
    verb = words[0] if words else "list-units"
    if verb == "daemon-reload":
        return Result()
    if verb == "list-units" and len(words) < 2:
        return _listed(call)
    if verb in ("status", "list-unit-files", "list-sockets", "list-timers", "cat", "show", "edit", "mask", "unmask") and (len(words) < 2 or verb != "status"):  # fmt: skip
        return failed(
            f"systemctl: {verb} is not simulated here; there are status UNIT, is-active, start, stop, restart and list-units"
        )
    if len(words) < 2:
        return failed("Too few arguments.")
    unit = words[1].removesuffix(".service")
    if unit not in _UNITS:
        if verb == "is-active":
            return Result("inactive\n", status=3)
        return failed(f"Unit {unit}.service could not be found.", 4)
    running = unit != _PROXY or call.live.proxy(call.host).running
    if verb in ("is-active", "is-enabled"):
        active = "active" if running else "inactive"
        return Result("enabled\n") if verb == "is-enabled" else Result(f"{active}\n", status=0 if running else 3)
    if verb == "status":
        return _status(unit, running)
    if verb not in (*_STARTS, "stop"):
        return failed(f"Unknown command verb {verb}.")
    if unit == _PROXY:
        return Result(live=set_by_kube_proxy(call.live.with_proxy(call.host, running=verb != "stop"), call.host))
    return failed(f"systemctl: a node without {unit} is not simulated here") if verb == "stop" else Result()


def _status(unit: str, running: bool) -> Result:
    file = f"/{'etc' if unit == _PROXY else 'lib'}/systemd/system/{unit}.service"
    active = "active (running)" if running else "inactive (dead)"
    text = f"{unit}.service - {_UNITS[unit]}\n     Loaded: loaded ({file}; enabled; preset: enabled)\n     Active: {active}\n"
    return Result(("● " if running else "○ ") + text, status=0 if running else 3)


def _listed(call: Call) -> Result:
    """A service that somebody stopped has not failed, and is not loaded any more."""
    rows = [] if any(word in call.args for word in ("--failed", "--state=failed")) else sorted(_UNITS.items())
    rows = [row for row in rows if row[0] != _PROXY or call.live.proxy(call.host).running]
    if not rows:
        return Result("  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n")
    width = max(len(unit) for unit, _ in rows) + len(".service")
    shown = "".join(f"  {unit + '.service':<{width}} loaded active running {words}\n" for unit, words in rows)
    return Result(
        f"  {'UNIT':<{width}} LOAD   ACTIVE SUB     DESCRIPTION\n{shown}(services that the cluster needs; others are not simulated here)\n"
    )


TOOL = Tool(("systemctl",), run, ON_NODES)
