"""What libyaml complains of, in words for whoever wrote the YAML, in English and in Chinese.

Source of the left column: libyaml's parser.c and scanner.c, and PyYAML's parser and scanner, which word it alike.
"""

from __future__ import annotations

# What libyaml says, or a part of it -> what to do about it. The first that fits is taken.
_ADVICE = (
    ("expected ',' or ']'", "a list that begins with [ goes on with a comma or ends with ]", "以 [ 开头的列表，各项之间要有逗号，末尾要有 ]"),
    ("expected ',' or '}'", "a mapping that begins with { goes on with a comma or ends with }", "以 { 开头的映射，各项之间要有逗号，末尾要有 }"),
    ("mapping values are not allowed", "a colon where none can be; check the indentation, or quote the value", "此处不应出现冒号；请检查缩进，或给值加引号"),
    ("could not find expected ':'", "a key without its colon", "键后面缺少冒号"),
    ("did not find expected key", "check the indentation: what stands here fits neither the mapping nor what is above it", "请检查缩进：此处的内容与上文的映射不对齐"),
    ("expected '-' indicator", "check the indentation: here the list should go on with - or end", "请检查缩进：列表在此处应以 - 继续或结束"),
    ("cannot start any token", "a tab (YAML is indented with spaces), or a character that no value begins with (quote the value)", "制表符（YAML 只能用空格缩进），或不能作为值开头的字符（请给值加引号）"),
    ("unexpected end of stream", "a quotation mark that is never closed", "引号没有闭合"),
    ("expected <document start>", "a document ended here; the next one begins with a line ---", "前一个文档到此结束；下一个文档须以 --- 行开头"),
    ("another document", "one document is expected, and here a second one begins", "只能有一个文档，而此处开始了第二个"),
    ("block sequence entries are not allowed", "a list item (-) where none can be; begin it on a line of its own", "此处不能出现列表项（-）；请另起一行"),
    ("did not find expected node content", "a value is missing", "缺少值"),
    ("unknown escape character", "a backslash in double quotes that means nothing; use single quotes", "双引号中的反斜杠转义无效；请改用单引号"),
    ("block scalar", "a text that begins with | or > is not written as one should be", "以 | 或 > 开头的文本写法有误"),
    ("undefined alias", "an alias (*) of something that was not named before (&)", "别名（*）所指的锚点（&）没有定义"),
)  # fmt: skip


def problem(context: str | None, said: str | None) -> tuple[str, str]:
    """The complaint in English and in Chinese; libyaml's own words where it is none of the known ones."""
    whole = ", ".join(part for part in (context, said) if part)
    for part, english, chinese in _ADVICE:
        if part in (said or "") or part in (context or ""):
            return f"{english} ({said or context})", chinese
    return whole, whole
