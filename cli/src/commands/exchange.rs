//! `tradewind exchange`: the bundled exchange as a server of its own.

use crate::args::ExchangeArgs;
use crate::config::Settings;
use crate::exit::Failure;
use crate::shell::Shell;
use crate::{assemble, logging, resolve};
use exchange::server::{self, Keys, ServerConfig, Source};
use runtime::session::{StopReceiver, StopSignal};
use std::io::Write;

pub fn run(args: &ExchangeArgs) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "the exchange listens on this machine only: use 127.0.0.1:{} instead of {}",
            args.listen.port(),
            args.listen
        )));
    }
    let shell = Shell::new()?;
    let settings = settings(args)?;
    logging::start(&settings);
    let feed = assemble::read_feed_unless_stopped(&shell, &args.data, settings.symbols())?;
    let mut config = assemble::server_config(&settings, feed)?;
    config.listen = args.listen;
    config.state_dir.clone_from(&args.state);
    let generated = args.key.is_none();
    if let (Some(key), Some(secret)) = (&args.key, &args.secret) {
        config.keys = Keys { key: key.clone(), secret: secret.clone(), ..config.keys };
    }
    shell.block_on(serve(config, generated, shell.stop()))
}

fn settings(args: &ExchangeArgs) -> Result<Settings, Failure> {
    let mut layers = resolve::base(&args.config);
    let flags = [
        ("--symbols", "session.symbols", &args.symbols),
        ("--speed", "exchange.speed", &args.speed),
        ("--seed", "exchange.seed", &args.seed),
        ("--faults", "exchange.faults", &args.faults),
        ("--news", "exchange.news", &args.news),
    ];
    for (flag, key, value) in flags {
        if let Some(value) = value {
            layers.set_flag(flag, key, value);
        }
    }
    Ok(Settings::new(layers.finish()?))
}

async fn serve(
    config: ServerConfig,
    generated: bool,
    mut stop: StopReceiver,
) -> Result<(), Failure> {
    let keys = config.keys.clone();
    let synthetic = matches!(config.source, Source::Synthetic(_));
    let running = server::start(config).await.map_err(|error| Failure::from(&error))?;
    let mut lines = vec![format!("listening on http://{}", running.addr())];
    if generated {
        lines.push(format!("APCA_API_KEY_ID={} APCA_API_SECRET_KEY={}", keys.key, keys.secret));
    }
    if synthetic {
        lines.push("the market data is synthetic: it was made from a seed".into());
    }
    // Whoever started it may have stopped reading; the exchange serves all the same.
    let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
    stop.wait_for(StopSignal::Orderly).await;
    running.shutdown().await;
    Ok(())
}
