"""The matches and targets of rules: one module an extension (xt_*.c) or nft expression, each whole in itself.

What stands around them (chains, tables, the lines of a listing) is engine.netfilter's; part.py says what a module holds,
registry.py lists them.
"""
