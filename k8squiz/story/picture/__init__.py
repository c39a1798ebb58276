"""One picture of a walk: laid out once, drawn as lines of a terminal, as SVG and as a page; and two walks side by side.

Nothing here walks a packet, and nothing here knows the terminal: lines are plain spans that k8squiz.screens colours.
"""
