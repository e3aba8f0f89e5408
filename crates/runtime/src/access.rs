//! Who may call which method, as the contracts declare it (`rapport.common.v1.access`). A method that declares nothing may be called by
//! nobody.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use prost::Message as _;

use crate::wire::{Unreadable, fields};
use crate::{Caller, Role};

/// Field numbers of `google.protobuf.FileDescriptorSet` and what lies in it, down to our option.
const FILE: u32 = 1;
const PACKAGE: u32 = 2;
const SERVICE: u32 = 6;
const NAME: u32 = 1;
const METHOD: u32 = 2;
const OPTIONS: u32 = 4;
const ACCESS: u32 = 50_600;

/// Who may call one method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Callers with one of these roles.
    pub roles: BTreeSet<Role>,
    /// Besides them whoever the request is about; the handler compares.
    pub own: bool,
    /// Everybody who is authenticated.
    pub everybody: bool,
}

/// How far a caller comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// By role.
    Full,
    /// Only as the person whom the request is about.
    OwnOnly,
}

impl Access {
    /// Whether a caller may call the method, and how far.
    pub fn admits(&self, caller: &Caller) -> Option<Admission> {
        if self.everybody || self.roles.iter().any(|role| caller.has(*role)) {
            return Some(Admission::Full);
        }
        (self.own && caller.user.is_some()).then_some(Admission::OwnOnly)
    }
}

/// Who may call each method of a set of services, by path, as in `/rapport.graph.v1.GraphService/ListIntroducers`.
#[derive(Clone, Debug, Default)]
pub struct AccessTable(Arc<HashMap<String, Option<Access>>>);

impl AccessTable {
    /// Reads an encoded `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(descriptors: &[u8]) -> Result<Self, NoDescriptors> {
        let mut table = HashMap::new();
        for file in of(descriptors, FILE)? {
            let package = name(file, PACKAGE)?;
            for service in of(file, SERVICE)? {
                let service_name = name(service, NAME)?;
                for method in of(service, METHOD)? {
                    let options = of(method, OPTIONS)?.into_iter().map(|options| of(options, ACCESS)).collect::<Result<Vec<_>, _>>()?;
                    let declared = options.into_iter().flatten().next().map(access).transpose()?;
                    table.insert(format!("/{package}.{service_name}/{}", name(method, NAME)?), declared);
                }
            }
        }
        Ok(Self(Arc::new(table)))
    }

    /// Who may call the method at a path: nothing for an unknown method, `None` within for one that declares nothing.
    pub fn of(&self, path: &str) -> Option<Option<&Access>> {
        self.0.get(path).map(Option::as_ref)
    }

    /// Every method with what it declares, in no particular order.
    pub fn methods(&self) -> impl Iterator<Item = (&str, Option<&Access>)> {
        self.0.iter().map(|(path, access)| (path.as_str(), access.as_ref()))
    }
}

/// The descriptors are no descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDescriptors;

impl From<Unreadable> for NoDescriptors {
    fn from(Unreadable: Unreadable) -> Self {
        Self
    }
}

/// The wire form of `rapport.common.v1.Access`.
#[derive(Clone, PartialEq, prost::Message)]
struct Declared {
    #[prost(int32, repeated, tag = "1")]
    roles: Vec<i32>,
    #[prost(bool, tag = "2")]
    own: bool,
    #[prost(bool, tag = "3")]
    everybody: bool,
}

fn access(bytes: &[u8]) -> Result<Access, NoDescriptors> {
    let Declared { roles, own, everybody } = Declared::decode(bytes).map_err(|_| NoDescriptors)?;
    let role = |number: i32| usize::try_from(number).ok().and_then(|number| Role::ALL.get(number.checked_sub(1)?)).copied();
    let roles = roles.into_iter().map(|number| role(number).ok_or(NoDescriptors)).collect::<Result<_, _>>()?;
    Ok(Access { roles, own, everybody })
}

fn of(message: &[u8], number: u32) -> Result<Vec<&[u8]>, Unreadable> {
    Ok(fields(message)?.into_iter().filter(|field| field.number == number).map(|field| field.value).collect())
}

fn name(message: &[u8], number: u32) -> Result<String, Unreadable> {
    let found = of(message, number)?.into_iter().next().unwrap_or_default();
    String::from_utf8(found.to_vec()).map_err(|_| Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CallerKind;

    fn caller(user: Option<&str>, roles: &[Role]) -> Caller {
        let roles = roles.iter().copied().collect();
        Caller { tenant: None, user: user.map(str::to_owned), roles, kind: CallerKind::User, own_only: false, part: false }
    }

    #[test]
    fn a_role_admits_and_so_does_being_the_person_where_that_is_declared() {
        let access = |own, everybody| Access { roles: [Role::Operator].into(), own, everybody };
        let check = |access: Access, user, roles: &[Role], expected| assert_eq!(access.admits(&caller(user, roles)), expected);
        check(access(false, false), None, &[Role::Operator, Role::Seller], Some(Admission::Full));
        check(access(false, false), Some("ada"), &[Role::Seller], None);
        check(access(true, false), Some("ada"), &[Role::Seller], Some(Admission::OwnOnly));
        check(access(true, false), None, &[Role::Seller], None);
        check(access(false, true), None, &[], Some(Admission::Full));
    }

    #[test]
    fn bytes_that_are_no_descriptors_are_refused() {
        assert_eq!(AccessTable::read(&[0x0a, 0x7f]).err(), Some(NoDescriptors));
        assert_eq!(AccessTable::read(b"").unwrap().methods().count(), 0);
    }
}
