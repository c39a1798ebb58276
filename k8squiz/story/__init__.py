"""What stories are made of: blocks of text, tables and walks, and the pages and Markdown they are written as.

No topic lives here (k8squiz.explain, k8squiz.scale), and no screen is imported.
"""
