"""Validation of the bank: each question drawn over many seeds, its answer and its texts held against the engine."""
