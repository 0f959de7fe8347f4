//! The memory of agents: the index of each agent's notes, its tools, and the model of its vectors.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use openclaw_config::MemorySearchConfig;
use openclaw_config::defaults::MEMORY_NOTE_BYTES;
use openclaw_core::Tool;
use openclaw_memory::{
    ChunkLimits, EmbedderState, MemoryIndex, MemoryIndexOptions, NoteFolder, TextEmbedder,
    index_file_name,
};
use openclaw_models::{ConnectError, EmbeddingModel, ModelRegistry};
use openclaw_tools::{MemoryGetTool, MemorySearchLimits, MemorySearchTool, Workspace};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::error_text::error_causes;
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;

/// The tools over the notes.
const SEARCH_TOOL: &str = "memory_search";
const GET_TOOL: &str = "memory_get";

/// How long a server without an embedding model is not asked again.
const RETRY_AFTER: Duration = Duration::from_mins(5);

/// The indices that are open, by their files. The vectors of each are loaded once.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenMemories(Arc<Mutex<HashMap<PathBuf, OpenMemory>>>);

/// An index, and the device and number of the folder with its notes.
#[derive(Debug)]
struct OpenMemory {
    index: MemoryIndex,
    folder: Option<(u64, u64)>,
}

/// The memory of an agent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentMemory {
    /// The agent.
    pub agent: String,
    /// The workspace with the notes.
    pub workspace: PathBuf,
    /// The index of the notes.
    pub index: MemoryIndex,
    /// The limits of its searches.
    pub limits: MemorySearchLimits,
    /// Whether the agent can search it.
    pub is_enabled: bool,
}

impl Runtime {
    /// The folder in which an agent works outside of a project.
    ///
    /// # Errors
    /// When there is no such agent, or its workspace cannot be used.
    pub fn agent_folder(&self, agent: &str) -> Result<PathBuf, AgentSetupError> {
        self.for_agent(agent)?.resolve_workspace(None)
    }

    /// The memory of an agent in its configured workspace. Opens no index and asks no server yet.
    ///
    /// # Errors
    /// When there is no such agent, or its workspace cannot be opened.
    pub fn agent_memory(&self, agent: &str) -> Result<AgentMemory, AgentSetupError> {
        let this = self.for_agent(agent)?;
        let path = this.resolve_workspace(None)?;
        let workspace = this.open_agent_workspace(&path, agent)?;
        let search = this.config().memory_search(agent);
        let is_enabled =
            search.is_enabled() && this.offers_tool(agent, PromptProfile::Default, SEARCH_TOOL);
        Ok(AgentMemory {
            agent: agent.to_owned(),
            index: this.open_memory(agent, &workspace, &search)?,
            workspace: path,
            limits: search_limits(&search),
            is_enabled,
        })
    }

    /// The tools over the notes, for an agent that is offered them.
    pub(crate) fn memory_tools(
        &self,
        agent: &str,
        workspace: &Workspace,
        profile: PromptProfile,
    ) -> Result<Vec<Arc<dyn Tool>>, AgentSetupError> {
        let search = self.config().memory_search(agent);
        let offers = |tool| self.offers_tool(agent, profile, tool);
        if !search.is_enabled() || !(offers(SEARCH_TOOL) || offers(GET_TOOL)) {
            return Ok(Vec::new());
        }
        let index = self.open_memory(agent, workspace, &search)?;
        let mut tools: Vec<Arc<dyn Tool>> = Vec::new();
        if offers(GET_TOOL) {
            tools.push(Arc::new(MemoryGetTool::new(index.clone())));
        }
        if offers(SEARCH_TOOL) {
            tools.push(Arc::new(MemorySearchTool::new(index, search_limits(&search))));
        }
        Ok(tools)
    }

    fn open_memory(
        &self,
        agent: &str,
        workspace: &Workspace,
        search: &MemorySearchConfig,
    ) -> Result<MemoryIndex, AgentSetupError> {
        let folder = workspace.path();
        let file = self.models.app_paths().memory_dir().join(index_file_name(agent, folder));
        let mut open = self.memories.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A workspace that was made anew is another folder.
        let identity = std::fs::metadata(folder).ok().map(|it| (it.dev(), it.ino()));
        if let Some(known) = open.get(&file).filter(|known| known.folder == identity) {
            return Ok(known.index.clone());
        }
        let notes = NoteFolder::open(folder, MEMORY_NOTE_BYTES).map_err(|error| {
            let message = "search the notes of the agent";
            AgentSetupError::new(AgentSetupErrorKind::Workspace, message).with_source(error)
        })?;
        let permitting = workspace.clone();
        let filter = move |place: &_, opened: &_| permitting.permits_file(place, opened);
        let [max_tokens, overlap_tokens] = [search.chunk_tokens(), search.chunk_overlap()]
            .map(|tokens| usize::try_from(tokens).unwrap_or(usize::MAX));
        let embedder = search.uses_vectors().then(|| {
            let embedder = ServerEmbedder::new(self.models.clone(), agent);
            Arc::new(embedder) as Arc<dyn TextEmbedder>
        });
        let index = MemoryIndex::new(MemoryIndexOptions {
            path: file.clone(),
            notes: notes.with_filter(Arc::new(filter)),
            chunks: ChunkLimits { max_tokens, overlap_tokens },
            embedder,
        });
        open.insert(file, OpenMemory { index: index.clone(), folder: identity });
        Ok(index)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a score needs no precision")]
fn search_limits(search: &MemorySearchConfig) -> MemorySearchLimits {
    let max_results = usize::try_from(search.max_results()).unwrap_or(usize::MAX);
    let mut limits = MemorySearchLimits::new(max_results, search.vector_share() as f32);
    limits.min_score = search.query.min_score.map(|score| score as f32);
    limits
}

/// The embedding model of the config or of the agent's server.
#[derive(Debug)]
struct ServerEmbedder {
    models: ModelRegistry,
    agent: String,
    found: Mutex<Option<Discovery>>,
}

/// What a server was found to have, and when.
#[derive(Debug, Clone)]
struct Discovery {
    at: Instant,
    model: Result<EmbeddingModel, String>,
}

impl ServerEmbedder {
    fn new(models: ModelRegistry, agent: &str) -> Self {
        Self { models, agent: agent.to_owned(), found: Mutex::default() }
    }

    async fn connect_model(&self) -> Result<EmbeddingModel, String> {
        let lock = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().clone();
        let known = known.filter(|it| it.model.is_ok() || it.at.elapsed() < RETRY_AFTER);
        if let Some(Discovery { model, .. }) = known {
            return model;
        }
        let connected = self.models.connect_embedding_model(&self.agent).await;
        let model = connected.map_err(|error| describe_error(&error));
        *lock() = Some(Discovery { at: Instant::now(), model: model.clone() });
        model
    }
}

#[async_trait]
impl TextEmbedder for ServerEmbedder {
    async fn find_model(&self) -> EmbedderState {
        match self.connect_model().await {
            Ok(model) => EmbedderState::Model(model.reference().to_string()),
            Err(reason) => EmbedderState::Missing { reason },
        }
    }

    async fn embed_texts(&self, _model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
        let model = self.connect_model().await?;
        model.embed_texts(&texts).await.map_err(|error| describe_error(&error))
    }
}

/// The error with its causes, for a person.
fn describe_error(error: &ConnectError) -> String {
    let mut text = format!("failed to {error}");
    for cause in error_causes(error) {
        text.push_str(": ");
        text.push_str(&cause);
    }
    text
}
