#!/usr/bin/env python3
"""Make a llama with random weights and its own small vocabulary as a GGUF file, some 1 MB in size.

    make_model.py FILE

It writes noise, and it writes it fast. The same versions make the same bytes every time.
"""

import sys

import numpy
from gguf import GGUFWriter, TokenType

CONTEXT = 16384
WIDTH = 64
LAYERS = 2
HEADS = 4
FEED_FORWARD = 128

TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

SPECIAL = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
TURNS = ["<|im_start|>", "<|im_end|>"]
WORDS = ["▁the", "▁of", "▁and", "▁to", "▁in", "▁word", "▁a", "▁is", "▁that", "▁it"]


def vocabulary():
    """Pieces, scores and kinds: every byte by itself, so that no text is unknown, and some words."""
    pieces = [(piece, 0.0, kind) for piece, kind in SPECIAL]
    pieces += [(f"<0x{byte:02X}>", 0.0, TokenType.BYTE) for byte in range(256)]
    pieces += [(piece, 0.0, TokenType.CONTROL) for piece in TURNS]
    single = ["▁"] + [chr(code) for code in range(33, 127)]
    seen = set(single)
    steps = []
    # A word is put together from left to right, so each of its beginnings is a piece as well.
    for word in WORDS:
        for end in range(2, len(word) + 1):
            if word[:end] not in seen:
                seen.add(word[:end])
                steps.append(word[:end])
    for rank, piece in enumerate(steps + single):
        pieces.append((piece, -float(rank), TokenType.NORMAL))
    return pieces


def main(path):
    pieces = vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([piece.encode() for piece, _, _ in pieces])
    writer.add_token_scores([score for _, score, _ in pieces])
    writer.add_token_types([int(kind) for _, _, kind in pieces])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id([piece for piece, _, _ in pieces].index("<|im_end|>"))
    writer.add_chat_template(TEMPLATE)

    random = numpy.random.default_rng(0)

    def matrix(name, *shape):
        writer.add_tensor(name, random.normal(0, 0.05, shape).astype(numpy.float32))

    def norm(name):
        writer.add_tensor(name, numpy.ones(WIDTH, dtype=numpy.float32))

    matrix("token_embd.weight", len(pieces), WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm.weight")
        for part in ("q", "k", "v", "output"):
            matrix(f"{block}.attn_{part}.weight", WIDTH, WIDTH)
        norm(f"{block}.ffn_norm.weight")
        matrix(f"{block}.ffn_gate.weight", FEED_FORWARD, WIDTH)
        matrix(f"{block}.ffn_up.weight", FEED_FORWARD, WIDTH)
        matrix(f"{block}.ffn_down.weight", WIDTH, FEED_FORWARD)
    norm("output_norm.weight")
    matrix("output.weight", len(pieces), WIDTH)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
