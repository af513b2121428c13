"""Training: data sources, poisoned data, trained networks, metrics; knows nothing of ONNX or the web."""

import warnings

# pooch imports tqdm where it is installed, and tqdm misses a widget library in a notebook; neither is shown here
warnings.filterwarnings("ignore", message="IProgress not found")
