"""`k8squiz stats`: how it is going, and what to do next."""

from __future__ import annotations

import datetime as dt
import os
import time

from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console, print_json


def run(lang: Lang, json: bool = False, themes: bool = False) -> int:
    """Print the figures, or with `themes` the map of themes, as a page or as JSON."""
    if themes:
        return _map(lang, json)
    from k8squiz.bank.find import metas, without_trivia
    from k8squiz.history.stats import as_json, stats
    from k8squiz.history.store import read_progress

    zone = dt.datetime.now().astimezone().tzinfo or dt.UTC
    found = stats(*read_progress(os.environ), without_trivia(metas()), time.time(), zone)
    if json:
        print_json(as_json(found), indent=1)
        return 0
    from k8squiz.screens.stats import stats_view

    make_console().print(stats_view(found, lang))
    return 0


def _map(lang: Lang, json: bool) -> int:
    from k8squiz.bank.find import metas
    from k8squiz.history.store import read_progress
    from k8squiz.history.theme_map import as_json, theme_map

    found = theme_map(*read_progress(os.environ), metas(), time.time())
    if json:
        print_json(as_json(found), indent=1)
        return 0
    from k8squiz.screens.theme_map import map_view

    make_console().print(map_view(found, lang))
    return 0
