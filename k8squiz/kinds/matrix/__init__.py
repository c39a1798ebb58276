"""Kind matrix: which of several connections work, a tick each, and the rule that decided for each.

Nothing here walks a packet or knows what a policy means: what decided is read off the walk.
"""
