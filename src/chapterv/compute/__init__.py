"""Parameters and operations of models in closed form, and the arithmetic of the Annex.

From a configuration to exact parameter counts, from tokens to training compute, from hardware
hours to the same, and from activities to the two sums that the law asks for. Families of
architectures are loaded on the first question; one that is not covered is refused by name, never
guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from chapterv.compute.images import Pictures, image_shape
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

if TYPE_CHECKING:
    from chapterv.compute.adapters import (
        adapter_parameters,
        adapter_parameters_of,
        ia3_parameters,
    )
    from chapterv.compute.energy import (
        BOUNDARIES,
        Energy,
        PowerSegment,
        Range,
        energy_from_compute,
        energy_from_power,
        inference_operations,
        measured_energy,
        mwh_figures,
    )
    from chapterv.compute.films import film_shape
    from chapterv.compute.hardware import (
        HardwareCompute,
        Implied,
        Segment,
        hardware_compute,
        hardware_days,
        implied_utilisation,
    )
    from chapterv.compute.passes import Term, Terms, terms_from, terms_of
    from chapterv.compute.peaks import (
        Chip,
        chips,
        find_chip,
        find_chips,
        find_peak,
    )
    from chapterv.compute.pipelines import PipelineOperations, picture_shape, pipeline_operations
    from chapterv.compute.published import (
        ATTRIBUTION,
        Candidate,
        PublishedModel,
        check_published,
        find_published,
        one_published,
        published_models,
    )
    from chapterv.compute.reconciling import (
        Chosen,
        Gap,
        Reconciliation,
        methods_in_text,
        reconcile,
    )
    from chapterv.compute.reconciling_figures import (
        ComputeFigures,
        compute_figures,
        duration_range,
        order_of_magnitude,
        parameter_range,
        significant,
        two_figures,
    )
    from chapterv.compute.recordings import recording_shape, spectrogram_shape
    from chapterv.compute.repairs import (
        Evidence,
        Input,
        Method,
        Repair,
        propose_repairs,
    )
    from chapterv.compute.repairs_text import (
        Passage,
    )

__all__ = [
    "ALL",
    "ATTRIBUTION",
    "BOUNDARIES",
    "NOTHING",
    "Architecture",
    "Candidate",
    "Chip",
    "Chosen",
    "Comparison",
    "Component",
    "ComputeFigures",
    "Counts",
    "Energy",
    "Estimate",
    "Evidence",
    "Explained",
    "Gap",
    "HardwareCompute",
    "HardwareEstimate",
    "Implied",
    "Input",
    "Layer",
    "Method",
    "Mixing",
    "Operations",
    "Part",
    "Passage",
    "Period",
    "Pictures",
    "PipelineOperations",
    "PowerSegment",
    "Projection",
    "PublishedModel",
    "Range",
    "Reconciliation",
    "Repair",
    "SampleOperations",
    "Segment",
    "Span",
    "Stream",
    "Sums",
    "Term",
    "Terms",
    "Trained",
    "UnknownFamily",
    "adapter_parameters",
    "adapter_parameters_of",
    "architecture_method",
    "check_published",
    "chips",
    "compare_with_weights",
    "compute_figures",
    "dense_approximation",
    "describe",
    "document_operations",
    "duration_range",
    "energy_from_compute",
    "energy_from_power",
    "families",
    "film_shape",
    "find_chip",
    "find_chips",
    "find_peak",
    "find_published",
    "forward_operations",
    "hardware_compute",
    "hardware_days",
    "hardware_method",
    "ia3_parameters",
    "image_shape",
    "implied_utilisation",
    "inference_operations",
    "measured_energy",
    "methods_in_text",
    "mwh_figures",
    "one_published",
    "operations_per_token",
    "order_of_magnitude",
    "parameter_range",
    "picture_shape",
    "pipeline_operations",
    "propose_repairs",
    "published_models",
    "reconcile",
    "recording_shape",
    "sample_operations",
    "significant",
    "spectrogram_shape",
    "sum_parts",
    "terms_from",
    "terms_of",
    "training_compute",
    "training_compute_of_samples",
    "two_figures",
    "within_margin",
]

_LATER = {
    "adapters": ("adapter_parameters", "adapter_parameters_of", "ia3_parameters"),
    "energy": (
        "BOUNDARIES",
        "Energy",
        "PowerSegment",
        "Range",
        "energy_from_compute",
        "energy_from_power",
        "inference_operations",
        "measured_energy",
        "mwh_figures",
    ),
    "hardware": (
        "HardwareCompute",
        "Implied",
        "Segment",
        "hardware_compute",
        "hardware_days",
        "implied_utilisation",
    ),
    "passes": ("Term", "Terms", "terms_from", "terms_of"),
    "peaks": (
        "Chip",
        "chips",
        "find_chip",
        "find_chips",
        "find_peak",
    ),
    "pipelines": ("PipelineOperations", "picture_shape", "pipeline_operations"),
    "published": (
        "ATTRIBUTION",
        "Candidate",
        "PublishedModel",
        "check_published",
        "find_published",
        "one_published",
        "published_models",
    ),
    "reconciling": (
        "Chosen",
        "Gap",
        "Reconciliation",
        "methods_in_text",
        "reconcile",
    ),
    "reconciling_figures": (
        "ComputeFigures",
        "compute_figures",
        "duration_range",
        "order_of_magnitude",
        "parameter_range",
        "significant",
        "two_figures",
    ),
    "films": ("film_shape",),
    "recordings": ("recording_shape", "spectrogram_shape"),
    "repairs": (
        "Evidence",
        "Input",
        "Method",
        "Repair",
        "propose_repairs",
    ),
    "repairs_text": ("Passage",),
}


def __getattr__(name: str) -> Any:
    """Load what only some questions need: methods side by side, hardware, energy."""
    from importlib import import_module

    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"chapterv.compute.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
