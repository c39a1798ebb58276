"""Label selectors: which labels one selects.

Source: LabelSelectorAsSelector in k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go and Requirement.Matches in
pkg/labels/selector.go: everything in a selector must hold, an empty one selects all, and NotIn and DoesNotExist hold
of labels that do not have the key.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cluster.policies import LabelSelector, LabelSelectorRequirement


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether `selector` selects an object with these labels."""
    for key, value in selector.match_labels.items():
        if labels.get(key) != value:
            return False
    return all(_holds(requirement, labels) for requirement in selector.match_expressions)


def _holds(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    there = requirement.key in labels
    match requirement.operator:
        case "In":
            return there and labels[requirement.key] in requirement.values
        case "NotIn":
            return not there or labels[requirement.key] not in requirement.values
        case "Exists":
            return there
        case _:
            return not there
