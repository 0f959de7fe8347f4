"""Reads one stream with OpenAI's own client: ADDRESS MODEL."""

import sys

from openai import OpenAI

address, model = sys.argv[1:]
client = OpenAI(base_url=f"http://{address}/v1", api_key="none", max_retries=0)
messages = [{"role": "user", "content": "hi"}]
tokens = 0
for chunk in client.chat.completions.create(model=model, messages=messages, stream=True):
    for choice in chunk.choices:
        if choice.delta.content:
            tokens += 1
if tokens != int(model.split("-")[1]):
    sys.exit(f"{tokens} tokens came of {model}")
