"""What a keyboard types and what it is read as: answers of every sort of field, and commands, in both languages."""

from __future__ import annotations

import pytest

from engine.trace import Text
from k8squiz.kinds.fields import AddressField, Field, Item, MenuField, NameField, NumberField, OrderField, Unreadable
from k8squiz.kinds.talk.fields import LEFT_OUT, SAID, PointField
from k8squiz.locale.typed import Command, command

LABEL = Text("label", "标签")
ITEMS = tuple(Item(letter, letter, Text(f"step {letter}", f"步骤 {letter}")) for letter in "ABCD")
NAMES = {"client": "1.2.3.4", "node1": "192.168.1.10", "node1/eth0": "192.168.1.10", "node2/cni0": "10.244.2.1",
         "node1/cni0": "10.244.1.1", "api-a": "10.244.1.5"}  # fmt: skip
ONE = MenuField("m", LABEL, ITEMS, ("B",))
ALL = MenuField("m", LABEL, ITEMS, ("B", "C"), multiple=True)
ORDER = OrderField("o", LABEL, ITEMS, ("B", "A", "D"))
NAME = NameField("n", LABEL, "node1", ("client", "node1", "node2", "api-a"))
ADDRESS = AddressField("a", LABEL, "10.244.1.1", NAMES)
PORTS = AddressField("a", LABEL, "10.0.0.1:80", NAMES, ports=True)
COUNT = NumberField("n", LABEL, "20", unit=Text("rules", "条规则"))
SERVERS = NumberField("n", LABEL, "2", unit=Text("real servers", "个真实服务器"))
BYTES = NumberField("n", LABEL, "1450", unit=Text("bytes", "字节"))
BARE = NumberField("n", LABEL, "20")
SHARE = NumberField("n", LABEL, "1/3", share=True)
POINT = PointField("p", LABEL)

READ: list[tuple[Field, str, object]] = [
    (ONE, "Ｂ", ("B",)),
    (ONE, "ｂ", ("B",)),
    (ONE, "Ｂ。", ("B",)),
    (ONE, "２", ("B",)),
    (ONE, "（Ｂ）", ("B",)),
    (ONE, "【B】", ("B",)),
    (ONE, "选B", ("B",)),
    (ONE, "我选 Ｂ", ("B",)),
    (ONE, "选择B", ("B",)),
    (ONE, "选项B", ("B",)),
    (ONE, "答案：B", ("B",)),
    (ONE, "答案是B。", ("B",)),
    (ONE, "应该选B吧", ("B",)),
    (ONE, "我觉得是B", ("B",)),
    (ONE, "B项", ("B",)),
    (ONE, "B 是对的", ("B",)),
    (ONE, "answer: B", ("B",)),
    (ONE, "The answer is B.", ("B",)),
    (ONE, "I'd say B", ("B",)),
    (ONE, "I think B", ("B",)),
    (ONE, "option B", ("B",)),
    (ONE, "It's B!", ("B",)),
    (ONE, "步骤 Ｂ。", ("B",)),
    (ALL, "ＢＣ", ("B", "C")),
    (ALL, "Ｂ，Ｃ", ("B", "C")),
    (ALL, "Ｂ、Ｃ。", ("B", "C")),
    (ALL, "BC。", ("B", "C")),
    (ALL, "B和C", ("B", "C")),
    (ALL, "B 跟 C 都对", ("B", "C")),
    (ALL, "选B、C", ("B", "C")),
    (ALL, "２、３", ("B", "C")),
    (ALL, "B and C are true", ("B", "C")),
    (ALL, "answers: B, C", ("B", "C")),
    (ALL, "没有", ()),
    (ALL, "都不对", ()),
    (ALL, "以上都不对。", ()),
    (ALL, "一个都没有", ()),
    (ALL, "none of the above", ()),
    (ALL, "以上都对", ("A", "B", "C", "D")),
    (ALL, "all of the above", ("A", "B", "C", "D")),
    (ORDER, "Ｂ→Ａ→Ｄ", ("B", "A", "D")),
    (ORDER, "Ｂ，Ａ，Ｄ", ("B", "A", "D")),
    (ORDER, "B－A－D", ("B", "A", "D")),
    (ORDER, "B——A——D", ("B", "A", "D")),
    (ORDER, "先B再A最后D", ("B", "A", "D")),
    (ORDER, "B，然后 A，然后 D", ("B", "A", "D")),
    (ORDER, "first B, then A, then D", ("B", "A", "D")),
    (ORDER, "２１４", ("B", "A", "D")),
    (NAME, "ｎｏｄｅ１", "node1"),
    (NAME, "客户端", "client"),
    (NAME, "节点 node1", "node1"),
    (NAME, "在node1上", "node1"),
    (NAME, "node 1", "node1"),
    (NAME, "on node2", "node2"),
    (NAME, "the client", "client"),
    (NAME, "Pod api-a", "api-a"),
    (NAME, "没有", "none"),
    (ADDRESS, "１０．２４４．１．１", "10.244.1.1"),
    (ADDRESS, "10。244。1。1", "10.244.1.1"),
    (ADDRESS, "10.244.1.1。", "10.244.1.1"),
    (ADDRESS, "node1／cni0", "10.244.1.1"),
    (ADDRESS, "node1 的 cni0", "10.244.1.1"),
    (ADDRESS, "node1's cni0", "10.244.1.1"),
    (ADDRESS, "是 10.244.1.1", "10.244.1.1"),
    (ADDRESS, "客户端", "1.2.3.4"),
    (PORTS, "10.0.0.1：80", "10.0.0.1:80"),
    (PORTS, "node1：80", "192.168.1.10:80"),
    (PORTS, "10。0。0。1：８０", "10.0.0.1:80"),
    (PORTS, "10.0.0.1 端口 80", "10.0.0.1:80"),
    (PORTS, "10.0.0.1 port 80", "10.0.0.1:80"),
    (PORTS, "10.0.0.1 80", "10.0.0.1:80"),
    (COUNT, "20条", "20"),
    (COUNT, "２０ 条规则", "20"),
    (COUNT, "20个规则", "20"),
    (COUNT, "约20", "20"),
    (COUNT, "大约 20 条。", "20"),
    (COUNT, "答案是20条规则。", "20"),
    (COUNT, "一共20条", "20"),
    (COUNT, "二十条", "20"),
    (COUNT, "20 rules", "20"),
    (COUNT, "about 20 rules", "20"),
    (COUNT, "it is 20", "20"),
    (COUNT, "= 20", "20"),
    (COUNT, "twenty", "20"),
    (SERVERS, "2个", "2"),
    (SERVERS, "两个", "2"),
    (SERVERS, "2 servers", "2"),
    (BYTES, "１４５０", "1450"),
    (BYTES, "1，450", "1450"),
    (BYTES, "1450B", "1450"),
    (BYTES, "1450个字节", "1450"),
    (BYTES, "1450 字节左右", "1450"),
    (BARE, "20跳", "20"),
    (BARE, "20 hops", "20"),
    (SHARE, "33％", "33/100"),
    (SHARE, "１／３", "1/3"),
    (SHARE, "三分之一", "1/3"),
    (SHARE, "3分之1", "1/3"),
    (SHARE, "百分之33", "33/100"),
    (SHARE, "一半", "1/2"),
    (SHARE, "０．５", "1/2"),
    (SHARE, "one third", "1/3"),
    (SHARE, "a half", "1/2"),
    (SHARE, "1 in 3", "1/3"),
    (SHARE, "33 percent", "33/100"),
    (POINT, "说到了", SAID),
    (POINT, "说到了。", SAID),
    (POINT, "ｙ", SAID),
    (POINT, "对", SAID),
    (POINT, "我提到了", SAID),
    (POINT, "Yes!", SAID),
    (POINT, "没说到", LEFT_OUT),
    (POINT, "没", LEFT_OUT),
    (POINT, "没有", LEFT_OUT),
    (POINT, "忘了", LEFT_OUT),
    (POINT, "Ｎ", LEFT_OUT),
    (POINT, "no", LEFT_OUT),
]


