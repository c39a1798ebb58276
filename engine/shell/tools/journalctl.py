"""journalctl(1) -u kube-proxy: what systemd and kube-proxy wrote, where it is a service of the machine. Source: systemd 252."""

from __future__ import annotations

import re

from engine.shell.clock import time_of_day
from engine.shell.interface import ON_NODES, Call, Result, Tool, failed
from engine.shell.logs import KERNEL_ALONE, kernel, kube_proxy
from engine.shell.tools.lines import Unusable, split_options

_UNITS = ("kube-proxy", "kube-proxy.service")


def run(call: Call) -> Result:
    """`journalctl -u kube-proxy [-n LINES] [--no-pager]`."""
    try:
        options, _ = split_options([word for word in call.args if not word.startswith("--")], "unSU")
    except Unusable as error:
        return failed(f"journalctl: {error}")
    most = options.get("n", "100000")
    if not re.fullmatch(r"[0-9]{1,6}", most):
        return failed(f"Failed to parse lines '{most}'")
    if {"k", "-dmesg"} & {*options} or "--dmesg" in call.args:
        said = [f"{time_of_day(at).strftime('%b %d %H:%M:%S')} {call.host} kernel: {line}\n" for at, line in kernel(call.live, call.host)]  # fmt: skip
        return Result("".join(said[-int(most) :] if int(most) else []), f"journalctl: {KERNEL_ALONE}\n")
    if options.get("u") not in _UNITS:
        what = f"the journal of {options['u'][:50]}" if "u" in options else "the whole journal"
        return failed(
            f"journalctl: {what} is not simulated here; there are -k, -u kube-proxy, kubectl logs, events and describe"
        )
    proxy = call.live.proxy(call.host)
    at = time_of_day(proxy.started).strftime("%b %d %H:%M:%S")
    head = f"{at} {call.host} systemd[1]: Started kube-proxy.service - kube-proxy.\n"
    lines = [
        head,
        *(f"{at} {call.host} kube-proxy[812]: {line}\n" for line in kube_proxy(call.live, call.host).splitlines()),
    ]
    if not proxy.running:
        ended = time_of_day(proxy.stopped).strftime("%b %d %H:%M:%S")
        lines += [f"{ended} {call.host} systemd[1]: {said} kube-proxy.service - kube-proxy{end}\n" for said, end in (("Stopping", "..."), ("Stopped", "."))]  # fmt: skip
    return Result("".join(lines[-int(most) :] if int(most) else []))


TOOL = Tool(("journalctl",), run, ON_NODES)
