"""Parameters and operations of models in closed form, and the arithmetic of the Annex.

From a configuration to exact parameter counts, from tokens to training compute, from hardware
hours to the same, and from activities to the two sums that the law asks for. Families of
architectures are loaded on the first question; one that is not covered is refused by name, never
guessed.
"""

from __future__ import annotations

from chapterv.compute.annex import (
    HardwareEstimate,
    Period,
    architecture_method,
    dense_approximation,
    hardware_method,
    within_margin,
)
from chapterv.compute.architecture import (
    Architecture,
    Component,
    Layer,
    Mixing,
    Part,
    Projection,
    Stream,
)
from chapterv.compute.describing import UnknownFamily, describe, families
from chapterv.compute.ledger import Counts, Sums, sum_parts
from chapterv.compute.operations import (
    Estimate,
    Operations,
    SampleOperations,
    document_operations,
    forward_operations,
    operations_per_token,
    sample_operations,
    training_compute,
    training_compute_of_samples,
)
from chapterv.compute.weights import Comparison, Explained, compare_with_weights
from chapterv.compute.work import ALL, NOTHING, Span, Trained

__all__ = [
    "ALL",
    "NOTHING",
    "Architecture",
    "Comparison",
    "Component",
    "Counts",
    "Estimate",
    "Explained",
    "HardwareEstimate",
    "Layer",
    "Mixing",
    "Operations",
    "Part",
    "Period",
    "Projection",
    "SampleOperations",
    "Span",
    "Stream",
    "Sums",
    "Trained",
    "UnknownFamily",
    "architecture_method",
    "compare_with_weights",
    "dense_approximation",
    "describe",
    "document_operations",
    "families",
    "forward_operations",
    "hardware_method",
    "operations_per_token",
    "sample_operations",
    "sum_parts",
    "training_compute",
    "training_compute_of_samples",
    "within_margin",
]
