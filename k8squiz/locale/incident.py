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
    "whole": Text("Every flow does what it did before.", "所有流量都恢复到了故障之前的状态。"),
    "deviate": Text("{count} of {total} flows do not do what they did before:", "{total} 条流量中有 {count} 条与故障之前不一致："),
    "opened": Text("(comes through, and did not before)", "（现在能通，而之前不通）"),
    "noted": Text("Noted: {text}", "已记录：{text}"),
    "choose": Text("diagnose NUMBER PLACE, or in your own words:", "diagnose 编号 位置，或用自己的话描述："),
    "time-over": Text("The time is over.", "时间到。"),
    "score": Text("Score {score} %: {verdict}.", "得分 {score} %：{verdict}。"),
    "mended": Text("mended for good", "已彻底修复"),
    "not-mended": Text("not mended", "没有修复"),
    "later": Text("It does not last: after kube-proxy's next sync and new pods these deviate:", "修复不能持久：kube-proxy 下一次同步、Pod 重建之后，这些流量又不一致："),
    "danger": Text("Not on a cluster that serves users: {line}", "不能在生产集群上这样做：{line}"),
    "truth": Text("It was, at {place}: {what}. It lives {lives}.", "实际原因，位置 {place}：{what}。它{lives}。"),
    "cause-yes": Text("The cause was named{place}.", "说出了原因{place}。"),
    "cause-no": Text("The cause was not named.", "没有说出原因。"),
    "with-place": Text(", and the place", "，也说出了位置"),
    "yours": Text("Your path", "你的路径"),
    "experts": Text("An expert's", "专家的路径"),
    "shows": Text("shows it", "能看出故障"),
    "now-fail": Text("{count} deviate now", "此后 {count} 条不一致"),
    "failed": Text("status {status}", "退出码 {status}"),
    "parts": Text("Cause {cause}, place {place}, evidence {evidence}, flows {flows}, lasting {lasting}, nothing else broken {unharmed}, path {path}.", "原因 {cause}，位置 {place}，证据 {evidence}，流量 {flows}，持久 {lasting}，未损坏其他 {unharmed}，路径 {path}。"),
}  # fmt: skip


def say(key: str, lang: Lang, **words: object) -> str:
    """The sentence of that key, filled in."""
    return pick(WORDS[key], lang).format(**words)
