//! Measures how long a large config takes to load: `cargo bench -p openclaw-config`.
//!
//! The target is 3 ms for 200 KB in all layers, with 3 MB of memory; a typical config has 2 KB.

use std::{error::Error, fmt::Write as _, fs::File, hint::black_box, io::Write as _};

use criterion::Criterion;
use openclaw_config::{AppPaths, ConfigLoader, Env, LoadOptions, env_vars};

const SIZE: usize = 200 * 1024;

/// A config with providers of 40 models each, including comments.
fn large() -> String {
    let mut text = "{\n  agents: { defaults: { model: { primary: \"box0/org/model-1\" } } },\n  \
                    models: { providers: {\n"
        .to_owned();
    for provider in 0.. {
        let _ = writeln!(text, "    // The server number {provider}.\n    box{provider}: {{");
        let _ = writeln!(text, "      baseUrl: \"http://127.0.0.1:{}/v1\",", 9000 + provider);
        text.push_str("      apiKey: \"${VLLM_API_KEY}\",\n      models: [\n");
        for model in 0..40 {
            let _ = writeln!(
                text,
                "        {{ id: \"org/model-{model}\", name: 'Model {model}', input: [\"text\"],\n          \
                 cost: {{ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }},\n          \
                 contextWindow: 32768, maxTokens: 4096, compat: {{ supportsTools: true }} }},"
            );
        }
        text.push_str("      ],\n    },\n");
        if text.len() > SIZE {
            break;
        }
    }
    text.push_str("  } },\n}\n");
    text
}

/// The peak memory of the process, on Linux only.
fn peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let system = folder.path().join("system");
    let project = folder.path().join("work/.openclaw");
    std::fs::create_dir_all(&system)?;
    std::fs::create_dir_all(&project)?;
    let put = |path: std::path::PathBuf, text: &str| File::create(path)?.write_all(text.as_bytes());
    let text = large();
    put(folder.path().join("openclaw.json"), &text)?;
    put(system.join("openclaw.json5"), "{ agents: { defaults: { timeoutSeconds: 3600 } } }")?;
    put(project.join("openclaw.json5"), "{ agents: { defaults: { localModelMode: 'lean' } } }")?;
    let env = Env::from_pairs([
        (env_vars::OPENCLAW_STATE_DIR, folder.path().as_os_str()),
        (env_vars::OPENCLAW_MODEL, "box0/org/model-2".as_ref()),
        (env_vars::VLLM_API_KEY, "key".as_ref()),
    ]);
    let paths = AppPaths::new(&env, None)?.with_system_dir(system);
    let options = LoadOptions::new(&paths, &env)
        .with_project_dir(Some(folder.path().join("work")))
        .override_json5("agents.defaults.llm.idleTimeoutSeconds".parse()?, "60", "--set");

    let before = peak_kilobytes();
    let loaded = ConfigLoader::load(&options)?;
    if let Some((before, after)) = before.zip(peak_kilobytes()) {
        writeln!(
            std::io::stderr(),
            "peak memory: {} KB more after the first load",
            after - before
        )?;
    }
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let mut criterion = Criterion::default().configure_from_args();
    let name = format!("{} KB in all layers", text.len() / 1024);
    criterion.bench_function(&name, |bencher| {
        bencher.iter_with_large_drop(|| ConfigLoader::load(black_box(&options)));
    });
    criterion.bench_function("no file", |bencher| {
        let env = Env::from_pairs([(env_vars::OPENCLAW_STATE_DIR, "/nonexistent")]);
        let paths = AppPaths::new(&env, None).map(|paths| paths.with_system_dir("/nonexistent"));
        bencher.iter(|| {
            let paths = paths.as_ref().map_err(|error| *error)?;
            Ok::<_, Box<dyn Error>>(ConfigLoader::load(&LoadOptions::new(paths, &env))?)
        });
    });
    criterion.final_summary();
    Ok(())
}
