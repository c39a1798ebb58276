"""What `mock` says, in both languages. {braces} are filled with str.format by our own code."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

WORDS: dict[str, Text] = {
    "opening": Text(
        "Mock interview: {track}, {minutes} minutes, {questions} questions{more}. Seed {seed}.",
        "模拟面试：{track}，{minutes} 分钟，{questions} 道题{more}。种子 {seed}。",
    ),
    "follow-ups": Text(", follow-ups: {count}", "，外加 {count} 个追问"),
    "rules": Text(
        "The clock counts only while a question is in front of you. Each question has its share of the time; what you "
        "save on one goes to the others. When the countdown strikes, what stands is graded. Explanations come at the end.",
        "只有题目摆在面前时才计时。每题有各自的时间份额，省下的时间留给其他题。倒计时结束时以已写下的内容评分。解析最后给出。",
    ),
    "ready": Text("— Enter begins; the clock starts with the first question — ", "— 按回车开始，第一题出现时开始计时 — "),
    "after-strike": Text("— The clock stands. Enter for what comes next — ", "— 计时已暂停，按回车继续 — "),
    "commands": Text(
        "hint (costs {cost}) · skip · flag · list · back N · show · end · quit · help",
        "hint 提示（扣 {cost}）· skip 跳过 · flag · list · back N · end 结束 · quit · help",
    ),
    "commands-no-hint": Text(
        "skip · flag · list · back N · show · end · quit · help",
        "skip 跳过 · flag 标记 · list 列表 · back N · end 结束 · quit 暂离 · help 更多",
    ),
    "help": Text(
        "Type the answer and press Enter.\n"
        "hint or ?   a hint; the next one here costs {cost}\n"
        "skip        put the question aside; it comes again at the end\n"
        "flag        mark it to look at again; flag once more takes the mark away\n"
        "list        all questions, where you stand, how long is left\n"
        "back        one field up; back 3 goes to question 3, answered or not\n"
        "show        this question once more, where it has left the screen\n"
        "end         end the interview now\n"
        "quit        leave; k8squiz mock --resume goes on where you were",
        "输入答案后按回车。\n"
        "hint 或 ?   给出提示；本题下一条提示扣 {cost}\n"
        "skip        跳过本题，最后会再次出现\n"
        "flag        标记本题以便回看；再输入一次取消标记\n"
        "list        列出全部题目、进度和剩余时间\n"
        "back        返回上一项；back 3 回到第 3 题（无论是否已答）\n"
        "show        重新显示本题\n"
        "end         立即结束面试\n"
        "quit        暂时离开；用 k8squiz mock --resume 从原处继续",
    ),
    "question": Text("Question {label}/{total}", "第 {label}/{total} 题"),
    "follow-up": Text("Follow-up {label}, on the same cluster", "追问 {label}，集群不变"),
    "flagged": Text("Flagged.", "已标记。"),
    "unflagged": Text("No longer flagged.", "已取消标记。"),
    "skipped": Text("Put aside; it comes again at the end.", "已跳过，最后会再次出现。"),
    "only-one": Text("Nothing else is open: answer it, or end.", "没有其他未答的题：请作答，或 end 结束。"),
    "saved": Text("Answer recorded.", "已记录。"),
    "struck": Text("Time is up for this question. What stands is graded.", "本题时间到。以已写下的内容评分。"),
    "struck-line": Text("Time is up for this question. What stands is graded: {line}", "本题时间到。以已写下的内容评分：{line}"),
    "had": Text("You have here: {answer}", "此前填写：{answer}"),
    "unfinished-line": Text("Your unfinished line was: {line}", "上次没写完的一行：{line}"),
    "which": Text("back N: N is one of {labels}.", "back N：N 为 {labels} 之一。"),
    "waits": Text("Question {label} comes after the one it follows up.", "请先答完第 {label} 题所追问的那一题。"),
    "no-time": Text("No time is left for question {label}.", "第 {label} 题已没有剩余时间。"),
    "sure": Text(
        "{count} of {total} have no answer yet. Type end again to end the interview; anything else goes on.",
        "{total} 题中还有 {count} 题没有作答。再次输入 end 结束面试，输入其他内容则继续。",
    ),
    "review": Text(
        "Every question has been dealt with; {left} left. back N looks at one again, list shows all, end ends.",
        "所有题目都已处理，剩余 {left}。back N 回看某题，list 查看全部，end 结束。",
    ),
    "review-prompt": Text("end> ", "end> "),
    "help-review": Text(
        "back 3 looks at question 3 again, list shows all of them, end (or Enter) ends the interview, quit leaves it for later.",
        "back 3 回看第 3 题，list 列出全部题目，end（或直接回车）结束面试，quit 暂时离开。",
    ),
    "time-up": Text("The interview's time is up.", "面试时间到。"),
    "over": Text("The interview is over.", "面试结束。"),
    "paused": Text(
        "The interview stands at question {label}, {left} left. To go on: k8squiz mock --resume",
        "面试停在第 {label} 题，剩余 {left}。继续：k8squiz mock --resume",
    ),
    "lost": Text(
        "The interview could not be saved and ends here with the program.",
        "面试未能保存，随程序一起结束。",
    ),
    "resumed": Text(
        "Going on with the interview of {when}: {left} left, you were away for {away}.",
        "继续 {when} 的面试：剩余 {left}，离开了 {away}。",
    ),
    "check": Text(
        "The open questions: a first pass looked for each key point's words in what you said. It understands nothing, so "
        "you have the last word.",
        "开放题：初判在你的回答里查找了各要点的词语。它并不理解句意，由你来定。",
    ),
    "check-prompt": Text("Enter if that is right, else the numbers to turn over (2 5)> ", "无误请回车，否则输入要更正的编号（如 2 5）> "),
    "check-which": Text("Numbers from 1 to {most}, with blanks between them.", "请输入 1 到 {most} 的编号，以空格分隔。"),
    "your-answer": Text("You said: {answer}", "你的回答：{answer}"),
    "your-follow-up": Text("Asked: {asked} You said: {answer}", "追问：{asked} 你的回答：{answer}"),
    "unfinished": Text(
        "Interview {session} of {when} is not finished ({track}, {left} of {minutes} minutes left).",
        "{when} 的第 {session} 场面试尚未结束（{track}，{minutes} 分钟，剩余 {left}）。",
    ),
    "unfinished-ask": Text(
        "Enter goes on with it, n begins a new one and keeps it, q does neither> ",
        "回车继续这场，n 另开一场（这场保留），q 都不做> ",
    ),
    "resume-how": Text("To go on with one: k8squiz mock --resume N", "继续其中一场：k8squiz mock --resume N"),
    "no-interviews": Text("There is no interview yet; k8squiz mock begins one.", "还没有面试；用 k8squiz mock 开始一场。"),
    "not-begun": Text("Nothing was begun, and nothing is saved.", "没有开始，也没有保存任何内容。"),
    "list-unfinished": Text("unfinished, {left} left", "未结束，剩余 {left}"),
    "list-elsewhere": Text("open in another terminal", "正在另一个终端中进行"),
    "list-done": Text("finished", "已结束"),
    "memory": Text(
        "warning: {reason}. The interview goes on in memory; at the end it can be written to a file of your choice.",
        "警告：{reason}。面试将在内存中继续；结束时可以写入你指定的文件。",
    ),
    "export": Text("Write the report to which file (.html, .md, .json; Enter for none)? ", "把报告写入哪个文件（.html、.md、.json；直接回车则不写）？ "),
    "written": Text("Written: {path}", "已写入：{path}"),
    "list-head": Text("{left} left in all", "总共剩余 {left}"),
    "open": Text("open", "未答"),
    "skipped-mark": Text("put aside", "已跳过"),
    "answered": Text("answered", "已答"),
    "struck-mark": Text("time was up", "超时"),
    "waits-mark": Text("comes after {label}", "在第 {label} 题之后"),
    "flag-mark": Text("flagged", "已标记"),
    "here": Text("here", "当前"),
    "result": Text("Score {score:.0%}", "得分 {score:.0%}"),
    "full-report": Text("The full report: k8squiz report {session}", "完整报告：k8squiz report {session}"),
    "html-report": Text("As a page: k8squiz report {session} --out report.html", "网页版：k8squiz report {session} --out report.html"),
}  # fmt: skip


def say(key: str, lang: Lang, **values: object) -> str:
    """The words for `key`, filled. Values are data: braces in them are left alone."""
    return pick(WORDS[key], lang).format(**values)
