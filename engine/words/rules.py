"""What a rule that matched means, by the chain it stands in (as whoever writes that chain says; any other in plain
words)."""

from __future__ import annotations

from engine.fabric import chains
from engine.netfilter.chain_meaning import ChainRole
from engine.netfilter.nft import RandomDestinationNat, RandomVerdict, VerdictMap, key_of
from engine.netfilter.rules import Comment, Rule
from engine.netfilter.skb import RuleEvent, TargetAction
from engine.packet import FiveTuple
from engine.trace import Text


def comment_of(rule: Rule | None) -> str:
    """The rule's comment, without which it is ""."""
    if rule is None:
        return ""
    return next((match.text for match in rule.matches if isinstance(match, Comment)), "")


def rule_note(event: RuleEvent, target: str | None, flow: FiveTuple, after: FiveTuple) -> Text:
    """The sentence for a rule that matched. `target` is the chain it leads to, where it does; `flow` the packet
    before it, `after` the packet with what its NAT changed."""
    text = _by_action(event, target, flow, after)
    return text if text is not None else _plain(event, target)


def _plain(event: RuleEvent, target: str | None) -> Text:
    comment = comment_of(event.rule)
    about = f" ({comment})" if comment else ""
    about_zh = f"（{comment}）" if comment else ""
    if target is not None:
        return Text(f"{event.chain}: go to {target}{about}.", f"{event.chain}：进入 {target}{about_zh}。")
    return Text(
        f"{event.chain}: {event.name or event.action}{about}.",
        f"{event.chain}：{event.name or event.action}{about_zh}。",
    )


def _by_action(event: RuleEvent, target: str | None, flow: FiveTuple, after: FiveTuple) -> Text | None:
    if event.action in (TargetAction.JUMP, TargetAction.GOTO):
        return _jump(event, target, flow)
    if event.action is TargetAction.MARK:
        return _mark(event)
    if event.action is TargetAction.REDIRECT:
        return Text(
            f"{event.chain} sends the packet to this host itself: {flow.destination} becomes {after.destination}.",
            f"{event.chain} 把数据包转给本机：目的地址 {flow.destination} 变为 {after.destination}。",
        )
    if event.action in (TargetAction.CONNMARK, TargetAction.NOTRACK, TargetAction.CT):
        return _connection(event)
    if event.action is TargetAction.DNAT:
        how_en, how_zh = _looked_up(event, flow)
        return Text(
            f"{event.chain} does the DNAT{how_en}: {flow.destination} becomes {after.destination}. The source stays.",
            f"{event.chain} 执行 DNAT{how_zh}：目的地址 {flow.destination} 变为 {after.destination}，源地址不变。",
        )
    if event.action in (TargetAction.MASQUERADE, TargetAction.SNAT):
        how_en = ", the address of the device it leaves by" if event.action is TargetAction.MASQUERADE else ""
        how_zh = "（出口设备的地址）" if event.action is TargetAction.MASQUERADE else ""
        return Text(
            f"{event.chain} does {event.action}: the source {flow.source} becomes {after.source}{how_en}.",
            f"{event.chain} 执行 {event.action}：源地址 {flow.source} 变为 {after.source}{how_zh}。",
        )
    if event.action is TargetAction.RETURN and _masquerades(event):
        return Text(
            f"{event.chain}: no masquerade mark, so the source stays as it is.",
            f"{event.chain}：没有 MASQUERADE 标记，源地址保持不变。",
        )
    if event.action in (TargetAction.DROP, TargetAction.REJECT, TargetAction.POLICY):
        return _refusal(event)
    if event.action is TargetAction.ACCEPT:
        return Text(f"{event.chain} accepts the packet.", f"{event.chain} 放行该数据包。")
    return None


def _connection(event: RuleEvent) -> Text:
    if event.action is TargetAction.NOTRACK:
        return Text(
            f"{event.chain} takes the packet out of connection tracking: no NAT rule sees it.",
            f"{event.chain} 让数据包不经过连接跟踪：NAT 规则都不会处理它。",
        )
    if event.action is TargetAction.CT:
        return Text(
            f"{event.chain} tells connection tracking how to keep this connection.",
            f"{event.chain} 告诉连接跟踪如何记录该连接。",
        )
    return Text(
        f"{event.chain} copies or sets the mark that the connection keeps.",
        f"{event.chain} 复制或设置连接自身的标记。",
    )


def _masquerades(event: RuleEvent) -> bool:
    return chains.role_of(event.table, event.chain) is ChainRole.MASQUERADE


def _mark(event: RuleEvent) -> Text:
    if _masquerades(event):
        return Text(
            f"{event.chain} takes the masquerade mark off again, so that a tunnel's outer packet is not masqueraded too.",
            f"{event.chain} 先清除 MASQUERADE 标记，避免隧道外层报文再被 MASQUERADE 一次。",
        )
    if not chains.marks_for_masquerade(event.table, event.chain):
        # Another program's mark: what it is for only that program's other rules say.
        return Text(f"{event.chain} sets the packet's mark.", f"{event.chain} 设置数据包的标记。")
    return Text(
        f"{event.chain} marks the packet: its source is to be rewritten at POSTROUTING.",
        f"{event.chain} 给数据包打标记：到 POSTROUTING 时要改写源地址。",
    )


def _refusal(event: RuleEvent) -> Text:
    comment = comment_of(event.rule)
    verb_en, verb_zh = ("rejects", "拒绝") if event.action is TargetAction.REJECT else ("drops", "丢弃")
    if event.action is TargetAction.POLICY:
        return Text(f"{event.chain}'s policy drops the packet.", f"{event.chain} 的默认策略丢弃了数据包。")
    if comment:
        return Text(
            f'{event.chain} {verb_en} the packet: "{comment}".', f"{event.chain} {verb_zh}数据包：“{comment}”。"
        )
    return Text(f"{event.chain} {verb_en} the packet.", f"{event.chain} {verb_zh}了数据包。")


def _jump(event: RuleEvent, target: str | None, flow: FiveTuple) -> Text | None:
    if target is None:
        return None
    lead = chains.lead_of(event.table, target)
    if lead is None:
        return None
    how_en, how_zh = _looked_up(event, flow)
    comment = comment_of(event.rule)
    if "/" not in comment:
        return Text(f"{event.chain} -> {target}{how_en}: {lead.en}", f"{event.chain} -> {target}{how_zh}：{lead.zh}")
    return Text(
        f"{event.chain} -> {target}: {lead.en.rstrip('.')} ({comment}).",
        f"{event.chain} -> {target}：{lead.zh.rstrip('。')}（{comment}）。",
    )


def _looked_up(event: RuleEvent, flow: FiveTuple) -> tuple[str, str]:
    """Which map an nftables rule asked, and what for; nothing where a rule names its chain itself."""
    target = event.rule.target if event.rule is not None else None
    if isinstance(target, VerdictMap):
        key = " . ".join(key_of(target.fields, flow))
        return f" (map {target.map}, {key})", f"（映射 {target.map}，键 {key}）"
    if isinstance(target, RandomVerdict | RandomDestinationNat):
        count = len(target.verdicts if isinstance(target, RandomVerdict) else target.endpoints)
        return f" (numgen random mod {count})", f"（numgen random mod {count}）"
    return "", ""
