"""Kind timeline: what becomes of connections while the cluster changes, and which knob helps most.

Nothing here follows a connection: engine.timeline does, through k8squiz.world.over_time.
"""
