"""Kind repair: type the missing rule, or edit a field; graded by walking the packet again.

What was typed is never run: it is read as a rule or a field, and put into text that the engine reads.
"""
