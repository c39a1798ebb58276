"""What `incident` says, in both languages. {braces} are filled with str.format by our own code."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick

WORDS: dict[str, Text] = {
    "title": Text("Incident {id}", "故障 {id}"),
    "fails": Text("Fails:", "失败的流量："),
    "works": Text("Works:", "正常的流量："),
    "changes": Text("Done today:", "今天的变更："),
    "help": Text(
        "Hosts: {hosts}\nssh HOST goes to one, exit leaves it; HOST: COMMAND runs one command there. kubectl is here.\n"
        "flows: what fails now · hint (costs points) · diagnose: the choices · diagnose TEXT or NUMBER PLACE · report · done\n",
        "主机：{hosts}\n用 ssh 主机名 登录，用 exit 离开；主机名: 命令 在该主机上执行一条命令。kubectl 就在这里使用。\n"
        "flows 查看当前失败的流量 · hint 提示（扣分）· diagnose 列出选项 · diagnose 描述 或 编号 位置 · report 重看报告 · done 结束\n",
    ),
    "how": Text(
        "Look into it and mend it. Hosts: {nodes}, pod/NAME, client; ssh HOST goes to one, exit leaves it, HOST: COMMAND runs one command there, "
        "kubectl is here. flows: what fails now; diagnose: the choices; diagnose TEXT or NUMBER, and PLACE; report; done hands in.",
        "请查找原因并修复。主机：{nodes}、pod/名称、client；ssh 主机名 登录，exit 离开，主机名: 命令 在该主机上执行一条命令，kubectl 就在这里使用。"
        "flows 查看当前失败的流量；diagnose 列出选项；diagnose 描述或编号，加上位置；report 重看报告；done 交卷。",
    ),
    "too-many": Text("That was the last line there is room for: done hands in.", "行数已达上限：请用 done 交卷。"),
    "nothing-typed": Text("(nothing)", "（没有操作）"),
    "not-it": Text("type commands, then done", "请输入命令，最后输入 done"),
    "at-a-prompt": Text("Once more, at a prompt: k8squiz incident {id}", "在提示符下再做一次：k8squiz incident {id}"),
    "still": Text("{count} flows deviate in the end: {flows}", "最后仍有 {count} 条流量不一致：{flows}"),
    "not-lasting": Text(
        "{count} flows deviate again after kube-proxy's next sync and new pods: {flows}",
        "kube-proxy 下一次同步、Pod 重建之后，又有 {count} 条流量不一致：{flows}",
    ),
    "wrong-turn": Text("It does not mend it, or not for good.", "这样做修不好，或不能持久。"),
    "poor": Text("an expert's path is worth {score} only", "专家路径只得 {score}"),
    "given-away": Text("doing nothing is worth {score}", "什么都不做也得 {score}"),
    "not-left": Text("This is the first host: done hands in.", "这里已经是最外层：输入 done 结束。"),
    "whole": Text("Every flow does what it did before.", "所有流量都恢复到了故障之前的状态。"),
    "deviate": Text("{count} of {total} flows do not do what they did before:", "{total} 条流量中有 {count} 条与故障之前不一致："),
    "opened": Text("(comes through, and did not before)", "（现在能通，而之前不通）"),
    "noted": Text("Noted: {text}", "已记录：{text}"),
    "choose": Text("diagnose NUMBER PLACE, or in your own words:", "diagnose 编号 位置，或用自己的话描述："),
    "time-over": Text("The time is over.", "时间到。"),
    "score": Text("Score {score} %: {verdict}.", "得分 {score} %：{verdict}。"),
    "mended": Text("mended for good", "已彻底修复"),
    "mended-by-force": Text("mended, by a step that nobody takes", "流量已恢复，但用了不该用的操作"),
    "not-mended": Text("not mended", "没有修复"),
    "later": Text("It does not last: after kube-proxy's next sync and new pods these deviate:", "修复不能持久：kube-proxy 下一次同步、Pod 重建之后，这些流量又不一致："),
    "danger": Text("Not on a cluster that serves users: {line}", "不能在生产集群上这样做：{line}"),
    "truth": Text("It was, at {place}: {what}. It lives {lives}.", "实际原因，位置 {place}：{what}。它{lives}。"),
    "cause-yes": Text("The cause was named{place}.", "说出了原因{place}。"),
    "cause-no": Text("The cause was not named.", "没有说出原因。"),
    "part-lasting": Text("It is mended.", "已经修复。"),
    "part-mended": Text("It is mended, but not for good.", "已经修复，但不能持久。"),
    "part-open": Text("It is not mended.", "没有修复。"),
    "with-place": Text(", and the place", "，也说出了位置"),
    "yours": Text("Your path", "你的路径"),
    "experts": Text("An expert's", "专家的路径"),
    "shows": Text("shows it", "能看出故障"),
    "now-fail": Text("{count} deviate now", "此后 {count} 条不一致"),
    "failed": Text("status {status}", "退出码 {status}"),
    "sheet-how": Text(
        "For two people. Read the handout aloud or hand it over; keep the rest. The same incident at a prompt: `k8squiz incident "
        "--fault {fault} --seed {seed}`, on this machine's kernel with `--live`.",
        "供两个人使用。把“题面”读给或交给候选人，其余自己留着。在提示符下做同一个故障：`k8squiz incident --fault {fault} --seed {seed}`，"
        "加上 `--live` 则在本机内核上进行。",
    ),
    "sheet-handout": Text("Handout", "题面"),
    "sheet-yours": Text("For you alone", "仅供面试官"),
    "sheet-shows": Text("What shows it", "哪里能看出来"),
    "sheet-mends": Text("What mends it", "怎样修复"),
    "sheet-wrong": Text("What is tried and does not", "常见但无效的做法"),
    "sheet-hints": Text("Hints, in this order", "提示（按此顺序）"),
    "sheet-score": Text("Score", "评分"),
    "sheet-breaks": Text("Brought about by:", "故障由以下操作造成："),
    "sheet-herrings": Text("Looks like a cause and breaks nothing:", "看起来像原因、实际没有影响："),
    "sheet-flows": Text("{count} of {total} flows fail:", "{total} 条流量中有 {count} 条失败："),
    "sheet-more": Text("... {count} lines more", "……还有 {count} 行"),
    "sheet-or": Text("or", "或者"),
    "sheet-part": Text("What for", "项目"),
    "sheet-points": Text("Points", "分值"),
    "sheet-off": Text(
        "Two points off for each hint, four for each step that nobody takes on a cluster that serves users.",
        "每个提示扣 2 分；每个不该在生产集群上执行的操作扣 4 分。",
    ),
    "parts": Text("Cause {cause}, place {place}, evidence {evidence}, flows {flows}, lasting {lasting}, nothing else broken {unharmed}, path {path}.", "原因 {cause}，位置 {place}，证据 {evidence}，流量 {flows}，持久 {lasting}，未损坏其他 {unharmed}，路径 {path}。"),
}  # fmt: skip

PART_NAMES: dict[str, Text] = {
    "cause": Text("the cause is named", "说出原因"),
    "place": Text("and where", "说出位置"),
    "evidence": Text("its evidence was looked at", "看过能证明它的证据"),
    "flows": Text("the flows work again", "流量恢复"),
    "lasting": Text(
        "for good: after a sync of kube-proxy and with new pods", "修复持久：kube-proxy 同步、Pod 重建之后仍然有效"
    ),
    "unharmed": Text("nothing else is broken", "没有弄坏别的"),
    "path": Text("without too many commands", "命令不过多"),
}


def say(key: str, lang: Lang, **words: object) -> str:
    """The sentence of that key, filled in."""
    return pick(WORDS[key], lang).format(**words)


def both(key: str, **words: object) -> Text:
    """As say, in both languages."""
    return Text(say(key, "en", **words), say(key, "zh", **words))
