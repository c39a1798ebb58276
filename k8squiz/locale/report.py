"""What reports and interview scripts say, in both languages. {braces} are filled with str.format by our own code."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

WORDS: dict[str, Text] = {
    "title": Text("Mock interview: report", "模拟面试报告"),
    "facts": Text(
        "{track} · {minutes} minutes · {questions} questions · seed {seed}", "{track} · {minutes} 分钟 · {questions} 道题 · 种子 {seed}"
    ),
    "started": Text("began {when}", "开始于 {when}"),
    "score": Text("Score", "得分"),
    "time": Text("Time", "用时"),
    "of": Text("{spent} of {budget}", "{spent} / {budget}"),
    "ended-done": Text("Finished", "已完成"),
    "ended-stopped": Text("Ended early by the candidate", "候选人提前结束"),
    "ended-clock": Text("Ended by the clock", "时间到，自动结束"),
    "ended-open": Text("Not finished yet: k8squiz mock --resume goes on", "尚未结束：k8squiz mock --resume 可以继续"),
    "hidden": Text(
        "Kept back until it is over: {count} questions that have no answer yet. The figures are of the others.",
        "还有 {count} 题没有作答，结束之前不公布；以下数字只计其余各题。",
    ),
    "tally": Text("right · partly · not", "全对 · 部分 · 未得分"),
    "overview": Text("At a glance", "一览"),
    "by-topic": Text("By topic", "按主题"),
    "by-kind": Text("By kind", "按题型"),
    "by-level": Text("By level", "按难度"),
    "name": Text("What", "项目"),
    "questions": Text("Questions", "题数"),
    "budget": Text("Budget", "预算"),
    "spent": Text("Spent", "用时"),
    "rule": Text("How it is scored", "评分规则"),
    "study": Text("What to study next", "接下来学什么"),
    "nothing-missed": Text("Nothing was missed.", "全部答对。"),
    "interruptions": Text("Interruptions", "中断"),
    "interruption": Text(
        "after {at}, at question {label}: away for {away}", "计时 {at}、第 {label} 题处中断，离开 {away}"
    ),
    "interruption-told": Text("the program was asked to stop", "程序被要求退出"),
    "interruption-untold": Text("the program was cut off", "程序被突然中断"),
    "question": Text("Question {label}", "第 {label} 题"),
    "follow-up": Text("Follow-up {label}", "追问 {label}"),
    "topic": Text("Topic", "主题"),
    "kind": Text("Kind", "题型"),
    "level": Text("level {level}", "难度 {level}"),
    "cluster": Text("Cluster", "集群"),
    "given": Text("Given", "已知"),
    "asked": Text("Asked", "问题"),
    "answer": Text("Your answer", "你的回答"),
    "truth": Text("Computed", "计算结果"),
    "points": Text("Points", "得分"),
    "blank": Text("(blank)", "（空）"),
    "not-answered": Text("not answered", "未作答"),
    "answered": Text("answered", "已作答"),
    "skipped": Text("put aside", "已跳过"),
    "struck": Text("the time was up; what stood was graded", "超时，以已写下的内容评分"),
    "flagged": Text("flagged", "已标记"),
    "hints": Text("hints: {count}, -{cost:.0%}", "提示 {count} 条，扣 {cost:.0%}"),
    "line": Text("The unfinished line: {line}", "没写完的一行：{line}"),
    "walk": Text("The walk, computed", "计算出的路径"),
    "walk-of": Text("The walk of {name}, computed", "请求“{name}”的路径（计算结果）"),
    "chance": Text("one of {ways} ways, probability {probability}", "{ways} 条可能路径之一，概率 {probability}"),
    "reply": Text("the reply", "回程"),
    "why": Text("Why", "解析"),
    "key-points": Text("What an interviewer wants to hear", "面试官想听到的要点"),
    "sources": Text("Sources", "出处"),
    "host": Text("Host", "主机"),
    "stage": Text("Stage", "阶段"),
    "what": Text("What happens", "发生了什么"),
    "rule-column": Text("The rule that decided", "起决定作用的规则"),
    "hop-by-hop": Text("Hop by hop, with the rule that decided", "逐跳查看，附起决定作用的规则"),
    "option": Text("Option", "选项"),
    "yes": Text("yes", "是"),
    "made": Text("Computed by k8squiz {version} from the seed; the same seed gives the same questions.", "由 k8squiz {version} 根据种子计算；相同的种子得到相同的题目。"),
    # The script for a human interviewer.
    "script": Text("Interview script", "面试脚本"),
    "script-how": Text(
        "For the interviewer. Part 1 is the candidate's handout, without answers: copy it out or print it by itself. Part 2 has, "
        "for each question, what to ask, the computed answer, what to listen for, typical wrong turns and what to ask next. "
        "Part 3 is the scoring sheet.",
        "供面试官使用。第一部分发给候选人，不含答案，可单独打印。第二部分是每道题的提问、计算出的答案、应当听到的要点、"
        "典型的错误思路和追问。第三部分是评分表。",
    ),
    "handout": Text("Part 1: handout for the candidate", "第一部分：候选人用"),
    "guide": Text("Part 2: for the interviewer", "第二部分：面试官用"),
    "sheet": Text("Part 3: scoring sheet", "第三部分：评分表"),
    "minutes": Text("about {minutes} min", "约 {minutes} 分钟"),
    "ask": Text("Ask", "提问"),
    "listen": Text("Listen for", "应当听到"),
    "wrong-turns": Text("Typical wrong turns, and what they reveal", "典型的错误思路，以及它说明什么"),
    "next": Text("Ask next", "追问"),
    "if-stuck": Text("If the candidate is stuck", "如果候选人卡住了"),
    "picks": Text("picks {option}", "选择 {option}"),
    "leaves-out": Text("leaves out {option}", "漏选 {option}"),
    "no-step": Text("names the step {option}, which this packet does not take", "说出步骤 {option}，而这个数据包并不经过它"),
    "answers": Text("answers {answer}", "回答 {answer}"),
    "remarks": Text("Remarks", "备注"),
    "sum": Text("Sum", "合计"),
    "sheet-rule": Text(
        "Give each question 0 to its full points: full for the computed answer with its reason, half for the right answer without "
        "one or the right reason with a slip, nothing for a guess.",
        "每题给 0 分到满分：答案与计算结果一致且说得出理由给满分；答案对但没有理由，或理由对而有疏漏，给一半；猜的不给分。",
    ),
    "candidate": Text("Candidate:", "候选人："),
    "date": Text("Date:", "日期："),
}  # fmt: skip


def say(key: str, lang: Lang, **values: object) -> str:
    """The words for `key`, filled. Values are data: braces in them are left alone."""
    return pick(WORDS[key], lang).format(**values)
