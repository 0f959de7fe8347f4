"""Records what vLLM's own tool and reasoning parsers make of sample texts.

    python3 record.py DIRECTORY

needs vLLM 0.32 installed; neither a model nor a GPU is used. Writes `tools.json` and
`reasoning.json`, which the tests of `openclaw-providers-openai` compare with.
"""

import json
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("VLLM_LOGGING_LEVEL", "CRITICAL")
logging.disable(logging.CRITICAL)

from vllm.entrypoints.openai.chat_completion.protocol import (  # noqa: E402
    ChatCompletionRequest,
    ChatCompletionToolsParam,
)
from vllm.reasoning import ReasoningParserManager  # noqa: E402
from vllm.tool_parsers import ToolParserManager  # noqa: E402

from formats import REASONING_FORMATS, TOOL_FORMATS  # noqa: E402

TOOLS = {
    "read": {"path": {"type": "string"}, "limit": {"type": "integer"}, "all": {"type": "boolean"}},
    "exec": {"command": {"type": "string"}},
    "write": {"path": {"type": "string"}, "text": {"type": "string"}},
    "configure": {"options": {"type": "object"}, "tags": {"type": "array"}},
    "list": {},
}

READ = ("read", {"path": "note.txt"})
EXEC = ("exec", {"command": "ls -l | wc"})
NESTED = ("configure", {"options": {"a": {"b": [1, 2.5]}, "on": True}, "tags": ["x", "y z"]})
STRINGS = ("write", {"path": "a b.txt", "text": 'He said "no".\n\tünï – 漢字 \\ {x}, [y]; it\'s done'})
TYPED = ("read", {"path": "5", "limit": 7, "all": False})


def tool_samples(write):
    """Sample texts in one format, by what they show."""
    return {
        "one call": write([READ]),
        "two calls": write([READ, EXEC]),
        "text before": "I will look.\n\n" + write([READ]),
        "text after": write([READ]) + "\n\nThat is all.",
        "text between": write([READ]) + "\nand then\n" + write([EXEC]),
        "nested arguments": write([NESTED]),
        "quotes and line breaks": write([STRINGS]),
        "typed arguments": write([TYPED]),
        "no arguments": write([("list", {})]),
        "no call": "A tool is called when it helps: first read, then exec.\n\nThat is all.",
    }


def reasoning_samples(format):
    """Sample texts with a thought, by what they show."""
    opening, closing, before, after = format
    return {
        "thought and answer": f"{opening}The user says hi.{closing}{before}Hello!{after}",
        "opened by the prompt": f"The user says hi.{closing}{before}Hello!{after}",
        "thought only": f"{opening}The user says hi.{closing}",
        "unclosed thought": f"{opening}The user says hi.",
        "answer only": f"{before}Hello!{after}",
    }


class Vocabulary(dict):
    """Has every token that it is asked for; the marks asked for become special tokens."""

    def __init__(self):
        super().__init__()
        self.marks = set()

    def __missing__(self, token):
        self[token] = 100_000 + len(self)
        if len(token) > 1:
            self.marks.add(token)
        return self[token]

    def get(self, token, default=None):
        return self[token]

    def __contains__(self, token):
        # The name of a Hunyuan mark differs by checkpoint; one with a suffix is known only when
        # a test text uses it.
        return True


class Tokenizer:
    """Makes one token of each mark that a parser asks for, and of each other character."""

    name_or_path = "stand-in"
    all_special_tokens = []
    bos_token_id, eos_token_id, version = 1, 2, 13
    chat_template = None
    init_kwargs = {}

    def __init__(self, suffix=""):
        self.vocab = Vocabulary()
        self.init_kwargs = {"token_suffix": suffix}
        if suffix:
            for name in ("think", "tool_calls", "tool_call", "arg_key", "arg_value"):
                _ = self.vocab[f"<{name}{suffix}>"], self.vocab[f"</{name}{suffix}>"]

    def get_vocab(self):
        return self.vocab

    def split(self, text):
        marks = sorted(self.vocab.marks, key=len, reverse=True)
        at = 0
        while at < len(text):
            mark = next((mark for mark in marks if text.startswith(mark, at)), text[at])
            yield mark
            at += len(mark)

    def encode(self, text, **_):
        return [self.vocab[token] for token in self.split(text)]

    def decode(self, ids, **_):
        names = {number: token for token, number in self.vocab.items()}
        return "".join(names.get(number, "") for number in (ids if isinstance(ids, list) else [ids]))

    def convert_tokens_to_ids(self, tokens):
        if isinstance(tokens, str):
            return self.vocab[tokens]
        return [self.vocab[token] for token in tokens]

    def tokenize(self, text, **_):
        return list(self.split(text))

    def __len__(self):
        return 200_000


def tool_params():
    return [
        ChatCompletionToolsParam.model_validate(
            {
                "type": "function",
                "function": {
                    "name": name,
                    "parameters": {"type": "object", "properties": properties},
                },
            }
        )
        for name, properties in TOOLS.items()
    ]


def new_request():
    tools = [tool.model_dump() for tool in tool_params()]
    return ChatCompletionRequest(
        messages=[{"role": "user", "content": "x"}], model="m", tools=tools
    )


def new_tool_parser(name):
    parser = ToolParserManager.get_tool_parser(name)
    tokenizer = Tokenizer(":1" if name == "hy_v4" else "")
    return parser(tokenizer, tool_params()), tokenizer


