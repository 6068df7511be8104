//! A chart of what each thread did, for whoever looks for where the time goes: with the feature
//! `chart`, `VAULT_SYNC_CHART=FILE` names the file that is written.

use super::context::Context;
use crate::app;
#[cfg(feature = "chart")]
use crate::app::Failure;
#[cfg(feature = "chart")]
use tracing_subscriber::Layer;

/// Where a chart of this run goes.
#[cfg(feature = "chart")]
const ENV_CHART: &str = "VAULT_SYNC_CHART";

/// Holds the file open, and writes out the rest at its end.
#[cfg(feature = "chart")]
pub(super) type Chart = tracing_chrome::FlushGuard;
/// There is none.
#[cfg(not(feature = "chart"))]
#[derive(Debug)]
pub(super) struct Chart;

/// What draws the chart, if one is asked for.
#[cfg(feature = "chart")]
pub(super) fn layer<S>(
    context: &Context<'_>,
) -> Result<(Option<impl tracing_subscriber::Layer<S> + use<S>>, Option<Chart>), app::Error>
where
    S: tracing::Subscriber
        + for<'span> tracing_subscriber::registry::LookupSpan<'span>
        + Send
        + Sync,
{
    let Some(path) = context.environment.get(ENV_CHART).filter(|path| !path.is_empty()) else {
        return Ok((None, None));
    };
    #[expect(clippy::disallowed_methods, reason = "a file for whoever builds the program for it")]
    let file = std::fs::File::create(path).map_err(|error| {
        app::Error::new(Failure::Io, format!("{ENV_CHART}: {path} cannot be written"))
            .caused_by(error)
    })?;
    let (layer, guard) =
        tracing_chrome::ChromeLayerBuilder::new().writer(file).include_args(true).build();
    let only = tracing_subscriber::filter::filter_fn(|it| it.target() == app::CHART);
    Ok((Some(layer.with_filter(only)), Some(guard)))
}

/// Nothing draws: the program was not built for that.
#[cfg(not(feature = "chart"))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as where it may fail")]
pub(super) fn layer(
    _context: &Context<'_>,
) -> Result<(Option<tracing_subscriber::layer::Identity>, Option<Chart>), app::Error> {
    Ok((None, None))
}
