"""Run a command on user-mode-linux: a kernel that is a program, with IPVS, ipsets and IPIP, and this machine's own files.

    apt-get install user-mode-linux kmod busybox-static ipset ipvsadm
    python benchmarks/user_mode_linux.py -- k8squiz lab verify --mode ipvs --cases 200

Needs no root, and starts in two seconds. Debian's kernel has no nf_tables for IP: `lab verify` watches no hooks there (it
compares verdicts, peers and conntrack entries), and leaves out nftables mode, policies, and what plugins write with nft.
`virtual_machine.py` runs all of it, slower.

The command's output and exit status are this one's. Nothing else of it stays: /run is the kernel's own, all other files are
read-only. Exit status 77 where something is missing, which is named. On processors with AMX a C compiler is needed too.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from virtual_machine import SKIPPED, run, tool

NEEDED = {"linux.uml": "user-mode-linux", "modprobe": "kmod", "busybox": "busybox-static"}
MODULES = Path("/usr/lib/uml/modules")
FOR_THE_LAB = ("bridge", "br_netfilter", "ip_vs", "dummy", "ipip")

INIT = """#!/bin/sh
export PATH={path} HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir -p /run/job /run/lib/modules
mount -t hostfs none /run/job -o {job}
ln -s {modules}/$(uname -r) /run/lib/modules/
printf '#!/bin/sh\\nexec modprobe -d /run "$@"\\n' > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
for module in {needed}; do /run/modprobe -q $module; done
ip link set lo up
cd {folder}
{command} > /run/job/stdout 2> /run/job/stderr
echo $? > /run/job/status
sync
busybox poweroff -f
"""


def main() -> int:
    """Boot, run, and repeat what the command said."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--memory", default="1G")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    wanted = dict(NEEDED) | ({"cc": "gcc"} if needs_shim() else {})
    lacking = [f"{name} (Debian: package {package})" for name, package in wanted.items() if tool(name) is None]
    if lacking:
        print("no user-mode-linux here; missing: " + "; ".join(lacking), file=sys.stderr)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder)
        init = job / "init"
        init.write_text(script(given.command, job))
        init.chmod(0o755)
        words = [str(tool("linux.uml")), f"mem={given.memory}", "quiet", "rootfstype=hostfs", "rootflags=/", "ro"]
        words += [f"init={init}", "con=null", "con0=null,fd:1"]
        return run(with_shim(words, job) if needs_shim() else words, job)


def script(command: list[str], job: Path) -> str:
    """What runs as process 1: `command`, in this folder, with this process's PATH."""
    return INIT.format(
        path=shlex.quote(os.environ["PATH"] + ":/usr/sbin:/sbin"),
        job=shlex.quote(str(job)),
        modules=MODULES,
        needed=" ".join(FOR_THE_LAB),
        folder=shlex.quote(str(Path.cwd())),
        command=shlex.join(command),
    )


def needs_shim() -> bool:
    """Whether the processor has registers that user-mode-linux has no room for (xstate.c)."""
    return "amx_tile" in Path("/proc/cpuinfo").read_text()


def with_shim(words: list[str], job: Path) -> list[str]:
    """The command with the shim before the C library."""
    shim = job / "xstate.so"
    source = Path(__file__).with_name("xstate.c")
    subprocess.run((str(tool("cc")), "-shared", "-fPIC", "-O1", "-o", shim, source), check=True)
    return ["env", f"LD_PRELOAD={shim}", *words]


if __name__ == "__main__":
    sys.exit(main())
