//! The gateway as a service, through the command line.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use openclaw_tests::Home;

use crate::servers::tiny;

/// What a service tells next.
fn next_notice(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 4096];
    let length = socket.recv(&mut bytes).expect("a service tells its state in time");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[tokio::test]
async fn a_gateway_tells_systemd_that_it_is_ready_alive_and_ending() {
    let (_server, home) = tiny().await;
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let home = home.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let (socket, ready) = wait_for_notice(socket, "READY=1").await;
    assert!(ready.contains("STATUS=serves ws://127.0.0.1:"), "{ready}");
    let (socket, _alive) = wait_for_notice(socket, "WATCHDOG=1").await;
    gateway.terminate().await;
    let (_socket, ending) = wait_for_notice(socket, "STOPPING=1").await;
    assert!(ending.contains("EXTEND_TIMEOUT_USEC=22000000"), "{ending}");
    let _ended = gateway.ended().await.code(0);
}

async fn wait_for_notice(socket: UnixDatagram, text: &'static str) -> (UnixDatagram, String) {
    let waiting = move || loop {
        let notice = next_notice(&socket);
        if notice.contains(text) {
            return (socket, notice);
        }
    };
    tokio::task::spawn_blocking(waiting).await.unwrap()
}

#[tokio::test]
async fn the_definition_of_the_service_has_what_the_shell_has_and_no_key() {
    let home = Home::new().config("{}");
    let config = home.path().join("openclaw 100%.json");
    std::fs::copy(home.config_path(), &config).unwrap();
    let named = format!("{}", config.display()).replace('%', "%%");
    let home = home
        .env("OPENCLAW_CONFIG_PATH", &config)
        .env("VLLM_API_KEY", "canary-key")
        .env("OPENCLAW_GATEWAY_TOKEN", "canary-token-of-the-gateway");
    let printed = home.run(&["gateway", "install", "--dry-run", "--port", "18790"]).await.code(0);
    let unit = &printed.stdout;
    for line in [
        "Type=notify",
        "\"gateway\" \"run\" \"--port\" \"18790\"",
        &format!("Environment=\"OPENCLAW_CONFIG_PATH={named}\""),
        "Environment=\"PATH=/",
        "RestartPreventExitStatus=78",
        "WatchdogSec=60",
        "WantedBy=default.target",
    ] {
        assert!(unit.contains(line), "{line}: {unit}");
    }
    let _hidden = printed.hides(&["canary-key", "canary-token-of-the-gateway"]);
    let refused = home.run(&["gateway", "install", "--token", "x"]).await.code(2);
    let _said =
        refused.says(&["other users could read the token", "config set gateway.auth.token"]);
}

#[tokio::test]
async fn a_gateway_that_could_not_start_is_not_installed() {
    let home = Home::new().config("{ gateway: { auth: { mode: 'token', token: '' } } }");
    let _said = home.run(&["gateway", "install"]).await.code(78).says(&["gateway.auth.token"]);
    assert_eq!(home.files(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_service_manager_the_foreground_command_is_named() {
    let home = Home::new().env("OPENCLAW_SUPERVISOR_MODE", "external");
    for action in ["install", "start", "stop", "restart", "uninstall"] {
        let said = home.run(&["gateway", action]).await.code(1);
        let _said = said.says(&["another supervisor starts and ends the program"]);
    }
    if Path::new("/run/systemd/system").exists() {
        println!("the rest is skipped: this machine runs systemd");
        return;
    }
    let home = Home::new();
    for program in ["gateway", "node"] {
        for action in ["install", "start", "stop", "restart", "uninstall"] {
            let said = home.run(&[program, action]).await.code(1).says(&["does not run systemd"]);
            let is_start = matches!(action, "install" | "start");
            let told = said.stderr.contains("runs it in the foreground");
            assert_eq!(told, is_start, "{program} {action}: {}", said.stderr);
        }
    }
    // What is not installed is not remembered.
    let words = ["node", "install", "--host", "127.0.0.1", "--port", "7", "--display-name", "n"];
    let _said = home.run(&words).await.code(1);
    assert!(!home.path().join(".openclaw/node.json").exists());
    let words = ["node", "install", "--display-name", " "];
    let _said = home.run(&words).await.code(2).says(&["`--display-name` is empty"]);
    let said = home.run(&["gateway", "restart", "--json"]).await.code(1).json();
    assert_eq!((&said["action"], &said["ok"]), (&"restart".into(), &false.into()));
    let status = home.run(&["gateway", "status", "--json"]).await.code(4).json();
    assert_eq!(status["service"]["installed"], false, "{status}");
    assert_eq!(status["service"]["runtime"]["status"], "unknown");
    let status = home.run(&["gateway", "status"]).await.code(4);
    assert!(status.stdout.contains("not installed; `openclaw gateway install` does"), "{status:?}");
}
