"""Kind incident: a broken cluster to look into and mend, line by line.

Nothing here knows a tool or a fault: engine.shell and engine.faults do, through k8squiz.world.incidents.
"""
