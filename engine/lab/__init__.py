"""The same fabric in network namespaces of this machine, and the two held against each other.

The only room of the engine that runs programs.
"""
