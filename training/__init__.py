"""Training: data sources, poisoned data, trained networks, metrics; knows nothing of ONNX or the web."""

import warnings

# gdown imports tqdm, which misses a widget library in a notebook; no bar of that kind is shown here
warnings.filterwarnings("ignore", message="IProgress not found")
