"""What a mode costs, counted on rules really compiled, and clusters of any size to count it on.

Nothing is measured in seconds here: that takes a machine (k8squiz.scale.timing).
"""
