"""What a keyboard types, as it is meant: in whatever width, with the words that people put around an answer.

The one place for it: every field reads through `plain` and `spellings`, every prompt through `command`.
Source: Unicode Standard Annex 15, normalisation form KC (full-width letters, digits and punctuation).
"""

from __future__ import annotations

import enum
import re
import unicodedata

from engine.values import pattern

# What form KC leaves as it is, though a Chinese keyboard gives it for the key of the ASCII character.
_KEYS = str.maketrans({
    "。": ".", "、": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "「": '"', "」": '"',
    "—": "--", "–": "-", "−": "-", "‐": "-", "‑": "-", "\u2044": "/", "∶": ":", "×": "x",
})  # fmt: skip
_END = " .!~;"

_NONE = frozenset({
    "none", "no one", "nobody", "nothing", "nil", "null", "n/a", "na", "-", "--", "none of them", "none of the above",
    "none of these", "none is true", "none are true", "not any", "无", "没有", "都不", "都不对", "都不是", "都不正确", "全不对", "全都不对",
    "一个都不对", "一个都没有", "一个也没有", "没有一个", "没有正确的", "没有对的", "都错", "全错", "都是错的", "以上都不对", "以上都不是", "以上皆非",
})  # fmt: skip
_ALL = frozenset({
    "all", "all of them", "all of the above", "all of these", "everything", "all are true", "全部", "全选", "都对", "全对", "都选", "都正确",
    "全都对", "都是对的", "全部正确", "以上都对", "以上全部", "以上都是", "所有",
})  # fmt: skip
_YES = frozenset({
    "y", "yes", "yeah", "yep", "yup", "ok", "true", "1", "+", "✓", "√", "said", "i did", "是", "是的", "有", "对", "对的", "嗯", "说到了", "说到",
    "说了", "提到了", "提到", "提了", "讲到了", "讲了", "答到了", "有说",
})  # fmt: skip
_NO = frozenset({
    "n", "no", "not", "nope", "nah", "false", "0", "-", "✗", "x", "left out", "i did not", "i didn't", "not said", "否", "没有", "没", "不",
    "不是", "没说到", "没说", "未说到", "没提到", "没提", "未提到", "没讲到", "没讲", "没答到", "忘了", "漏了",
})  # fmt: skip

# What people say before an answer and after it; one after another may stand there.
_BEFORE = pattern(
    r"(?:(?:the|my) )?answers?(?: is| are|'s)?(?=\W)|(?:i(?:'d| would)? )?(?:say|think|choose|pick|guess|take)(?= )|options?(?= )|"
    r"letters?(?= )|it(?:'s| is)(?= )|(?:about|approximately|approx\.?|around|roughly|circa|ca\.?|exactly|nearly|almost)(?= )|"
    r"(?:on|at|the|to)(?= )|"
    r"(?:我的?|本题|正确)?答案(?:应该)?[是为]?|回答[是为]?|答(?=\W)|我?(?:觉得|认为|想)|应该[是为选]?|我?选择?(?:项|的是)?|选项|"
    r"大约|大概|差不多|约|一共|总共|共有?|等于|[是为在有]|[=~≈:,]+",
    re.IGNORECASE,
)
_AFTER = pattern(
    r"(?: or so| in all| in total| altogether| please| (?:is|are)(?: true| right| correct)?|左右|上下|吧|呢|啊|哦|选项|项|"
    r"是?(?:对的|正确的?|成立)|都对|上)$",
    re.IGNORECASE,
)
# What a kind of object is called before its name, as in `pod/search-a` or `default/search-a`.
_BEFORE_NAME = pattern(r"(?:(?:po|pods?|no|nodes?|hosts?)/)?(?:default/)?", re.IGNORECASE)


