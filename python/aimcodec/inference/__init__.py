"""Running models: predictors on several engines behind one interface.

>>> from aimcodec.inference import Config, create_predictor
>>> with create_predictor(Config("model.aim")) as predictor:
...     outputs = predictor.run({"x": x})
"""

from __future__ import annotations

from aimcodec.inference.config import Config, ShapeProfile
from aimcodec.inference.engines import Capabilities, capabilities
from aimcodec.inference.handles import Handles, InputHandle, OutputHandle
from aimcodec.inference.predictor import Predictor, create_predictor
from aimcodec.inference.report import Profile
from aimcodec.inference.stopping import PendingRun
from aimcodec.inference.summary import Summary

__all__ = [
    "Capabilities",
    "Config",
    "Handles",
    "InputHandle",
    "OutputHandle",
    "PendingRun",
    "Predictor",
    "Profile",
    "ShapeProfile",
    "Summary",
    "capabilities",
    "create_predictor",
]
