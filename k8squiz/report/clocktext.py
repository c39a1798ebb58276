"""Times as a report writes them."""

from __future__ import annotations

from k8squiz.locale.i18n import Lang


def clock(seconds: float) -> str:
    """3:07; 1:02:30 from an hour on."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def away(seconds: float, lang: Lang) -> str:
    """`40 s`, `3 min`, `2 h`, `5 days`."""
    for size, en, zh in ((86400, "days", "天"), (3600, "h", "小时"), (60, "min", "分钟")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {zh if lang == 'zh' else en}"
    return f"{seconds:.0f} {'秒' if lang == 'zh' else 's'}"