@pytest.mark.parametrize(("field", "typed", "value"), READ, ids=[f"{type(row[0]).__name__}-{row[1]}" for row in READ])
def test_what_is_typed_is_read_as(field: Field, typed: str, value: object) -> None:
    assert field.read(typed) == value


NOT_READ: list[tuple[Field, str]] = [
    (ONE, "选"),
    (ONE, "我不知道"),
    (ONE, "A或B"),
    (COUNT, "很多"),
    (COUNT, "20 字节"),
    (COUNT, "20 ms"),
    (COUNT, "20到30"),
    (BYTES, "20条规则"),
    (SHARE, "三"),
    (SHARE, "零分之一"),
    (NAME, "节点"),
    (PORTS, "10.0.0.1："),
    (POINT, "部分"),
]


@pytest.mark.parametrize(("field", "typed"), NOT_READ, ids=[f"{type(row[0]).__name__}-{row[1]}" for row in NOT_READ])
def test_what_is_no_answer_is_asked_again(field: Field, typed: str) -> None:
    with pytest.raises(Unreadable):
        field.read(typed)


COMMANDS: list[tuple[str, tuple[Command, str] | None]] = [
    ("？", (Command.HINT, "")),
    ("??", (Command.HINT, "")),
    ("ＨＩＮＴ", (Command.HINT, "")),
    ("提示。", (Command.HINT, "")),
    ("Hint!", (Command.HINT, "")),
    ("ｓｋｉｐ", (Command.SKIP, "")),
    ("跳过", (Command.SKIP, "")),
    ("退出", (Command.QUIT, "")),
    ("：q", (Command.QUIT, "")),
    ("返回", (Command.BACK, "")),
    ("返回3", (Command.BACK, "3")),
    ("返回第 3 题", (Command.BACK, "3")),
    ("back 1a", (Command.BACK, "1a")),
    ("ｂａｃｋ　３", (Command.BACK, "3")),
    ("重看", (Command.SHOW, "")),
    ("帮助", (Command.HELP, "")),
    ("标记", (Command.FLAG, "")),
    ("列表", (Command.LIST, "")),
    ("结束", (Command.END, "")),
    ("下一题", (Command.NEXT, "")),
    ("", None),
    ("B", None),
    ("no hint", None),
    ("quit the bridge", None),
    ("backend", None),
    ("10.0.0.1", None),
]


@pytest.mark.parametrize(("typed", "meant"), COMMANDS)
def test_commands(typed: str, meant: tuple[Command, str] | None) -> None:
    assert command(typed) == meant
