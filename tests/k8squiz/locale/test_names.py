"""Topics, kinds and requests of the bank have Chinese names."""

from __future__ import annotations

import re

import pytest

from k8squiz.bank.find import bank_folder, files, load
from k8squiz.kinds.interface import REGISTRY
from k8squiz.locale.names import KINDS, TOPICS, named_request, request_name, subject_name


def test_every_kind_has_a_name() -> None:
    assert set(REGISTRY) <= set(KINDS)


def test_every_topic_has_a_name() -> None:
    assert {load(path).meta.topic for path in files(bank_folder())} <= set(TOPICS)


@pytest.mark.parametrize("name", ["sound", "works", "whole"])
def test_a_name_does_not_tell_the_end(name: str) -> None:
    assert not re.search("成功|正常|失败", request_name(name, "zh"))


def test_english_says_what_the_file_says() -> None:
    assert (subject_name("schedulers", "en"), named_request("outside", "en")) == ("schedulers", " outside")
    assert (subject_name("schedulers", "zh"), named_request("outside", "zh")) == ("IPVS 调度算法", "“集群外”")
    assert (subject_name("my-topic", "zh"), named_request("my-request", "zh")) == ("my-topic", "")
