//! `/model`: the models to choose from.

use openclaw_protocol::gateway::ModelListResult;
use openclaw_terminal::sanitize;

use crate::number_format::format_tokens;

/// What stands below the list.
pub(crate) const MODEL_LIST_HINT: &str =
    "`/model NUMBER` or `/model NAME` switches to another model";

/// The models, one a row with its number; the current one is marked.
pub(crate) fn format_model_rows(list: &ModelListResult, current: &str) -> Vec<String> {
    let rows = list.models.iter().enumerate().map(|(index, model)| {
        let mark = if model.id == current { "●" } else { " " };
        let window = model.context_window.map(|window| format!(" · {}", format_tokens(window)));
        let tags = (!model.tags.is_empty()).then(|| format!(" · {}", model.tags.join(", ")));
        let unavailable = if model.unavailable { " · not available" } else { "" };
        let [window, tags] = [window, tags].map(Option::unwrap_or_default);
        let row = format!("{mark} {:>2} {}{window}{tags}{unavailable}", index + 1, model.id);
        sanitize::escape_line(&row)
    });
    rows.collect()
}

/// The model that a text names: by its number in the list that was shown last, or by its name.
pub(crate) fn listed_model(listed: &[String], text: &str) -> String {
    let index = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let name = index.and_then(|index| listed.get(index)).map_or(text, String::as_str);
    name.to_owned()
}
