"""Calico, whole: how it is told, how it wires, what its own devices hold.

No other plugin is named here, and no rule is evaluated.
"""
