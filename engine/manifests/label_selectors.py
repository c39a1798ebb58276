"""meta/v1 LabelSelector, as the API server takes or refuses it.

Sources: ValidateLabelSelector in k8s.io/apimachinery/pkg/apis/meta/v1/validation; IsQualifiedName and IsValidLabelValue
in k8s.io/apimachinery/pkg/util/validation.
"""

from __future__ import annotations

import re

from engine.cluster.policies import LabelSelector, LabelSelectorRequirement
from engine.manifests.fields import Fields, Place, is_subdomain, shown, shown_zh

_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_WITH_VALUES, _WITHOUT_VALUES = ("In", "NotIn"), ("Exists", "DoesNotExist")


def label_selector(selector: Fields) -> LabelSelector:
    """The selector in the mapping `selector`; raises ManifestError."""
    selector.only(("matchLabels", "matchExpressions"))
    labels = selector.string_map("matchLabels")
    at = selector.mapping("matchLabels")
    for key, value in labels.items():
        _check_key(at.place(key), key)
        _check_value(at.place(key), value)
    return LabelSelector(labels, tuple(_requirement(entry) for entry in selector.items("matchExpressions")))


def optional_selector(fields: Fields, key: str) -> LabelSelector | None:
    """The selector in the field `key`; None where it is not set, which is not the same as empty."""
    return label_selector(fields.mapping(key)) if key in fields else None


def _requirement(entry: Fields) -> LabelSelectorRequirement:
    entry.only(("key", "operator", "values"))
    key = entry.text("key")
    _check_key(entry.place("key"), key)
    operator = entry.word("operator", (*_WITH_VALUES, *_WITHOUT_VALUES), "")
    values = []
    for value, at in entry.strings("values"):
        _check_value(at, value)
        values.append(value)
    if operator in _WITH_VALUES and not values:
        raise entry.error("values", f"must hold at least one value for {operator}", zh=f"：{operator} 至少要有一个值")
    if operator in _WITHOUT_VALUES and values:
        raise entry.error("values", f"must not be there for {operator}", zh=f"：{operator} 不能带值")
    return LabelSelectorRequirement(key, operator, tuple(values))


def _check_key(at: Place, key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.match(name) or slash and not is_subdomain(prefix):
        raise at.error(
            f"is no label's key: {shown(key)}; it is at most 63 of a-z, A-Z, 0-9, -, _ and ., with a letter or digit at"
            " either end, and perhaps a DNS name and / before it",
            zh=f"不是标签的键：{shown_zh(key)}；键最多 63 个字符（字母、数字、-、_ 和 .，首尾须为字母或数字），之前可以有 DNS 名称和 /",
        )


def _check_value(at: Place, value: str) -> None:
    if value and not _NAME.match(value):
        raise at.error(
            f"is no label's value: {shown(value)}; it is empty, or at most 63 of a-z, A-Z, 0-9, -, _ and ., with a"
            " letter or digit at either end",
            zh=f"不是标签的值：{shown_zh(value)}；值可以为空，否则最多 63 个字符（字母、数字、-、_ 和 .，首尾须为字母或数字）",
        )
