//! The demo: the service on loopback, and the interface with an account that points there. The account's own
//! settings are the only thing on the client's side that knows: host, port, certificate authority, addresses.

use super::interface::{self, End, Keyboard, Start};
use super::program;
use crate::app::model::Options;
use crate::app::setup::{AccountSetup, Endpoints};
use crate::cli::{Record, Voice};
use crate::config;
use crate::demo::{self, Running, Switches};
use crate::net::NetworkSettings;
use crate::store::FileVault;
use crate::types::{Line, Problem};
use std::sync::Arc;
use std::time::Duration;

/// Says what is documented, inferred and added.
pub(super) fn about(voice: Voice) -> Result<u8, Problem> {
    let told = voice.answer(&Record::new("about").column("text", demo::about().trim_end()));
    told.map(|()| 0).map_err(|error| failed(&error))
}

/// Runs the service alone until it is interrupted.
pub(super) fn serve(strict: bool, fast: bool, voice: Voice) -> Result<u8, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    runtime.block_on(async {
        let running = demo::start(switches(strict, fast)).await;
        let running = running.map_err(|error| failed(&error))?;
        let (device, token, revocation) = running.endpoints();
        for (name, value) in [
            ("domain", running.domain().to_owned()),
            ("resolver", running.resolver().to_string()),
            ("device", device),
            ("token", token),
            ("revocation", revocation),
            ("client", running.client_id().to_owned()),
            ("page", running.page().to_owned()),
            ("ca", running.ca_pem().to_owned()),
        ] {
            let told = voice.answer(&Record::new("address").column("name", name).column("value", &value));
            told.map_err(|error| failed(&error))?;
        }
        // An interrupt is how this ends; that none can be listened for ends it too.
        drop(tokio::signal::ctrl_c().await);
        running.stop().await;
        Ok(0)
    })
}

/// Runs service and interface together; nothing is left on disk.
pub(super) fn run(
    mut options: Options,
    [strict, fast]: [bool; 2],
    keyboard: Option<Keyboard>,
    open: impl FnOnce(Start) -> Result<End, Problem>,
) -> Result<u8, Problem> {
    // The service has a thread and a runtime of its own: it is another program that happens to live here.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("demo").enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let running = Arc::new(runtime.block_on(demo::start(switches(strict, fast))).map_err(|error| failed(&error))?);
    let account = account(&running).ok_or(Problem::Bug { what: Line::clean("the demo's own address") })?;
    options.demo = true;
    let (folder, place) = interface::demo_place();
    let (page, again) = (running.clone(), options.clone());
    let end = open(Start {
        options,
        accounts: vec![account],
        network: NetworkSettings { resolver: Some(running.resolver()), ..NetworkSettings::default() },
        show_client: false,
        profiles: config::Profiles::built_in(),
        place,
        vault: Arc::new(FileVault::new(None)),
        folders: None,
        trouble: Vec::new(),
        reload: Box::new(move || Ok(again.clone())),
        demo_answer: Some(Box::new(move |yes| page.answer(yes))),
        keyboard,
    });
    drop(folder);
    runtime.shutdown_timeout(Duration::from_millis(200));
    let End::Left(code) = end? else { return Ok(0) };
    Voice { json: false, quiet: false, columns: program::talk_columns() }
        .say("That was the demo. Your own account: butty login. Again: butty demo.");
    Ok(code)
}

/// As the command line says. Nobody wants to look at "Waiting" for five seconds after they said yes.
fn switches(strict: bool, fast: bool) -> Switches {
    let defaults = Switches::default();
    let interval = if strict { defaults.interval } else { Some(Duration::from_secs(1)) };
    Switches { strict, fast, interval, ..defaults }
}

fn account(running: &Running) -> Option<AccountSetup> {
    let mut setup = config::setup_for(running.address(), "messenger")?;
    let (device, token, revocation) = running.endpoints();
    running.person().clone_into(&mut setup.name);
    setup.ca_pem = Some(running.ca_pem().to_owned());
    setup.resolver = Some(running.resolver());
    setup.oauth.endpoints = Some(Endpoints {
        device,
        token,
        revocation: Some(revocation),
        device_response_type: true,
        consents: Some(running.consents()),
        ..Endpoints::default()
    });
    setup.oauth.client_id = Some(running.client_id().to_owned());
    setup.oauth.allow_local_page = true;
    setup.ephemeral = true;
    Some(setup)
}

fn failed(error: &std::io::Error) -> Problem {
    // The kind alone is our word; the rest of a library's text belongs in the log.
    tracing::error!(target: "butty::demo", %error, "the demo cannot start");
    Problem::DemoFailed { why: Line::clean(&error.kind().to_string()) }
}
