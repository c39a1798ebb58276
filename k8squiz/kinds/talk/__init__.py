"""Kind talk: an answer in one's own words, and the key points it is held against.

Nothing here judges prose: a first pass looks for each point's terms, and the candidate decides.
"""
