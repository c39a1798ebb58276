"""The quiz: questions drawn from the bank, answered, graded against what the engine computes, remembered.

Nothing here knows what a packet does: that is engine, which never imports k8squiz.
"""

from engine import __version__

__all__ = ["__version__"]
