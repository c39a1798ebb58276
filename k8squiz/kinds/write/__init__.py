"""Kind write: the objects that make a table of connections true, typed as YAML and graded by walking every pair with them.

What was typed is never run: it is read as objects of the kinds asked for, held to what the API server takes, and put beside the
question's manifests.
"""
