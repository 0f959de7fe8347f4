//! The ways to write a base URL, and what each means.

use super::*;

#[test]
fn every_way_to_write_a_base_url_gives_one_normal_form() {
    let table = [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        ("http://h:8000/v1", "http://h:8000/v1"),
        ("http://h:8000/v1/", "http://h:8000/v1"),
        ("  http://h:8000//v1// ", "http://h:8000/v1"),
        ("http://h:8000/v1/chat/completions", "http://h:8000/v1"),
        ("http://h:8000/v1/chat/completions/", "http://h:8000/v1"),
        ("http://h:8000/v1/completions", "http://h:8000/v1"),
        ("http://h:8000/v1/models", "http://h:8000/v1"),
        ("http://h:8000/chat/completions", "http://h:8000/v1"),
        ("HTTP://H:8000/v1", "http://h:8000/v1"),
        ("h:8000", "http://h:8000/v1"),
        ("h:8000/v1/models", "http://h:8000/v1"),
        ("localhost", "http://localhost/v1"),
        ("vllm/v1", "http://vllm/v1"),
        ("10.0.0.7", "http://10.0.0.7/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
        ("gpu.example.com:8000", "http://gpu.example.com:8000/v1"),
        ("https://api.example.com", "https://api.example.com/v1"),
        ("https://api.example.com/v1/messages", "https://api.example.com/v1"),
        ("https://api.example.com:443/v1", "https://api.example.com/v1"),
        ("https://h/api/coding/paas/v4", "https://h/api/coding/paas/v4"),
        ("https://h/api/coding/paas/v4/chat/completions", "https://h/api/coding/paas/v4"),
        ("https://h/openai/", "https://h/openai"),
    ];
    for (text, base) in table {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!(endpoint.to_string(), base, "{text}");
        assert_eq!(endpoint.base_url().as_str(), base, "{text}");
        assert_eq!(Endpoint::parse(base).as_ref(), Ok(&endpoint), "{text}");
        assert_eq!(
            endpoint.api_url("chat/completions").as_str(),
            format!("{base}/chat/completions")
        );
    }
}

#[test]
fn what_cannot_be_a_base_url_is_refused_without_repeating_it() {
    let scheme = |scheme: &str| InvalidEndpoint::Scheme { scheme: scheme.to_owned() };
    let table = [
        ("", InvalidEndpoint::Empty),
        ("  ", InvalidEndpoint::Empty),
        ("ftp://h", scheme("ftp")),
        ("ws://h/v1", scheme("ws")),
        ("http://me:hunter2@h/v1", InvalidEndpoint::UserInfo),
        ("hunter2@h:8000", InvalidEndpoint::UserInfo),
        ("http://h/v1?key=hunter2", InvalidEndpoint::Query),
        ("http://h/v1#hunter2", InvalidEndpoint::Fragment),
        ("api.example.com", InvalidEndpoint::NoScheme),
        ("api.example.com/v1", InvalidEndpoint::NoScheme),
        ("http://", InvalidEndpoint::NotAUrl(url::ParseError::EmptyHost)),
        ("http://hunter2:x:y", InvalidEndpoint::NotAUrl(url::ParseError::InvalidPort)),
    ];
    for (text, error) in table {
        assert_eq!(Endpoint::parse(text), Err(error.clone()), "{text}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn routes_beside_the_version_leave_it_out() {
    let table = [
        ("http://h:8000", "http://h:8000/health"),
        ("http://h/proxy/v1", "http://h/proxy/health"),
        ("https://h/api/coding/paas/v4", "https://h/api/coding/paas/health"),
        ("https://h/openai", "https://h/openai/health"),
        ("https://h/vllm", "https://h/vllm/health"),
    ];
    for (text, url) in table {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!(endpoint.root_url("health").as_str(), url);
        assert_eq!(endpoint.root_url("/health/").as_str(), url);
    }
}

#[test]
fn private_hosts_are_known_by_their_text() {
    let private = [
        "localhost",
        "vllm:8000",
        "http://127.0.0.1:8000",
        "http://127.8.8.8",
        "http://0.0.0.0:8000",
        "http://10.1.2.3",
        "http://172.16.0.1",
        "http://192.168.0.1",
        "http://169.254.1.1",
        "http://[::1]:8000",
        "http://[fd00::1]",
        "http://[fe80::1]",
        "http://[::ffff:192.168.0.1]",
        "http://spark.local",
        "http://SPARK.LOCAL.:8000",
        "http://host.docker.internal",
        "http://100.64.0.1:8000",
        "http://100.127.255.254",
        "http://box.home.arpa",
        "http://2130706433",
        "http://0x7f.1",
    ];
    for text in private {
        assert!(Endpoint::parse(text).unwrap().is_private(), "{text}");
    }
    let public = [
        "http://172.32.0.1",
        "http://8.8.8.8",
        "http://[2001:db8::1]",
        "http://[::ffff:8.8.8.8]",
        "https://api.example.com",
        "https://local.example.com",
        "https://10.0.0.1.example.com",
        "http://100.63.255.255",
        "http://100.128.0.1",
        "http://0x08080808",
        "https://nothome.arpa",
        "https://[64:ff9b::a00:1]",
        "https://box.tailnet.ts.net",
        "http://169.254.169.254",
        "http://[::ffff:a9fe:a9fe]",
        "http://0xa9fea9fe",
        "http://0251.0376.0251.0376",
        "http://[fd00:ec2::254]",
        "http://100.100.100.200",
    ];
    for text in public {
        assert!(!Endpoint::parse(text).unwrap().is_private(), "{text}");
    }
}

#[test]
fn a_url_of_another_server_has_its_counterpart() {
    let other = Endpoint::parse("http://other:9/v1").unwrap();
    for (url, expected) in [
        ("http://h:8000/v1/chat/completions", "http://other:9/v1/chat/completions"),
        ("http://h/api/v4/chat/completions?key=x", "http://other:9/v1/chat/completions"),
        ("http://h/odd/chat/completions", "http://other:9/v1/chat/completions"),
        ("http://h/odd/responses", "http://other:9/v1/responses"),
        ("http://h/v1/models", "http://other:9/v1/models"),
        ("http://h/tokenize", "http://other:9/tokenize"),
    ] {
        assert_eq!(other.counterpart_url(url).as_str(), expected);
    }
}

#[test]
fn a_path_without_a_version_gets_one_where_the_api_needs_it() {
    for (text, expected) in [
        ("https://host/anthropic", "https://host/anthropic/v1"),
        ("https://host/anthropic/v1/messages", "https://host/anthropic/v1"),
        ("https://host/v2/anthropic", "https://host/v2/anthropic"),
        ("http://host:11434", "http://host:11434/v1"),
        ("http://host:11434/api", "http://host:11434/v1"),
    ] {
        let endpoint = Endpoint::parse(text).unwrap().with_version();
        assert_eq!(endpoint.to_string(), expected, "{text}");
    }
}
