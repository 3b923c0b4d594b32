//! What the computer says to a program that sits at a terminal.

use crate::app::Event;
#[cfg(unix)]
use crate::term;
use std::io;
use tokio::sync::mpsc;

/// The signals that mean something, as events.
pub(super) fn signals() -> io::Result<mpsc::Receiver<Event>> {
    let (tell, told) = mpsc::channel(4);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind, event: fn() -> Event, tell: mpsc::Sender<Event>| -> io::Result<()> {
            let mut signal = signal(kind)?;
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    if tell.send(event()).await.is_err() {
                        return;
                    }
                }
            });
            Ok(())
        };
        for kind in [SignalKind::terminate(), SignalKind::quit()] {
            listen(kind, || Event::Terminate, tell.clone())?;
        }
        super::outlive_file_limits();
        // Ctrl+C is a key here: this one comes from outside.
        listen(SignalKind::interrupt(), || Event::Interrupt, tell.clone())?;
        listen(SignalKind::hangup(), on_hangup, tell.clone())?;
        watch_the_terminal(tell)?;
    }
    Ok(told)
}

/// SIGHUP means "read the config again", unless it says that the terminal has hung up: then it is one no more.
#[cfg(unix)]
fn on_hangup() -> Event {
    if term::is_terminal() { Event::Command("/reload".to_owned()) } else { Event::Terminate }
}

/// A terminal can vanish without a signal to us (under `su`, `setsid`). Without this butty would stay, a ghost online.
/// Asked for nothing but errors, this sleeps while keys come.
#[cfg(unix)]
#[allow(deprecated, reason = "the descriptor is ours alone and stays open; what replaces this call is unsafe")]
fn watch_the_terminal(tell: mpsc::Sender<Event>) -> io::Result<()> {
    use std::os::fd::AsFd;
    use tokio::io::{Interest, unix::AsyncFd};
    let terminal = AsyncFd::with_interest(io::stdin().as_fd().try_clone_to_owned()?, Interest::ERROR)?;
    tokio::spawn(async move {
        if terminal.ready(Interest::ERROR).await.is_ok() {
            // Nobody listens only when butty is leaving already.
            drop(tell.send(Event::Terminate).await);
        }
    });
    Ok(())
}
