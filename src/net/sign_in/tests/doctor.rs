//! What the doctor says of each step of a sign-in with a code.

use super::*;
use crate::net::{Status, Step, StepReport, doctor};
use crate::xmpp::CredentialKind;

async fn told(world: &World, step: Step) -> Vec<(Step, Status, Option<&'static str>)> {
    let reports: Vec<StepReport> = doctor(Arc::clone(&world.network), world.setup.clone(), Some(step)).await;
    let told = |report: StepReport| (report.step, report.status, report.problem.map(|problem| problem.code()));
    reports.into_iter().map(told).collect()
}

#[tokio::test]
async fn each_step_of_a_sign_in_is_found_well_or_named() {
    let mut world = world().await;
    world.setup.credential = Some(CredentialKind::Token);
    // No dialling for this. The clock of these tests stands in 1970, which is found out too.
    let behind = [(Step::Discovery, Status::Warn, Some("BTY-CLOCK-01"))];
    assert_eq!(told(&world, Step::Discovery).await, behind);
    assert_eq!(told(&world, Step::Registration).await, [(Step::Registration, Status::Ok, None)]);
    assert!(world.service.clients.lock().unwrap().is_empty(), "nothing was registered");
    assert_eq!(told(&world, Step::Token).await, [(Step::Token, Status::Fail, Some("BTY-AUTH-17"))]);
    stale(&world);
    assert_eq!(told(&world, Step::Token).await, [(Step::Token, Status::Ok, None)]);
    assert_eq!(world.service.refreshes.load(Ordering::SeqCst), 1, "it was due");
    stale(&world);
    "revoked".clone_into(&mut world.service.refresh.lock().unwrap());
    assert_eq!(told(&world, Step::Token).await, [(Step::Token, Status::Fail, Some("BTY-AUTH-04"))]);
}

#[tokio::test]
async fn what_is_missing_is_a_sign_in_unless_a_password_is_what_is_asked_for() {
    let mut world = world().await;
    for (credential, code) in [
        (None, "BTY-AUTH-17"),
        (Some(CredentialKind::Token), "BTY-AUTH-17"),
        (Some(CredentialKind::Password), "BTY-AUTH-16"),
    ] {
        world.setup.credential = credential;
        assert_eq!(told(&world, Step::Token).await, [(Step::Token, Status::Fail, Some(code))], "{credential:?}");
    }
}

#[tokio::test]
async fn what_brings_no_secret_is_named() {
    let mut world = world().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let failed = |code| [(Step::Token, Status::Fail, Some(code))];
    world.setup.oauth.token_file = Some("/nowhere/at/all".into());
    assert_eq!(told(&world, Step::Token).await, failed("BTY-AUTH-34"));
    world.setup.oauth.token_file = Some(file.path().to_owned());
    assert_eq!(told(&world, Step::Token).await, failed("BTY-AUTH-34"), "an empty file");
    std::fs::write(file.path(), "a-token\n").unwrap();
    assert_eq!(told(&world, Step::Token).await, [(Step::Token, Status::Ok, None)]);
    world.setup.token_command = vec!["/nowhere/at/all".to_owned()];
    assert_eq!(told(&world, Step::Token).await, failed("BTY-AUTH-34"), "it goes before the file");
    world.setup.credential = Some(CredentialKind::Password);
    world.setup.password_command = vec!["/nowhere/at/all".to_owned()];
    assert_eq!(told(&world, Step::Token).await, failed("BTY-AUTH-16"));
}

#[tokio::test]
async fn what_hangs_on_a_failed_step_is_skipped_and_the_reason_told() {
    let mut world = world().await;
    world.setup.oauth.issuer = Some(format!("{}/nothing/here", world.service.base));
    let reports = told(&world, Step::Registration).await;
    let failed = (Step::Discovery, Status::Fail, Some("BTY-AUTH-09"));
    assert_eq!(reports, [failed, (Step::Registration, Status::Skipped, None)]);
    world.setup.ca_pem = None;
    assert_eq!(told(&world, Step::Discovery).await[0].2, Some("BTY-TLS-04"));
    // Nothing listens at the server: TCP is where it ends, and what needs no server is looked at all the same.
    let all = doctor(Arc::clone(&world.network), world.setup.clone(), None).await;
    let status = |step: Step| all.iter().find(|report| report.step == step).unwrap().status;
    assert_eq!(all.len(), Step::ALL.len());
    assert_eq!(
        (status(Step::Dns), status(Step::Tcp), status(Step::Session)),
        (Status::Ok, Status::Fail, Status::Skipped)
    );
    assert_eq!(status(Step::Mechanisms), Status::Skipped);
}
