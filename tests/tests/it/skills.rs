//! Skills: found in each folder, told to the model by one line, loaded by a call, and what their
//! entries in the config do.

#![expect(clippy::disallowed_methods, reason = "nobody reads the files meanwhile")]

use std::fs;

use openclaw_mock_vllm::{MockVllm, Turn};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::tiny;

const INSTRUCTIONS: &str = "SECRET-RECIPE: boil the water.";

fn skill(name: &str, more: &str) -> String {
    format!("---\nname: {name}\ndescription: Makes {name}.\n{more}---\n{INSTRUCTIONS}\n")
}

fn put(home: &Home, path: &str, text: &str) {
    let path = home.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn chats(server: &MockVllm) -> Vec<Value> {
    let seen = server.requests().into_iter();
    seen.filter(|seen| seen.path == "/v1/chat/completions").map(|seen| seen.json()).collect()
}

fn last_result(server: &MockVllm) -> String {
    let chats = chats(server);
    let messages = chats.last().unwrap()["messages"].as_array().unwrap().clone();
    messages.last().unwrap()["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_skill_of_each_folder_is_one_line_and_is_loaded_by_a_call() {
    let (server, home) = tiny().await;
    let folders = [
        ("tea", ".openclaw/skills/tea"),
        ("soup", ".openclaw/workspace/skills/soup"),
        ("cake", ".openclaw/workspace/.agents/skills/cake"),
        ("pie", ".agents/skills/pie"),
        ("jam", "more/jam"),
    ];
    for (name, folder) in folders {
        put(&home, &format!("{folder}/SKILL.md"), &skill(name, ""));
    }
    let home = home.config("{ skills: { load: { extraDirs: ['~/more'] } } }");
    server.push(Turn::call("skill", r#"{"name": "pie"}"#));
    server.push(Turn::text("Done."));
    let ended = home.run(&["agent", "-m", "make a pie"]).await.code(0);
    assert_eq!(ended.stdout, "Done.\n");
    let chats = chats(&server);
    let prompt = chats[0]["messages"][0]["content"].as_str().unwrap();
    for (name, _) in folders {
        assert_eq!(prompt.matches(&format!("\n- {name}: Makes {name}.")).count(), 1, "{prompt}");
    }
    assert!(!prompt.contains("SECRET-RECIPE"));
    let tools = chats[0]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["function"]["name"] == "skill").unwrap();
    assert!(tool.to_string().len() < 350, "{tool}");
    let loaded = last_result(&server);
    assert!(loaded.contains(INSTRUCTIONS) && loaded.contains(".agents/skills/pie"), "{loaded}");
}

#[tokio::test]
async fn a_skill_that_misses_something_or_is_disabled_is_not_told_and_says_why() {
    let (server, home) = tiny().await;
    let needs = "metadata: {\"clawdbot\": {\"requires\": {\"bins\": [\"no-such-program\"], \
                 \"env\": [\"TEA_KEY\"], \"config\": [\"browser.enabled\"]}, \"os\": [\"darwin\"]}}\n";
    for (name, more) in [
        ("tea", needs),
        ("soup", ""),
        (
            "cake",
            "metadata: {openclaw: {requires: {env: [CAKE_KEY], bins: [sh]}, primaryEnv: CAKE_KEY}}\n",
        ),
        ("pie", ""),
    ] {
        put(&home, &format!(".openclaw/skills/{name}/SKILL.md"), &skill(name, more));
    }
    put(&home, ".openclaw/skills/mute/SKILL.md", "---\nname: mute\n---\n");
    let home = home.config(
        "{ skills: { entries: { soup: { enabled: false }, cake: { apiKey: 'k' } } },
           agents: { defaults: { skills: ['tea', 'soup', 'cake'] } } }",
    );
    let _ = home.run(&["agent", "-m", "hi"]).await.code(0).says(&["1 skill cannot be used"]);
    let prompt = chats(&server)[0]["messages"][0]["content"].to_string();
    assert!(prompt.contains("- cake: ") && !prompt.contains("- tea:"), "{prompt}");
    assert!(!prompt.contains("- soup:") && !prompt.contains("- pie:"), "{prompt}");
    let listed = home.run(&["skills", "list", "--json"]).await.code(0).json();
    let of = |name: &str| {
        let skills = listed["skills"].as_array().unwrap();
        skills.iter().find(|skill| skill["name"] == name).unwrap().clone()
    };
    assert_eq!(
        of("tea")["missing"],
        json!({"bins": ["no-such-program"], "anyBins": [], "env": ["TEA_KEY"],
               "config": ["browser.enabled"], "os": ["darwin"]})
    );
    assert_eq!((&of("soup")["disabled"], &of("cake")["eligible"]), (&json!(true), &json!(true)));
    assert_eq!(of("pie")["blockedByAllowlist"], json!(true));
    assert!(listed["problems"][0]["reason"].as_str().unwrap().contains("no `description`"));
    let eligible = home.run(&["skills", "list", "--eligible"]).await.code(0);
    assert!(eligible.stdout.contains("cake") && !eligible.stdout.contains("tea "));
    let shown = home.run(&["skills", "info", "tea"]).await.code(0);
    assert!(shown.stdout.contains("bins: no-such-program"), "{shown:#?}");
    let _ = home.run(&["skills", "show", "nosuch"]).await.code(2).says(&["openclaw skills list"]);
    let checked = home.run(&["skills", "check"]).await.code(0);
    for part in ["4 skills: 1 ready, 1 disabled", "mute/SKILL.md", "missing bins"] {
        assert!(checked.stdout.contains(part), "{checked:#?}");
    }
}

#[tokio::test]
async fn only_the_variables_that_the_config_names_for_a_skill_reach_its_commands() {
    let (server, home) = tiny().await;
    let home = home.env("TEA_KEY", "from-outside").env("OTHER_KEY", "never").env("PIE", "passed");
    let needs = "metadata: {openclaw: {requires: {env: [TEA_KEY]}, primaryEnv: TEA_KEY}}\n";
    put(&home, ".openclaw/skills/tea/SKILL.md", &skill("tea", needs));
    put(&home, ".openclaw/skills/pie/SKILL.md", &skill("pie", needs));
    put(&home, ".openclaw/skills/tea/run.sh", "echo from the folder\n");
    let command = "printenv TEA_KEY OTHER_KEY PIE CAKE LD_PRELOAD";
    let arguments = json!({"command": command}).to_string();
    let run = |config: &'static str| {
        let (home, arguments) = (&home, arguments.clone());
        let server = &server;
        async move {
            fs::write(home.config_path(), config).unwrap();
            server.push(Turn::call("exec", arguments));
            server.push(Turn::text("Done."));
            let ended = home.run(&["agent", "--no-session", "--yes", "-m", "go"]).await.code(0);
            (last_result(server), ended)
        }
    };
    let (shown, _) = run("{}").await;
    assert!(!shown.contains("from-outside") && !shown.contains("never"), "{shown}");
    let (shown, ended) = run("{ skills: { entries: {
            tea: { apiKey: 'tea-key', env: { PIE: '${PIE}', LD_PRELOAD: '/x.so' } },
            pie: { enabled: false, env: { CAKE: 'of-a-disabled-skill' } },
            none: { env: { OTHER_KEY: 'of-no-skill' } } } } }")
    .await;
    assert!(shown.contains("tea-key\npassed\n"), "{shown}");
    assert!(!shown.contains("of-") && !shown.contains("/x.so"), "{shown}");
    let _ = ended.says(&["skills.entries.tea.env.LD_PRELOAD"]);
    let script = home.path().join(".openclaw/skills/tea/run.sh");
    server.push(Turn::call(
        "exec",
        json!({"command": format!("sh {}", script.display())}).to_string(),
    ));
    server.push(Turn::text("Done."));
    let _ = home.run(&["agent", "--no-session", "--yes", "-m", "go"]).await.code(0);
    assert!(last_result(&server).contains("from the folder"), "{}", last_result(&server));
    let got = home.run(&["config", "get", "skills"]).await.code(0);
    assert!(!got.stdout.contains("tea-key"), "{got:#?}");
}

#[tokio::test]
async fn an_agent_that_reads_no_files_loads_no_skills() {
    let (server, home) = tiny().await;
    put(&home, ".openclaw/skills/tea/SKILL.md", &skill("tea", ""));
    for (config, expected) in [
        ("{ tools: { allow: ['read'] } }", true),
        ("{ tools: { deny: ['skill'] } }", false),
        ("{ tools: { profile: 'minimal' } }", false),
    ] {
        fs::write(home.config_path(), config).unwrap();
        let _ = home.run(&["agent", "--no-session", "-m", "hi"]).await.code(0);
        let chat = chats(&server).last().unwrap().to_string();
        assert_eq!(chat.contains("\"name\":\"skill\""), expected, "{config}");
        assert_eq!(chat.contains("Makes tea."), expected, "{config}");
    }
}
