//! Signing out everywhere, at a server that can end other sign-ins.

use super::*;

#[test]
fn signing_out_everywhere_ends_the_sign_ins_of_other_devices() {
    let peers = Peers::find();
    // Somebody who never signed in by password, which nothing can end.
    peers.make_accounts("alpha.test", &["mercutio"]);
    let [phone, tablet, here] = [home(), home(), home()];
    for device in [&phone, &tablet, &here] {
        peers.config(device.path(), &[("mercutio@alpha.test", "")]);
        sign_in_with_code(&peers, device.path(), "mercutio@alpha.test");
    }
    let at_the_phone = Terminal::start(phone.path(), &[], 80, 24);
    at_the_phone.wait_for("Available");
    let note = ["send", "juliet@alpha.test", "from here"];
    assert!(butty(tablet.path(), &note).status.success());

    let out = butty(here.path(), &["logout", "--everywhere"]);
    let said = words(&out);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("other sign-ins have ended"), "{said}");
    assert!(!said.contains("could no") && out.stdout.is_empty(), "{said}");

    at_the_phone.wait_for("/login");
    assert_eq!(at_the_phone.quit(), 0);
    for device in [&phone, &tablet, &here] {
        assert_eq!(butty(device.path(), &note).status.code(), Some(4), "{}", words(&butty(device.path(), &note)));
    }
}

#[test]
fn where_other_sign_ins_cannot_be_ended_the_way_out_is_said() {
    let peers = Peers::find();
    let home = home();
    for (address, says, code) in
        [("romeo@p12.test", "change your password there", 6), ("romeo@alpha.test", "only a new one shuts", 6)]
    {
        sign_in(&peers, home.path(), address, "");
        let out = butty(home.path(), &["logout", address, "--everywhere"]);
        assert_eq!(out.status.code(), Some(code), "{}", words(&out));
        assert!(words(&out).contains(says), "{}", words(&out));
        assert_eq!(butty(home.path(), &["send", "juliet@p12.test", "x"]).status.code(), Some(4), "signed out here");
    }
}
