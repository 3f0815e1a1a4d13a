"""The model that a meter counts: its terms, and a configuration that may stand in the record.

A configuration often holds a path of somebody's machine or a name, so only numbers and the few
texts that decide shapes are kept, and only if the same operations follow from them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chapterv.errors import InputError

if TYPE_CHECKING:
    from chapterv.compute import Architecture, Terms, Trained

__all__ = ["Model", "digest", "read_config", "trained_table"]

MAX_CONFIGURATION = 4 * 1024 * 1024
MAX_KEPT = 64 * 1024
MAX_DEPTH = 6
# Texts that decide which parts a model has; all others could be a name or a place.
_TEXTS = frozenset({
    "model_type", "_class_name", "architectures", "layer_types", "mlp_layer_types", "hidden_act",
    "hidden_activation", "activation_function", "activation", "hybrid_override_pattern",
    "layers_block_type", "block_types", "attention_layers", "attention_types", "rope_type", "type",
    "position_embedding_type", "pos_emb", "norm", "norm_type", "attention-type", "topk_method",
})  # fmt: skip
_LEFT_OUT = frozenset({"id2label", "label2id", "transformers_version", "task_specific_params"})


class Model:
    """A model as it is counted.

    Args:
        config: a parsed configuration.
        prediction: count layers that predict further tokens.

    Raises:
        InputError: the configuration is of a family that is not covered, or broken.
    """

    def __init__(self, config: Mapping[str, Any], prediction: bool) -> None:
        from chapterv.compute import describe

        self.prediction = prediction
        self.architecture: Architecture = describe(config, "the configuration")
        self.all = self._plain()
        self.forward = self._forward()
        self.configuration = self._kept(config)

    def terms(self, trained: Trained | None) -> Terms:
        """Return the operations of a pass in which these weights are trained, None for all."""
        from chapterv.compute import ALL, terms_of

        return _terms(terms_of, self.architecture, trained or ALL, self.prediction)

    def _plain(self) -> Terms:
        """Return a pass in which all weights are trained, which tells models apart."""
        from chapterv.compute import ALL, terms_of

        return _terms(terms_of, self.architecture, ALL, False)

    def _forward(self) -> Terms:
        """Return a forward pass, which leaves out layers that only training runs."""
        from chapterv.compute import NOTHING, terms_of

        return _terms(terms_of, self.architecture, NOTHING, False)

    def table(self) -> dict[str, Any]:
        """Return what the record says of the model."""
        return {
            "family": self.architecture.family,
            "parameters_total": str(self.architecture.parameters_total),
            "parameters_active": str(self.architecture.parameters_active),
            "terms": terms_table(self.all),
        }

    def _kept(self, config: Mapping[str, Any]) -> dict[str, Any] | None:
        from chapterv.compute import ALL, describe, terms_of

        kept = _cleaned(config, 0)
        if len(json.dumps(kept)) > MAX_KEPT:
            return None
        try:
            same = _terms(terms_of, describe(kept), ALL, False) == self.all
        except InputError:
            return None
        return kept if same else None


def read_config(config: Any) -> dict[str, Any]:
    """Return a configuration as a table.

    Args:
        config: a table, an object with `to_dict`, or the path of a `config.json`.

    Raises:
        InputError: neither of them.
    """
    if isinstance(config, Mapping):
        return dict(config)
    if hasattr(config, "to_dict"):
        return dict(config.to_dict())
    if not isinstance(config, str | os.PathLike):
        raise InputError(
            f"a configuration cannot be a {type(config).__name__}", None,
            "Give a table, a configuration of transformers, or the path of a config.json.",
        )  # fmt: skip
    name = os.path.basename(os.fspath(config))
    try:
        with open(config, "rb") as file:
            value = json.loads(file.read(MAX_CONFIGURATION))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", str(name), "Check it.") from None
    except (ValueError, RecursionError):
        raise InputError("not JSON", str(name), "Give the path of a config.json.") from None
    if not isinstance(value, dict):
        raise InputError("expected a table of keys and values", str(name), "Correct the file.")
    return value


def digest(table: object) -> str:
    """Return the SHA-256 of a table's JSON with sorted keys."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def terms_table(terms: Terms) -> list[dict[str, Any]]:
    """Return terms as JSON holds them."""
    import msgspec

    return [
        {**msgspec.to_builtins(term), "operations": str(term.operations)} for term in terms.terms
    ]


def trained_table(trained: Trained | None, exact: bool, prediction: bool) -> dict[str, Any]:
    """Return which weights are trained, as JSON holds it."""
    if trained is None or trained.weights == "all":
        table: dict[str, Any] = {"weights": "all"}
    else:
        table = {"weights": trained.weights}
    if trained is not None and trained.frozen:
        table["frozen"] = sorted(trained.frozen)
    if trained is not None and trained.frozen_layers:
        table["frozen_layers"] = trained.frozen_layers
    if trained is not None and trained.adapter_parameters:
        table["adapter_parameters"] = str(trained.adapter_parameters)
    if prediction:
        table["prediction"] = True
    return table if exact else {**table, "exact": False}


def _terms(terms_of: Any, architecture: Architecture, trained: Trained, prediction: bool) -> Terms:
    found: Terms = terms_of(architecture, trained, prediction=prediction)
    return found


def _cleaned(table: Mapping[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if str(key) != key or key in _LEFT_OUT or depth > MAX_DEPTH:
            continue
        if isinstance(value, Mapping):
            found[key] = _cleaned(value, depth + 1)
        elif not key.startswith("_") or key in _TEXTS:
            kept = _value(key, value)
            if kept is not None:
                found[key] = kept
    return found


def _value(key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        kept = [_value(key, item) for item in value]
        return kept if all(item is not None for item in kept) else None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value if isinstance(value, str) and key in _TEXTS and "/" not in value else None
