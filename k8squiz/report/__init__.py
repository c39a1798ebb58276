"""What an interview came to, for reading: built once from the plan and the journal, written as Markdown, HTML, JSON.

build.py computes it, every text in both languages; the writers only lay it out and escape it.
"""
