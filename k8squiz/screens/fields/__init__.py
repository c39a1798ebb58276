"""How a field looks under a grade, where it is not a row of one table: a module a sort of field, found in views.py.

What a field means is its own affair (k8squiz.kinds.fields): nothing here reads or scores.
"""
