"""Options and arguments that several commands share, as typer reads them from a function's signature."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer


def one_of(*values: str, case_sensitive: bool = True) -> click.Choice[str]:
    return click.Choice(list(values), case_sensitive=case_sensitive)


Seed = Annotated[
    str | None, typer.Option("--seed", metavar="S", help="Draw by this seed: the same seed gives the same result.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", metavar="T", help="Only this topic.")]
Level = Annotated[int | None, typer.Option("--level", min=1, max=5, metavar="1-5", help="Only this level.")]
Clusters = Annotated[
    list[str],
    typer.Argument(metavar="CLUSTER...", help="Kubernetes YAML: files, folders, or - for standard input."),
]
Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or folders (default: the whole bank).")
]
Mode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        click_type=one_of("iptables", "ipvs", "nftables"),
        metavar="MODE",
        help="iptables, ipvs or nftables (default: what KubeProxyConfiguration says).",
    ),
]
Family = Annotated[
    str,
    typer.Option("--family", click_type=one_of("ipv4", "ipv6"), metavar="ipv4|ipv6", help="The address family."),
]
FamilyOrAll = Annotated[
    str | None,
    typer.Option(
        "--family",
        click_type=one_of("ipv4", "ipv6"),
        metavar="ipv4|ipv6",
        help="The address family (default: ipv4; in nftables mode all that the node has).",
    ),
]
Release = Annotated[
    str | None,
    typer.Option(
        "--release",
        metavar="1.N",
        help="As this release of kube-proxy (default: what the nodes report, else the newest known).",
    ),
]
Source = Annotated[
    str, typer.Option("--from", metavar="WHO", help="pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client.")
]
Destination = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="WHERE",
        help="svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port; svc/NS/NAME and pod/NS/NAME too.",
    ),
]
Entry = Annotated[str | None, typer.Option("--node", metavar="N", help="The node a foreign packet arrives at.")]
