//! llama.cpp behind the server of its Python package, compiled here, with a tiny model.

use std::process::Command;

use anyhow::{Result, bail};

use super::Place;
use super::python::Environment;
use super::server::{Server, Start};

/// The name that clients ask for.
const MODEL: &str = "tiny";
/// The port on 127.0.0.1.
const PORT: u16 = 18_200;
const KEY: &str = "llama-local";
const NAME: &str = "llama.cpp";
const SCRIPT: &str = "make_model.py";
/// The context window of the server, half of the model's own.
const WINDOW: &str = "8192";

/// Builds plain C and C++ for this processor, and only the library. The model is too small for
/// optimisation to matter, so the build is chosen to compile fast.
const BUILD: &[(&str, &str)] = &[
    (
        "CMAKE_ARGS",
        "-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAVA_BUILD=OFF -DLLAMA_CURL=OFF \
         -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_TESTS=OFF \
         -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DCMAKE_CXX_FLAGS_RELEASE=-O1 \
         -DCMAKE_C_FLAGS_RELEASE=-O2",
    ),
    ("CMAKE_BUILD_PARALLEL_LEVEL", "2"),
];

/// Compiles what is missing, makes the model and returns a server.
pub(crate) fn ensure() -> Result<Server> {
    let environment = environment()?;
    if !environment.is_installed()? {
        check_machine()?;
    }
    environment.install()?;
    let model = environment.folder.join("tiny.gguf");
    environment.make(SCRIPT, &model)?;
    let mut command = Command::new(environment.python());
    command
        .args(["-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", &PORT.to_string()])
        .arg("--model")
        .arg(&model)
        .args(["--model_alias", MODEL, "--n_ctx", WINDOW, "--n_threads", "1"])
        // In the environment, not among the arguments, which every user of a machine can read.
        .env("API_KEY", KEY);
    // The only route that needs no key.
    let (key, ready) = (KEY.to_owned(), "/openapi.json");
    place()?.up(Start { name: NAME, command, port: PORT, key, ready })
}

/// Returns where the server's files are.
pub(crate) fn place() -> Result<Place> {
    Ok(Place { folder: environment()?.folder })
}

fn environment() -> Result<Environment> {
    let (recipe, folder) = Environment::folders("llama")?;
    Ok(Environment {
        name: NAME,
        recipe,
        folder,
        // The server is a Python module and has no program of its own.
        program: "uvicorn",
        costs: "about 0.1 GB to download, and some minutes to compile",
        pythons: 11..=13,
        build: BUILD,
        alias: None,
    })
}

fn check_machine() -> Result<()> {
    for compiler in ["cc", "c++"] {
        if Command::new(compiler).arg("--version").output().is_err() {
            bail!("{compiler} is not found; on Debian: apt-get install gcc g++");
        }
    }
    Ok(())
}
