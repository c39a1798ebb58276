"""Find the questions and read them. The list is read off the files' first lines; a file is parsed when it is drawn."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.trace import Text
from engine.values import is_decimal
from k8squiz.bank.old_words import OldWord, renamed
from k8squiz.bank.question import FORMAT_VERSION, QuestionMeta, Template
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown
from k8squiz.terminal.files import read_text, there

if TYPE_CHECKING:
    from k8squiz.bank.schema import JsonSchema

_HEADER = re.compile(r"^(id|topic|level|kind):[ \t]+([a-z0-9][a-z0-9-]*)[ \t]*(?:#.*)?$", re.MULTILINE)
_THEMES = re.compile(r"^themes:[ \t]+\[([a-z0-9, -]*)\][ \t]*(?:#.*)?$", re.MULTILINE)
_TRIVIA = re.compile(r"^trivia:[ \t]+true[ \t]*(?:#.*)?$", re.MULTILINE)
# A title whose two texts stand on a line each, plainly or in quotes with no escape in them; a folded one is left to YAML.
_TITLE = re.compile(r'^title:\n  en: ("[^"\\\n]+"|\w[^\n]*)\n  zh: ("[^"\\\n]+"|\w[^\n]*)\n(?=\S)', re.MULTILINE)
_NOT_PLAIN = re.compile(r"\s#|:(?:\s|$)|\s$|\ufffd")
_HEADER_BYTES = 1024
# The topic whose story is a command of its own.
SCALE = "scale"


def bank_folder() -> Path:
    """Where the questions are: the pack that --bank or K8SQUIZ_BANK names, else those that come with the program. Raises
    QuizError."""
    named = os.environ.get("K8SQUIZ_BANK")
    if not named:
        return shipped_folder()
    from k8squiz.bank.pack import pack_folder

    return pack_folder(named)


@lru_cache(maxsize=1)
def shipped_folder() -> Path:
    """Where the program's own questions are: packaged with the wheel, else the checkout's own folder. Out of a zipapp they are taken
    into a folder that is gone with the process."""
    package = Path(__file__).parents[1]
    packaged = package / "_questions"
    folder = packaged if packaged.is_dir() else package.parent / "questions"
    if not package.is_dir():
        folder = _unpacked()
    if not folder.is_dir():
        raise QuizError(
            f"the questions are missing: there is no {folder}; install k8squiz again",
            f"找不到题库：{folder} 不存在；请重新安装 k8squiz",
        )
    return folder


def _unpacked() -> Path:
    """The questions out of the archive that this program runs from, in a folder of their own."""
    import atexit
    import importlib.resources
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="k8squiz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pending = [(importlib.resources.files("k8squiz") / "_questions", folder)]
    while pending:
        source, target = pending.pop()
        for entry in source.iterdir():
            if entry.is_dir():
                (target / entry.name).mkdir()
                pending.append((entry, target / entry.name))
            else:
                (target / entry.name).write_bytes(entry.read_bytes())
    return folder


def told_by(topic: str) -> str:
    """The command that tells of a topic; "" where there is none."""
    if topic == SCALE:
        return "k8squiz scale"
    return f"k8squiz explain {topic}" if is_told(topic) else ""


def is_told(topic: str) -> bool:
    """Whether `k8squiz explain` has a story of that name. Importing the stories for that would take longer."""
    package, name = Path(__file__).parents[1], f"{topic.replace('-', '_')}.py"
    if package.is_dir():
        return (package / "explain" / name).is_file()
    import importlib.resources

    return (importlib.resources.files("k8squiz") / "explain" / name).is_file()


def files(folder: Path) -> list[Path]:
    """The question files under `folder`, sorted; clusters/ holds parts of questions, not questions."""
    found = {
        f"{room.name}/{entry.name}": entry.path
        for room in _entries(folder) if room.name != "clusters" and room.is_dir()
        for entry in _entries(room) if entry.name.endswith(".yaml") and entry.is_file()
    }  # fmt: skip
    return [Path(found[name]) for name in sorted(found)]


def _entries(folder: Path | os.DirEntry[str]) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def metas(folder: Path | None = None) -> tuple[QuestionMeta, ...]:
    """What all questions are about, read off their first lines; a file whose first lines are amiss is left to lint."""
    root = folder if folder is not None else bank_folder()
    return tuple(meta for path in files(root) if (meta := scan(path)) is not None)


def without_trivia(known: Iterable[QuestionMeta]) -> tuple[QuestionMeta, ...]:
    """What is asked without being asked for."""
    return tuple(meta for meta in known if not meta.trivia)


def within(folder: Path) -> tuple[QuestionMeta, ...]:
    """What the questions of a folder of one's own are about: a pack, or one topic's folder. Raises QuizError where there is
    none, and where a file's first lines are amiss."""
    from k8squiz.bank.pack import pack_folder, topic_files

    found = topic_files(folder) or files(pack_folder(str(folder)))
    # A file whose heading cannot be read off its first lines is parsed, which says what is wrong.
    return tuple(scan(path) or load(path).meta for path in found)


