"""A drawn Question brought to life: walked, and asked for facts, predicates, figures and texts.

Nothing here grades or prints.
"""
