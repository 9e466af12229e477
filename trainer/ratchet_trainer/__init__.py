"""Ratchet's built-in trainer: scikit-learn and LightGBM, exported as one ONNX graph (docs/reference/trainer.md)."""

__version__ = "0.1.0"
