//! Context windows that the list of models lacks, as each kind of server reports them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use openclaw_providers_openai::{find_context_windows, list_models};
use openclaw_test_support::client::client;
use openclaw_test_support::raw_server::{RawServer, response};

/// A server with these routes only, which records the requested ones.
struct Routes {
    server: RawServer,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Routes {
    async fn start(routes: &[(&'static str, &'static str)]) -> Self {
        let routes: BTreeMap<_, _> = routes.iter().copied().collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = RawServer::start(move |line| {
            log.lock().unwrap().push(line.to_owned());
            Some(match routes.get(line) {
                Some(body) => response("200 OK", "application/json", body),
                None => response("404 Not Found", "text/plain", "404 page not found"),
            })
        });
        Self { server: server.await, asked }
    }

    /// Each listed model's window and its source.
    async fn windows(&self, wanted: Option<&str>) -> Vec<(String, Option<u32>, String)> {
        let client = client(&self.server.base_url());
        let mut served = list_models(&client).await.unwrap();
        find_context_windows(&client, &mut served, wanted).await;
        let told = served.into_iter().map(|model| {
            (
                model.id,
                model.context_window,
                model.context_window_source.unwrap_or_default().into_owned(),
            )
        });
        told.collect()
    }
}

const LIST: &str = "GET /v1/models";
const ONE: (&str, &str) = (LIST, r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#);
const TWO: (&str, &str) = (LIST, r#"{"object":"list","data":[{"id":"m"},{"id":"n"}]}"#);

#[tokio::test]
async fn a_list_that_says_the_window_is_enough() {
    for (card, tokens, from) in [
        (r#"{"id":"m","max_model_len":16384}"#, 16_384, "/v1/models"),
        (
            r#"{"id":"m","owned_by":"llamacpp","meta":{"n_ctx":4096,"n_ctx_train":32768}}"#,
            4096,
            "/v1/models",
        ),
        (r#"{"id":"m","context_length":200000,"meta":"x"}"#, 200_000, "/v1/models"),
        (r#"{"id":"m","context_window":8192,"context_length":null}"#, 8192, "/v1/models"),
    ] {
        let list: &'static str = format!(r#"{{"data":[{card}]}}"#).leak();
        let routes = Routes::start(&[(LIST, list)]).await;
        let told = routes.windows(None).await;
        assert_eq!(told, [("m".to_owned(), Some(tokens), from.to_owned())], "{card}");
        assert_eq!(*routes.asked.lock().unwrap(), [LIST], "{card}");
    }
}

/// A server, its routes, and the window of the model `m` with its source.
type Row = (&'static str, &'static [(&'static str, &'static str)], u32, &'static str);

#[tokio::test]
async fn a_model_for_embeddings_is_left_out_where_the_server_tells_it_apart() {
    let said = [
        (
            "GET /api/v1/models",
            r#"{"models":[
                {"type":"llm","key":"m","max_context_length":4096},
                {"type":"embedding","key":"x","loaded_instances":[{"id":"n","config":{"context_length":512}}],"max_context_length":2048}]}"#,
        ),
        (
            "GET /api/v0/models",
            r#"{"data":[{"id":"m","type":"llm","max_context_length":4096},{"id":"n","type":"embeddings","max_context_length":2048}]}"#,
        ),
        (
            "GET /model/info",
            r#"{"data":[{"model_name":"m","model_info":{"max_input_tokens":4096,"mode":"chat"}},{"model_name":"n","model_info":{"max_input_tokens":2048,"mode":"embedding"}}]}"#,
        ),
    ];
    for said in said {
        let routes = Routes::start(&[TWO, said]).await;
        let ids = async |wanted| {
            let told = routes.windows(wanted).await;
            told.into_iter().map(|(id, window, _)| (id, window)).collect::<Vec<_>>()
        };
        assert_eq!(ids(None).await, [("m".to_owned(), Some(4096))], "{}", said.0);
        let both = [("m".to_owned(), Some(4096)), ("n".to_owned(), None)];
        assert_eq!(ids(Some("n")).await, both, "{}", said.0);
    }
}

const TABLE: &[Row] = &[
    (
        "llama.cpp with a window smaller than it was trained with",
        &[
            (
                LIST,
                r#"{"object":"list","data":[{"id":"m","owned_by":"llamacpp","meta":{"vocab_type":1,"n_ctx_train":131072,"n_params":8030261312}}]}"#,
            ),
            (
                "GET /props",
                r#"{"default_generation_settings":{"id":0,"n_ctx":8192,"params":{"temperature":0.8}},"total_slots":4,"model_path":"/models/m.gguf","build_info":"b6800-0d161f02"}"#,
            ),
        ],
        8192,
        "/props of llama.cpp",
    ),
    (
        "llama.cpp with its properties switched off",
        &[
            (LIST, r#"{"data":[{"id":"m","meta":{"n_ctx_train":131072}}]}"#),
            (
                "GET /props",
                r#"{"error":{"code":501,"message":"not supported","type":"not_supported_error"}}"#,
            ),
        ],
        131_072,
        "/v1/models of llama.cpp, the most it was trained for",
    ),
    (
        "LM Studio with a loaded instance",
        &[
            TWO,
            (
                "GET /api/v1/models",
                r#"{"models":[{"type":"llm","publisher":"lmstudio-community","key":"m","display_name":"M","quantization":{"name":"Q4_K_M","bits_per_weight":4},"size_bytes":4661211808,"loaded_instances":[{"id":"m","config":{"context_length":4096,"eval_batch_size":512,"flash_attention":true}}],"max_context_length":131072,"format":"gguf","capabilities":{"vision":false,"trained_for_tool_use":true}}]}"#,
            ),
        ],
        4096,
        "/api/v1/models of LM Studio",
    ),
    (
        "LM Studio asked for an instance by its own name",
        &[
            ONE,
            (
                "GET /api/v1/models",
                r#"{"models":[{"key":"other","loaded_instances":[{"id":"m","config":{"context_length":"2048"}}]}]}"#,
            ),
        ],
        2048,
        "/api/v1/models of LM Studio",
    ),
    (
        "LM Studio with nothing loaded",
        &[
            ONE,
            (
                "GET /api/v1/models",
                r#"{"models":[{"key":"m","loaded_instances":[],"max_context_length":131072}]}"#,
            ),
        ],
        131_072,
        "/api/v1/models of LM Studio, the most it can be loaded with",
    ),
    (
        "LM Studio that answers 200 to what it does not have",
        &[
            ONE,
            ("GET /props", r#"{"error":"Unexpected endpoint or method. (GET /props)"}"#),
            ("GET /info", r#"{"error":"Unexpected endpoint or method. (GET /info)"}"#),
            ("GET /api/ps", r#"{"error":"Unexpected endpoint or method. (GET /api/ps)"}"#),
            (
                "GET /api/v1/models",
                r#"{"error":"Unexpected endpoint or method. (GET /api/v1/models)"}"#,
            ),
            (
                "GET /api/v0/models",
                r#"{"object":"list","data":[{"id":"m","object":"model","type":"llm","arch":"llama","state":"loaded","max_context_length":131072,"loaded_context_length":4096}]}"#,
            ),
        ],
        4096,
        "/api/v0/models of LM Studio",
    ),
    (
        "an older LM Studio with nothing loaded",
        &[
            ONE,
            (
                "GET /api/v0/models",
                r#"{"data":[{"id":"m","state":"not-loaded","max_context_length":32768}]}"#,
            ),
        ],
        32_768,
        "/api/v0/models of LM Studio, the most it can be loaded with",
    ),
    (
        "Ollama with the model loaded",
        &[
            TWO,
            (
                "GET /api/ps",
                r#"{"models":[{"name":"m","model":"m","size":5137025024,"details":{"family":"llama"},"size_vram":5137025024,"context_length":4096}]}"#,
            ),
            ("POST /api/show", r#"{"model_info":{"llama.context_length":131072}}"#),
        ],
        4096,
        "/api/ps of Ollama",
    ),
    (
        "Ollama with a window of the model's own",
        &[
            ONE,
            ("GET /api/ps", r#"{"models":[]}"#),
            (
                "POST /api/show",
                r#"{"parameters":"num_keep                       24\nnum_ctx                        16384\nstop                           \"<|eot_id|>\"","model_info":{"general.architecture":"llama","llama.context_length":131072},"capabilities":["completion","tools"]}"#,
            ),
        ],
        16_384,
        "num_ctx in /api/show of Ollama",
    ),
    (
        "Ollama with nothing but the model's training",
        &[
            ONE,
            ("GET /api/ps", r#"{"models":[]}"#),
            (
                "POST /api/show",
                r#"{"modelfile":"FROM m","model_info":{"general.parameter_count":7241732096,"qwen3.context_length":40960}}"#,
            ),
        ],
        40_960,
        "/api/show of Ollama, the most it was trained for",
    ),
    (
        "LiteLLM with two deployments of the model",
        &[
            TWO,
            (
                "GET /model/info",
                r#"{"data":[{"model_name":"m","litellm_params":{"model":"hosted_vllm/m"},"model_info":{"id":"a1","db_model":false,"max_tokens":4096,"max_input_tokens":32768,"max_output_tokens":4096}},{"model_name":"m","model_info":{"max_input_tokens":16384}}]}"#,
            ),
        ],
        16_384,
        "/model/info of LiteLLM",
    ),
    (
        "LiteLLM that has the route below /v1 only",
        &[
            ONE,
            (
                "GET /v1/model/info",
                r#"{"data":[{"model_name":"m","model_info":{"max_tokens":8192.0,"max_input_tokens":null}}]}"#,
            ),
        ],
        8192,
        "max_tokens in /model/info of LiteLLM",
    ),
    (
        "TGI",
        &[
            ONE,
            (
                "GET /info",
                r#"{"model_id":"meta-llama/m","max_concurrent_requests":128,"max_input_tokens":4095,"max_total_tokens":4096,"version":"3.3.4"}"#,
            ),
        ],
        4096,
        "/info of TGI",
    ),
];

#[tokio::test]
async fn each_server_is_asked_in_its_own_way() {
    for (server, routes, tokens, from) in TABLE {
        let routes = Routes::start(routes).await;
        let told = routes.windows(None).await;
        assert_eq!(told[0], ("m".to_owned(), Some(*tokens), (*from).to_owned()), "{server}");
        let told = routes.windows(Some("m")).await;
        assert_eq!(told[0].1, Some(*tokens), "{server}, asked for one model");
    }
}

#[tokio::test]
async fn answers_of_any_other_shape_say_nothing() {
    for body in [
        "[]",
        "null",
        "7",
        r#""text""#,
        r#"{"models":7,"data":{},"default_generation_settings":[],"max_total_tokens":"many"}"#,
        r#"{"models":[{"key":"m","loaded_instances":[{"config":{"context_length":-1}}]},{"name":"m","context_length":0},null],
            "data":[{"id":"m","loaded_context_length":4294967296},{"model_name":"m","model_info":{"max_input_tokens":1.5}}],
            "default_generation_settings":{"n_ctx":0},"max_total_tokens":0}"#,
        "{\"cut\":",
        "<!doctype html>",
    ] {
        let every = [
            "GET /props",
            "GET /info",
            "GET /api/ps",
            "GET /model/info",
            "GET /api/v1/models",
            "GET /api/v0/models",
            "POST /api/show",
        ];
        let routes: Vec<_> = every.map(|route| (route, body)).into_iter().chain([ONE]).collect();
        let told = Routes::start(&routes).await.windows(None).await;
        assert_eq!(told, [("m".to_owned(), None, String::new())], "{body}");
    }
    let two =
        Routes::start(&[TWO, ("GET /props", r#"{"default_generation_settings":{"n_ctx":512}}"#)]);
    let told = two.await.windows(None).await;
    assert!(told.iter().all(|model| model.1.is_none()), "of which model? {told:?}");
}
