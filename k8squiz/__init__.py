"""The quiz: questions drawn from the bank, answered, graded against what the engine computes, remembered.

Nothing here knows what a packet does: that is engine, which never imports k8squiz.
"""

__version__ = "0.1.0"
