"""Uses the gateway through the official OpenAI SDK, in the order of the answers of openai_sdk.rs."""

import json
import os

import openai

client = openai.OpenAI(
    base_url=os.environ["GATEWAY_URL"], api_key=os.environ["GATEWAY_TOKEN"], max_retries=0, timeout=60
)
AGENT, MODEL = "openclaw/main", "vllm/tiny"
ASK = [{"role": "user", "content": "Hi"}]
TOOL = {
    "type": "function",
    "function": {"name": "clock", "description": "The time.", "parameters": {"type": "object"}},
}


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


# An agent, whole and streamed.
answer = client.chat.completions.create(model=AGENT, messages=ASK)
assert answer.choices[0].message.content == "First.", answer
assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0, answer
pieces = list(
    client.chat.completions.create(
        model=AGENT, messages=ASK, stream=True, stream_options={"include_usage": True}
    )
)
text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
assert text == "Second.", pieces
assert pieces[-1].usage.total_tokens > 0, pieces[-1]

# A model without an agent: the caller's own tool, whole and streamed, and its result.
answer = client.chat.completions.create(model=MODEL, messages=ASK, tools=[TOOL])
[call] = answer.choices[0].message.tool_calls
assert call.function.name == "clock", answer
assert json.loads(call.function.arguments) == {"zone": "UTC"}, answer
assert answer.choices[0].finish_reason == "tool_calls", answer
with client.chat.completions.stream(model=MODEL, messages=ASK, tools=[TOOL]) as stream:
    answer = stream.get_final_completion()
[call] = answer.choices[0].message.tool_calls
assert json.loads(call.function.arguments) == {"zone": "UTC"}, answer
messages = ASK + [
    answer.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"}),
    {"role": "tool", "tool_call_id": call.id, "content": "12:00"},
]
for message in messages:
    for sent in message.get("tool_calls", []):
        sent["function"].pop("parsed_arguments", None)
answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
assert answer.choices[0].message.content == "It is noon.", answer

# The other API, whole and streamed.
answer = client.responses.create(model=AGENT, input="Hi")
assert answer.output_text == "Third." and answer.status == "completed", answer
follow = client.responses.create(model=AGENT, input="And?", previous_response_id=answer.id)
assert follow.output_text == "Fourth.", follow
events = list(client.responses.create(model=AGENT, input="Hi", stream=True))
assert events[0].type == "response.created" and events[-1].type == "response.completed", events
assert events[-1].response.output_text == "Fifth.", events[-1]

# Errors: of the request, and in the middle of a stream.
raises(openai.NotFoundError, lambda: client.chat.completions.create(model="no/such", messages=ASK))
raises(openai.BadRequestError, lambda: client.chat.completions.create(model=AGENT, messages=[]))
stream = client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
error = raises(openai.APIError, lambda: list(stream))
assert "the engine is dead" in str(error), error

# What can be asked.
models = [model.id for model in client.models.list()]
assert AGENT in models and MODEL in models, models
assert client.models.retrieve(AGENT).id == AGENT

# The wrong secret comes last: it slows this address down.
wrong = client.with_options(api_key="a-token-that-is-not-its-own")
error = raises(openai.AuthenticationError, wrong.models.list)
assert os.environ["GATEWAY_TOKEN"] not in str(error)
