"""The error k8squiz raises on bad input. The command line prints its message and exits with 2."""

from __future__ import annotations

from collections.abc import Iterable


class QuizError(Exception):
    """What is wrong, where (file:line where there is one) and what to do, in one message for a person.

    `error.en` (and `str(error)`) is the English message, `error.zh` the Chinese one.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        # The engine is read when something is wrong: --help must not wait for it.
        from engine.errors import sentence

        self.en = sentence(message)
        self.zh = sentence(zh or message)
        super().__init__(self.en)


# What can be unknown, and its Chinese.
_WHAT = {
    "topic": "主题",
    "question": "题目",
    "kind of question": "题型",
    "part to go without": "可去掉的部分",
    "request": "请求",
    "track": "面试级别",
    "fact": "事实",
    "pod": "Pod",
    "node": "节点",
    "role": "角色",
    "placeholder": "占位符",
    "figure": "指标",
    "scenario": "场景",
    "theme": "配色",
    "interview theme": "知识点",
}


def unknown(what: str, name: str, known: Iterable[str], place: str = "") -> QuizError:
    """A QuizError for a name that does not exist, with the nearest names that do.

    `what` is the kind of thing ("topic"), `known` all names there are, `place` what the message begins with.
    """
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        hint, zh = f"did you mean {' or '.join(near)}?", f"是不是 {' 或 '.join(near)}？"
    elif names and len(names) <= 12:
        hint, zh = f"there is {', '.join(names)}", f"有 {'、'.join(names)}"
    elif names:
        hint, zh = f"there are {len(names)}, none of them like it", f"共有 {len(names)} 个，没有与之相近的"
    else:
        hint, zh = "there are none", "一个也没有"
    chinese = f"{place}没有这个{_WHAT.get(what, what)}：{name!r}（{zh}）"
    return QuizError(f"{place}no such {what}: {name!r} ({hint})", chinese)
