"""Options and arguments that several commands share, as typer reads them from a function's signature."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import click
import typer

T = TypeVar("T")


def one_of(*values: str, case_sensitive: bool = True) -> click.Choice[str]:
    return click.Choice(list(values), case_sensitive=case_sensitive)


def _seed(given: str | None) -> str | None:
    """A seed that is text: bytes of an argument that are no UTF-8 come as halves of surrogate pairs."""
    if given is None or not any("\ud800" <= char <= "\udfff" for char in given):
        return given
    from engine.errors import quoted
    from k8squiz.errors import QuizError

    raise QuizError(
        f"--seed: {quoted(given)} is no text (not UTF-8)", f"--seed：{quoted(given)} 不是文本（不是 UTF-8）"
    )


Seed = Annotated[
    str | None,
    typer.Option("--seed", metavar="S", callback=_seed, help="Draw by this seed: the same seed gives the same result."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LiveHosts = Annotated[
    bool, typer.Option("--live", help="On this machine's kernel: real tools in network namespaces (Linux, root).")
]
Topics = Annotated[list[str] | None, typer.Option("--topic", metavar="T", help="Only this topic.")]
About = Annotated[
    list[str] | None,
    typer.Option("--about", metavar="THEME", help="Only what is about this theme; stats --map names them."),
]
TheTrack = Annotated[
    str | None,
    typer.Option("--track", metavar="T", help="Of a track: junior, senior, expert, cka (like the exam), cn (China)."),
]
Level = Annotated[int | None, typer.Option("--level", min=1, max=5, metavar="1-5", help="Only this level.")]
Clusters = Annotated[
    list[str],
    typer.Argument(metavar="CLUSTER...", help="Kubernetes YAML: files, folders, or - for standard input."),
]
SomeClusters = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[CLUSTER]...", help="Kubernetes YAML: files, folders, or - for standard input; or --question."
    ),
]
AQuestion = Annotated[
    str | None,
    typer.Option("--question", metavar="ID", help="The cluster, and the request, of this question, drawn by --seed."),
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
    str | None, typer.Option("--from", metavar="WHO", help="pod/NAME, pod/NS/NAME, node/NAME, IP[:port] or client.")
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="WHERE",
        help="svc/NAME[:PORT], node/NAME:NODEPORT, pod/NAME:PORT or IP:port; svc/NS/NAME and pod/NS/NAME too.",
    ),
]
Entry = Annotated[str | None, typer.Option("--node", metavar="N", help="The node a foreign packet arrives at.")]


def clusters(ctx: click.Context, paths: list[str] | None, question: str | None, seed: str | None) -> tuple[str, ...]:
    """The CLUSTERs that were given, or the question's. Raises click.MissingParameter for neither."""
    if question is not None:
        from k8squiz.commands.question_world import named

        return (named(question, seed),)
    return tuple(needed(ctx, "paths", paths))


def needed(ctx: click.Context, name: str, value: T | None) -> T:
    """The value of a parameter that nothing else stands for. Raises click.MissingParameter without one."""
    if not value:
        raise click.MissingParameter(ctx=ctx, param=next(param for param in ctx.command.params if param.name == name))
    return value


class AskedRequest(NamedTuple):
    """A cluster and a request that were given, or a question's with what was given instead of its own."""

    clusters: tuple[str, ...]
    source: str
    destination: str
    node: str | None
    protocol: str


def asked(
    ctx: click.Context, paths: list[str] | None, question: str | None, seed: str | None,
    source: str | None, destination: str | None, node: str | None, protocol: str,
) -> AskedRequest:  # fmt: skip
    """What is asked about. Raises click.MissingParameter for what is neither given nor a question's."""
    chosen = clusters(ctx, paths, question, seed)
    if question is not None:
        from k8squiz.commands.question_world import opened

        own = opened(chosen[0]).request
        source, destination, node = source or own.source, destination or own.destination, node or own.node
        protocol = own.protocol.lower() if protocol == "tcp" else protocol
    return AskedRequest(chosen, needed(ctx, "source", source), needed(ctx, "destination", destination), node, protocol)
