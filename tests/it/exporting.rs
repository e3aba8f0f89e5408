//! Everything held on a person, over five processes: exactly what was sent, nothing of a mailbox that is closed, nothing of whoever is
//! erased; an area that is down is named.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::consent::v1::export_response::Item as Consent;
use contracts::gateway::v1 as pb;
use contracts::gateway::v1::overview_service_client::OverviewServiceClient;
use contracts::ingestion::v1 as ingestion;
use contracts::ingestion::v1::export_response::Item as Ingestion;
use pb::export_person_response::Part;
use rapport::client::{Client, told};
use rapport::demo::load;
use runtime::fault_of;
use synthetic::Company;
use vocabulary::{Address, Fault, Reason};

use crate::erasing::{erase_person, erase_user, finished};
use crate::fixtures::{grant, opt_out, small_company};
use crate::harness::{Processes, Running, Signal};

/// What an export told.
#[derive(Default)]
struct Exported {
    subject: Vec<String>,
    own: bool,
    user: Option<contracts::consent::v1::ExportedUser>,
    events: usize,
    suppressed: Vec<String>,
    asked: Vec<String>,
    names: Vec<String>,
    interactions: Vec<ingestion::ExportedInteraction>,
    records: Vec<contracts::analytics::v1::Record>,
    timeline: Option<contracts::analytics::v1::ExportedTimeline>,
    ties: usize,
    areas: BTreeMap<String, pb::ExportedArea>,
}

impl Exported {
    fn take(&mut self, part: Part) {
        use contracts::analytics::v1::export_response::Item as Analytics;
        match part {
            Part::Consent(item) => match item.item.unwrap() {
                Consent::Subject(subject) => (self.subject, self.own) = (subject.addresses, subject.own),
                Consent::User(user) => self.user = Some(user),
                Consent::Event(_) => self.events += 1,
                Consent::Suppression(suppressed) => self.suppressed.push(suppressed.address),
                Consent::Access(read) => self.asked.push(read.method),
            },
            Part::Ingestion(item) => match item.item.unwrap() {
                Ingestion::Name(name) => self.names.push(name.address),
                Ingestion::Interaction(interaction) => self.interactions.push(interaction),
            },
            Part::Analytics(item) => match item.item.unwrap() {
                Analytics::Record(record) => self.records.extend(record.record),
                Analytics::Timeline(timeline) => self.timeline = Some(timeline),
            },
            Part::Graph(_) => self.ties += 1,
            Part::Area(area) => drop(self.areas.insert(area.area.clone(), area)),
        }
    }

    fn gaps(&self) -> Vec<&str> {
        self.areas.values().filter(|area| !area.complete).map(|area| area.area.as_str()).collect()
    }

    fn mailboxes(&self) -> BTreeMap<&str, usize> {
        let mut mailboxes = BTreeMap::new();
        self.interactions.iter().for_each(|told| *mailboxes.entry(told.mailbox.as_str()).or_default() += 1);
        mailboxes
    }
}

async fn export(client: &Client, addresses: &[String]) -> Result<Exported, Fault> {
    let request = pb::ExportPersonRequest { tenant_id: client.tenant.clone(), addresses: addresses.to_vec() };
    let mut items = told(OverviewServiceClient::new(client.link.clone()).export_person(request).await)?;
    let mut exported = Exported::default();
    while let Some(item) = items.message().await.map_err(|status| fault_of(&status))? {
        exported.take(item.part.unwrap());
    }
    assert_eq!(exported.areas.len(), 4, "every area says that it is done");
    Ok(exported)
}

