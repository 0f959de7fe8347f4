//! What tokens cost, by the prices of the config.

use openclaw_config::ModelCost;
use openclaw_core::{ModelRef, TokenUsage};
use openclaw_models::ModelRegistry;

/// The price of a model; `None` when it costs nothing or the config does not say.
pub(crate) fn find_price(models: &ModelRegistry, model: &ModelRef) -> Option<ModelCost> {
    let config = &models.loaded_config().config.models;
    config.model_cost(model.provider_id(), model.model_id())
}

/// What one turn cost.
pub(crate) fn turn_cost(price: ModelCost, usage: &TokenUsage) -> f64 {
    let cached = usage.cached_tokens.unwrap_or_default();
    price.usage_cost(usage.input_tokens.into(), cached.into(), usage.output_tokens.into()).total
}

/// Formats an amount of US dollars: `$12.50`, and less than a dollar as `$0.0123`.
#[must_use]
pub fn format_dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.0001 {
        "<$0.0001".to_owned()
    } else if amount > 0.0 && amount < 1.0 {
        format!("${amount:.4}")
    } else {
        format!("${amount:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_are_written_to_a_hundredth_of_a_cent() {
        let amounts = [0.0, 0.000_04, 0.0123, 0.5, 1.0, 12.5, 1234.567];
        let expected = ["$0.00", "<$0.0001", "$0.0123", "$0.5000", "$1.00", "$12.50", "$1234.57"];
        assert_eq!(amounts.map(format_dollars), expected);
    }
}
