//! Images that the model reads, over each API.

use openclaw_mock_vllm::{MockVllm, ModelSpec, Seen, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::Value;

/// A PNG of 2 by 3 pixels, as far as its size is read.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";

/// The same in base64.
const BASE64: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA=";

async fn home(api: &str, input: &str) -> (MockVllm, Home) {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let home = Home::new().config(&format!(
        "{{ models: {{ providers: {{ vllm: {{ baseUrl: '{}', api: '{api}', models: [ {{ id: 'tiny', \
         input: {input} }} ] }} }} }} }}",
        server.base_url()
    ));
    put(&home, "plot.png", PNG);
    (server, home)
}

#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
fn put(home: &Home, name: &str, bytes: &[u8]) {
    std::fs::write(home.workspace().join(name), bytes).unwrap();
}

async fn read_image(server: &MockVllm, home: &Home, path: &str) -> Ended {
    server.push(Turn::call("read", format!(r#"{{"path": "{path}"}}"#)));
    server.push(Turn::text("a plot"));
    home.run(&["agent", "-m", "look"]).await
}

/// The bodies of the requests for answers, in their order.
fn bodies(server: &MockVllm) -> Vec<Value> {
    let requests = server.requests();
    let bodies = requests.iter().filter(|seen| seen.method == "POST").map(Seen::json);
    bodies.filter(|body| body.get("stream").is_some()).collect()
}

#[tokio::test]
async fn a_model_that_takes_images_is_shown_the_image() {
    let url = format!("data:image/png;base64,{BASE64}");
    for (api, expected) in [
        ("openai-completions", format!(r#"{{"image_url":{{"url":"{url}"}},"type":"image_url"}}"#)),
        ("openai-responses", format!(r#"{{"image_url":"{url}","type":"input_image"}}"#)),
        (
            "anthropic-messages",
            format!(
                r#"{{"source":{{"data":"{BASE64}","media_type":"image/png","type":"base64"}},"type":"image"}}"#
            ),
        ),
    ] {
        let (server, home) = home(api, "['text', 'image']").await;
        let _ = read_image(&server, &home, "plot.png").await.code(0);
        let bodies = bodies(&server);
        let with_image = bodies.iter().find(|body| body.to_string().contains(BASE64)).unwrap();
        let text = with_image.to_string();
        assert!(text.contains(&expected), "{api}: {text}");
        let facts = "[image `plot.png`: image/png, 2×3 pixels, 29 bytes]";
        assert!(text.contains(facts), "{api}: {text}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_images_is_quoted_and_the_turn_goes_on() {
    let (server, home) = home("openai-completions", "['text', 'image']").await;
    let ended = read_image(&server, &home, "plot.png").await.code(0);
    let ended = ended.says(&["the images are left out", "tiny is not a multimodal model"]);
    assert!(ended.stdout.contains("a plot"), "{ended:#?}");
    let sent: Vec<String> = bodies(&server).iter().map(Value::to_string).collect();
    assert!(sent.iter().any(|body| body.contains(BASE64)), "{sent:#?}");
    let last = sent.last().unwrap();
    assert!(!last.contains(BASE64) && last.contains("[the image is left out: "), "{last}");
    // What is kept is sent again to a server that may take it by now.
    server.push(Turn::text("still a plot"));
    let _ = home.run(&["agent", "-m", "and now?"]).await.code(0);
    let shown = home.run(&["sessions", "show", "agent:main:main"]).await.code(0).stdout;
    assert!(shown.contains("plot.png") && !shown.contains(BASE64), "{shown}");
}

#[tokio::test]
async fn an_image_that_is_not_shown_says_why() {
    for (input, name, bytes, reason) in [
        ("['text']", "plot.png", PNG.to_vec(), "this model takes no images"),
        ("['text', 'image']", "cut.png", PNG[..18].to_vec(), "it is damaged"),
        (
            "['text', 'image']",
            "large.png",
            [PNG, &vec![0; 5 << 20]].concat(),
            "the limit is 5242880 bytes",
        ),
    ] {
        let (server, home) = home("openai-completions", input).await;
        put(&home, name, &bytes);
        let _ = read_image(&server, &home, name).await.code(0);
        let last = bodies(&server).last().unwrap().to_string();
        assert!(last.contains(reason) && !last.contains("base64"), "{reason}: {last}");
    }
}
