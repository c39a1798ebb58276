"""Kind path: the way of a packet, typed freely: host, device, source and destination at each step."""
