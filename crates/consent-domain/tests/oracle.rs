//! Every combination of the seven gates, for both purposes and both tiers, against an oracle that is written from domain.md, section 7,
//! and knows nothing of how gates are implemented: a list of facts in, an answer out.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::sync::Arc;

use consent_domain::grant::Grant;
use consent_domain::sync::Mode;
use consent_domain::sync_groups::GroupEntry;
use consent_domain::{
    Allowed, Application, ConsentType, DepartedPolicy, DirectoryEntry, Gate, Holder, MailboxState, Moment, OptOutMode, PerPurpose, Purpose,
    Settings, Source, State, UnrecordedPeople, UserDefault, UserKind, expire, grant, holding, opt_group, opt_out, revoke, switch, sync,
    sync_groups, tenant,
};
use vocabulary::{Address, TenantId, Timestamp, UserId};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ADA: UserId = UserId(1);
const BOTH: PerPurpose<bool> = PerPurpose { analytics: true, graph: true };

/// What is the case; the order is that of domain.md's table, G1 to G7.
#[derive(Clone, Copy, Debug)]
struct Facts {
    feature_on: bool,
    mailbox_source_on: bool,
    tenant_consented: bool,
    has_chosen_role: bool,
    in_no_opted_out_group: bool,
    has_not_opted_out: bool,
    region_allowed: bool,
}

impl Facts {
    fn of(bits: u8) -> Self {
        let bit = |n: u8| bits & (1 << n) != 0;
        Self {
            feature_on: bit(0),
            mailbox_source_on: bit(1),
            tenant_consented: bit(2),
            has_chosen_role: bit(3),
            in_no_opted_out_group: bit(4),
            has_not_opted_out: bit(5),
            region_allowed: bit(6),
        }
    }
}

/// "Seven gates, all needed for mailbox data of a user." The first that is closed, in their order. The basic tier asks the personal
/// gates only: "G1 touches mailbox data only", and CRM-tracked interactions need no mailbox consent.
fn first_closed(facts: Facts, tier: Source) -> Option<Gate> {
    let enhanced = [
        (facts.feature_on, Gate::Feature),
        (facts.mailbox_source_on, Gate::MailboxSource),
        (facts.tenant_consented, Gate::TenantConsent),
        (facts.has_chosen_role, Gate::Role),
        (facts.in_no_opted_out_group, Gate::Group),
        (facts.has_not_opted_out, Gate::User),
        (facts.region_allowed, Gate::Region),
    ];
    let basic = [(facts.has_chosen_role, Gate::Role), (facts.in_no_opted_out_group, Gate::Group), (facts.has_not_opted_out, Gate::User)];
    let asked = match tier {
        Source::Mailbox => enhanced.to_vec(),
        Source::Crm => basic.to_vec(),
    };
    asked.into_iter().find(|(open, _)| !open).map(|(_, gate)| gate)
}

/// "What a closing gate does", of a mailbox that stood open before all of them closed: what its readers and ingestion then have.
/// G3, G6 and G5 with ERASE_HISTORY destroy; G1, G2, G4 and G7 hold; G5 with FUTURE_ONLY keeps: readers keep the keys, ingestion does not.
fn left(facts: Facts, mode: OptOutMode) -> (MailboxState, MailboxState) {
    let grouped = !facts.in_no_opted_out_group;
    if !facts.tenant_consented || !facts.has_not_opted_out || (grouped && mode == OptOutMode::EraseHistory) {
        return (MailboxState::Destroyed, MailboxState::Destroyed);
    }
    if !facts.feature_on || !facts.mailbox_source_on || !facts.has_chosen_role || !facts.region_allowed {
        return (MailboxState::Held, MailboxState::Held);
    }
    if grouped { (MailboxState::Open, MailboxState::Held) } else { (MailboxState::Open, MailboxState::Open) }
}

/// "Whose gate is not open (other than KEEP) appears in no answer", in either tier; the gates of a person are G4, G5 and G6.
fn named(facts: Facts, mode: OptOutMode) -> bool {
    let kept = mode == OptOutMode::FutureOnly;
    facts.has_chosen_role && facts.has_not_opted_out && (facts.in_no_opted_out_group || kept)
}

struct World {
    state: State,
}

impl World {
    /// A tenant whose gates all stand open, with one user in one role and one group.
    fn open() -> Self {
        let settings = Settings {
            display_name: "Contoso".into(),
            domains: vec!["contoso.example".into()],
            data_window_days: 365,
            known_lists: Vec::new(),
            unrecorded_people: UnrecordedPeople::Hidden,
            region: "eu".into(),
            user_default: UserDefault::In,
            departed: DepartedPolicy::Keep,
            create_time: NOW,
            position: 1,
        };
        let allowed: Arc<[Box<str>]> = ["eu".into()].into();
        let mut world = Self { state: State::new(TenantId::parse("contoso").unwrap(), settings, allowed) };
        let application = application(true, true, "Sales");
        world.decide(|state, moment| switch::register(state, application, moment).unwrap());
        let entry = DirectoryEntry {
            external_id: "ada".into(),
            addresses: vec![Address::parse("ada@contoso.example").unwrap()],
            display_name: "Ada".into(),
            kind: UserKind::Person,
            roles: vec!["Sales".into()],
            department: "".into(),
        };
        world.decide(|state, moment| {
            let entries = vec![(0, entry)];
            sync::decide(state, Mode::Delta, entries, &Default::default(), Allowed::Any, |_| (ADA, PerPurpose::default()), moment)
                .unwrap()
                .decision
        });
        let board = GroupEntry { external_id: "board".into(), members: vec!["ada".into()], ..GroupEntry::default() };
        world.decide(|state, moment| {
            let entries = vec![(0, board)];
            sync_groups::decide(state, Mode::Delta, entries, &Default::default(), Allowed::Any, moment).unwrap().decision
        });
        world.decide(|state, moment| grant::decide(state, &granted(), moment).unwrap());
        world
    }

