"""From a template and a seed to names, addresses and manifests. Nothing here calls the engine's walk."""
