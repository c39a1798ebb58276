"""The console every command prints through, what foreign text becomes on it, and recordings of it.

No words of the program (k8squiz.locale) and no views (k8squiz.screens).
"""