    fn decide(&mut self, rule: impl FnOnce(&State, Moment) -> consent_domain::Decision) {
        let moment = Moment { position: self.state.position + 1, time: NOW };
        let decision = rule(&self.state, moment);
        self.state.apply(&decision);
    }

    /// Closes what the facts say is closed, in an order that a number chooses.
    fn close(&mut self, facts: Facts, mode: OptOutMode, order: usize) {
        let mut gates: Vec<usize> = (0..7).collect();
        gates.rotate_left(order % 7);
        if order >= 7 {
            gates.reverse();
        }
        for gate in gates {
            match gate {
                0 | 1 | 3 => {
                    let role = if facts.has_chosen_role { "Sales" } else { "Service" };
                    // Each switch is turned when its turn comes; those of gates that come later stay as they are by then.
                    let held = &self.state.applications["crm"];
                    let (mut feature, mut source, mut roles) = (held.feature.analytics, held.mailbox_source, held.roles.clone());
                    match gate {
                        0 => feature = facts.feature_on,
                        1 => source = facts.mailbox_source_on,
                        _ => roles = vec![role.into()],
                    }
                    let next = Application { roles, ..application(feature, source, "") };
                    self.decide(|state, moment| switch::update(state, next, None, moment).unwrap());
                }
                2 if !facts.tenant_consented => {
                    let revoke = revoke::Revoke { expected: None, allowed: Allowed::Any };
                    self.decide(|state, moment| revoke::decide(state, &revoke, moment).unwrap());
                }
                4 if !facts.in_no_opted_out_group => {
                    self.decide(|state, moment| opt_group::out(state, "board", BOTH, mode, Allowed::Any, moment).unwrap());
                }
                5 if !facts.has_not_opted_out => {
                    let user = Arc::clone(self.state.directory.get(ADA).unwrap());
                    self.decide(|state, moment| opt_out::decide(state, &user, BOTH, moment));
                }
                6 if !facts.region_allowed => {
                    let away = tenant::Update { region: Some("us".into()), ..tenant::Update::default() };
                    self.decide(|state, moment| tenant::update(state, &away, Allowed::Any, moment).unwrap());
                }
                _ => {}
            }
        }
    }
}

fn application(feature: bool, mailbox_source: bool, role: &str) -> Application {
    Application {
        id: "crm".into(),
        display_name: "CRM".into(),
        feature: PerPurpose { analytics: feature, graph: feature },
        feature_since: PerPurpose::default(),
        lapsed: PerPurpose::default(),
        mailbox_source,
        roles: vec![role.into()],
        position: 0,
    }
}

fn granted() -> Grant {
    Grant { consent_type: ConsentType::IdentifiableInsights, legacy: None, legal_basis: "contract".into(), text_version: "1".into() }
}

#[test]
fn every_combination_of_gates_answers_as_the_domain_says() {
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for bits in 0..128 {
        let facts = Facts::of(bits);
        for mode in [OptOutMode::EraseHistory, OptOutMode::FutureOnly] {
            for order in 0..14 {
                let mut world = World::open();
                world.close(facts, mode, order);
                let case = format!("{facts:?} {mode:?} order {order}");
                let user = Arc::clone(world.state.directory.get(ADA).unwrap());
                let gates = world.state.gates();
                for purpose in Purpose::ALL {
                    for tier in [Source::Mailbox, Source::Crm] {
                        let closed = gates.first_closed(&user, purpose, tier);
                        assert_eq!(closed, first_closed(facts, tier), "{case} {purpose:?} {tier:?}");
                        *answers.entry(format!("{closed:?}")).or_default() += 1;
                    }
                    assert_eq!(gates.may_be_named(&user, purpose), named(facts, mode), "{case} {purpose:?}");
                }
                let (readers, ingestion) = left(facts, mode);
                for (holder, expected) in [(Holder::Ingestion, ingestion), (Holder::Analytics, readers), (Holder::Graph, readers)] {
                    assert_eq!(holding(&user, holder).state, expected, "{case} {holder:?}");
                }
                assert_eq!(world.state.keys().next().is_some(), readers != MailboxState::Destroyed, "{case}");
            }
        }
    }
    // Every gate was the first to say no somewhere, and none somewhere.
    assert_eq!(answers.len(), 8, "{answers:?}");
    println!("128 combinations, 2 modes of a group, 14 orders, 2 purposes, 2 tiers: {} answers", answers.values().sum::<u32>());
}

#[test]
fn what_was_held_for_thirty_days_is_destroyed_and_nothing_sooner() {
    for bits in 0..128 {
        let facts = Facts::of(bits);
        let mut world = World::open();
        world.close(facts, OptOutMode::FutureOnly, 0);
        let (readers, _) = left(facts, OptOutMode::FutureOnly);
        for (days, over) in [(29, false), (30, true)] {
            let mut later = world.state.clone();
            let moment = Moment { position: later.position + 1, time: NOW.plus_days(days) };
            later.apply(&expire::decide(&later, moment));
            let state = holding(later.directory.get(ADA).unwrap(), Holder::Graph).state;
            let expected = if readers == MailboxState::Held && over { MailboxState::Destroyed } else { readers };
            assert_eq!(state, expected, "{facts:?} after {days} days");
        }
    }
}
