"""The tools, one a module: each has a TOOL, and prints what the real one prints.

A tool knows the cluster by what Call gives it and no other tool.
"""
