"""Practice as a plain state machine; it knows no terminal, no clock, and no chance but its seed.

What is remembered between two runs is for k8squiz.history, what is shown for k8squiz.screens.
"""
