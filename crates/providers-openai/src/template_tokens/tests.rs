//! Tokens at the beginning of a text.

use super::*;

#[test]
fn tokens_and_heads_are_distinguished_from_text() {
    use TokenMatch::{EndOfAnswer, ModelHead, NoToken, OtherHead, Partial, Token};
    let table = [
        ("<|im_end|> and", Token(10)),
        ("<|im_end", Partial),
        ("<b>", NoToken),
        ("</s>\n", Partial),
        ("</s> and", NoToken),
        ("</s><s>[INST] next", EndOfAnswer),
        ("[/INST]", Partial),
        ("[/INST] and", NoToken),
        ("[/link]", NoToken),
        ("<|im_start|>assistant\nHi", ModelHead(21)),
        ("<|im_start|>user\nHi", OtherHead(16)),
        ("<|im_start|>usual", Partial),
        ("<|im_start|> usual", Token(12)),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nHi", ModelHead(45)),
        ("<|start_header_id|>assistant<|end_head", Partial),
        ("<|start|>assistant<|channel|>final", ModelHead(18)),
        ("<|start|>assistant to=user<|message|>Hi", ModelHead(37)),
        ("<|start|>assistant to=functions.read<|channel|>", NoToken),
        ("<|channel|>final<|message|>Hi", ModelHead(27)),
        ("<|channel|>commentary to=functions.read<|message|>{}", NoToken),
        ("<|unknown|>", Partial),
        ("<|unknown|> and", NoToken),
        ("<| pipe", NoToken),
    ];
    for (text, expected) in table {
        assert_eq!(match_token(text, false), expected, "{text}");
    }
    let at_end = [
        ("</s>\n", Token(5)),
        ("[/INST]", Token(7)),
        ("<|unknown|></s>", Token(15)),
        ("<|im_end", Token(8)),
        ("<|im", Token(4)),
        ("<|i", NoToken),
        ("<| im", NoToken),
        ("<unused7><unused8>", Token(18)),
        ("<|/assistant|>", Token(14)),
        ("<|im_start|>", Token(12)),
        ("<|im_start|>assistant", ModelHead(21)),
        ("<", NoToken),
    ];
    for (text, expected) in at_end {
        assert_eq!(match_token(text, true), expected, "{text}");
    }
}