def scan(path: Path) -> QuestionMeta | None:
    """The heading in a file's first lines; None where it is not there."""
    head = _head(path)
    found = dict(_HEADER.findall(head))
    if len(found) != 4 or not is_decimal(found["level"]):
        return None
    listed = _THEMES.search(head)
    themes = tuple(listed[1].replace(",", " ").split()) if listed else ()
    trivia = _TRIVIA.search(head) is not None
    return QuestionMeta(found["id"], found["topic"], int(found["level"]), found["kind"], str(path), themes, trivia)


def title(meta: QuestionMeta) -> Text:
    """The title of a question, read off its file's first lines; parsed, as by load, where they do not say it plainly."""
    found = _TITLE.search(_head(Path(meta.path)))
    en, zh = map(_plain, found.groups()) if found else ("", "")
    return Text(en, zh) if en and zh else load(Path(meta.path)).title


def _plain(text: str) -> str:
    """What YAML reads there; "" where only YAML knows."""
    if text.startswith('"'):
        return "" if "\ufffd" in text else text[1:-1]
    # A single ASCII word may be another thing than text: `yes`, `null`, `1e3`.
    return text if (" " in text or not text.isascii()) and not _NOT_PLAIN.search(text) else ""


def _head(path: Path) -> str:
    """A file's first lines; "" where it cannot be read."""
    try:
        with path.open("rb", buffering=0) as stream:
            return stream.read(_HEADER_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def select(
    topics: Iterable[str] = (), level: int | None = None, folder: Path | None = None, themes: Iterable[str] = ()
) -> tuple[QuestionMeta, ...]:
    """The questions of these topics and about one of these themes (all where none is given) and of this level. Raises
    QuizError if there are none."""
    known = metas(folder)
    wanted = list(topics)
    for topic in wanted:
        if topic not in {meta.topic for meta in known}:
            raise unknown("topic", topic, (meta.topic for meta in known))
    about = _themes(themes)
    chosen = tuple(
        meta for meta in known
        if (not wanted or meta.topic in wanted) and (level is None or meta.level == level)
        and (not about or not about.isdisjoint(meta.themes))
    )  # fmt: skip
    if not chosen:
        also = (f", theme {', '.join(sorted(about))}", f"，知识点 {'、'.join(sorted(about))}") if about else ("", "")
        raise QuizError(
            f"no question fits: topic {', '.join(wanted) or 'any'}, level {level or 'any'}{also[0]}",
            f"没有符合条件的题目：主题 {'、'.join(wanted) or '不限'}，难度 {level or '不限'}{also[1]}",
        )
    return chosen


def _themes(wanted: Iterable[str]) -> frozenset[str]:
    about = frozenset(wanted)
    if about:
        from k8squiz.bank.themes import THEMES

        for theme in sorted(about - THEMES.keys()):
            raise unknown("interview theme", theme, THEMES)
    return about


def find(name: str, folder: Path | None = None) -> Template:
    """The question, or the follow-up PARENT/ID, with that id, or the one in a file NAME.yaml of one's own.

    Raises QuizError naming the nearest ids, or file:line."""
    if name.endswith((".yaml", ".yml")):
        return load(Path(name))
    origin = name.partition("/")[0]
    known: list[str] = []
    # A file of that name is looked at first: it need not be one, but it nearly always is.
    paths = files(folder if folder is not None else bank_folder())
    for path in sorted(paths, key=lambda path: path.stem != origin):
        meta = scan(path)
        if meta is not None and meta.id == origin:
            return opened(dataclasses.replace(meta, id=name))
        known += [] if meta is None else [meta.id]
    raise unknown("question", name, known)


def opened(meta: QuestionMeta) -> Template:
    """The question, or the follow-up, that a heading is of. Raises QuizError where its file has no such follow-up."""
    template = load(Path(meta.path))
    if meta.id == meta.origin:
        return template
    from k8squiz.bank.followup import follow_ups

    known = follow_ups(template)
    for each in known:
        if each.meta.id == meta.id:
            return each
    raise unknown("question", meta.id, (each.meta.id for each in known))


def load(path: Path) -> Template:
    """Parse one question file and check it against the schema; raises QuizError with file:line."""
    return parse_template(_text(path), path)


def _text(path: Path) -> str:
    """What stands in a file."""
    from k8squiz.bank.strictyaml import MAX_BYTES

    return read_text(path, MAX_BYTES)


def parse_template(text: str, path: Path) -> Template:
    """As load, for text at hand; `path` names it and says where clusters/ is."""
    from k8squiz.bank.followup import follow_ups
    from k8squiz.bank.forms import HEAD
    from k8squiz.bank.schema import violations
    from k8squiz.bank.shapes import MAPPING, Place
    from k8squiz.bank.strictyaml import parse

    document = parse(text, str(path))
    old_words: tuple[OldWord, ...] = ()
    if isinstance(document.data, dict):
        today, lines, old_words = renamed(document.data, document.lines, str(path))
        document = dataclasses.replace(document, data=today, lines=lines)
    for place, message in violations(document.data, schema()):
        raise QuizError(f"{path}:{document.line(place)}: {message.en}", f"{path}:{document.line(place)}：{message.zh}")
    nameless = Template(QuestionMeta("", "", 0, "", str(path)), Text("", ""), {}, document.lines, old_words)
    data = dict(MAPPING.read(document.data, Place(nameless, ())))
    head = HEAD.read(data, Place(nameless, ()))
    if head.format_version != FORMAT_VERSION:
        raise QuizError(
            f"{path}:{document.line(('format_version',))}: format_version must be {FORMAT_VERSION}",
            f"{path}:{document.line(('format_version',))}：format_version 必须为 {FORMAT_VERSION}",
        )
    data["cluster"] = _with_base(head.cluster, path, document.line(("cluster",)))
    meta = QuestionMeta(head.id, head.topic, head.level, head.kind, str(path), head.themes, head.trivia)
    template = dataclasses.replace(nameless, meta=meta, title=head.title, data=data)
    for index, each in enumerate(follow_ups(template)):
        # Made into a question of its own it must be one that stands in a file.
        for place, message in violations(each.data, schema()):
            where, prefix = each.place(*place), f"then.{index}."
            raise QuizError(f"{where}: {prefix}{message.en}", f"{where}：{prefix}{message.zh}")
    return template


def _with_base(cluster: Mapping[str, Yaml], path: Path, line: int) -> Mapping[str, Yaml]:
    """`from: NAME` starts from clusters/NAME.yaml beside the topics' folders; what the question writes wins."""
    if "from" not in cluster:
        return cluster
    from k8squiz.bank.strictyaml import parse

    name = str(cluster["from"])
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise QuizError(
            f"{path}:{line}: cluster.from is the bare name of a file in clusters/, not {name!r}",
            f"{path}:{line}：cluster.from 只写 clusters/ 中的文件名，而不是 {name!r}",
        )
    base = path.parent.parent / "clusters" / f"{name}.yaml"
    if not there(base, Path.is_file):
        raise QuizError(
            f"{path}:{line}: cluster.from: there is no {base}", f"{path}:{line}：cluster.from：{base} 不存在"
        )
    data = parse(_text(base), str(base)).data
    if not isinstance(data, dict):
        raise QuizError(f"{base}:1: a cluster is a mapping", f"{base}:1：集群必须是一个映射")
    return _merged(data, {key: value for key, value in cluster.items() if key != "from"})


def _merged(base: Mapping[str, Yaml], over: Mapping[str, Yaml]) -> dict[str, Yaml]:
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return result


@lru_cache(maxsize=1)
def schema() -> JsonSchema:
    """The JSON schema of question files, as schema.json has it."""
    return cast("JsonSchema", json.loads((shipped_folder() / "schema.json").read_text(encoding="utf-8")))
