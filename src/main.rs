//! The program.

use std::sync::Arc;

fn main() -> anyhow::Result<()> {
    let scene = std::env::args().nth(1).unwrap_or_else(|| "new".into());
    let speed = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(30);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let scene = bic_tui::sim::Scene::named(&scene).map_err(anyhow::Error::msg)?;
        let clock = Arc::new(bic_tui::sim::RealClock::default());
        let cloud = Arc::new(bic_tui::sim::Sim::new(&scene, speed, clock));
        let journal = Arc::new(bic_tui::journal::Journal::memory());
        bic_tui::app::run(cloud, bic_tui::core::settings::Settings::default(), journal).await?;
        anyhow::Ok(())
    })
}
