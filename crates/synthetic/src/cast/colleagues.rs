//! The colleagues, and what else the directory names.

use crate::cast::DOMAIN;
use crate::dice::Dice;
use crate::names::Names;
use crate::{User, UserKind};

/// A department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Department {
    Sales,
    CustomerSuccess,
    Engineering,
    Marketing,
    Finance,
}

impl Department {
    pub const ALL: [Self; 5] = [Self::Sales, Self::CustomerSuccess, Self::Engineering, Self::Marketing, Self::Finance];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "Sales",
            Self::CustomerSuccess => "Customer Success",
            Self::Engineering => "Engineering",
            Self::Marketing => "Marketing",
            Self::Finance => "Finance",
        }
    }

    /// Where the department ends when forty people are put in a row.
    const fn last_of_forty(self) -> usize {
        match self {
            Self::Sales => 14,
            Self::CustomerSuccess => 23,
            Self::Engineering => 30,
            Self::Marketing => 35,
            Self::Finance => 40,
        }
    }
}

/// `count` people, then one shared mailbox, two rooms and two lists.
pub(super) fn hire(dice: &mut Dice, names: &mut Names, count: usize) -> Vec<User> {
    let mut users: Vec<User> = (0..count).map(|index| person(dice, names, index, count)).collect();
    let others = [
        (UserKind::Shared, "info", "Quellmark Customer Desk"),
        (UserKind::Room, "room-aurora", "Room Aurora (12 seats)"),
        (UserKind::Room, "room-borealis", "Room Borealis (4 seats)"),
        (UserKind::List, "everyone", "Everyone at Quellmark"),
        (UserKind::List, "product", "Product circle"),
    ];
    for (kind, local, name) in others {
        users.push(User {
            external_id: format!("u-{:04}", users.len() + 1),
            addresses: vec![format!("{local}@{DOMAIN}")],
            display_name: name.to_owned(),
            department: String::new(),
            roles: Vec::new(),
            kind,
        });
    }
    users
}

fn person(dice: &mut Dice, names: &mut Names, index: usize, count: usize) -> User {
    let place = index * 40 / count;
    let department = Department::ALL.into_iter().find(|department| place < department.last_of_forty());
    let department = department.unwrap_or(Department::Finance);
    let (display_name, address) = names.person(dice, DOMAIN);
    let mut addresses = vec![address.clone()];
    if index % 9 == 4 {
        // A few write from a second address now and then.
        addresses.push(address.replace(DOMAIN, "quellmark-service.example"));
    }
    let role = match (department, index) {
        (Department::Sales, 0 | 1) => Some("sales-manager"),
        (Department::Sales | Department::CustomerSuccess, _) => Some("seller"),
        (Department::Engineering | Department::Marketing | Department::Finance, _) => None,
    };
    User {
        external_id: format!("u-{:04}", index + 1),
        addresses,
        display_name,
        department: department.name().to_owned(),
        roles: role.map(str::to_owned).into_iter().collect(),
        kind: UserKind::Person,
    }
}
