#!/usr/bin/env python3
"""Makes a tiny chat model with random weights, for `cargo xtask vllm`.

    make_model.py FOLDER

Nothing is downloaded and nothing is learnt: the server around the model is what is tested, so
the model has only to be small, able to emit any bytes, and the same each time. The tokenizer is
a byte-level BPE over text that comes with Python; the template speaks ChatML with tool calls in
the form that vLLM's `hermes` parser reads.
"""
import random
import sys
from pathlib import Path

import torch
from pydoc_data import topics
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SEED = 20
VOCABULARY = 2048
WINDOW = 16384

TURN, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
# Ordinary tokens, not special ones: they must stay in the decoded text, where the parser of tool
# calls looks for them.
TAGS = [f"<{slash}{name}>" for name in ("tool_call", "tool_response", "think") for slash in ("", "/")]

TEMPLATE = r"""
{%- macro turn(role, text) -%}
<|im_start|>{{ role }}{{ '\n' }}{{ text }}<|im_end|>{{ '\n' }}
{%- endmacro -%}
{%- macro calls(message) -%}
{%- for call in message.tool_calls or [] -%}
{%- set data = {"name": call.function.name, "arguments": call.function.arguments} -%}
{{ '\n<tool_call>\n' }}{{ data | tojson }}{{ '\n</tool_call>' }}
{%- endfor -%}
{%- endmacro -%}
{%- set rules = namespace(text='') -%}
{%- if tools -%}
{%- set rules.text = '\n\nTools, one JSON Schema a line:' -%}
{%- for tool in tools -%}
{%- set rules.text = rules.text + '\n' + (tool | tojson) -%}
{%- endfor -%}
{%- set rules.text = rules.text + '\nTo call one, answer <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>' -%}
{%- if not messages or messages[0].role != 'system' -%}
{{ turn('system', rules.text.lstrip()) }}
{%- endif -%}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'system' and loop.first -%}
{{ turn('system', message.content + rules.text) }}
{%- elif message.role == 'tool' -%}
{{ turn('user', '<tool_response>\n' + message.content + '\n</tool_response>') }}
{%- elif message.role == 'assistant' -%}
{{ turn('assistant', (message.content or '') + calls(message)) }}
{%- else -%}
{{ turn(message.role, message.content) }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant{{ '\n' }}
{%- endif -%}
""".strip()


def tokenizer():
    """Trains the BPE; any byte string can be encoded and decoded."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(TAGS),
        special_tokens=[PAD, TURN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [topics.topics[name] for name in sorted(topics.topics)]
    bpe.train_from_iterator(texts, trainer)
    bpe.add_tokens(TAGS)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=TURN,
        eos_token=END,
        pad_token=PAD,
        model_max_length=WINDOW,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = TEMPLATE
    return fast


def network(words):
    """Builds a two-layer Llama with random weights for the tokenizer `words`."""
    random.seed(SEED)
    torch.manual_seed(SEED)
    ids = {
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    }
    shape = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=WINDOW,
        tie_word_embeddings=False,
        dtype="float32",
        **ids,
    )
    model = LlamaForCausalLM(shape)
    model.generation_config = GenerationConfig(**ids)
    return model


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    words = tokenizer()
    model = network(words)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    print(f"{len(words)} tokens, {model.num_parameters()} weights")


if __name__ == "__main__":
    main()
