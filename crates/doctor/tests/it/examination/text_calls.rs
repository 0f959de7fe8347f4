//! Tool calls that come as text, or leave something in it.

use openclaw_doctor::{Check, CheckStatus};
use openclaw_mock_vllm::{Call, Reply, Turn};

use super::{examine, expect, said, scripted};

#[tokio::test]
async fn calls_that_come_as_text_name_the_parser_that_reads_them() {
    let text = "<tool_call>\n{\"name\": \"report\", \"arguments\": {\"ok\": true}}\n</tool_call>";
    let replies = [said("ready"), said(text), Turn::call("report", r#"{"ok": true}"#).into()];
    let (_server, lab) = scripted(replies).await;
    let report = examine(&lab, &[Check::ToolsAuto, Check::ToolsRequired]).await;
    expect(
        &report,
        Check::ToolsAuto,
        CheckStatus::Fail,
        &["came as text", "`--tool-call-parser hermes`"],
    );
    expect(
        &report,
        Check::ToolsRequired,
        CheckStatus::Pass,
        &[r#"a call of `report` with {"ok": true}"#],
    );
}

#[tokio::test]
async fn a_call_of_another_family_names_that_family_s_parser() {
    let text =
        "<tool_call>report\n<arg_key>ok</arg_key>\n<arg_value>true</arg_value>\n</tool_call>";
    let (_server, lab) = scripted([said("ready"), said(text)]).await;
    let report = examine(&lab, &[Check::ToolsAuto]).await;
    let advice = "`--tool-call-parser glm45`";
    expect(&report, Check::ToolsAuto, CheckStatus::Fail, &["came as text", advice]);
}

#[tokio::test]
async fn a_call_that_comes_as_text_in_a_stream_only_is_found() {
    let text = "<tool_call>\n{\"name\": \"report\", \"arguments\": {\"ok\": true}}\n</tool_call>";
    let call = || Reply::from(Turn::call("report", r#"{"ok": true}"#));
    let (_server, lab) = scripted([said("ready"), call(), said(text)]).await;
    let report = examine(&lab, &[Check::ToolsAuto]).await;
    let told = ["as a stream, but the call came as text", "`--tool-call-parser hermes`"];
    expect(&report, Check::ToolsAuto, CheckStatus::Fail, &told);

    let leak = Turn::text("<|tool_calls_section_end|>");
    let leak = leak.then_call(Call::new("report", r#"{"ok": true}"#));
    let (_server, lab) = scripted([said("ready"), call(), leak.into()]).await;
    let report = examine(&lab, &[Check::ToolsAuto]).await;
    let told = ["`<|tool_calls_section_end|>` stays in the text", "`--tool-call-parser NAME`"];
    expect(&report, Check::ToolsAuto, CheckStatus::Fail, &told);
}
