"""Validation of the bank: each question drawn over many seeds, its answer and its texts held against the engine.

Nothing here knows an answer: it asks the kinds, as practice does.
"""
