//! What lies in the store: that what goes is gone from it, and not only out of sight.

use contracts::consent::v1 as pb;
use contracts::consent::v1::directory_service_client::DirectoryServiceClient;
use contracts::consent::v1::erasure_service_client::ErasureServiceClient;
use contracts::consent::v1::tenant_service_client::TenantServiceClient;
use runtime::{Config, Link};
use tempfile::TempDir;
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Clock as _, ManualClock, UserId};

use super::*;
use crate::convert::stored::{access_key, access_part};
use crate::tables;

const BOB: &str = "bob@contoso.example";
const AUDITOR: &str = "auditor@elsewhere.example";

struct Bench {
    core: Arc<Core>,
    link: Link,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

fn contoso() -> TenantId {
    TenantId::parse("contoso").unwrap()
}

impl Bench {
    /// A tenant with two users.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_780_000_000)));
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let context = Context::new(Arc::new(config), clock.clone());
        let service = crate::open(&context).await.unwrap();
        let link = service.area().link(&context.authenticator);
        let core = service.0.unwrap();
        let tenant = pb::CreateTenantRequest { tenant_id: "contoso".into(), ..Default::default() };
        TenantServiceClient::new(link.clone()).create_tenant(tenant).await.unwrap();
        let user = |name: &str| pb::User {
            external_id: name.into(),
            addresses: vec![format!("{name}@contoso.example")],
            kind: pb::UserKind::Person.into(),
            ..Default::default()
        };
        let sync = pb::SyncUsersRequest { tenant_id: "contoso".into(), users: vec![user("ada"), user("bob")], ..Default::default() };
        DirectoryServiceClient::new(link.clone()).sync_users(tokio_stream::once(sync)).await.unwrap();
        Self { core, link, clock, _folder: folder }
    }

    fn user(&self, address: &str) -> UserId {
        let held = self.core.present(&contoso()).unwrap().0;
        held.state.directory.at_address(&Address::parse(address).unwrap()).unwrap().id
    }

    fn lookup(&self) -> Key {
        self.core.present(&contoso()).unwrap().0.keys.lookup.clone()
    }

    fn report<'a>(&self, sequence: u64, day: Day, reads: impl IntoIterator<Item = (&'a str, Subject)>) -> Report {
        let reads = reads.into_iter().map(|(asker, subject)| Taken {
            tenant: contoso(),
            day,
            asker: tally::Asker::User(asker.into()),
            method: "test.v1.Probe/Unary".into(),
            subject,
            times: consent_domain::access::Times { count: 1, last: self.clock.now() },
        });
        Report { reporter: 1, sequence, reads: reads.collect(), uncounted: vec![(contoso(), day, 1)] }
    }

    async fn take(&self, sequence: u64, reads: impl IntoIterator<Item = (&str, Subject)>) {
        let report = self.report(sequence, self.clock.now().day(), reads);
        self.core.take_access(report).await.unwrap();
    }

    /// Every subject that the store still holds, opened.
    fn kept(&self) -> Vec<Subject> {
        let key = access_key(&self.lookup());
        let rows = self.core.store.scan::<tables::Accesses>((contoso(),)).map(Result::unwrap);
        let mut kept: Vec<_> = rows.flat_map(|(at, row)| access_part(&key, &at, &row).unwrap()).map(|(read, _)| read.subject).collect();
        kept.sort();
        kept
    }

    fn count<T: store::Table>(&self, prefix: impl store::Prefix<T::Key>) -> usize {
        self.core.store.scan::<T>(prefix).map(Result::unwrap).count()
    }
}

fn opportunity(id: usize) -> Subject {
    Subject::Record(RecordRef { kind: RecordKind::Opportunity, id: format!("o-{id}").into() })
}

#[tokio::test]
async fn whoever_is_erased_is_gone_from_the_rows_before_the_erasure_is_finished() {
    let bench = Bench::start().await;
    let bob = Subject::User(bench.user(BOB));
    let auditor = Subject::Person(person(&bench.lookup(), &Address::parse(AUDITOR).unwrap()));
    let reads = [("ada@contoso.example", bob.clone()), (AUDITOR, opportunity(1)), (BOB, opportunity(1)), (BOB, auditor.clone())];
    bench.take(1, reads).await;
    assert_eq!((bench.kept().len(), bench.count::<tables::AccessCallers>((contoso(),))), (4, 1));
    let mut erasures = ErasureServiceClient::new(bench.link.clone());
    let erase = pb::EraseUserRequest { tenant_id: "contoso".into(), user: BOB.into(), ..Default::default() };
    erasures.erase_user(erase).await.unwrap();
    let gone = async |subject: &Subject| {
        while bench.kept().contains(subject) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone(&bob)).await.unwrap();
    let erase = pb::ErasePersonRequest { tenant_id: "contoso".into(), addresses: vec![AUDITOR.into()], ..Default::default() };
    let number = erasures.erase_person(erase).await.unwrap().into_inner().erasure.unwrap().number;
    tokio::time::timeout(Duration::from_secs(10), gone(&auditor)).await.unwrap();
    let swept = async || {
        while bench.core.store.get::<tables::AccessSwept>(&contoso()).unwrap().is_none_or(|swept| swept.number < number) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), swept()).await.unwrap();
    assert_eq!(bench.kept(), [opportunity(1), opportunity(1)]);
    assert_eq!(bench.count::<tables::AccessCallers>((contoso(),)), 0);
    // What was emptied takes in what is new.
    bench.take(2, (0..200).map(|id| ("ada@contoso.example", opportunity(id)))).await;
    assert_eq!(bench.kept().len(), 202);
}

