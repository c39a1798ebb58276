"""A packet through the fabric, there and back, hop by hop.

No rules are written here (engine.proxy), and no sentence either (engine.words).
"""
