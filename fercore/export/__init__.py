"""Models as files that run without this project: ONNX, TorchScript, a folder for transformers; each with a card."""
