"""`k8squiz scale`: what a mode of kube-proxy costs, counted on rules really compiled and packets really walked."""
