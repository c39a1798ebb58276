"""What practice, `questions` and lint say, in both languages. {braces} are filled with str.format by our own code."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

WORDS: dict[str, Text] = {
    "question": Text("Question {number}/{total}", "第 {number}/{total} 题"),
    "mixed": Text("{again} to repeat, {new} new.", "复习 {again} 题，新题 {new} 题。"),
    "level": Text("level {level}", "难度 {level}"),
    "amiss": Text(
        "Something went wrong in this question ({what}), and it is no fault of yours. It goes on without it.",
        "这道题出了意外错误（{what}），不是你的问题。跳过它，继续。",
    ),
    "amiss-line": Text(
        "Something went wrong in this line ({what}), and it is no fault of yours. It changed nothing.",
        "这一行出了意外错误（{what}），不是你的问题。它没有改动任何东西。",
    ),
    "amiss-noted": Text(" What is needed to report it stands in {path}.", " 报告所需的信息已写入 {path}。"),
    "not-counted": Text("Question {label} ({question}) does not count:", "第 {label} 题（{question}）不计入得分："),
    "amiss-file": Text("This question cannot be asked: {reason}", "这道题无法提问：{reason}"),
    "cluster": Text("Cluster", "集群"),
    "request": Text("Request{name}: ", "请求{name}："),
    "without": Text("without {part}", "去掉 {part}"),
    "same-request": Text("{name}: the same", "{name}：同上"),
    "arrives": Text(" (arrives at {node})", "（到达 {node}）"),
    "client": Text("client {address}, outside", "client {address}（集群外）"),
    "no-endpoints": Text("no endpoints", "没有端点"),
    "commands": Text(
        "hint (costs points) · skip · show (the question again) · quit · help",
        "hint 提示（扣分）· skip 跳过 · show 重看题目 · quit 退出 · help 帮助",
    ),
    "how-order": Text("Letters in order, such as B A D. Not all steps happen.", "按顺序输入字母，例如 B A D。有些步骤并不会发生。"),
    "how-order-all": Text("Letters in order, such as B A D.", "按顺序输入字母，例如 B A D。"),
    "how-list": Text("Pick the steps in the order in which they happen; not all of them do.", "按发生的先后选取步骤；有些步骤并不会发生。"),
    "how-list-all": Text("Pick the steps in the order in which they happen.", "按发生的先后选取步骤。"),
    "how-one": Text("One letter.", "输入一个字母。"),
    "how-all": Text("The letters of all that are true, such as A C.", "输入所有正确项的字母，例如 A C。"),
    "how-address": Text("An address, or a name shown above ({names}, ...).", "填地址，或上面出现的名称（{names} 等）。"),
    "how-ports": Text(
        "An address or a name with the port, such as 10.0.0.1:80 ({names}, ...).",
        "填地址或名称，并带上端口，例如 10.0.0.1:80（{names} 等）。",
    ),
    "how-name": Text("One of {names}.", "填写其中之一：{names}。"),
    "how-number": Text("A number; 1/3 and 33% will do too.", "填数字；1/3 或 33% 也可以。"),
    "would-do": Text("would do", "参考答案"),
    "how-path": Text(
        "A step for each device, with ; between: HOST DEVICE SOURCE > DESTINATION, and `outer A > B` for a tunnel's header. "
        "Names will do for addresses, ports may be left out.",
        "每经过一个设备写一步，用 ; 分隔：主机 设备 源 > 目的；有隧道头部时再写 outer A > B。地址可用名称代替，端口可省略。",
    ),
    "how-talk": Text(
        "Answer as you would in the interview, in as many lines as you like; an empty line or a lone dot ends it. If you "
        "speak it aloud, type aloud.",
        "像面试时那样回答，行数不限；空行或单独一个句点结束。如果是口头回答，请输入 aloud（或 口述）。",
    ),
    "how-talk-editor": Text(
        "Answer as you would in the interview, in as many lines as you like; an empty line or a lone dot ends it. Ctrl-X Ctrl-E "
        "or F4 opens $EDITOR. If you speak it aloud, type aloud.",
        "像面试时那样回答，行数不限；空行或单独一个句点结束。Ctrl-X Ctrl-E 或 F4 打开 $EDITOR。如果是口头回答，请输入 aloud（或 口述）。",
    ),
    "how-point": Text(
        "y for what you said, n for what you left out; Enter takes what the first pass says, which looks for words and understands none.",
        "说到了填 y，没说到填 n；直接回车则采用初判（初判只查找词语，并不理解句意）。",
    ),
    "point-heard": Text("Said? [✓ {heard}] (Y/n)> ", "说到了吗？[✓ {heard}] (Y/n)> "),
    "point-not-heard": Text("Said? [· {heard}] (y/N)> ", "说到了吗？[· {heard}] (y/N)> "),
    "heard": Text("heard: {terms}", "听到：{terms}"),
    "not-heard": Text("not heard: {terms}", "没有听到：{terms}"),
    "other-order": Text("in another order: {terms}", "顺序不同：{terms}"),
    "point": Text("Said? (y/n)> ", "说到了吗？(y/n)> "),
    "how-repair": Text("One line, such as {example}.", "输入一行，例如 {example}。"),
    "how-write": Text(
        "YAML ({kinds}) that makes exactly the table true (callers across, destinations down): ✓ has to work, ✗ must not. An empty line or a lone dot ends it; "
        "Ctrl-X Ctrl-E or F4 opens $EDITOR.",
        "写出使表格（列为访问方，行为目的）恰好成立的 YAML（{kinds}）：✓ 必须通，✗ 必须不通。空行或单独一个句点结束；Ctrl-X Ctrl-E 或 F4 打开 $EDITOR。",
    ),
    "answer": Text("answer> ", "回答> "),
    "no-hint": Text("There are no more hints.", "没有更多提示了。"),
    "hint": Text("Hint (costs {cost:.0%}): {text}", "提示（扣 {cost:.0%}）：{text}"),
    "skipped": Text("Skipped.", "已跳过。"),
    "reckoned": Text("{label} · {how}", "{label} · {how}"),
    "score": Text("Score {score:.0%}", "得分 {score:.0%}"),
    "score-hints": Text("Score {score:.0%} ({raw:.0%} less {cost:.0%} for hints and tries)", "得分 {score:.0%}（{raw:.0%}，提示与尝试扣去 {cost:.0%}）"),
    "yours": Text("yours", "你的回答"),
    "truth": Text("computed", "计算结果"),
    "blank": Text("(blank)", "（空）"),
    "as-at": Text("as at {letter}", "同 {letter}"),
    "as-computed": Text("alike", "相同"),
    "first-wrong": Text("The first difference is at step {step}.", "从第 {step} 步开始不同。"),
    "too-few": Text("The steps after {step} are missing.", "第 {step} 步之后的步骤缺失。"),
    "never-happens": Text("does not happen", "不会发生"),
    "wrong-place": Text("happens, but not here", "会发生，但不在这里"),
    "missing": Text("missing", "缺失"),
    "trace": Text("The walk, computed", "计算出的路径"),
    "trace-other": Text("The walk of {name}, computed", "请求“{name}”的路径（计算结果）"),
    "chance": Text("one of {ways} ways, probability {probability}", "{ways} 条可能路径之一，概率 {probability}"),
    "explanation": Text("Why", "解析"),
    "key-points": Text("What an interviewer wants to hear", "面试官想听到的要点"),
    "followups": Text("Follow-up questions", "追问"),
    "sources": Text("Sources: {list}", "出处：{list}"),
    "no-key": Text("? {typed} is none of these keys; Enter goes on.", "? 没有 {typed} 这个键；回车继续。"),
    "placement": Text(
        "The first time: {count} questions to see where you stand, each a level up or down by how the one before went. "
        "After that a path goes on from your level (--shuffle: neither).",
        "第一次：先用 {count} 道题看看你的水平，每题难度视上一题的表现升降。之后从你的水平按路线继续（--shuffle 则都不用）。",
    ),
    "try": Text(
        "Try {count}. Type another line (each try costs {cost:.0%}), or Enter to hand this one in.",
        "第 {count} 次尝试。可再输入一行（每次扣 {cost:.0%}），或直接回车交卷。",
    ),
    "try-text": Text(
        "Try {count}. Change the text and send it again (each try costs {cost:.0%}), or send it as it stands to hand it in.",
        "第 {count} 次尝试。可修改后再提交（每次扣 {cost:.0%}），或原样再提交一次即交卷。",
    ),
    "changes-nothing": Text("The line changes nothing of this walk.", "这一行对这条路径没有任何影响。"),
    "as-broken": Text("broken", "故障时"),
    "with-yours": Text("with your line", "加上你的这一行"),
    "once-more": Text("Once more, with other numbers:", "换一组数字，再来一次："),
    "key-walk": Text("w walk", "w 路径"),
    "key-rules": Text("r rules", "r 规则"),
    "key-step": Text("t step", "t 逐步"),
    "key-what-if": Text("x what if", "x 假如"),
    "key-follow-up": Text("f follow-up", "f 追问"),
    "key-hear": Text("k points", "k 要点"),
    "key-again": Text("a again", "a 换数再来"),
    "key-on": Text("Enter on", "回车 下一题"),
    "key-more": Text("Enter ↓ {left}", "回车 ↓ 还有 {left} 行"),
    "read-on": Text("— Enter: more ({left} lines) — ", "— 回车：继续（还有 {left} 行）— "),
    "to-question": Text("— Enter: the question — ", "— 回车：看题目 — "),
    "key-last": Text("Enter ends", "回车 小结"),
    "rules-of": Text("Rules of {node}; » was hit", "{node} 的规则；» 为命中的"),
    "other-chains": Text("{count} more chains had no part in it.", "另有 {count} 条链没有参与。"),
    "which-node": Text("which node: {names}> ", "哪个节点：{names}> "),
    "which-change": Text("which (number or name; Enter leaves)> ", "选哪一个（编号或名称；回车返回）> "),
    "step-on": Text("— {at}/{of}: Enter forward, b back, q out — ", "— {at}/{of}：回车 前进，b 后退，q 离开 — "),
    "as-it-is": Text("as it is", "现在的样子"),
    "fold": Text("— say it, then Enter for the answer — ", "— 先自己说，再按回车看答案 — "),
    "wanted": Text("what was wanted", "应有的路径"),
    "own": Text("what your answer does", "你的回答的效果"),
    "summary": Text("Summary", "小结"),
    "total": Text("{points:.1f} of {asked} points ({share:.0%})", "得分 {points:.1f}/{asked}（{share:.0%}）"),
    "of-skipped": Text("{skipped} skipped", "跳过 {skipped} 题"),
    "memory": Text(
        "{reason}. Practice goes on; what you answer is kept in memory, and can be saved elsewhere at the end.",
        "{reason}。练习继续；你的作答暂存在内存中，结束时可以另存到别处。",
    ),
    "export-to": Text(
        "These answers are on no disk. Save them to which file (Enter prints them)? ",
        "这些作答没有写入磁盘。保存到哪个文件（直接回车则打印）？ ",
    ),
    "exported": Text(
        "Written; `k8squiz data import {path}` takes it in later.", "已写入；之后用 `k8squiz data import {path}` 导入。"
    ),
    "export": Text(
        "These answers are on no disk. Save the next line as a file and `k8squiz data import FILE` takes it in later:",
        "以下作答没有写入磁盘。请把下一行保存为文件，之后用 `k8squiz data import FILE` 导入：",
    ),
    "computed": Text("What happened, computed", "计算得出的经过"),
    "nothing": Text("No question was answered.", "没有回答任何题目。"),
    "study": Text("To look at next:", "接下来可以看："),
    "seed": Text("seed {seed}", "种子 {seed}"),
    "lint-clean": Text("{questions} questions, {seeds} seeds each: nothing to complain about.", "{questions} 道题，每题 {seeds} 个种子：没有发现问题。"),
    "lint-found": Text("{errors} errors, {warnings} warnings in {questions} questions.", "{questions} 道题中有 {errors} 个错误、{warnings} 个警告。"),
    "help": Text(
        "Type the answer and press Enter. hint (or ?) gives a hint at the price shown, skip leaves the question, "
        "show prints it again, quit ends with a summary, back returns to the field before. Of statements, the share picked of "
        "those that hold counts, less the share picked of those that do not; a number within three times its tolerance "
        "earns half. What cannot be read is asked again.",
        "输入答案后按回车。hint（或 ?）给出提示并扣分，skip 跳过本题，show 重新显示题目，quit 结束并显示小结，back 返回上一项。"
        "多选题按选中的正确项所占比例计分，再减去选中的错误项所占比例；数字在容许误差的三倍以内得一半。读不懂的输入会再问一次。",
    ),
}  # fmt: skip


def say(key: str, lang: Lang, **values: object) -> str:
    """The words for `key`, filled. Values are data: braces in them are left alone."""
    return pick(WORDS[key], lang).format(**values)
