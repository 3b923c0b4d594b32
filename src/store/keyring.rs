//! The system keyring: the Secret Service of freedesktop.org, over D-Bus.
//!
//! An item is found by a random name that a file of ours holds, so that nothing about the account stands in the
//! attributes, which some services keep in the clear; its label is for the person. Secrets go over the bus as they
//! are ("plain"): it is a socket of this user, as the file would be. Each call has a thread and a time limit of its
//! own; a locked keyring may ask the person, and half a minute later the answer is that it is locked. Refused: waiting
//! for ever, secrets above 1 MiB, and making a keyring where there is none.

#![allow(clippy::disallowed_methods, reason = "a time limit asks the clock")]

use super::vault::{Wallet, WalletError};
use crate::types::Secret;
use futures_util::{FutureExt, StreamExt};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use zbus::message::{Message, Type};
use zbus::{Connection, DynamicType, MatchRule, MessageStream, OwnedObjectPath, OwnedVariant, Variant};
use zeroize::Zeroize;

const SERVICE: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const OF_SERVICE: &str = "org.freedesktop.Secret.Service";
const OF_COLLECTION: &str = "org.freedesktop.Secret.Collection";
const OF_ITEM: &str = "org.freedesktop.Secret.Item";
const OF_PROMPT: &str = "org.freedesktop.Secret.Prompt";
/// "There is none", where a path is expected.
const NONE: &str = "/";
/// For one answer of the service.
const ANSWER: Duration = Duration::from_secs(5);
/// For a whole call that asks nobody: several answers.
const CALL: Duration = Duration::from_secs(10);
/// For the person, who may have to type a password.
const PERSON: Duration = Duration::from_secs(30);
/// Between two looks at a prompt.
const LOOK: Duration = Duration::from_millis(100);
/// Largest secret taken.
const MOST: usize = 1024 * 1024;

/// One call at a time: together they would ask the person twice.
static TURN: Mutex<()> = Mutex::new(());
/// The person is being asked by a call of this process.
static ASKING: AtomicBool = AtomicBool::new(false);

/// The keyring of this session, if there is one. Making this asks nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct SecretService {
    /// The bus; `None`: this session's.
    pub(super) bus: Option<String>,
}

impl SecretService {
    /// Does the work on a thread of its own and waits no longer than a person would.
    fn limited<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let (tell, told) = channel();
        let bus = self.bus.clone();
        let given_up = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&given_up);
        let run = move || {
            // A poisoned turn is still a turn.
            let _alone = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.load(Ordering::SeqCst) {
                return; // whoever asked did not wait for this turn
            }
            let done = Session::open(bus.as_deref(), heard).and_then(|session| work(&session));
            ASKING.store(false, Ordering::SeqCst);
            drop(tell.send(done)); // nobody listens after the time limit
        };
        std::thread::Builder::new().name("keyring".into()).spawn(run).map_err(|_| WalletError::Absent)?;
        let begun = Instant::now();
        loop {
            match told.recv_timeout(LOOK) {
                Ok(done) => return done,
                Err(RecvTimeoutError::Disconnected) => return Err(WalletError::Failed), // a panic, noted by the hook
                Err(RecvTimeoutError::Timeout) => {}
            }
            let asking = ASKING.load(Ordering::SeqCst);
            if begun.elapsed() > if asking { CALL + PERSON + CALL } else { CALL } {
                given_up.store(true, Ordering::SeqCst);
                return Err(if asking { WalletError::Locked } else { WalletError::Absent });
            }
        }
    }
}

impl Wallet for SecretService {
    fn probe(&self) -> Result<(), WalletError> {
        self.limited(|session| session.collection().map(drop))
    }

    fn read(&self, name: &str) -> Result<Option<Secret<String>>, WalletError> {
        let name = name.to_owned();
        self.limited(move |session| session.read(&name))
    }

