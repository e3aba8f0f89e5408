//! Where settings come from: defaults, then a TOML file, then `RAPPORT_...` in the environment, then the command line.

use std::fmt;
use std::path::Path;

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;

impl Config {
    /// Reads the settings and checks them.
    ///
    /// A file that is named must exist. In the environment `__` separates levels, as in `RAPPORT_LISTEN__GATEWAY`; the overrides are
    /// pairs of a dotted key and a value, as in `("listen.gateway", "127.0.0.1:0")`, and win over everything else.
    ///
    /// # Errors
    /// [`ConfigError`] names every key that is wrong and where its value came from.
    pub fn load(file: Option<&Path>, overrides: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        let config: Self =
            figment.merge(Env::prefixed("RAPPORT_").ignore(&[CLIENT_TOKEN]).split("__")).merge(CommandLine(overrides)).extract()?;
        config.check()?;
        Ok(config)
    }

    /// The settings as a TOML file that would set them.
    ///
    /// # Errors
    /// [`ConfigError`] when a path is not Unicode.
    pub fn print(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self).map_err(|error| ConfigError { problems: vec![error.to_string()] })
    }
}

/// `RAPPORT_TOKEN` is what the command line says to a suite, not a setting of one.
const CLIENT_TOKEN: &str = "token";

struct CommandLine<'a>(&'a [(String, String)]);

impl Provider for CommandLine<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("command line")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut all = Dict::new();
        for (key, text) in self.0 {
            // Parsed as figment parses the environment: numbers, truth values and lists where they look like one, else text.
            let value: Value = text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
            if let Value::Dict(_, nested) = figment::util::nest(key, value) {
                merge(&mut all, nested);
            }
        }
        Ok(Profile::Default.collect(all))
    }
}

fn merge(into: &mut Dict, from: Dict) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, held)), Value::Dict(_, more)) => merge(held, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Why the settings are refused: one line a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) problems: Vec<String>,
}

impl ConfigError {
    /// One problem.
    pub(crate) fn of(problem: String) -> Self {
        Self { problems: vec![problem] }
    }
}

impl From<figment::Error> for ConfigError {
    fn from(errors: figment::Error) -> Self {
        let describe = |error: figment::Error| {
            let key = error.path.join(".");
            let key = if key.is_empty() { String::new() } else { format!("`{key}`: ") };
            let from = match &error.metadata {
                Some(Metadata { name, source: Some(source @ figment::Source::File(_)), .. }) => format!(" (in {name} {source})"),
                Some(Metadata { name, .. }) => format!(" (in {name})"),
                None => String::new(),
            };
            format!("{key}{}{from}", error.kind)
        };
        Self { problems: errors.into_iter().map(describe).collect() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are wrong: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "the signature of figment's jail")]
mod tests {
    use figment::Jail;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn later_sources_win_over_earlier_ones() {
        Jail::expect_with(|jail| {
            jail.create_file("rapport.toml", "lease_ms = 1\ndrain_seconds = 1\n[store]\ncache_bytes = 1\n")?;
            jail.set_env("RAPPORT_LEASE_MS", "1500");
            jail.set_env("RAPPORT_STORE__CACHE_BYTES", "2000000");
            let overrides = pairs(&[("store.cache_bytes", "3000000"), ("listen.gateway", "127.0.0.1:0"), ("listen.graph", "[::1]:0")]);
            let config = Config::load(Some(Path::new("rapport.toml")), &overrides).unwrap();
            assert_eq!((config.drain_seconds, config.lease_ms, config.store.cache_bytes), (1, 1500, 3_000_000));
            assert_eq!((config.listen.gateway.port(), config.listen.consent.port()), (0, 7601));
            Ok(())
        });
    }

    #[test]
    fn a_wrong_key_is_named_with_its_source() {
        let check = |key: &str, value: &str, expected: &[&str]| {
            Jail::expect_with(|_| {
                let error = Config::load(None, &pairs(&[(key, value)])).unwrap_err().to_string();
                for part in expected {
                    assert!(error.contains(part), "{error} lacks {part}");
                }
                Ok(())
            });
        };
        check("lease_msec", "1", &["lease_msec", "command line"]);
        check("listen.gatewy", "127.0.0.1:1", &["`listen", "gatewy", "command line"]);
        check("lease_ms", "soon", &["`lease_ms`", "command line"]);
        Jail::expect_with(|jail| {
            jail.set_env("RAPPORT_LISTEN__GRAPH", "here");
            let error = Config::load(None, &[]).unwrap_err().to_string();
            assert!(error.contains("`listen.graph`") && error.contains("RAPPORT_"), "{error}");
            assert!(Config::load(Some(Path::new("absent.toml")), &[]).is_err());
            Ok(())
        });
    }

    #[test]
    fn printed_settings_can_be_read_back() {
        Jail::expect_with(|jail| {
            let overrides = pairs(&[("keyring.epoch_path", "/run/epoch"), ("telemetry.log_format", "json")]);
            let config = Config::load(None, &overrides).unwrap();
            jail.create_file("printed.toml", &config.print().unwrap())?;
            assert_eq!(Config::load(Some(Path::new("printed.toml")), &[]).unwrap(), config);
            Ok(())
        });
    }
}
