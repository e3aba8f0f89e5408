//! Links in process and over sockets: every kind of call, broken peers, deadlines passed on.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::*;
use crate::probe::ProbeClient;
use crate::serving::tests::Suite;
use crate::{Onward, fault_of};

async fn check_every_kind(link: Link) {
    let mut client = ProbeClient::new(link);
    assert_eq!(client.unary("hello").await.unwrap(), "HELLO");
    assert_eq!(client.join(vec!["one".into(), "two".into()]).await.unwrap(), "one two");
    let mut words = client.split("one two").await.unwrap();
    assert_eq!(words.message().await.unwrap().as_deref(), Some("one"));
    assert_eq!(words.message().await.unwrap().as_deref(), Some("two"));
    assert_eq!(words.message().await.unwrap(), None);

    let (say, said) = mpsc::channel(1);
    let mut echoes = client.echo(ReceiverStream::new(said)).await.unwrap();
    for word in ["one", "two"] {
        say.send(word.to_owned()).await.unwrap();
        assert_eq!(echoes.message().await.unwrap().as_deref(), Some(word));
    }
    drop(say);
    assert_eq!(echoes.message().await.unwrap(), None);
}

#[tokio::test]
async fn all_four_kinds_of_calls_work_over_every_sort_of_link() {
    let suite = Suite::start(|_| {}).await;
    check_every_kind(suite.area.link(&crate::Authenticator::nothing())).await;
    check_every_kind(suite.unix()).await;
    check_every_kind(suite.tcp()).await;
    suite.stop().await;
}

#[tokio::test]
async fn a_deadline_and_a_caller_reach_the_other_side_of_every_link() {
    let suite = Suite::start(|_| {}).await;
    let mut request = tonic::Request::new(());
    request.metadata_mut().insert("rapport-caller", r#"{"user":"ada@example.com"}"#.parse().unwrap());
    for link in [suite.area.link(&crate::Authenticator::nothing()), suite.unix(), suite.tcp()] {
        let mut client = ProbeClient::new(link);
        client.onward = Onward::of(&request).within(Duration::from_secs(60));
        assert_eq!(client.unary("caller").await.unwrap(), r#"Some("ada@example.com")"#);
        assert_eq!(client.unary("deadline").await.unwrap(), "true");
        client.onward = Onward::default().within(Duration::from_millis(20));
        assert_eq!(fault_of(&client.unary("never").await.unwrap_err()).kind, Kind::DeadlineExceeded);
    }
    suite.stop().await;
}

#[tokio::test]
async fn a_link_to_nobody_is_unavailable_until_somebody_listens() {
    let suite = Suite::start(|_| {}).await;
    let mut client = ProbeClient::new(suite.unix());
    assert_eq!(client.unary("one").await.unwrap(), "ONE");
    let folder = suite.stop().await;
    let fault = fault_of(&client.unary("two").await.unwrap_err());
    assert_eq!((fault.kind, fault.reason), (Kind::Unavailable, Reason::DependencyUnavailable));
    assert!(fault.retry_after.is_some());
    let suite = Suite::start_in(folder, |_| {}).await;
    assert_eq!(client.unary("three").await.unwrap(), "THREE");
    suite.stop().await;
}
