"""A timed mock interview: a plan drawn from a seed, and a journal of events that says all there is to know.

plan.py draws it, state.py folds the journal, interview.py is the candidate's side of the table, score.py what it came to.
No clock, no terminal, no disk in here: time, chance and the journal are handed in.
"""
