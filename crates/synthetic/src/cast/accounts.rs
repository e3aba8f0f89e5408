//! Accounts and their contacts.

use rand::Rng;
use vocabulary::entry::RecordKind;

use crate::Record;
use crate::cast::{Account, Cast, Contact, Department};
use crate::dice::{Dice, Weighted, pick};
use crate::names::{CONTACT_TITLES, Names};
use crate::record::record_id;
use crate::stories;

/// Fills `cast` with accounts and contacts, as many as its spec says.
pub(super) fn open(cast: &mut Cast, dice: &mut Dice, names: &mut Names) {
    let sellers = cast.members(Department::Sales);
    let by_rank = Weighted::zipf(sellers.len(), 0.6);
    for (number, size) in sizes(dice, cast.spec.accounts, cast.spec.contacts).into_iter().enumerate() {
        // The stories' accounts go round, so that each has an owner of its own.
        let owner = if number < stories::ACCOUNTS { sellers[number % sellers.len()] } else { sellers[by_rank.draw(dice)] };
        open_one(cast, dice, names, number, size, owner);
    }
}

/// How many contacts each account has: what the stories need, else one and a share of the rest, large accounts first.
fn sizes(dice: &mut Dice, accounts: usize, contacts: usize) -> Vec<usize> {
    let mut sizes = vec![1; accounts];
    sizes[..stories::ACCOUNTS].copy_from_slice(&stories::CONTACTS);
    let by_rank = Weighted::zipf(accounts - stories::ACCOUNTS, 0.5);
    for _ in sizes.iter().sum::<usize>()..contacts {
        sizes[stories::ACCOUNTS + by_rank.draw(dice)] += 1;
    }
    sizes
}

fn open_one(cast: &mut Cast, dice: &mut Dice, names: &mut Names, number: usize, size: usize, owner: usize) {
    let (name, domain) = names.company(dice);
    let made = cast.spec.end.plus_days(-dice.random_range(380..1_600));
    let mut account = Record::new(RecordKind::Account, number, name, cast.user(owner), made);
    let first = cast.contacts.len();
    account.primary_contact_id = Some(record_id(RecordKind::Contact, first));
    for contact in first..first + size {
        let (name, address) = names.person(dice, &domain);
        let mut record = Record::new(RecordKind::Contact, contact, name, cast.user(owner), made.plus_days(dice.random_range(0..20)));
        record.addresses = vec![address.clone()];
        record.account_id = Some(account.id().to_owned());
        record.job_title = (*pick(dice, &CONTACT_TITLES)).to_owned();
        cast.contacts.push(Contact { record, address, account: number });
    }
    cast.accounts.push(Account { record: account, owner, contacts: first..first + size });
}
