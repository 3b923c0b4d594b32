//! Rows of the requirements about refreshing and keeping tokens.

use super::*;
use crate::oauth::Vault as _;

/// What the vault and the service saw, in order.
fn log(world: &World) -> Vec<String> {
    world.shelf.log.lock().unwrap().clone()
}

fn asks(world: &World) -> usize {
    log(world).iter().filter(|line| *line == "service /token").count()
}

async fn access(world: &World, record: &SignInRecord) -> Result<String, Problem> {
    let setup = Arc::new(world.setup.clone());
    let token = access_token(Arc::clone(&world.network), setup, record.clone(), None, None).await;
    token.map(|token| token.expose().clone())
}

fn kept(world: &World, record: &SignInRecord) -> Token {
    let text = world.shelf.load(&record.tokens_key(&world.setup.id)).unwrap().unwrap();
    Token::from_text(&text).unwrap()
}

#[tokio::test]
async fn row_004_12_a_long_odd_refresh_token_is_encoded_once_and_kept_as_it_is() {
    let world = world().await;
    let record = stale(&world);
    let odd = "*LA9%!$+/=".repeat(410);
    let encoded: String = url::form_urlencoded::byte_serialize(odd.as_bytes()).collect();
    *world.service.refresh.lock().unwrap() = encoded;
    let old = Token { refresh: Some(Secret::new(odd)), ..kept(&world, &record) };
    world.shelf.put(&record.tokens_key(&world.setup.id), old.to_text().expose());
    assert_eq!(access(&world, &record).await.unwrap(), "A0");
}

#[tokio::test]
async fn row_004_19_each_refresh_token_is_used_once_and_the_newest_is_kept() {
    let world = world().await;
    let record = stale(&world);
    for turn in 0..5 {
        // The service takes the newest refresh token and no other.
        assert_eq!(access(&world, &record).await.unwrap(), format!("A{turn}"));
        let token = kept(&world, &record);
        assert_eq!(token.refresh, Some(Secret::new(format!("R{turn}"))));
        let again = Token { expires: Some(Stamp(0)), ..token };
        world.shelf.put(&record.tokens_key(&world.setup.id), again.to_text().expose());
    }
    assert_eq!(asks(&world), 5);
}

#[tokio::test]
async fn row_004_20_retrieve_refresh_save_use() {
    let world = world().await;
    let record = stale(&world);
    let began = log(&world).len();
    access(&world, &record).await.unwrap();
    let steps = log(&world).split_off(began);
    let order =
        ["load tokens", "lock tokens", "load tokens", "load farewells", "load client", "service /token", "save tokens"];
    assert_eq!(steps, order);
}

#[tokio::test]
async fn row_004_22_tokens_of_another_client_or_account_are_not_taken() {
    let world = world().await;
    let record = stale(&world);
    let mut other = world.setup.clone();
    other.id = AccountId::new("romeo@alpha.test");
    let token = access_token(Arc::clone(&world.network), Arc::new(other), record.clone(), None, None).await;
    assert_eq!(token.unwrap_err().code(), "BTY-AUTH-17");
    let record = SignInRecord { client: "client-9".to_owned(), ..record };
    assert_eq!(access(&world, &record).await.unwrap_err().code(), "BTY-AUTH-17");
    assert_eq!(asks(&world), 0, "the service hears nothing of it");
}

#[tokio::test]
async fn row_004_23_a_token_that_is_good_asks_for_no_other() {
    let world = world().await;
    let record = stale(&world);
    assert_eq!(access(&world, &record).await.unwrap(), "A0");
    for _ in 0..3 {
        assert_eq!(access(&world, &record).await.unwrap(), "A0");
    }
    assert_eq!(asks(&world), 1);
}
