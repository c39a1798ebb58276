"""Examples under every `--help`: what one types, and what comes of it in both languages. Read by help pages alone."""

from __future__ import annotations

from typing import TypeAlias

# A command line without `k8squiz`, what it does in English and in Chinese.
Example: TypeAlias = tuple[str, str, str]

EXAMPLES: dict[str, tuple[Example, ...]] = {
    "": (
        ("practice", "five questions", "做五道题"),
        ("explain nodeport", "a story, computed", "一个主题的讲解，实时计算"),
        ("--lang zh --help", "in Chinese", "中文界面"),
    ),
    "practice": (
        ("practice --topic hairpin --level 2", "easy ones of one topic", "一个主题的简单题"),
        ("practice --question nodeport-forward-order --seed 7", "the same question again, drawn alike", "同一道题，同样的抽取"),
        ("practice --until 2030-01-31 --count 10", "towards an interview's day", "按面试日期安排"),
    ),
    "explain": (
        ("explain", "the topics there are", "列出全部主题"),
        ("explain hairpin --without masquerade", "what breaks without it", "去掉一部分会怎样"),
        ("explain nodeport --step", "say what comes next", "预测下一步"),
        ("explain nodeport --export nodeport.html", "as a page", "写成网页"),
    ),
    "mock": (
        ("mock --track junior --minutes 20", "a short interview", "一场短面试"),
        ("mock --resume", "go on with the one that was interrupted", "继续被中断的面试"),
        ("mock --interviewer script.md --seed 3", "a script for two people", "供两人使用的脚本"),
    ),
    "report": (
        ("report", "on the latest interview", "最近一场面试的结果"),
        ("report 3 --out report.html", "on the third one, as a page", "第 3 场，写成网页"),
    ),
    "trace": (
        ("trace cluster.yaml --from client --to node/node1:30080", "from outside to a NodePort", "从集群外访问 NodePort"),
        ("trace cluster.yaml --from pod/web-a --to svc/web --all", "every way it can go", "列出所有可能的路径"),
        ("trace cluster.yaml --from client --to svc/web --mode ipvs --json", "in another mode, as JSON", "换一种模式，输出 JSON"),
    ),
    "rules": (
        ("rules cluster.yaml --node node1", "as iptables-save prints them", "与 iptables-save 的输出相同"),
        ("rules cluster.yaml --node node1 --mode nftables", "as nft list ruleset does", "与 nft list ruleset 的输出相同"),
    ),
    "incident": (
        ("incident --level 2 --seed 3", "something is broken: find it and mend it", "出了故障：找到并修复"),
        ("incident --list --json", "the faults there are", "列出全部故障"),
    ),
    "shell": (
        ("shell cluster.yaml node1", "a prompt on a node", "登录一个节点"),
        ("shell cluster.yaml node1 -- iptables-save -t nat", "one command", "只执行一条命令"),
    ),
    "scale": (
        ("scale", "1000 Services of 10 endpoints, and how it grows", "1000 个 Service、各 10 个端点，以及增长情况"),
        ("scale --services 5000 --no-growth", "one size alone", "只看一种规模"),
        ("scale --export growth.svg", "drawn as curves", "画成曲线"),
    ),
    "schedulers": (
        ("schedulers", "the scenarios there are", "列出已有的场景"),
        ("schedulers --scenario long-and-short", "every scheduler under one of them", "一个场景下的所有调度算法"),
        ('schedulers --require "stickiness >= 1"', "which of them will do", "哪些算法满足要求"),
    ),
    "stats": (("stats", "streak, what is due, weakest points", "连续天数、到期题目、薄弱之处"), ("stats --map", "the themes of interviews, and which you know", "面试的各个知识点与掌握情况")),
    "plan": (("plan --until 2030-01-31 --minutes 45", "what to do each day until then", "到那天为止每天做什么"),),
    "questions": (
        ("questions list --topic ipvs", "the questions of a topic", "一个主题的题目"),
        ("questions show nodeport-forward-order", "one question", "查看一道题"),
    ),
    "questions list": (("questions list --topic ipvs --level 3", "of a topic and level", "按主题与难度"),),
    "questions show": (
        ("questions show nodeport-forward-order --seed 7 --answer", "with its computed answer", "同时显示答案"),
    ),
    "questions lint": (("questions lint my-question.yaml --seeds 200", "one file, thoroughly", "仔细检查一个文件"),),
    "questions new": (("questions new --kind choice --topic hairpin", "prints a file to start from", "输出一份模板"),),
    "questions pack": (
        ("questions pack my-questions", "my-questions.zip, once lint is content", "检查通过后生成 my-questions.zip"),
    ),
    "questions export": (
        ("questions export --format anki --topic dns --out dns.txt", "cards for Anki", "导出 Anki 卡片"),
        ("questions export --format jsonl", "an object a line", "每行一个 JSON 对象"),
    ),
    "questions schema": (("questions schema", "for editors that check YAML", "供编辑器校验 YAML"),),
    "data": (("data export --out backup.json", "a copy of all your data", "备份全部数据"), ("data path", "where it lies", "数据所在位置")),
    "data export": (("data export --out backup.json", "into a file", "写入文件"),),
    "data import": (("data import backup.json", "from a file", "从文件导入"),),
    "data delete": (("data delete", "asks first", "删除前会询问"),),
    "data rescue": (("data rescue", "what can be read of a damaged database", "抢救损坏的数据库"),),
    "data path": (("data path", "where your data lies", "数据所在位置"),),
    "lab": (
        ("lab up cluster.yaml", "build it", "搭建"),
        ("lab shell node1 ip -br addr", "look into it", "在其中执行命令"),
        ("lab down", "end it", "停止"),
    ),
    "lab up": (("lab up cluster.yaml --mode nftables", "in another mode", "换一种模式"),),
    "lab run": (("lab run cluster.yaml --from client --to node/node1:30080", "the kernel beside the model", "内核与模型对照"),),
    "lab verify": (("lab verify --cases 50 --seed 7", "fifty requests", "50 个请求"),),
    "lab shell": (
        ("lab shell node1", "a shell", "打开 shell"),
        ("lab shell node1 ip -br addr", "one command", "执行一条命令"),
    ),
    "lab down": (("lab down", "ends all of them", "全部停止"),),
}  # fmt: skip
