"""GGUF weights as safetensors, which vLLM reads. Run by the Python that has vLLM, not imported.

    python convert.py FOLDER FILE.gguf TARGET

It needs transformers, gguf and accelerate there.
"""

from __future__ import annotations

import sys


def main(folder: str, file: str, target: str) -> None:
    """Unpack the weights, and write them with configuration and tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=file,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(folder, gguf_file=file).save_pretrained(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
