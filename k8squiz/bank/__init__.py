"""Everything between a question file and a drawn Question: finding, reading, checking its form, drawing.

Nothing here calls the engine; what a question comes to is for k8squiz.world.
"""
