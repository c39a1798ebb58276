"""`k8squiz scale`: what a mode of kube-proxy costs, counted on rules really compiled and packets really walked.

No figure is typed in: what only a machine can give is in k8squiz.story.measured, dated, or measured by --measure.
"""
