//! A session that hangs at the server: it is handed out as often as somebody asks for it, and answers nothing.

use super::managed::{BEFORE, asked, counted, success_2};
use super::*;

impl Scene {
    /// Nothing comes for half a minute.
    fn falls_silent(mut self) -> Option<Suspended> {
        for wait in [20, 10] {
            self.now = self.now.after(Duration::from_secs(wait));
            self.session.handle_timeout(self.now);
            self.drain();
        }
        assert!(matches!(self.events.last(), Some(Event::Ended(Some(Problem::SilentAt { .. })))), "{:?}", self.events);
        self.session.suspended()
    }

    /// Taken up; what it had held back comes, and no answer ever.
    fn taken_up(lost: Option<Suspended>) -> Self {
        let mut scene = asked(Some(lost.expect("it may be taken up")));
        scene.hear(&success_2(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{BEFORE}'/>")));
        scene.hear("<message from='romeo@alpha.test/x' type='chat'><body>held back</body></message>");
        scene
    }
}

#[test]
fn a_session_that_hangs_is_given_up_when_it_was_taken_up_twice_in_vain() {
    let lost = Scene::taken_up(counted().falls_silent()).falls_silent();
    let mut last = Scene::taken_up(lost);
    last.sent.clear();
    assert!(last.falls_silent().is_none(), "another session has to do");
}

#[test]
fn one_answer_is_enough_to_go_on_with_it() {
    let mut lost = Scene::taken_up(counted().falls_silent()).falls_silent();
    for answer in ["<a xmlns='urn:xmpp:sm:3' h='4'/>", "<a xmlns='urn:xmpp:sm:3' h='4'/>"] {
        let mut scene = Scene::taken_up(lost);
        scene.hear(answer);
        lost = scene.falls_silent();
    }
    assert!(lost.is_some(), "the line was at fault");
    // Nor is a connection that breaks told against the session.
    for _ in 0..3 {
        lost = Scene::taken_up(lost).lose();
    }
    assert!(lost.is_some());
}
