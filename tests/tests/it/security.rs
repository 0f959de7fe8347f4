//! `security audit`: each finding has its place and the command that mends it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use openclaw_tests::Home;
use serde_json::Value;

const CONFIG: &str = "{
  gateway: { bind: 'lan', auth: { mode: 'token', token: 'short' } },
  models: { egress: 'any', providers: { vllm: {
    baseUrl: 'http://models.example.com:8000/v1', apiKey: 'sk-literal-key-of-the-config' } } },
  tools: { exec: { host: 'gateway', security: 'full', ask: 'off' } },
}
";

fn finding<'v>(report: &'v Value, id: &str, place: &str) -> &'v Value {
    let is_meant = |finding: &&Value| {
        finding["checkId"] == id && finding["where"].as_str().unwrap().contains(place)
    };
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.find(is_meant).unwrap_or_else(|| panic!("{id} at {place}: {report:#}"))
}

#[tokio::test]
async fn what_is_open_is_found_with_its_place_and_its_remedy() {
    let home = Home::new().config(CONFIG);
    fs::set_permissions(home.config_path(), Permissions::from_mode(0o644)).unwrap();
    let report = home.run(&["security", "audit", "--json"]).await.code(1).json();
    for (id, severity, place, remedy) in [
        ("files.mode", "critical", "openclaw.json", "chmod 600"),
        ("gateway.exposure", "warn", "openclaw.json:2", "gateway.bind"),
        ("gateway.token", "warn", "openclaw.json:2", "gateway.auth.token"),
        ("egress.any", "warn", "openclaw.json:3", "models.egress"),
        ("egress.plaintext", "critical", "openclaw.json:4", "https://"),
        ("exec.policy", "critical", "openclaw.json:5", "exec-policy set"),
        ("config.secret", "info", "openclaw.json:4", ".env"),
    ] {
        let found = finding(&report, id, place);
        assert_eq!(found["severity"], severity, "{found}");
        assert!(found["remediation"].as_str().unwrap().contains(remedy), "{found}");
    }
    let text = home.run(&["security", "audit"]).await.code(1);
    assert!(!text.stdout.contains("sk-literal"), "{text:#?}");
    let before = fs::read_to_string(home.config_path()).unwrap();
    let fixed = home.run(&["security", "audit", "--fix", "--json"]).await.code(1).json();
    assert!(fixed["fixed"].to_string().contains("openclaw.json"), "{fixed:#}");
    assert_eq!(fs::metadata(home.config_path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(home.config_path()).unwrap(), before);
    let again = home.run(&["security", "audit", "--json"]).await.code(1).json();
    let ids =
        again["findings"].as_array().unwrap().iter().map(|finding| finding["checkId"].clone());
    assert!(!ids.into_iter().any(|id| id == "files.mode"), "{again:#}");
}

#[tokio::test]
async fn a_pattern_that_names_no_program_is_told_with_its_line() {
    let home = Home::new().config("{}");
    let text = "{\n \"version\": 1,\n \"agents\": { \"main\": { \"allowlist\": [\n  { \"pattern\": \"/usr/bin/cat\" },\n  { \"pattern\": \"/usr/bin/*\" }\n ] } }\n}\n";
    home.put_state("exec-approvals.json", text);
    let report = home.run(&["security", "audit", "--json"]).await.json();
    let found = finding(&report, "exec.allowlist", "exec-approvals.json:5");
    assert_eq!(found["severity"], "warn", "{found}");
    assert!(found["title"].as_str().unwrap().contains("/usr/bin/*"), "{found}");
    let listed = home.run(&["approvals", "list"]).await;
    assert!(listed.stderr.contains("exec-approvals.json:5"), "{listed:#?}");
}

#[tokio::test]
async fn a_plain_setup_has_nothing_critical() {
    let home = Home::new().config("{}");
    fs::set_permissions(home.config_path(), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(home.config_path().parent().unwrap(), Permissions::from_mode(0o700))
        .unwrap();
    let ended = home.run(&["security", "audit"]).await.code(0);
    assert!(ended.stdout.contains("0 critical"), "{ended:#?}");
}

#[tokio::test]
async fn an_address_of_this_machine_is_not_open_and_a_funnel_is_switched_off() {
    let exposure = async |gateway: &str| {
        let home = Home::new().config(&format!("{{ gateway: {gateway} }}"));
        let report = home.run(&["security", "audit", "--json"]).await.json();
        let findings = report["findings"].as_array().unwrap().clone();
        let found = findings.into_iter().find(|finding| finding["checkId"] == "gateway.exposure");
        found.map(|found| (found["severity"].to_string(), found["remediation"].to_string()))
    };
    for local in ["{}", "{ bind: 'auto' }", "{ bind: 'custom', customBindHost: '127.0.0.2' }"] {
        assert_eq!(exposure(local).await, None, "{local}");
    }
    for open in ["{ bind: 'lan' }", "{ bind: 'custom', customBindHost: '192.168.1.5' }"] {
        assert_eq!(exposure(open).await.unwrap().0, "\"critical\"", "{open}");
    }
    let (_, remedy) = exposure("{ tailscale: { mode: 'funnel' } }").await.unwrap();
    assert!(remedy.contains("config set gateway.tailscale.mode off"), "{remedy}");
}
