"""Kind rewrite: the addresses of a packet at points of its walk.

Nothing here rewrites: the walk does.
"""
