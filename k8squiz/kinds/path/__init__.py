"""Kind path: the way of a packet, typed freely: host, device, source and destination at each step.

Nothing here walks a packet: steps are read off the hops.
"""
