"""How far the quiz goes with one file, in one place; docs/limits.md tells each, and a test compares the two.

Far beyond what questions and exports hold, so that no file makes k8squiz run or grow without end.
"""

from __future__ import annotations

#: Bytes of an export that `data import` reads.
MOST_IMPORT_BYTES = 128 * 1024 * 1024
#: How deep lists and objects may lie in each other in imported data.
DEEPEST_DATA = 100