class Command(enum.Enum):
    """What one may type where an answer is read."""

    HINT = "hint"
    SKIP = "skip"
    QUIT = "quit"
    BACK = "back"
    NEXT = "next"
    WALK = "walk"
    RULES = "rules"
    STEP = "step"
    WHAT_IF = "what-if"
    FOLLOW_UP = "follow-up"
    POINTS = "points"
    AGAIN = "again"
    HELP = "help"
    SHOW = "show"
    FLAG = "flag"
    LIST = "list"
    END = "end"


# What is obeyed after a grade alone: before it, these are answers like any other.
AFTER_A_GRADE = frozenset({
    Command.NEXT, Command.WALK, Command.RULES, Command.STEP, Command.WHAT_IF, Command.FOLLOW_UP, Command.POINTS,
    Command.AGAIN,
})  # fmt: skip
_COMMANDS: dict[str, Command] = {
    word: command
    for command, words in {
        Command.HINT: "hint ? 提示 给个提示 来个提示",
        Command.SKIP: "skip 跳过 略过",
        Command.QUIT: "quit exit q 退出 离开",
        Command.BACK: "back 返回 上一项 上一步",
        Command.NEXT: "n next 下一题 下一个",
        Command.WALK: "w walk 路径",
        Command.RULES: "r rules 规则",
        Command.STEP: "t step 逐步",
        Command.WHAT_IF: "x what-if 假如",
        Command.FOLLOW_UP: "f follow-up 追问",
        Command.POINTS: "k points 要点",
        Command.AGAIN: "a again 再来",
        Command.HELP: "help 帮助",
        Command.SHOW: "show 重看 再看一遍 显示题目",
        Command.FLAG: "flag 标记",
        Command.LIST: "list 列表",
        Command.END: "end 结束",
    }.items()
    for word in words.split()
}
_ASKS_FOR_A_HINT = pattern(r"\?+")
_WITH_A_LABEL = pattern(r"(?:back\s+|(?:返回|回到)\s*)第?\s*(\w{1,8}?)\s*题?")


def plain(typed: str) -> str:
    """`typed` as anybody would type it on a keyboard of ASCII characters, without blanks around it."""
    return unicodedata.normalize("NFKC", typed).translate(_KEYS).strip()


def command(typed: str) -> tuple[Command, str] | None:
    """The command that the whole line is, and what it is told (`back 3`: 3); None for anything else."""
    word = plain(typed).casefold().rstrip(_END).lstrip("/:").strip()
    if _ASKS_FOR_A_HINT.fullmatch(word):
        return Command.HINT, ""
    if word in _COMMANDS:
        return _COMMANDS[word], ""
    labelled = _WITH_A_LABEL.fullmatch(word)
    return None if labelled is None else (Command.BACK, labelled.group(1))


def spellings(typed: str) -> tuple[str, ...]:
    """`typed` in its plain spelling, then with ever fewer words around it: an answer is the first that can be read."""
    found = [plain(typed)]
    while (shorter := _shorter(found[-1])) not in ("", found[-1]):
        found.append(shorter)
    return tuple(found)


def _shorter(text: str) -> str:
    bare = text.rstrip(_END)
    cut = _AFTER.sub("", bare).strip()
    if cut == bare and (before := _BEFORE.match(bare)) is not None:
        return bare[before.end() :].strip()
    return cut


def says_none(text: str) -> bool:
    """Whether plain `text` says that there is none."""
    return _folded(text) in _NONE


def says_all(text: str) -> bool:
    """Whether plain `text` says that it is all of them."""
    return _folded(text) in _ALL


def says_yes(text: str) -> bool | None:
    """Whether plain `text` says yes (True) or no (False); None where it says neither."""
    word = _folded(text).removeprefix("我")
    return True if word in _YES else False if word in _NO else None


def _folded(text: str) -> str:
    return " ".join(text.rstrip(_END).casefold().split())


def bare_name(text: str) -> str:
    """`search-a` of `pod/search-a`, `default/search-a` and `search-a.`."""
    name = text.rstrip(".,").strip()
    return name[match.end() :] if (match := _BEFORE_NAME.match(name)) else name
