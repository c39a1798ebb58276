"""Words of the program in both languages, and which of them to speak.

Words of the engine are in engine.words; no word here is computed.
"""
