//! Opportunities and leads.

use rand::Rng;
use vocabulary::Timestamp;
use vocabulary::entry::RecordKind;

use crate::cast::{Cast, Department, Lead, Opportunity};
use crate::dice::{Dice, log_normal, pick};
use crate::names::{CONTACT_TITLES, Names, SOLUTIONS};
use crate::{Record, RecordState, Stakeholder, stories};

/// Fills `cast` with opportunities and leads, as many as its spec says.
pub(super) fn open(cast: &mut Cast, dice: &mut Dice, names: &mut Names) {
    for number in 0..cast.spec.opportunities {
        let opportunity = opportunity(cast, dice, number);
        cast.opportunities.push(opportunity);
    }
    for number in 0..cast.spec.leads {
        let lead = if number == 0 { known_lead(cast, dice, names) } else { lead(cast, dice, names, number) };
        cast.leads.push(lead);
    }
}

fn opportunity(cast: &Cast, dice: &mut Dice, number: usize) -> Opportunity {
    let told = stories::DEALS.get(number);
    let account = told.map_or_else(|| dice.random_range(stories::ACCOUNTS..cast.accounts.len()), |deal| deal.account);
    let held = &cast.accounts[account];
    let contact = if told.is_some() { held.contacts.start } else { dice.random_range(held.contacts.clone()) };
    // One has been open for too long to be judged.
    let too_old = number == stories::DEALS.len();
    let state = if told.is_some() || too_old { RecordState::Open } else { state(dice) };
    let (create, close) = times(dice, state, cast.spec.end);
    let create = if too_old { create.plus_days(-900) } else { create };

    let name = format!("{}: {}", held.record.name, SOLUTIONS[number % SOLUTIONS.len()]);
    let mut record = Record::new(RecordKind::Opportunity, number, name, cast.user(held.owner), create);
    let team = vec![cast.member(Department::CustomerSuccess, 1 + number), cast.member(Department::Engineering, 1 + number)];
    record.team = team.iter().map(|user| cast.user(*user).to_owned()).collect();
    record.account_id = Some(held.record.id().to_owned());
    record.primary_contact_id = Some(cast.contacts[contact].record.id().to_owned());
    if held.contacts.len() > 2 && told.is_none() {
        let other = held.contacts.start + (contact + 1 - held.contacts.start) % held.contacts.len();
        record.stakeholders = vec![stakeholder(cast, other, "Technical buyer")];
    }
    record.state = state;
    record.close_time = Some(close);
    record.currency = "EUR".to_owned();
    // Whole hundreds; the deals of the stories lead the field.
    let usual = log_normal(dice, 42_000.0, 0.8).clamp(4_000.0, 190_000.0);
    record.revenue_minor = told.map_or((usual / 100.0) as i64 * 100, |deal| deal.revenue) * 100;
    Opportunity { record, contact, owner: held.owner, team }
}

fn state(dice: &mut Dice) -> RecordState {
    match dice.random_range(0..10) {
        0..6 => RecordState::Open,
        6..8 => RecordState::Won,
        _ => RecordState::Lost,
    }
}

/// When a record was made, and when it closed or is to close.
fn times(dice: &mut Dice, state: RecordState, end: Timestamp) -> (Timestamp, Timestamp) {
    let close = match state {
        RecordState::Open => end.plus_days(dice.random_range(9..140)),
        RecordState::Won | RecordState::Lost => end.plus_days(-dice.random_range(6..180)),
    };
    let since_open = end.plus_days(-dice.random_range(40..300));
    let create = if state == RecordState::Open { since_open } else { close.plus_days(-dice.random_range(50..160)) };
    (create, close)
}

/// The lead of the stories: a company that several colleagues already know.
fn known_lead(cast: &Cast, dice: &mut Dice, names: &mut Names) -> Lead {
    let account = &cast.accounts[stories::KNOWN_LEAD];
    let domain = cast.contacts[account.contacts.start].address.rsplit('@').next().unwrap_or_default().to_owned();
    let mut lead = lead_at(cast, dice, names, 0, (&account.record.name, &domain), account.owner);
    lead.record.state = RecordState::Open;
    lead.record.close_time = Some(cast.spec.end.plus_days(75));
    lead.record.stakeholders = [(0, "Sponsor"), (1, "Technical buyer")]
        .into_iter()
        .map(|(place, role)| stakeholder(cast, account.contacts.start + place, role))
        .collect();
    lead
}

fn lead(cast: &Cast, dice: &mut Dice, names: &mut Names, number: usize) -> Lead {
    let (company, domain) = names.company(dice);
    let owner = cast.member(Department::Sales, dice.random_range(0..cast.people));
    let mut lead = lead_at(cast, dice, names, number, (&company, &domain), owner);
    if dice.random_bool(0.5) {
        let (_, address) = names.person(dice, &domain);
        lead.record.stakeholders = vec![Stakeholder { contact_id: None, address: Some(address), role: "Economic buyer".to_owned() }];
    }
    lead
}

fn lead_at(cast: &Cast, dice: &mut Dice, names: &mut Names, number: usize, company: (&str, &str), owner: usize) -> Lead {
    let state = state(dice);
    let (create, close) = times(dice, state, cast.spec.end);
    let (person, address) = names.person(dice, company.1);
    let name = format!("{person}, {}", company.0);
    let mut record = Record::new(RecordKind::Lead, number, name, cast.user(owner), create);
    record.addresses = vec![address.clone()];
    record.job_title = (*pick(dice, &CONTACT_TITLES)).to_owned();
    record.state = state;
    record.close_time = Some(close);
    record.currency = "EUR".to_owned();
    record.revenue_minor = (log_normal(dice, 18_000.0, 0.6) / 100.0) as i64 * 10_000;
    Lead { record, address, owner }
}

fn stakeholder(cast: &Cast, contact: usize, role: &str) -> Stakeholder {
    Stakeholder { contact_id: Some(cast.contacts[contact].record.id().to_owned()), address: None, role: role.to_owned() }
}