def parse_arguments(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {"unreadable": text}


def record_whole(name, text):
    try:
        parser, _ = new_tool_parser(name)
        found = parser.extract_tool_calls(text, new_request())
    except Exception as error:
        return {"error": type(error).__name__}
    calls = [
        [call.function.name, parse_arguments(call.function.arguments)]
        for call in found.tool_calls or []
    ]
    return {"content": found.content or "", "calls": calls}


def record_stream(name, text, size):
    """What the parser makes of the text in deltas of so many tokens."""
    try:
        parser, tokenizer = new_tool_parser(name)
        request, tokens = new_request(), list(tokenizer.split(text))
        before, before_ids, content, calls = "", [], "", {}
        for at in range(0, len(tokens), size):
            part = tokens[at : at + size]
            ids = [tokenizer.vocab[token] for token in part]
            delta = "".join(part)
            found = parser.extract_tool_calls_streaming(
                before, before + delta, delta, before_ids, before_ids + ids, ids, request
            )
            before, before_ids = before + delta, before_ids + ids
            if found is None:
                continue
            content += found.content or ""
            for call in found.tool_calls or []:
                entry = calls.setdefault(call.index, ["", ""])
                if call.function:
                    entry[0] += call.function.name or ""
                    entry[1] += call.function.arguments or ""
    except Exception as error:
        return {"error": type(error).__name__}
    return {
        "content": content,
        "calls": [[call, parse_arguments(args)] for call, args in calls.values()],
    }


def record_unified(tool_parser, reasoning_parser, text):
    """The families whose calls, thoughts and answers one parser reads together."""
    from vllm.entrypoints.openai.parser.harmony_utils import get_encoding
    from vllm.parser.cohere_command import CohereCommandParser
    from vllm.parser.harmony import HarmonyParser

    class Unified(HarmonyParser if tool_parser == "openai" else CohereCommandParser):
        tool_parser_cls = ToolParserManager.get_tool_parser(tool_parser)
        reasoning_parser_cls = ReasoningParserManager.get_reasoning_parser(reasoning_parser)

    try:
        parser = Unified(Tokenizer(), tool_params())
        tokens = []
        if tool_parser == "openai":
            tokens = get_encoding().encode(text, allowed_special="all")
        reasoning, content, calls = parser.parse(text, new_request(), True, tokens)
    except Exception as error:
        return {"error": type(error).__name__}
    return {
        "reasoning": reasoning or "",
        "content": content or "",
        "calls": [[call.name, parse_arguments(call.arguments)] for call in calls or []],
    }


UNIFIED = {
    "openai": "openai_gptoss",
    "cohere_command3": "cohere_command3",
    "cohere_command4": "cohere_command4",
}


def record_tools():
    parsers = {}
    for name in sorted(ToolParserManager.lazy_parsers):
        samples = []
        for shows, text in tool_samples(TOOL_FORMATS[name]).items():
            if name in UNIFIED:
                whole = record_unified(name, UNIFIED[name], text)
                whole.pop("reasoning", None)
                samples.append({"shows": shows, "text": text, **whole})
                continue
            whole = record_whole(name, text)
            samples.append({"shows": shows, "text": text, **whole})
            if not whole.get("calls"):
                continue
            streams = [record_stream(name, text, size) for size in (1, 3, 7)]
            agreeing = sum(stream.get("calls") == whole["calls"] for stream in streams)
            samples[-1]["streams"] = f"{agreeing} of 3"
        parsers[name] = samples
    return parsers


def new_reasoning_parser(name):
    """A parser for a request in which the model is to think."""
    thinking = {"thinking": True, "enable_thinking": True, "reasoning_effort": "high"}
    parser = ReasoningParserManager.get_reasoning_parser(name)
    return parser(Tokenizer(":1" if name == "hy_v4" else ""), chat_template_kwargs=thinking)


def record_reasoning():
    parsers = {}
    for name in sorted(ReasoningParserManager.lazy_parsers):
        samples = []
        for shows, text in reasoning_samples(REASONING_FORMATS[name]).items():
            if name in UNIFIED.values():
                tool_parser = next(tool for tool, each in UNIFIED.items() if each == name)
                found = record_unified(tool_parser, name, text)
                found.pop("calls", None)
            else:
                try:
                    parser = new_reasoning_parser(name)
                    reasoning, content = parser.extract_reasoning(text, new_request())
                    found = {"reasoning": reasoning or "", "content": content or ""}
                except Exception as error:
                    found = {"error": type(error).__name__}
            samples.append({"shows": shows, "text": text, **found})
        parsers[name] = samples
    return parsers


def dump_lines(recording):
    """JSON with a line for each sample."""
    head = {key: value for key, value in recording.items() if key != "parsers"}
    lines = json.dumps(head, ensure_ascii=False)[:-1] + ', "parsers": {\n'
    parsers = []
    for name, samples in recording["parsers"].items():
        parts = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in samples)
        parsers.append(f" {json.dumps(name)}: [\n{parts}\n ]")
    return lines + ",\n".join(parsers) + "\n}}\n"


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    recordings = {
        "tools.json": {"vllm": "0.32.0", "tools": TOOLS, "parsers": record_tools()},
        "reasoning.json": {"vllm": "0.32.0", "parsers": record_reasoning()},
    }
    for name, recording in recordings.items():
        (directory / name).write_text(dump_lines(recording), encoding="utf-8")


main()
