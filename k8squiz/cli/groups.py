"""The commands that stand in groups: `questions ...`, `data ...`, `lab ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from k8squiz.cli.app import command, group_of
from k8squiz.cli.options import (
    AQuestion,
    Clusters,
    Destination,
    Entry,
    Family,
    Json,
    Level,
    Mode,
    Paths,
    Release,
    Seed,
    SomeClusters,
    Source,
    TheTrack,
    Topics,
    asked,
    one_of,
)

questions = group_of("questions")


@command("list", questions, "List the questions.")
def list_questions(
    ctx: typer.Context,
    topics: Topics = None,
    level: Level = None,
    track: TheTrack = None,
    table: Annotated[
        bool, typer.Option("--table", help="How far draws and answers spread, and how many there are of each sort.")
    ] = False,
    json: Json = False,
) -> int:
    from k8squiz.commands.questions import list_questions as run

    return run(ctx.obj, tuple(topics or ()), level, track, table, json)


@command("show", questions, "Draw a question and show it.")
def show_question(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(metavar="ID", help="The question's id, or a question file of your own.")],
    seed: Seed = None,
    answer: Annotated[bool, typer.Option("--answer", help="With the computed answer.")] = False,
    json: Json = False,
) -> int:
    from k8squiz.commands.questions import show_question as run

    return run(question, ctx.obj, seed, answer, json)


@command("lint", questions, "Check questions over many seeds; exit code 1 on a finding.")
def lint_questions(
    ctx: typer.Context,
    paths: Paths = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Over how many seeds to draw each.")] = 50,
) -> int:
    from k8squiz.commands.questions import lint_questions as run

    return run(tuple(paths or ()), ctx.obj, seeds)


@command("new", questions, "Print a question file to start from.")
def new_question(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="The kind of question.")] = "outcome",
    topic: Annotated[str, typer.Option("--topic", metavar="T", help="The topic.")] = "nodeport",
) -> int:
    from k8squiz.commands.questions import new_question as run

    return run(kind, topic, ctx.obj)


@command("pack", questions, "Check a folder of questions and make one file of it, to be passed on.")
def pack_questions(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folders of question files, TOPIC/NAME.yaml.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.zip", help="Write to this file (default: FOLDER.zip).")
    ] = None,
) -> int:
    from k8squiz.commands.pack import pack as run

    return run(folder, out, ctx.obj)


@command("export", questions, "Write questions with their answers, as cards for Anki or as JSON lines.")
def export_questions(
    ctx: typer.Context,
    form: Annotated[
        str, typer.Option("--format", click_type=one_of("anki", "jsonl"), metavar="anki|jsonl", help="In this format.")
    ] = "anki",
    topics: Topics = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of printing.")
    ] = None,
) -> int:
    from k8squiz.commands.pack import export as run

    return run(form, tuple(topics or ()), seed, out, ctx.obj)


@command("schema", questions, "Print the JSON schema of question files.")
def question_schema(ctx: typer.Context) -> int:
    from k8squiz.commands.questions import question_schema as run

    return run(ctx.obj)


data = group_of("data")


@command("export", data, "Write all your data as JSON.")
def data_export(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of printing.")
    ] = None,
) -> int:
    from k8squiz.commands.data import export

    return export(ctx.obj, out)


@command("import", data, "Merge exported data into yours; the same file twice changes nothing.")
def data_import(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What data export wrote, or - for standard input.")],
) -> int:
    from k8squiz.commands.data import take_in

    return take_in(ctx.obj, file)


@command("delete", data, "Delete all your data.")
def data_delete(ctx: typer.Context, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> int:
    from k8squiz.commands.data import delete

    return delete(ctx.obj, yes)


@command("rescue", data, "Save what can be read of damaged data, and begin anew with it.")
def data_rescue(ctx: typer.Context) -> int:
    from k8squiz.commands.data import rescue

    return rescue(ctx.obj)


@command("path", data, "Print where your data lies.")
def data_path(ctx: typer.Context) -> int:
    from k8squiz.commands.data import path

    return path(ctx.obj)


lab = group_of("lab")


@command("up", lab, "Build the cluster in network namespaces and leave it running.")
def lab_up(
    ctx: typer.Context, paths: Clusters, mode: Mode = None, family: Family = "ipv4", release: Release = None
) -> int:
    from k8squiz.commands.lab import up

    return up(tuple(paths), mode, family, ctx.obj, release)


@command("run", lab, "Send one request on this kernel, beside what the engine says; exit code 1 where they disagree.")
def lab_run(
    ctx: typer.Context,
    paths: SomeClusters = None,
    source: Source = None,
    destination: Destination = None,
    question: AQuestion = None,
    seed: Seed = None,
    node: Entry = None,
    protocol: Annotated[
        str,
        typer.Option(
            "--proto",
            click_type=one_of("tcp", "udp", case_sensitive=False),
            metavar="tcp|udp",
            help="The transport protocol.",
        ),
    ] = "tcp",
    mode: Mode = None,
    release: Release = None,
) -> int:
    from k8squiz.commands.lab import run

    one = asked(ctx, paths, question, seed, source, destination, node, protocol)
    return run(one.clusters, one.source, one.destination, one.node, one.protocol, mode, ctx.obj, release)


@command("verify", lab, "Hold the engine against this kernel in many drawn clusters; exit code 1 on a disagreement.")
def lab_verify(
    ctx: typer.Context,
    cases: Annotated[int, typer.Option("--cases", min=0, metavar="N", help="How many requests to draw.")] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Draw by this number.")] = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, metavar="N", help="How many clusters at once.")
    ] = 4,
    fixed: Annotated[bool, typer.Option("--fixed/--no-fixed", help="The fixed, known paths first.")] = True,
    questions: Annotated[
        int,
        typer.Option("--questions", min=0, metavar="N", help="Every question's requests too, drawn N times."),
    ] = 0,
    tools: Annotated[
        bool, typer.Option("--shell", help="What the simulated tools print, on N clusters, beside the real ones.")
    ] = False,
    incidents: Annotated[
        bool, typer.Option("--incidents", help="N drawn incidents: their flows before, broken and mended.")
    ] = False,
    fault: Annotated[
        str | None, typer.Option("--fault", metavar="NAME", help="With --incidents: of that fault alone.")
    ] = None,
    timelines: Annotated[
        bool, typer.Option("--timelines", help="N drawn timelines: connections while pods and rules change.")
    ] = False,
    dns: Annotated[
        bool, typer.Option("--dns", help="What glibc and musl ask under N resolv.confs; NodeLocal DNSCache.")
    ] = False,
    sizes: Annotated[bool, typer.Option("--sizes", help="Packets as long as links carry, in N clusters.")] = False,
    release: Release = None,
    mode: Mode = None,
    json: Json = False,
) -> int:
    if tools:
        from k8squiz.commands import lab_tools

        return lab_tools.verify(cases, seed, workers, questions, mode, json, ctx.obj)
    if incidents:
        from k8squiz.commands import lab_incidents

        return lab_incidents.verify(cases, seed, workers, mode, fault, json, ctx.obj)
    if timelines:
        from k8squiz.commands import lab_timelines

        return lab_timelines.verify(cases, seed, workers, mode, json, ctx.obj)
    if dns:
        from k8squiz.commands import lab_dns

        return lab_dns.verify(cases, seed, workers, mode, json, ctx.obj)
    if sizes:
        from k8squiz.commands import lab_sizes

        return lab_sizes.verify(cases, seed, workers, mode, json, ctx.obj)
    from k8squiz.commands.lab import verify

    return verify(cases, seed, workers, fixed, questions, mode, json, ctx.obj, release)


@command("shell", lab, "A shell, or a command, inside a host of the lab that is up.")
def lab_shell(
    ctx: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST", help="A node, a pod, client or router.")],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="A command to run instead of a shell.")
    ] = None,
    name: Annotated[str | None, typer.Option("--lab", metavar="NAME", help="Which lab, where several are up.")] = None,
) -> int:
    from k8squiz.commands.lab import shell

    return shell(host, name, tuple(command or ()), ctx.obj)


@command("down", lab, "End all labs that are up, and what killed ones left behind.")
def lab_down(ctx: typer.Context) -> int:
    from k8squiz.commands.lab import down

    return down(ctx.obj)