#[tokio::test]
async fn what_is_too_old_leaves_the_store_and_the_rest_stays() {
    let bench = Bench::start().await;
    bench.take(1, (0..500).map(|id| (AUDITOR, opportunity(id)))).await;
    bench.clock.advance(Duration::from_secs(86_400));
    bench.take(2, [("ada@contoso.example", opportunity(1))]).await;
    bench.clock.advance(Duration::from_secs(88 * 86_400));
    bench.core.trim_access().await.unwrap();
    assert_eq!(bench.kept().len(), 501, "ninety days are kept");
    bench.clock.advance(Duration::from_secs(86_400));
    bench.core.trim_access().await.unwrap();
    assert_eq!(bench.kept(), [opportunity(1)]);
    assert_eq!(bench.count::<tables::UncountedReads>((contoso(),)), 1);
    assert_eq!(bench.count::<tables::AccessCallers>((contoso(),)), 0);
    assert_eq!(bench.count::<tables::AccessReporters>(()), 1, "it may still repeat a report");
    bench.clock.advance(Duration::from_secs(90 * 86_400));
    bench.core.trim_access().await.unwrap();
    assert_eq!((bench.kept().len(), bench.count::<tables::AccessReporters>(())), (0, 0));
}

#[tokio::test]
async fn days_that_are_not_kept_are_not_taken_in() {
    let bench = Bench::start().await;
    let today = bench.clock.now().day().0;
    for (sequence, day) in (1..).zip([today - 90, today + 2, -1, i32::MIN, i32::MAX]) {
        bench.core.take_access(bench.report(sequence, Day(day), [(AUDITOR, Subject::Everybody)])).await.unwrap();
    }
    let uncounted = || bench.count::<tables::UncountedReads>((contoso(),));
    assert_eq!((bench.kept().len(), uncounted(), bench.count::<tables::AccessCallers>((contoso(),))), (0, 0, 0));
    for (sequence, day) in (6..).zip([today - 89, today + 1]) {
        bench.core.take_access(bench.report(sequence, Day(day), [(AUDITOR, Subject::Everybody)])).await.unwrap();
    }
    assert_eq!((bench.kept().len(), uncounted()), (2, 2));
}

#[tokio::test]
async fn an_erased_tenant_leaves_no_row() {
    let bench = Bench::start().await;
    bench.take(1, [(AUDITOR, Subject::Everybody)]).await;
    // One more that is under way when the tenant goes.
    let late = taking::Rows::of(&bench.core, bench.report(3, bench.clock.now().day(), [(AUDITOR, opportunity(1))])).unwrap();
    let erase = pb::EraseTenantRequest { tenant_id: "contoso".into(), confirm_tenant_id: "contoso".into(), validate_only: false };
    ErasureServiceClient::new(bench.link.clone()).erase_tenant(erase).await.unwrap();
    bench.take(2, [(AUDITOR, Subject::Everybody)]).await;
    bench.core.store.commit(move |changes| late.put(changes)).await.unwrap();
    let rows = [
        bench.count::<tables::Accesses>((contoso(),)),
        bench.count::<tables::AccessCallers>((contoso(),)),
        bench.count::<tables::UncountedReads>((contoso(),)),
    ];
    assert_eq!(rows, [0, 0, 0]);
    assert_eq!(bench.core.store.get::<tables::AccessSwept>(&contoso()).unwrap(), None);
}

#[tokio::test]
async fn a_callers_name_is_sealed_anew_with_the_names_of_the_tenant() {
    let bench = Bench::start().await;
    bench.take(1, [(AUDITOR, Subject::Everybody)]).await;
    let before = bench.core.present(&contoso()).unwrap().0.keys.names.clone();
    let erase = pb::EraseUserRequest { tenant_id: "contoso".into(), user: BOB.into(), ..Default::default() };
    let erased = ErasureServiceClient::new(bench.link.clone()).erase_user(erase).await.unwrap().into_inner();
    // As ingestion does, which knew nobody.
    bench.core.name_erased(contoso(), Vec::new(), erased.erasure.unwrap().number).await.unwrap();
    let replaced = || {
        let keys = bench.core.present(&contoso()).unwrap().0.keys.clone();
        keys.names != before && keys.retired_names.is_none()
    };
    let finished = async {
        while !replaced() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), finished).await.unwrap();
    let hash = person(&bench.lookup(), &Address::parse(AUDITOR).unwrap());
    let name = callers::Names::default().of(&bench.core, &contoso(), hash).unwrap();
    assert_eq!(name.as_deref(), Some(AUDITOR));
}
