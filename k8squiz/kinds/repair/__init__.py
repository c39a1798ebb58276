"""Kind repair: type the missing rule, or edit a field; graded by walking the packet again."""
