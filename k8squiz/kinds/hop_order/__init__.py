"""Kind hop-order: the task, and the steps of a walk in words."""
