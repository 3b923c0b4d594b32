//! Writes down which accounts were signed in to.
//!
//! A file that is replaced durably waits for the disk, and the loop waits for nobody: a thread does it, in the order
//! of the wishes. It is started by the first of them.

use crate::app::setup::AccountSetup;
use crate::config::{self, Folders};
use crate::types::{AccountId, Line, Problem};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What is to be written.
enum Order {
    Save(Box<AccountSetup>),
    Forget(AccountId),
}

/// The keeper of `accounts.toml`.
pub(super) struct Clerk {
    folders: Option<Folders>,
    tell: Arc<dyn Fn(Problem) + Send + Sync>,
    at_work: Option<(Sender<Order>, JoinHandle<()>)>,
}

impl Clerk {
    /// `folders`: where the file lies; `None`: nothing is written (the demo). `tell` gets what goes wrong.
    pub(super) fn new(folders: Option<Folders>, tell: impl Fn(Problem) + Send + Sync + 'static) -> Self {
        Self { folders, tell: Arc::new(tell), at_work: None }
    }

    /// Keeps an account.
    pub(super) fn save(&mut self, setup: &AccountSetup) {
        self.order(Order::Save(Box::new(setup.clone())));
    }

    /// Forgets an account.
    pub(super) fn forget(&mut self, account: &AccountId) {
        self.order(Order::Forget(account.clone()));
    }

    fn order(&mut self, order: Order) {
        let Some(folders) = &self.folders else { return };
        let (orders, _) = match &mut self.at_work {
            Some(at_work) => at_work,
            idle => {
                let (orders, inbox) = channel();
                let (folders, tell) = (folders.clone(), Arc::clone(&self.tell));
                let thread = std::thread::Builder::new().name("clerk".into());
                match thread.spawn(move || work(&folders, &inbox, &*tell)) {
                    Ok(thread) => idle.insert((orders, thread)),
                    Err(error) => {
                        return (self.tell)(Problem::NotKept { why: Line::clean(&error.kind().to_string()) });
                    }
                }
            }
        };
        // The thread ends only with its sender.
        drop(orders.send(order));
    }

    /// Writes what was asked and ends the thread.
    pub(super) fn close(self) {
        if let Some((orders, thread)) = self.at_work {
            drop(orders);
            // A panic of the thread was noted by the hook.
            drop(thread.join());
        }
    }
}

fn work(folders: &Folders, inbox: &Receiver<Order>, tell: &dyn Fn(Problem)) {
    while let Ok(order) = inbox.recv() {
        let written = match order {
            Order::Save(setup) => config::save_account(folders, &setup),
            Order::Forget(account) => config::forget_account(folders, &account),
        };
        if let Err(problem) = written {
            tell(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn folders(home: &std::path::Path) -> Folders {
        Folders::find(&[("BUTTY_HOME".into(), home.to_string_lossy().into_owned())]).unwrap()
    }

    #[test]
    fn wishes_are_carried_out_in_order_and_before_the_end() {
        let home = tempfile::tempdir().unwrap();
        let folders = folders(home.path());
        let mut clerk = Clerk::new(Some(folders.clone()), |problem| panic!("{problem:?}"));
        let [anna, bela] = ["anna@a.test", "bela@a.test"].map(|address| config::setup_for(address, "auto").unwrap());
        for setup in [&anna, &bela] {
            clerk.save(setup);
        }
        clerk.forget(&anna.id);
        clerk.close();
        assert_eq!(config::load_accounts(&folders), (vec![bela], None));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("data"), "in the way").unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&told);
        let mut clerk = Clerk::new(Some(folders(home.path())), move |problem| ear.lock().unwrap().push(problem.code()));
        clerk.save(&config::setup_for("anna@a.test", "auto").unwrap());
        clerk.close();
        assert_eq!(*told.lock().unwrap(), ["BTY-DATA-04"]);
    }
}
