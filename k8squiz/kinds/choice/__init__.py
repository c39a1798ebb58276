"""Kind choice: options whose truth is computed.

What a predicate means is k8squiz.world's business, not this one's.
"""
