//! Which settings are refused, before anything is bound or opened.

use super::{Authentication, Config, ConfigError};

impl Config {
    /// Refuses settings that would only fail later, or would be unsafe.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        for (area, address) in self.listen.all() {
            if !address.ip().is_loopback() && !matches!(self.authentication, Authentication::Jwt(_)) {
                problems.push(format!(
                    "`listen.{area}`: {address} is no loopback address, and only loopback is served unless callers are authenticated \
                     by JSON Web Tokens (`authentication.kind = \"jwt\"`)"
                ));
            }
        }
        let limits = &self.limits;
        let positive = [
            ("limits.receive_bytes", limits.receive_bytes),
            ("limits.send_bytes", limits.send_bytes),
            ("limits.internal_bytes", limits.internal_bytes),
            ("limits.concurrent_streams", limits.concurrent_streams as usize),
            ("limits.connections", limits.connections),
        ];
        problems.extend(positive.iter().filter(|(_, value)| *value == 0).map(|(key, _)| format!("`{key}`: must be above 0")));
        if limits.header_list_bytes < 4096 {
            problems.push("`limits.header_list_bytes`: must be at least 4096".into());
        }
        if !(100..=60_000).contains(&self.lease_ms) {
            problems.push("`lease_ms`: must be between 100 and 60000".into());
        }
        if self.farewell_ms != 0 && !(self.lease_ms..=600_000).contains(&self.farewell_ms) {
            problems.push("`farewell_ms`: must be 0, or between `lease_ms` and 600000".into());
        }
        if self.keyring.root_keys() > 1 {
            problems.push("`keyring`: one of `root_key_file`, `root_key_env` and `root_key_command` at most".into());
        }
        if !(10..=60_000).contains(&self.access.report_ms) {
            problems.push("`access.report_ms`: must be between 10 and 60000".into());
        }
        if !(1..=3_650).contains(&self.access.kept_days) {
            problems.push("`access.kept_days`: must be between 1 and 3650".into());
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_served_without_authentication() {
        let mut config = Config::default();
        config.check().unwrap();
        config.listen.graph = "0.0.0.0:7604".parse().unwrap();
        config.lease_ms = 0;
        config.access.report_ms = 0;
        config.access.kept_days = 0;
        config.keyring.root_key_file = Some("root.key".into());
        config.keyring.root_key_command = vec!["kms".into()];
        let error = config.check().unwrap_err();
        assert_eq!(error.problems.len(), 5, "{error}");
        assert!(error.to_string().contains("listen.graph"), "{error}");
    }
}
