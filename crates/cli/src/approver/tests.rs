//! Calls of an embedder's own tools are asked about by what they do.

use openclaw_core::{ToolArguments, ToolCallId, ToolName};

use super::*;
use crate::printer::Verbosity;

fn own_call() -> ToolCall {
    ToolCall {
        id: ToolCallId::new("call_1").unwrap(),
        name: ToolName::new("send_mail").unwrap(),
        arguments: ToolArguments::default(),
    }
}

fn approver(prompter: Option<Prompter>) -> TerminalApprover {
    let mut printer = Printer::new(Verbosity::Quiet, true);
    printer.stderr_is_terminal = false;
    TerminalApprover {
        printer,
        auto_approve: false,
        security: ExecSecurity::Deny,
        ask_mode: ExecAsk::Always,
        prompter,
    }
}

fn own_effects() -> [(ToolEffect, &'static str); 2] {
    [
        (
            ToolEffect::Fetch { url: "https://example.com/a".to_owned() },
            "fetch https://example.com/a",
        ),
        (ToolEffect::Other { description: "send a mail".to_owned() }, "send a mail"),
    ]
}

#[tokio::test]
async fn a_person_is_asked_with_the_effects_description() {
    for (effect, subject) in own_effects() {
        for is_allowed in [true, false] {
            let (prompter, mut questions) = Prompter::new();
            let (call, approver) = (own_call(), approver(Some(prompter)));
            let answer = async {
                let question = questions.recv().await.unwrap();
                assert_eq!(question.subject.as_deref(), Some(subject));
                assert_eq!(question.text, "allow this call?");
                question.send_answer(is_allowed);
            };
            let (decision, ()) = tokio::join!(approver.review_call(&call, &effect), answer);
            let denial = deny_call("the user did not allow this call");
            assert_eq!(decision, if is_allowed { ApprovalDecision::Allow } else { denial });
        }
    }
}

#[tokio::test]
async fn without_a_terminal_the_turn_ends_with_the_question_or_the_call_is_denied() {
    let effect = ToolEffect::Other { description: "send a mail".to_owned() };
    let mut approver = approver(None);
    let question = "May this call run: send a mail".to_owned();
    let decision = approver.review_call(&own_call(), &effect).await;
    assert_eq!(decision, ApprovalDecision::NeedsInput { question });

    approver.ask_mode = ExecAsk::OnMiss;
    let decision = approver.review_call(&own_call(), &effect).await;
    let ApprovalDecision::Deny { reason } = decision else { panic!("{decision:?}") };
    assert!(reason.contains("needs a person's approval"), "{reason}");
    // The option is for commands, so that it does not serve here.
    assert!(!reason.contains("--yes"), "{reason}");

    approver.auto_approve = true;
    let decision = approver.review_call(&own_call(), &effect).await;
    assert!(matches!(decision, ApprovalDecision::Deny { .. }), "{decision:?}");
}
