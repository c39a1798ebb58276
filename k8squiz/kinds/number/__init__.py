"""Kind number: a figure, exactly or within a tolerance.

How a value is computed is k8squiz.world's business, not this one's.
"""
