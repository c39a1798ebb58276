"""Reading and scoring answers: tables of what is typed and what it is worth."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trace import Text
from k8squiz.kinds.fields import AddressField, Field, Item, MenuField, NameField, NumberField, OrderField, Unreadable
from k8squiz.kinds.fields.picking import picked

LABEL = Text("label", "标签")
ITEMS = tuple(Item(letter, letter.lower() * 2, Text(letter, letter)) for letter in "ABCDEF")
ORDER = OrderField("o", LABEL, ITEMS, ("cc", "aa", "ee", "bb"))
ONE = MenuField("m", LABEL, ITEMS, ("bb",), near={"cc": 0.4})
ALL = MenuField("m", LABEL, ITEMS, ("aa", "dd"), multiple=True)
NAMES = {"node1": "192.168.1.10", "node1/cni0": "10.244.1.1", "pod-a": "10.244.1.5", "client": "1.2.3.4"}
ADDRESS = AddressField("a", LABEL, "10.244.1.0", {**NAMES, "node1/flannel.1": "10.244.1.0"})
PORTS = AddressField("a", LABEL, "192.168.1.10:30080", NAMES, ports=True)
TWO_DEVICES = AddressField("a", LABEL, "10.244.1.1", {**NAMES, "node2/cni0": "10.244.2.1"})
NAME = NameField("n", LABEL, "node1", ("node1", "pod-a", "client"))


@pytest.mark.parametrize("typed", ["C A E B", "c,a,e,b", "caeb", "3 1 5 2", "C > A > E > B", "  C  A E B "])
def test_an_order_may_be_typed_in_many_ways(typed: str) -> None:
    assert ORDER.read(typed) == ("cc", "aa", "ee", "bb")


ORDER_SCORES = [
    ("C A E B", 1.0, None),
    ("C A E B D", 4 / 5, 4),  # a wrong item at the end costs
    ("C A E B D F", 4 / 6, 4),
    ("C A E", 3 / 4, 3),
    ("C A D E B", 4 / 5, 2),
    ("C E A B", 3 / 5, 1),
    ("A C E B", 3 / 5, 0),
    ("D F", 0.0, 0),
    ("C", 1 / 4, 1),
]


@pytest.mark.parametrize(("typed", "score", "first_wrong"), ORDER_SCORES)
def test_order_scores(typed: str, score: float, first_wrong: int | None) -> None:
    value = ORDER.read(typed)
    assert ORDER.score(value) == pytest.approx(score)
    assert ORDER.first_wrong(value) == first_wrong


@pytest.mark.parametrize("typed", ["", "A A", "X", "A Z", "99", "0", "-1"])
def test_an_order_that_is_none(typed: str) -> None:
    with pytest.raises(Unreadable):
        ORDER.read(typed)


MENU_SCORES = [
    (ONE, "B", 1.0),
    (ONE, "2", 1.0),
    (ONE, "C", 0.4),
    (ONE, "D", 0.0),
    (ALL, "A D", 1.0),
    (ALL, "d a", 1.0),
    (ALL, "A", 0.5),
    (ALL, "A D F", 0.75),
    (ALL, "A B", 0.25),
    (ALL, "A B C", 0.0),
    (ALL, "A B C D E F", 0.0),
    (ALL, "none", 0.0),
]


@pytest.mark.parametrize(("field", "typed", "score"), MENU_SCORES)
def test_menu_scores(field: MenuField, typed: str, score: float) -> None:
    assert field.score(field.read(typed)) == pytest.approx(score)


SPELLINGS = [
    "A D", "A. D.", "A) D)", "A and D", "A & D", "A/D", "A+D", "[A,D]", "ａ　ｄ", "１，４", "A、D", "A和D", "(a) (d)", "AD", "A, D.", "① ④",
]  # fmt: skip


@pytest.mark.parametrize("typed", SPELLINGS)
def test_letters_in_every_spelling(typed: str) -> None:
    assert ALL.read(typed) == ("aa", "dd")


@pytest.mark.parametrize("typed", ["none", "None.", "n/a", "nobody", "-", "无", "都不对", "ｎｏｎｅ"])
def test_none_in_every_spelling(typed: str) -> None:
    assert ALL.read(typed) == ()
    assert NAME.read(typed) == "none"
    assert ADDRESS.read(typed) == "none"


@pytest.mark.parametrize("typed", ["all", "All.", "all of them", "全部", "A B C D E F"])
def test_all_of_them(typed: str) -> None:
    assert ALL.read(typed) == tuple(item.key for item in ITEMS)


SCHEDULERS = tuple(
    Item(letter, name, Text(name, name)) for letter, name in zip("ABCD", ("rr", "sh", "dh", "sed"), strict=True)
)
BY_NAME = MenuField("m", LABEL, SCHEDULERS, ("rr", "sed"), multiple=True)


@pytest.mark.parametrize("typed", ["rr sed", "RR, SED", "rr & sed", "A sed", "ｒｒ sed"])
def test_an_option_by_its_own_words(typed: str) -> None:
    assert BY_NAME.read(typed) == ("rr", "sed")


def test_a_name_that_could_be_letters_is_asked_again() -> None:
    items = tuple(
        Item(letter, name, Text(name, name)) for letter, name in zip("ABCDEFGH", ("dh", *"stuvwxy"), strict=True)
    )
    with pytest.raises(Unreadable) as caught:
        MenuField("m", LABEL, items, ("dh",), multiple=True).read("dh")
    assert "letters D H" in caught.value.text.en
    assert "字母 D H" in caught.value.text.zh


RECKONED = [
    (ALL, "A D", None),
    (ALL, "A", "+1 of 2: 50%"),
    (ALL, "A B", "+1 of 2, -1 of 4 for B: 25%"),
    (ALL, "A B C D E F", "+2 of 2, -4 of 4 for B C E F: 0%"),
    (ONE, "C", "the right sort of ending: 40%"),
    (ONE, "D", None),
    (NumberField("n", LABEL, "100", Fraction(10)), "125", "within three times the tolerance of 10: half"),
    (NumberField("n", LABEL, "100", Fraction(10)), "105", None),
]


@pytest.mark.parametrize(("field", "typed", "told"), RECKONED)
def test_credit_in_part_is_told(field: Field, typed: str, told: str | None) -> None:
    found = field.reckoned(field.read(typed))
    assert (None if found is None else found.en) == told
    assert found is None or found.zh


@pytest.mark.parametrize("typed", ["A B", "", "none", "Q"])
def test_one_choice_takes_one_letter(typed: str) -> None:
    with pytest.raises(Unreadable):
        ONE.read(typed)


ADDRESSES = [
    (ADDRESS, "10.244.1.0", 1.0),
    (ADDRESS, "node1/flannel.1", 1.0),
    (ADDRESS, "NODE1/flannel.1", 1.0),
    (ADDRESS, "node1", 0.0),  # the bare name is the InternalIP, which MASQUERADE does not choose here
    (ADDRESS, "10.244.1.5", 0.0),
    (ADDRESS, "none", 0.0),
    (ADDRESS, "flannel.1", 1.0),
    (ADDRESS, "10.244.1.0/32", 1.0),
    (ADDRESS, "１０.２４４.1.0", 1.0),
    (ADDRESS, "pod/pod-a", 0.0),
    (ADDRESS, "node/node1/flannel.1", 1.0),
    (PORTS, "node/node1:30080", 1.0),
    (PORTS, "node1：30080", 1.0),
    (PORTS, "node1:30080", 1.0),
    (PORTS, "192.168.1.10:30080", 1.0),
    (PORTS, "192.168.1.10:80", 0.5),
    (PORTS, "pod-a:30080", 0.5),
    (PORTS, "pod-a:80", 0.0),
]


@pytest.mark.parametrize(("field", "typed", "score"), ADDRESSES)
def test_address_scores(field: AddressField, typed: str, score: float) -> None:
    assert field.score(field.read(typed)) == pytest.approx(score)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (ADDRESS, "nodeX"),
        (TWO_DEVICES, "cni0"),
        (PORTS, "node1:-1"),
        (PORTS, "[::1]:[80]"),
        (ADDRESS, ""),
        (ADDRESS, "10.0.0.256"),
        (PORTS, "node1"),
        (PORTS, "node1:99999"),
        (PORTS, "node1:x"),
    ],
)
def test_what_is_no_address(field: AddressField, typed: str) -> None:
    with pytest.raises(Unreadable):
        field.read(typed)


def test_an_address_is_shown_with_its_shortest_name() -> None:
    assert ADDRESS.show("10.244.1.0", zh=False) == "10.244.1.0 (node1/flannel.1)"
    assert PORTS.show("192.168.1.10:30080", zh=False) == "192.168.1.10:30080 (node1)"


def test_names() -> None:
    assert NAME.score(NAME.read("Node1")) == 1.0
    assert NAME.score(NAME.read("client")) == 0.0
    for typed in ("node/node1", "node1.", "ｎｏｄｅ１", " NODE1 "):
        assert NAME.score(NAME.read(typed)) == 1.0
    with pytest.raises(Unreadable):
        NAME.read("node7")


def number(truth: str, tolerance: str = "0", percent: bool = False) -> NumberField:
    return NumberField("n", LABEL, truth, Fraction(tolerance), percent)


SHARE = NumberField("n", LABEL, "1/3", share=True)
BYTES = NumberField("n", LABEL, "8950", unit=Text("bytes", "字节"))
NUMBERS = [
    (number("17"), "17", 1.0),
    (number("17"), "17.0", 1.0),
    (number("17"), "18", 0.0),
    (number("1450"), "1,450", 1.0),
    (number("100", "10"), "109", 1.0),
    (number("100", "10"), "125", 0.5),
    (number("100", "10"), "131", 0.0),
    (number("1/3"), "1/3", 1.0),
    (number("1/3"), "33.3%", 1.0),
    (number("1/3"), "0.333", 1.0),
    (number("1/3"), "0.3", 0.0),
    (number("1/3", percent=True), "33.3", 1.0),
    (number("0"), "0", 1.0),
    # Two typed digits are enough for a share, rounded or cut off; one is not, nor is another share.
    (SHARE, "33%", 1.0),
    (SHARE, "0.33", 1.0),
    (SHARE, "1/3", 1.0),
    (SHARE, ".333", 1.0),
    (SHARE, "32%", 0.0),
    (SHARE, "34%", 0.0),
    (SHARE, "0.3", 0.0),
    (number("1/3", percent=True), "33", 1.0),
    (number("4/9", percent=True), "44", 1.0),
    (number("2/3"), "67%", 1.0),
    (number("2/3"), "66%", 1.0),
    (number("1/11"), "10%", 0.0),
    (number("1/2000"), "0", 0.0),
    # The decimal comma, and the comma of thousands.
    (SHARE, "33,33%", 1.0),
    (SHARE, "0,333", 1.0),
    (number("3140000"), "3,140,000", 1.0),
    (number("37/2"), "18,5", 1.0),
    # Powers, units, full-width digits.
    (number("3140000", "1000"), "3.14M", 1.0),
    (number("3140000", "1000"), "3.14e6", 1.0),
    (number("3140000", "1000"), "314万", 1.0),
    (BYTES, "8950 B", 1.0),
    (BYTES, "8950 byte", 1.0),
    (BYTES, "~8,950 bytes", 1.0),
    (BYTES, "８９５０字节", 1.0),
    (number("1/2"), "½", 1.0),
]


@pytest.mark.parametrize(("field", "typed", "score"), NUMBERS)
def test_number_scores(field: NumberField, typed: str, score: float) -> None:
    assert field.score(field.read(typed)) == score


@pytest.mark.parametrize(
    "typed", ["", "x", "1/0", "1e99", "--1", "0x10", "1,2,3", "1.2,3", ".", ",", "9" * 30, "1/3/4"]
)
def test_what_is_no_number(typed: str) -> None:
    with pytest.raises(Unreadable):
        number("1").read(typed)


@pytest.mark.parametrize("typed", ["3333%", "33.3", "33", "150%", "-1/3", "4/3"])
def test_a_share_above_one_is_asked_again(typed: str) -> None:
    with pytest.raises(Unreadable) as caught:
        SHARE.read(typed)
    assert "between 0 and 1" in caught.value.text.en
    assert "0 与 1 之间" in caught.value.text.zh


KEYS = [item.key for item in ITEMS]


@given(st.permutations(KEYS), st.integers(1, 6), st.data())
def test_a_better_order_never_scores_less(keys: list[str], length: int, data: st.DataObject) -> None:
    value = tuple(keys[:length])
    score = ORDER.score(value)
    assert 0.0 <= score <= 1.0
    # Taking out what does not happen, or going on rightly, is better.
    wrong = [key for key in value if key not in ORDER.truth]
    if wrong:
        without = tuple(key for key in value if key != data.draw(st.sampled_from(wrong)))
        assert ORDER.score(without) >= score
    if ORDER.truth[: len(value)] == value and len(value) < len(ORDER.truth):
        assert ORDER.score(ORDER.truth[: len(value) + 1]) > score


@given(st.sets(st.sampled_from(KEYS)))
def test_a_better_choice_never_scores_less(chosen: set[str]) -> None:
    score = ALL.score(tuple(chosen))
    for key in KEYS:
        better = chosen | {key} if key in ALL.truth else chosen - {key}
        assert ALL.score(tuple(better)) >= score


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_closer_number_never_scores_less(a: int, b: int) -> None:
    field = number("100", "10")
    near, far = sorted((a, b), key=lambda value: abs(value - 100))
    assert field.score(str(near)) >= field.score(str(far))


def test_what_is_said_of_a_long_answer_is_short() -> None:
    items = (Item("A", "a", Text("one", "一")), Item("B", "b", Text("two", "二")))
    with pytest.raises(Unreadable) as caught:
        picked("x" * 70_000, items)
    assert len(caught.value.text.en) < 200
    assert len(caught.value.text.zh) < 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1/3", "1/3"),
        ("17/30", "17/30"),
        ("8/3", "8/3"),
        ("7058/225", "31.3689"),
        ("112", "112"),
        ("1/3001", "0.000333222"),
    ],
)
def test_a_fraction_is_shown_as_one_where_it_can_be_read(value: str, shown: str) -> None:
    assert number("1").show(value, False) == shown


def test_a_node_is_named_before_a_pod_on_its_network() -> None:
    aliases = {"pod": "192.168.1.10", "node1": "192.168.1.10", "node1/eth0": "192.168.1.10"}
    assert AddressField("seen", LABEL, "192.168.1.10", aliases).show("192.168.1.10", False) == "192.168.1.10 (node1)"


def test_a_complaint_about_a_long_line_is_short() -> None:
    complaint = Unreadable(f"no host is called {'A' * 70_000}", f"没有主机叫 {'A' * 70_000}").text
    assert len(complaint.en) < 1100 and len(complaint.zh) < 1100