    fn write(&self, name: &str, label: &str, secret: &Secret<String>) -> Result<(), WalletError> {
        let (name, label, secret) = (name.to_owned(), label.to_owned(), secret.clone());
        self.limited(move |session| session.write(&name, &label, &secret))
    }

    fn delete(&self, name: &str) -> Result<(), WalletError> {
        let name = name.to_owned();
        self.limited(move |session| session.delete(&name))
    }
}

/// A connection to the bus, and a session with the service.
struct Session {
    bus: Connection,
    path: OwnedObjectPath,
    /// Whoever asked for the work went on without it: nothing more is done.
    given_up: Arc<AtomicBool>,
}

impl Session {
    fn open(bus: Option<&str>, given_up: Arc<AtomicBool>) -> Result<Self, WalletError> {
        let builder = match bus {
            Some(address) => zbus::connection::Builder::address(address),
            None => zbus::connection::Builder::session(),
        };
        // The limit of the builder is for calls: whoever takes the connection and says nothing is not heard of again.
        let connected = within(ANSWER, builder.method_timeout(ANSWER).build()).ok_or(WalletError::Absent)?;
        let bus = connected.map_err(|error| absent(&error))?;
        let reply = call(&bus, ROOT, OF_SERVICE, "OpenSession", &("plain", Variant::from("")))?;
        let (_, path): (OwnedVariant, OwnedObjectPath) = body(&reply)?;
        Ok(Self { bus, path, given_up })
    }

    fn call<B: serde::Serialize + DynamicType>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        arguments: &B,
    ) -> Result<Message, WalletError> {
        if self.given_up.load(Ordering::SeqCst) {
            return Err(WalletError::Absent);
        }
        call(&self.bus, path, interface, method, arguments)
    }

    /// The default collection, unlocked.
    fn collection(&self) -> Result<OwnedObjectPath, WalletError> {
        let reply = self.call(ROOT, OF_SERVICE, "ReadAlias", &("default",))?;
        let collection: OwnedObjectPath = body(&reply)?;
        if collection.as_str() == NONE {
            return Err(WalletError::Absent);
        }
        let question = (OF_COLLECTION, "Locked");
        let reply = self.call(collection.as_str(), "org.freedesktop.DBus.Properties", "Get", &question)?;
        let locked: OwnedVariant = body(&reply)?;
        if bool::try_from(locked).unwrap_or(true) {
            let reply = self.call(ROOT, OF_SERVICE, "Unlock", &(vec![&collection],))?;
            let (_, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = body(&reply)?;
            self.ask(&prompt)?;
        }
        Ok(collection)
    }

    /// Lets the service ask the person, if it has to.
    fn ask(&self, prompt: &OwnedObjectPath) -> Result<(), WalletError> {
        if prompt.as_str() == NONE {
            return Ok(());
        }
        ASKING.store(true, Ordering::SeqCst);
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .interface(OF_PROMPT)
            .member("Completed")
            .path(prompt.as_str())
            .build()
            .map_err(|error| absent(&error))?;
        let stream = zbus::block_on(MessageStream::for_match_rule(rule, &self.bus, None));
        let mut stream = stream.map_err(|error| absent(&error))?;
        self.call(prompt.as_str(), OF_PROMPT, "Prompt", &("",))?;
        let until = Instant::now() + PERSON;
        while Instant::now() < until {
            // Any answer drives the connection, and brings the signal with it.
            self.call(ROOT, "org.freedesktop.DBus.Peer", "Ping", &())?;
            if let Some(Some(Ok(signal))) = stream.next().now_or_never() {
                let (dismissed, _): (bool, OwnedVariant) = body(&signal)?;
                return if dismissed { Err(WalletError::Locked) } else { Ok(()) };
            }
            std::thread::sleep(LOOK);
        }
        drop(self.call(prompt.as_str(), OF_PROMPT, "Dismiss", &()));
        Err(WalletError::Locked)
    }

    fn items(&self, name: &str) -> Result<Vec<OwnedObjectPath>, WalletError> {
        let collection = self.collection()?;
        let reply = self.call(collection.as_str(), OF_COLLECTION, "SearchItems", &(attributes(name),))?;
        body(&reply)
    }

    fn read(&self, name: &str) -> Result<Option<Secret<String>>, WalletError> {
        let Some(item) = self.items(name)?.into_iter().next() else { return Ok(None) };
        let reply = self.call(item.as_str(), OF_ITEM, "GetSecret", &(&self.path,))?;
        let (secret,): ((OwnedObjectPath, Vec<u8>, Vec<u8>, String),) = body(&reply)?;
        let (_, _, mut bytes, _) = secret;
        let text = (bytes.len() <= MOST).then(|| String::from_utf8(bytes.clone()).ok()).flatten();
        bytes.zeroize();
        text.map(|text| Some(Secret::new(text))).ok_or(WalletError::Failed)
    }

    fn write(&self, name: &str, label: &str, secret: &Secret<String>) -> Result<(), WalletError> {
        let collection = self.collection()?;
        let properties: HashMap<&str, Variant<'_>> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes(name))),
        ]);
        let bytes = secret.expose().as_bytes();
        let secret = (&self.path, &[] as &[u8], bytes, "text/plain; charset=utf8");
        let arguments = (properties, secret, true);
        let reply = self.call(collection.as_str(), OF_COLLECTION, "CreateItem", &arguments)?;
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = body(&reply)?;
        self.ask(&prompt)
    }

    fn delete(&self, name: &str) -> Result<(), WalletError> {
        for item in self.items(name)? {
            let reply = self.call(item.as_str(), OF_ITEM, "Delete", &())?;
            let prompt: OwnedObjectPath = body(&reply)?;
            self.ask(&prompt)?;
        }
        Ok(())
    }
}

