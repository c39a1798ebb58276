"""Kind hop-order: the task, and the steps of a walk in words.

How an order is scored is a field's business (k8squiz.kinds.fields), not this one's.
"""
