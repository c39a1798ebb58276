"""The kinds of questions, one module or folder a kind: ask, read an answer, grade it, say why.

Kinds do not know each other, and nothing here prints.
"""