/// What comes of it in this time. A thread is the alarm clock: timers of the runtime belong to a higher floor.
fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let until = Instant::now() + limit;
    let mut work = pin!(work);
    // Dropped at the end, which ends the thread too.
    let mut alarm = None;
    zbus::block_on(poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if Instant::now() >= until {
            return Poll::Ready(None);
        }
        if alarm.is_none() {
            let (stop, stopped) = channel::<()>();
            let waker = context.waker().clone();
            let ring = move || {
                let _ = stopped.recv_timeout(limit); // the time is over, or the work
                waker.wake();
            };
            if std::thread::Builder::new().name("keyring".into()).spawn(ring).is_err() {
                return Poll::Ready(None);
            }
            alarm = Some(stop);
        }
        Poll::Pending
    }))
}

fn call<B: serde::Serialize + DynamicType>(
    bus: &Connection,
    path: &str,
    interface: &str,
    method: &str,
    arguments: &B,
) -> Result<Message, WalletError> {
    let reply = zbus::block_on(bus.call_method(Some(SERVICE), path, Some(interface), method, arguments));
    reply.map_err(|error| match &error {
        zbus::Error::MethodError(name, ..) if name.as_str() == "org.freedesktop.Secret.Error.IsLocked" => {
            WalletError::Locked
        }
        zbus::Error::MethodError(..) => {
            tracing::warn!(target: "butty::store", method, "the keyring refused");
            WalletError::Failed
        }
        _ => absent(&error),
    })
}

fn body<T: for<'b> zbus::wire::DynamicDeserialize<'b>>(message: &Message) -> Result<T, WalletError> {
    message.body().deserialize().map_err(|_| WalletError::Failed)
}

fn attributes(name: &str) -> HashMap<&'static str, String> {
    HashMap::from([("application", "butty".to_owned()), ("butty", name.to_owned())])
}

fn absent(error: &zbus::Error) -> WalletError {
    tracing::debug!(target: "butty::store", %error, "no keyring");
    WalletError::Absent
}
