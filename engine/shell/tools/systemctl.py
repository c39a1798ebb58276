"""systemctl(1) of kube-proxy, where it is a service of the machine, as the incidents here have it: status, start, stop, restart.

Source: systemd 252, src/systemctl/systemctl-show.c.
"""

from __future__ import annotations

from engine.shell.interface import ON_NODES, Call, Result, Tool, failed

_UNITS = ("kube-proxy", "kube-proxy.service")


def run(call: Call) -> Result:
    """`systemctl status|is-active|start|stop|restart kube-proxy`."""
    words = [word for word in call.args if not word.startswith("-")]
    if len(words) < 2:
        return failed("Too few arguments.")
    verb, unit = words[0], words[1]
    if unit not in _UNITS:
        return failed(f"Unit {unit.removesuffix('.service')}.service could not be found.", 4)
    proxy = call.live.proxy(call.host)
    if verb == "is-active":
        return Result("active\n" if proxy.running else "inactive\n", status=0 if proxy.running else 3)
    if verb == "status":
        active = "active (running)" if proxy.running else "inactive (dead)"
        text = f"kube-proxy.service - kube-proxy\n     Loaded: loaded (/etc/systemd/system/kube-proxy.service; enabled; preset: enabled)\n     Active: {active}\n"
        return Result(("● " if proxy.running else "○ ") + text, status=0 if proxy.running else 3)
    if verb not in ("start", "stop", "restart", "reload"):
        return failed(f"Unknown command verb {verb}.")
    return Result(live=call.live.with_proxy(call.host, running=verb != "stop"))


TOOL = Tool(("systemctl",), run, ON_NODES)
