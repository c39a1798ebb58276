"""How far the quiz goes with one file, in one place; docs/limits.md tells each, and a test compares the two.

Far beyond what questions and exports hold, so that no file makes k8squiz run or grow without end.
"""

from __future__ import annotations

#: Bytes of an export that `data import` reads.
MOST_IMPORT_BYTES = 128 * 1024 * 1024
#: How deep lists and objects may lie in each other in imported data.
DEEPEST_DATA = 100
#: A parameter that a question draws: characters of its texts, values in its lists, and a whole number (64 bits).
MOST_PARAMETER_TEXT = 4_000
MOST_PARAMETER_VALUES = 1_000
LARGEST_NUMBER = 2**63 - 1
#: Characters of a text once its placeholders are filled in.
MOST_FILLED_TEXT = 100_000
#: A question's cluster: nodes, Services and requests; further addresses of a node, external addresses of a Service, pods and endpoints in all.
MOST_NODES = 30
MOST_SERVICES = 100
MOST_REQUESTS = 50
MOST_ADDRESSES = 32
MOST_PODS = 500
#: Services and endpoints behind the question's own (`background`).
MOST_BACKGROUND = 20_000
#: Options that one screen shows, a letter each.
MOST_OPTIONS = 26
#: A virtual server and its history: real servers, clients that connect, and lines.
MOST_HISTORY_SERVERS = 200
MOST_HISTORY_CLIENTS = 200
MOST_HISTORY_STEPS = 400
#: Endpoints where rules are counted (`ask.scale`): in all, and of a Service, to each of which a packet is followed.
MOST_SCALE_ENDPOINTS = 20_000
MOST_ENDPOINTS_OF_A_SERVICE = 500
#: Work of drawing and solving a question, in microseconds or so (k8squiz.world.work).
MOST_WORK = 6_000_000

# A pack of questions: files in it, bytes of its zip file, bytes of all that it unpacks to.
MOST_PACK_FILES = 2000
MOST_PACK_BYTES = 33_554_432
MOST_PACK_TEXT = 67_108_864