/// Of each mailbox, how many of the mails that were sent from it name one of these addresses in what a mailbox may name: the author, and the
/// recipients of what its owner wrote.
fn expected(company: &Company, addresses: &[String]) -> BTreeMap<String, usize> {
    let named = |address: &Address| addresses.iter().any(|held| held == address.as_str());
    let mut expected = BTreeMap::new();
    for mailbox in &company.mailboxes {
        let owner = company.users.iter().find(|user| user.addresses.contains(&mailbox.address)).unwrap();
        for interaction in &mailbox.interactions {
            let Some(ingestion_domain::Detail::Email(email)) = &interaction.detail else { continue };
            let parsed = |text: &String| Address::parse(text).ok();
            let Some(from) = parsed(&email.from) else { continue };
            let owned = owner.addresses.iter().any(|held| held == from.as_str());
            let others: Vec<_> = email.to.iter().chain(&email.cc).filter_map(parsed).collect();
            let told = named(&from) || (owned && others.iter().any(named));
            *expected.entry(mailbox.address.clone()).or_default() += usize::from(told);
        }
    }
    expected.retain(|_, count| *count > 0);
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_held_on_a_person_is_told_as_long_as_it_may_be_read() {
    let company = small_company();
    let running = Running::start(Processes::Five).await;
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let outside = company.records.iter().find(|record| record.id() == company.stories.lead.lead_id).unwrap().addresses.clone();
    assert!(expected(&company, &outside).len() > 1, "several mailboxes know them");

    let told = export(&client, &outside).await.unwrap();
    assert_eq!((told.subject.as_slice(), told.own, told.names.as_slice()), (outside.as_slice(), false, outside.as_slice()));
    let emails: BTreeMap<_, _> = {
        let mut emails = BTreeMap::new();
        let mails = told.interactions.iter().filter(|told| told.kind() == contracts::common::v1::InteractionKind::Email);
        mails.filter(|told| !told.mailbox.is_empty()).for_each(|told| *emails.entry(told.mailbox.clone()).or_default() += 1);
        emails
    };
    assert_eq!(emails, expected(&company, &outside), "exactly what was sent");
    assert!(told.interactions.iter().all(|told| told.address == outside[0]));
    assert!(told.records.iter().any(|record| record.addresses == outside) && told.ties > 0);
    assert!(told.timeline.is_some_and(|timeline| timeline.interactions > 0) && told.gaps().is_empty());

    // One of ours: entry, gates, the ledger. Then a mailbox closes, and nothing of it is told of anybody.
    let (closing, _) = told.mailboxes().into_iter().find(|(mailbox, _)| !mailbox.is_empty()).unwrap();
    let closing = closing.to_owned();
    let user = company.users.iter().find(|user| user.addresses.contains(&closing)).unwrap();
    let own = export(&client, &user.addresses[..1]).await.unwrap();
    let entry = own.user.clone().unwrap();
    assert_eq!((own.own, &own.subject, entry.opted_out.len(), own.events), (true, &user.addresses, 0, 0));
    assert!(entry.gates.len() == 14 && own.mailboxes()[closing.as_str()] > 0);
    // Whoever asks for it is counted too, within seconds.
    let counted = async {
        while !export(&client, &user.addresses[..1]).await.unwrap().asked.iter().any(|method| method.ends_with("/ExportPerson")) {}
    };
    tokio::time::timeout(Duration::from_secs(60), counted).await.unwrap();
    opt_out(&client, &closing).await.unwrap();
    let own = export(&client, &user.addresses[..1]).await.unwrap();
    assert_eq!((own.user.unwrap().opted_out.len(), own.events), (2, 1));
    let after = export(&client, &outside).await.unwrap();
    let mut left = expected(&company, &outside);
    left.remove(&closing);
    assert!(!after.mailboxes().contains_key(closing.as_str()) && left.keys().all(|held| after.mailboxes().contains_key(held.as_str())));

    // Two of ours at once are nobody; a person nobody knows has nothing.
    let two = [company.users[0].addresses[0].clone(), company.users[1].addresses[0].clone()];
    assert_eq!(export(&client, &two).await.err().unwrap().violations[0].field, "addresses[1]");
    assert_eq!(export(&client, &[]).await.err().unwrap().reason, Reason::InvalidFields);
    let nobody = export(&client, &["nobody@nowhere.example".to_owned()]).await.unwrap();
    assert!(nobody.names.is_empty() && nobody.interactions.is_empty() && nobody.records.is_empty() && nobody.ties == 0);

    // An area that says nothing is named, and the others are told.
    running.signal("graph", Signal::Stop);
    let gap = export(&client, &outside).await.unwrap();
    running.signal("graph", Signal::Continue);
    assert_eq!((gap.gaps(), gap.interactions.len()), (vec!["graph"], after.interactions.len()));
    assert_eq!(gap.areas["graph"].reason(), contracts::common::v1::ErrorReason::DependencyUnavailable);

    // Of whoever is erased only the suppression is left.
    let number = erase_person(&client, &outside, false).await.unwrap().erasure.unwrap().number;
    let erased = export(&client, &outside).await.unwrap();
    assert_eq!(erased.suppressed, outside);
    assert!(erased.names.is_empty() && erased.interactions.is_empty() && erased.records.is_empty() && erased.ties == 0);
    finished(&client, number).await;
    let number = erase_user(&client, &closing).await.unwrap().erasure.unwrap().number;
    finished(&client, number).await;
    let gone = export(&client, &user.addresses).await.unwrap();
    assert!(gone.user.is_none() && gone.events == 0 && gone.names.is_empty() && gone.records.is_empty());
    assert_eq!((gone.suppressed, gone.own), (user.addresses.clone(), false));
    running.stop().await;
}
