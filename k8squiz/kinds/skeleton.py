"""The file an author starts from: one of each kind, which draws and computes but says nothing yet."""

from __future__ import annotations

import re

from k8squiz.errors import QuizError
from k8squiz.kinds.interface import kind

_FILE = """\
# yaml-language-server: $schema=../schema.json
format_version: 1
id: my-question
topic: {topic}
level: 2
kind: {kind}
title:
  en: A title that does not give the answer away
  zh: 不泄露答案的标题
params:
  policy: {{choice: [Cluster, Local]}}
  pod_node: {{choice: [node1, node2]}}
cluster:
  nodes: 2
  pods:
    pod-a: "{{pod_node}}"
  services:
    web:
      type: NodePort
      externalTrafficPolicy: "{{policy}}"
      endpoints: [pod-a]
request: {{from: client, to: web@node1}}
{ask}
prompt:
  en: "{{client}} connects to the NodePort of {{web}} on {{node1}}. What is asked?"
  zh: "{{client}} 访问 {{node1}} 上 {{web}} 的 NodePort。问题是什么？"
hints:
  - {{cost: 0.1, en: A nudge., zh: 一点提示。}}
explanation:
  - when: {{verdict: DELIVERED}}
    en: Why it arrives.
    zh: 为什么能够到达。
  - when: {{not: {{verdict: DELIVERED}}}}
    en: Why it does not arrive.
    zh: 为什么无法到达。
key_points:
{points}followups:
  - en: What would be asked next?
    zh: 接下来会追问什么？
    answer: {{en: What one would say to that., zh: 对此该怎么回答。}}
sources:
  - ref: the KEP, man page, kernel file or RFC that says so
    as_of: 2026-07
"""
_POINTS = """\
  - {en: What an interviewer wants to hear., zh: 面试官想听到的要点。}
  - {en: What else one listens for., zh: 还想听到的另一点。}
"""
# Of a talk, whose explanation is the model answer.
_TERMED = """\
  - en: What an interviewer wants to hear.
    zh: 面试官想听到的要点。
    terms: {en: [why it], zh: [为什么]}
    probe: {en: And why?, zh: 为什么？}
  - en: What else one listens for.
    zh: 还想听到的另一点。
    terms: {en: [arrive], zh: [到达]}
"""


def skeleton(name: str, topic: str) -> str:
    """The text of a new question file. Raises QuizError for an unknown kind or a topic that is no word."""
    ask = kind(name).skeleton
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", topic):
        raise QuizError(
            f"a topic is lower-case words joined by -, not {topic!r}", f"主题由小写单词以 - 连接而成，而不是 {topic!r}"
        )
    points = _TERMED if kind(name).opens else _POINTS
    return _FILE.format(kind=name, topic=topic, ask=ask, points=points)
