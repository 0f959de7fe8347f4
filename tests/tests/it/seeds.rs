//! Configs that users of the original published, as they stand.

use std::fs;
use std::path::Path;

use openclaw_tests::Home;

#[tokio::test]
async fn every_published_config_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/seeds");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let home = Home::new().env("VLLM_API_KEY", "vllm-local").config(&text);
        for args in [&["models", "status"][..], &["models", "status", "--json"]] {
            let ended = home.run(args).await;
            assert_eq!(ended.code, Some(0), "{}: {ended:#?}", path.display());
            let clean = !ended.stderr.contains("error") && !ended.stderr.contains("unknown");
            assert!(clean, "{}: {ended:#?}", path.display());
        }
        assert_eq!(fs::read_to_string(home.config_path()).unwrap(), text);
        count += 1;
    }
    assert_eq!(count, 20);
}
