"""Views: what is shown at a terminal, as rich renderables, and prompts that read a line.

A screen decides nothing; what it shows is handed to it.
"""
