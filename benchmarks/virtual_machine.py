"""Run a command on another kernel: the machine's own files, read-only, in a virtual machine that boots that kernel.

`k8squiz lab` measures the kernel it runs on, and not every kernel has IPVS, ipsets and IPIP. Debian's has:

    apt-get install qemu-system-x86 busybox-static kmod ipset ipvsadm linux-image-amd64
    python benchmarks/virtual_machine.py -- k8squiz lab verify --cases 200 --seed 1

A kernel that is not installed, but unpacked somewhere (dpkg -x linux-image-*.deb FOLDER), is taken with --root FOLDER. The
processor is emulated, about ten times slower, and no root is needed; --kvm takes the host's own where that works.
(user-mode-linux is faster, but Debian's has no nf_tables for IPv4 and IPv6, with which the lab watches.)

The command's output and exit status are this one's. Nothing else of it stays: /run is the virtual machine's own, all other
files are read-only. Exit status 77 where something is missing, which is named.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SKIPPED = 77
NEEDED = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "modprobe": "kmod", "depmod": "kmod"}
# What it takes to reach the files. All other modules the kernel loads when they are asked for, but for those below.
FOR_FILES = ("virtio_pci", "9pnet_virtio", "9p")
FOR_THE_LAB = ("br_netfilter", "ip_vs", "dummy", "ipip")
MOUNTED = "trans=virtio,version=9p2000.L,msize=524288"

INITIAL = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
for module in /modules/*; do $b insmod $module; done
$b mount -t 9p -o {mounted},ro,cache=loose files /files || $b poweroff -f
$b mount -t proc proc /files/proc
$b mount -t sysfs sysfs /files/sys
$b mount -t devtmpfs devtmpfs /files/dev
$b mkdir /files/dev/shm
$b mount -t tmpfs tmpfs /files/dev/shm
$b mount -t tmpfs tmpfs /files/run
$b mkdir /files/run/job
$b mount -t 9p -o {mounted} job /files/run/job
exec $b switch_root /files /bin/sh /run/job/inside
"""

INSIDE = """export PATH={path} HOME=/run TMPDIR=/run
mkdir -p /run/lib/modules
ln -s {modules} /run/lib/modules/
printf '#!/bin/sh\\nexec modprobe -d /run "$@"\\n' > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
for module in {needed}; do /run/modprobe -q $module; done
ip link set lo up
cd {folder}
{command} > /run/job/stdout 2> /run/job/stderr
echo $? > /run/job/status
busybox poweroff -f
"""


def main() -> int:
    """Boot, run, and repeat what the command said."""
    given = arguments()
    kernels = sorted(Path(given.root, "boot").glob("vmlinuz-*"), key=lambda one: one.stat().st_mtime)
    lacking = [f"{name} (Debian: package {package})" for name, package in NEEDED.items() if tool(name) is None]
    lacking += [] if kernels else [f"a kernel in {Path(given.root, 'boot')} (Debian: package linux-image-amd64)"]
    if lacking:
        print("no virtual machine here; missing: " + "; ".join(lacking), file=sys.stderr)
        return SKIPPED
    modules = modules_of(kernels[-1])
    with tempfile.TemporaryDirectory() as folder:
        job, initial = Path(folder, "job"), Path(folder, "initial")
        job.mkdir()
        job.joinpath("inside").write_text(inside(given.command, modules))
        initial.write_bytes(archive(initial_files(modules)))
        return run(machine(given, kernels[-1], initial, job), job)


def arguments() -> argparse.Namespace:
    """What was asked for; `command` is what comes after the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", default="/", help="where boot/vmlinuz-* and lib/modules are")
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--cpus", default="2")
    parser.add_argument("--kvm", action="store_true", help="use the host's processor")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def tool(name: str) -> str | None:
    """Where a program is, also in the folders that only root has in its PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def modules_of(kernel: Path) -> Path:
    """The folder of the kernel's modules; one that was only unpacked gets its index now."""
    root, version = kernel.parent.parent, kernel.name.removeprefix("vmlinuz-")
    folder = root.resolve() / "lib/modules" / version
    if not folder.joinpath("modules.dep").exists():
        subprocess.run((str(tool("depmod")), "-b", root, version), check=True)
    return folder


def inside(command: list[str], modules: Path) -> str:
    """The script that the virtual machine runs: `command`, in this folder, with this process's PATH."""
    return INSIDE.format(
        path=shlex.quote(os.environ["PATH"] + ":/usr/sbin:/sbin"),
        modules=shlex.quote(str(modules)),
        needed=" ".join(FOR_THE_LAB),
        folder=shlex.quote(str(Path.cwd())),
        command=shlex.join(command),
    )


def initial_files(modules: Path) -> Iterator[tuple[str, int, bytes]]:
    """What the kernel starts with, (path, mode, content): a shell, and the modules in the order in which they load."""
    for folder in ("bin", "modules", "proc", "files"):
        yield folder, 0o040755, b""
    yield "init", 0o100755, INITIAL.format(mounted=MOUNTED).encode()
    yield "bin/busybox", 0o100755, Path(str(tool("busybox"))).read_bytes()
    root = modules.parent.parent.parent
    words = (str(tool("modprobe")), "-d", str(root), "-S", modules.name, "--show-depends")
    shown = (subprocess.run((*words, one), check=True, capture_output=True, text=True).stdout for one in FOR_FILES)
    paths = dict.fromkeys(line.split()[1] for text in shown for line in text.splitlines() if line.startswith("insmod"))
    for index, path in enumerate(paths):
        yield f"modules/{index:03}.ko", 0o100644, Path(path).read_bytes()


def archive(files: Iterator[tuple[str, int, bytes]]) -> bytes:
    """A cpio archive in the format that the kernel unpacks ("newc": Documentation/driver-api/early-userspace)."""
    found = bytearray()
    for number, (path, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        for part in (b"070701" + b"".join(b"%08X" % field for field in fields) + name, content):
            found += part + b"\0" * (-len(part) % 4)
    return bytes(found)


def machine(given: argparse.Namespace, kernel: Path, initial: Path, job: Path) -> list[str]:
    """The command that boots it."""
    shared = (
        {"path": "/", "tag": "files", "more": ",readonly=on,multidevs=remap"},
        {"path": job, "tag": "job", "more": ""},
    )
    words = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]
    words += ["-accel", "kvm" if given.kvm else "tcg", "-cpu", "max", "-smp", given.cpus, "-m", given.memory]
    words += ["-kernel", str(kernel), "-initrd", str(initial), "-append", "console=ttyS0 quiet panic=-1"]
    for one in shared:
        words += ["-virtfs", "local,path={path},mount_tag={tag},security_model=none{more}".format(**one)]
    return words


def run(words: list[str], job: Path) -> int:
    """Run it to its end and show what the command writes as it comes; the command's status."""
    outputs = {name: job / name for name in ("stdout", "stderr")}
    for path in outputs.values():
        path.touch()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as booted:
        opened = [(path.open(), getattr(sys, name)) for name, path in outputs.items()]
        ended = False
        while not ended:
            ended = booted.poll() is not None
            for source, sink in opened:
                sink.write(source.read())
                sink.flush()
            time.sleep(0.2)
        console = booted.stdout.read() if booted.stdout else b""
    status = job / "status"
    if not status.exists():
        print(console.decode("utf-8", "replace"), file=sys.stderr)
        print("the virtual machine ended before the command did", file=sys.stderr)
        return 1
    return int(status.read_text())


if __name__ == "__main__":
    sys.exit(main())
