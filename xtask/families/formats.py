"""How each model family writes tool calls, thoughts and answers as text.

A format is a function from a list of calls, each a name and its arguments, to text. The texts are
this project's own; what vLLM's parsers make of them is recorded by `record.py`.
"""

import json


def dump(value):
    return json.dumps(value, ensure_ascii=False)


def literal(value):
    """A value as an unquoted text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else dump(value)


def json_objects(open_mark, close_mark, keys=("name", "arguments"), between="\n"):
    name_key, arguments_key = keys

    def write(calls):
        objects = [dump({name_key: name, arguments_key: args}) for name, args in calls]
        return between.join(f"{open_mark}{each}{close_mark}" for each in objects)

    return write


def json_list(open_mark, close_mark, keys=("name", "arguments"), extra=None):
    name_key, arguments_key = keys

    def write(calls):
        objects = [
            {**({extra: str(at)} if extra else {}), name_key: name, arguments_key: args}
            for at, (name, args) in enumerate(calls)
        ]
        return f"{open_mark}{dump(objects)}{close_mark}"

    return write


def keyed_list(open_mark, close_mark):
    return lambda calls: open_mark + dump([{name: args} for name, args in calls]) + close_mark


def named_json(begin, separator, end, section=("", ""), name_format="{name}"):
    def write(calls):
        parts = [
            begin + name_format.format(name=name, at=at) + separator + dump(args) + end
            for at, (name, args) in enumerate(calls)
        ]
        return section[0] + "".join(parts) + section[1]

    return write


def tags(section, function, parameter, value="{}", wrap_each=False, typed=None):
    """Tags for functions and parameters; `{}` in an opening tag is the name."""

    def write_call(name, args):
        text = function[0].format(name) + "\n"
        for key, content in args.items():
            opening = parameter[0].format(key)
            if typed:
                opening = opening.replace("TYPE", typed(content))
            text += opening + value.format(literal(content)) + parameter[1] + "\n"
        return text + function[1]

    def write(calls):
        parts = [write_call(name, args) for name, args in calls]
        if wrap_each:
            return "\n".join(f"{section[0]}\n{each}\n{section[1]}" for each in parts)
        return section[0] + "\n" + "\n".join(parts) + "\n" + section[1]

    return write


def pairs(call, key, value, after_name="\n", section=("", ""), gap="\n"):
    def mark(name, closing=False):
        return f"<{'/' if closing else ''}{name}>"

    def write(calls):
        parts = []
        for name, args in calls:
            text = mark(call) + name + after_name
            for argument, content in args.items():
                text += mark(key) + argument + mark(key, True) + gap
                text += mark(value) + literal(content) + mark(value, True) + gap
            parts.append(text + mark(call, True))
        return section[0] + gap.join(parts) + section[1]

    return write


def python_literal(value, words):
    if isinstance(value, bool) or value is None:
        return words[value]
    if isinstance(value, list):
        return "[" + ", ".join(python_literal(each, words) for each in value) + "]"
    if isinstance(value, dict):
        items = [f"{dump(key)}: {python_literal(each, words)}" for key, each in value.items()]
        return "{" + ", ".join(items) + "}"
    return dump(value)


PYTHON_WORDS = {True: "True", False: "False", None: "None"}
JSON_WORDS = {True: "true", False: "false", None: "null"}


def python_calls(open_mark, close_mark, between=", ", words=PYTHON_WORDS):
    def write_call(name, args):
        items = [f"{key}={python_literal(value, words)}" for key, value in args.items()]
        return f"{name}({', '.join(items)})"

    return lambda calls: open_mark + between.join(write_call(*each) for each in calls) + close_mark


def braced(open_mark, close_mark, quote):
    def write_value(value):
        if isinstance(value, str):
            return quote + value + quote
        if isinstance(value, list):
            return "[" + ",".join(write_value(each) for each in value) + "]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{key}:{write_value(each)}" for key, each in value.items()) + "}"
        return dump(value)

    def write(calls):
        return "".join(f"{open_mark}call:{name}{write_value(args)}{close_mark}" for name, args in calls)

    return write


def minimax_m3(calls):
    space = "]<]minimax[>["

    def write_element(name, value):
        if isinstance(value, dict):
            inner = "".join(write_element(key, each) for key, each in value.items())
        elif isinstance(value, list):
            inner = "".join(write_element("item", each) for each in value)
        else:
            inner = literal(value)
        return f"{space}<{name}>{inner}{space}</{name}>"

    text = f"{space}<tool_call>\n"
    for name, args in calls:
        text += f'{space}<invoke name="{name}">'
        text += "".join(write_element(key, value) for key, value in args.items())
        text += f"{space}</invoke>\n"
    return text + f"{space}</tool_call>"


def kimi_k3(calls):
    def kind(value):
        kinds = [(bool, "boolean"), (str, "string"), (list, "array"), (dict, "object")]
        return next((name for each, name in kinds if isinstance(value, each)), "number")

    text = "<|open|>tools<|sep|>"
    for at, (name, args) in enumerate(calls, 1):
        text += f'<|open|>call tool="{name}" index="{at}"<|sep|>'
        for key, value in args.items():
            text += f'<|open|>argument key="{key}" type="{kind(value)}"<|sep|>'
            text += f"{literal(value)}<|close|>argument<|sep|>"
        text += "<|close|>call<|sep|>"
    return text + "<|close|>tools<|sep|>"


def step3(calls):
    text = "<｜tool_calls_begin｜>"
    for name, args in calls:
        text += f'<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="{name}">'
        for key, value in args.items():
            text += f'<steptml:parameter name="{key}">{literal(value)}</steptml:parameter>'
        text += "</steptml:invoke><｜tool_call_end｜>"
    return text + "<｜tool_calls_end｜>"


def muse_glimmer(calls):
    text = ""
    for name, args in calls:
        text += f"<|start|>assistant to={name}<|message|><atem:function_calls>\n"
        text += f'<atem:invoke name="{name}">\n'
        for key, value in args.items():
            text += f'<atem:parameter name="{key}">{literal(value)}</atem:parameter>\n'
        text += "</atem:invoke>\n</atem:function_calls><|eom|>"
    return text


def plamo3(calls):
    def mark(name):
        return f"<|plamo:{name}:plamo|>"

    text = mark("begin_tool_requests")
    for name, args in calls:
        text += mark("begin_tool_request") + mark("begin_tool_name") + name + mark("end_tool_name")
        text += mark("begin_tool_arguments") + "<|plamo:constrain|>json<|plamo:msg|>"
        text += dump(args)
        text += mark("end_tool_arguments") + mark("end_tool_request")
    return text + mark("end_tool_requests")


def harmony(calls):
    return "<|start|>assistant".join(
        f"<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>{dump(args)}<|call|>"
        for name, args in calls
    )


def string_flag(value):
    return "true" if isinstance(value, str) else "false"


def dsml(section, space=""):
    mark = "｜DSML｜" + space
    return tags(
        (f"<{mark}{section}>", f"</{mark}{section}>"),
        (f'<{mark}invoke name="{{}}">', f"</{mark}invoke>"),
        (f'<{mark}parameter name="{{}}" string="TYPE">', f"</{mark}parameter>"),
        typed=string_flag,
    )


INVOKE = ('<invoke name="{}">', "</invoke>")
PARAMETER = ('<parameter name="{}">', "</parameter>")
QWEN3 = tags(
    ("<tool_call>", "</tool_call>"),
    ("<function={}>", "</function>"),
    ("<parameter={}>", "</parameter>"),
    "\n{}\n",
    wrap_each=True,
)
HERMES = json_objects("<tool_call>\n", "\n</tool_call>")
DEEPSEEK_SECTION = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
LLAMA_JSON = json_objects("", "", ("name", "parameters"), between="; ")
GLM = pairs("tool_call", "arg_key", "arg_value")

TOOL_FORMATS = {
    "apertus": keyed_list("<|tools_prefix|>", "<|tools_suffix|>"),
    "cohere_command3": json_list("<|START_ACTION|>", "<|END_ACTION|>", ("tool_name", "parameters"), "tool_call_id"),
    "cohere_command4": json_list("<|START_ACTION|>", "<|END_ACTION|>", ("tool_name", "parameters"), "tool_call_id"),
    "deepseek_v3": named_json("<｜tool▁call▁begin｜>function<｜tool▁sep｜>", "\n```json\n", "\n```<｜tool▁call▁end｜>", DEEPSEEK_SECTION),
    "deepseek_v31": named_json("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", DEEPSEEK_SECTION),
    "deepseek_v32": dsml("function_calls"),
    "deepseek_v4": dsml("tool_calls"),
    "deepseek_v41": dsml("calls", " "),
    "dots": tags(("<dots_function_call>", "</dots_function_call>"), INVOKE, PARAMETER),
    "ernie45": HERMES,
    "functiongemma": braced("<start_function_call>", "<end_function_call>", "<escape>"),
    "gemma4": braced("<|tool_call>", "<tool_call|>", '<|"|>'),
    "gigachat3": json_objects("<|function_call|>", ""),
    "glm45": GLM,
    "glm47": pairs("tool_call", "arg_key", "arg_value", ""),
    "granite": json_list("<|tool_call|>", ""),
    "granite-20b-fc": json_objects("<function_call> ", ""),
    "granite4": HERMES,
    "hermes": HERMES,
    "hf": HERMES,
    "hunyuan_a13b": json_list("<tool_calls>", "</tool_calls>"),
    "hy_v3": pairs("tool_call", "arg_key", "arg_value", "<tool_sep>\n", ("<tool_calls>\n", "\n</tool_calls>")),
    "hy_v4": pairs("tool_call:1", "arg_key:1", "arg_value:1", "", ("<tool_calls:1>", "</tool_calls:1>"), ""),
    "inkling": json_objects("<|message_model|><|content_invoke_tool_json|>", "<|end_message|>", ("name", "args"), ""),
    "internlm": json_objects("<|action_start|><|plugin|>", "<|action_end|>", ("name", "parameters")),
    "jamba": json_list("<tool_calls>", "</tool_calls>"),
    "k2_horizon": pairs("ifm|tool_call", "ifm|arg_key", "ifm|arg_value", "\n", ("<ifm|tool_calls>\n", "\n</ifm|tool_calls>")),
    "kimi_k2": named_json("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>", ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"), "functions.{name}:{at}"),
    "kimi_k3": kimi_k3,
    "lfm2": python_calls("<|tool_call_start|>[", "]<|tool_call_end|>"),
    "ling3": GLM,
    "llama3_json": LLAMA_JSON,
    "llama4_json": LLAMA_JSON,
    "llama4_pythonic": python_calls("<|python_start|>[", "]<|python_end|>"),
    "longcat": json_objects("<longcat_tool_call>", "</longcat_tool_call>"),
    "mimo": tags(("<tool_call>", "</tool_call>"), ("<function={}>", "</function>"), ("<parameter={}>", "</parameter>"), wrap_each=True),
    "minicpm5": tags(("", ""), ('<function name="{}">', "</function>"), ('<param name="{}">', "</param>")),
    "minimax_m2": tags(("<minimax:tool_call>", "</minimax:tool_call>"), INVOKE, PARAMETER),
    "minimax_m3": minimax_m3,
    "mistral": named_json("[TOOL_CALLS]", "", ""),
    "muse_glimmer": muse_glimmer,
    "olmo3": python_calls("<function_calls>", "</function_calls>", "\n", JSON_WORDS),
    "openai": harmony,
    "phi4_mini_json": json_list("functools", ""),
    "plamo3": plamo3,
    "poolside_v1": GLM,
    "pythonic": python_calls("[", "]"),
    "qwen3_coder": QWEN3,
    "qwen3_json": HERMES,
    "qwen3_xml": QWEN3,
    "seed_oss": tags(("<seed:tool_call>", "</seed:tool_call>"), ("<function={}>", "</function>"), ("<parameter={}>", "</parameter>"), wrap_each=True),
    "step3": step3,
    "step3p5": QWEN3,
    "xlam": json_list("", ""),
}

# The thought's opening and closing marks, and what stands around the answer.
THINK = ("<think>\n", "\n</think>\n\n", "", "")
REASONING_FORMATS = {
    "cohere_command3": ("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    "cohere_command4": ("<|START_THINKING|>", "<|END_THINKING|>", "<|START_TEXT|>", "<|END_TEXT|>"),
    "deepseek_r1": THINK,
    "deepseek_v3": THINK,
    "deepseek_v4": THINK,
    "deepseek_v41": THINK,
    "ernie45": ("<think>\n", "\n</think>\n\n", "<response>\n", "\n</response>"),
    "gemma4": ("<|channel>thought\n", "<channel|>", "", ""),
    "glm45": THINK,
    "glm47": THINK,
    "granite": ("Here is my thought process:", "Here is my response:", "", ""),
    "granite_thinking_parser": THINK,
    "hf": THINK,
    "holo2": THINK,
    "hunyuan_a13b": ("<think>\n", "\n</think>\n", "<answer>\n", "\n</answer>"),
    "hy_v3": THINK,
    "hy_v4": ("<think:1>\n", "\n</think:1>\n\n", "", ""),
    "inkling": ("<|message_model|><|content_thinking|>", "<|end_message|>", "<|message_model|><|content_text|>", "<|end_message|>"),
    "k2_horizon": ("<ifm|think>\n", "\n</ifm|think>\n", "", ""),
    "kimi_k2": THINK,
    "kimi_k3": ("<|open|>think<|sep|>", "<|close|>think<|sep|>", "<|open|>response<|sep|>", "<|close|>response<|sep|>"),
    "ling3": THINK,
    "mimo": THINK,
    "minicpmv": THINK,
    "minimax_m2": THINK,
    "minimax_m2_append_think": THINK,
    "minimax_m3": ("<mm:think>", "</mm:think>", "", ""),
    "mistral": ("[THINK]", "[/THINK]", "", ""),
    "muse_glimmer": ("to=self<|message|>", "<|eom|>", "<|start|>assistant to=user<|message|>", "<|eot|>"),
    "nemotron_v3": THINK,
    "olmo3": THINK,
    "openai_gptoss": ("<|channel|>analysis<|message|>", "<|end|>", "<|start|>assistant<|channel|>final<|message|>", "<|return|>"),
    "plamo3": ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>", "", ""),
    "poolside_v1": THINK,
    "qwen3": THINK,
    "seed_oss": ("<seed:think>", "</seed:think>", "", ""),
    "step3": THINK,
    "step3p5": THINK,
}
