"""The matches and targets of rules: one module an extension (xt_*.c) or nft expression, each whole in itself.

engine.netfilter.part says what a module holds, engine.netfilter.registry lists them.
"""
