"""Kind outcome: the parts that may be asked, and how an ending is told.

Nothing here decides a packet's fate: endings are read off the walk.
"""
