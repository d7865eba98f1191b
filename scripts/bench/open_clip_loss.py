"""Loads open_clip's module of losses by itself: the package as a whole needs torchvision."""

import importlib.metadata
import importlib.util
from pathlib import Path
from types import ModuleType


def load(path: Path | None = None) -> ModuleType:
    """From a copy of loss.py, or from the installed open_clip_torch."""
    path = path or Path(importlib.metadata.distribution("open_clip_torch").locate_file("open_clip/loss.py"))
    spec = importlib.util.spec_from_file_location("open_clip_loss", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
