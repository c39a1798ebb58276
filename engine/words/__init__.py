"""All sentences of the engine, English and Chinese side by side: hops, rules, endings.

Nothing here decides what happens to a packet.
"""
