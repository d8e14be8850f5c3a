//! The Kafka publisher as configured, and what of it this build cannot do.

use crate::config::{ConfigError, Mistake, Settings, Source};
use crate::exit::Failure;
use runtime::publish::KafkaConfig;
use std::path::Path;

/// The command that builds a program which speaks TLS to Kafka.
const BUILD: &str = "cargo build --release --locked --features kafka-tls";

/// The publisher; `None` when it is off.
pub fn config(settings: &Settings) -> Option<KafkaConfig> {
    let brokers = settings.text("kafka.brokers");
    if brokers.is_empty() {
        return None;
    }
    let mut config = KafkaConfig::new(brokers);
    config.topic_prefix = settings.text("kafka.topic_prefix").into();
    let protocol = settings.text("kafka.security_protocol");
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            config.settings.insert(name.into(), value.into());
        }
    };
    set("security.protocol", protocol);
    if wants_password(protocol) {
        set("sasl.mechanism", settings.text("kafka.sasl_mechanism"));
        set("sasl.username", settings.text("kafka.username"));
        set("sasl.password", settings.text("kafka.password"));
    }
    if wants_tls(protocol) {
        set("ssl.ca.location", settings.text("kafka.ca_file"));
    }
    Some(config)
}

/// Refuses a publisher that could never publish.
///
/// # Errors
/// Every mistake in its settings.
pub fn check(settings: &Settings) -> Result<(), Failure> {
    let mistakes = mistakes(settings);
    if mistakes.is_empty() { Ok(()) } else { Err(ConfigError(mistakes).into()) }
}

/// Everything that is wrong with the publisher's settings, each of which is good by itself.
pub fn mistakes(settings: &Settings) -> Vec<Mistake> {
    if settings.text("kafka.brokers").is_empty() {
        return Vec::new();
    }
    let mut mistakes = Vec::new();
    let mut add = |key: &str, problem: String| {
        let source = settings.source(key).cloned().unwrap_or(Source::Default);
        mistakes.push(Mistake { source, key: key.into(), problem });
    };
    let protocol = settings.text("kafka.security_protocol");
    let mechanism = settings.text("kafka.sasl_mechanism");
    let is_built_in = cfg!(feature = "kafka-tls");
    if wants_tls(protocol) && !is_built_in {
        let problem = format!("TLS is not built into this program; build it with `{BUILD}`");
        add("kafka.security_protocol", problem);
    }
    if wants_password(protocol) {
        if mechanism != "PLAIN" && !is_built_in {
            let problem =
                format!("{mechanism} is not built into this program; build it with `{BUILD}`");
            add("kafka.sasl_mechanism", problem);
        }
        for key in ["kafka.username", "kafka.password"] {
            if settings.text(key).is_empty() {
                add(key, format!("it is empty, and {protocol} needs it"));
            }
        }
    } else if !settings.text("kafka.password").is_empty() {
        let problem = format!("a password is set and {protocol} sends none: use sasl_ssl");
        add("kafka.security_protocol", problem);
    }
    let ca_file = settings.text("kafka.ca_file");
    if !ca_file.is_empty() && !wants_tls(protocol) {
        add("kafka.ca_file", format!("{protocol} checks no certificate: use ssl or sasl_ssl"));
    } else if !ca_file.is_empty()
        && let Err(error) = std::fs::File::open(Path::new(ca_file))
    {
        add("kafka.ca_file", format!("{ca_file} cannot be read: {error}"));
    }
    mistakes
}

fn wants_tls(protocol: &str) -> bool {
    matches!(protocol, "ssl" | "sasl_ssl")
}

fn wants_password(protocol: &str) -> bool {
    matches!(protocol, "sasl_plaintext" | "sasl_ssl")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    fn settings(values: &[(&str, &str)]) -> Settings {
        let mut layers = Layers::new();
        for (key, value) in [("kafka.brokers", "broker:9093")].iter().chain(values) {
            layers.set_flag("--set", key, value);
        }
        let (values, mistakes) = layers.examine();
        assert_eq!(mistakes, []);
        Settings::new(values)
    }

    #[test]
    fn librdkafka_is_told_what_is_configured_and_nothing_else() {
        let plain = config(&settings(&[("kafka.username", "me")])).unwrap();
        let told = |config: &KafkaConfig| {
            let told = config.settings.iter().map(|(name, value)| format!("{name}={value}"));
            told.collect::<Vec<_>>()
        };
        assert_eq!(told(&plain), ["security.protocol=plaintext"]);
        let secured = config(&settings(&[
            ("kafka.security_protocol", "sasl_ssl"),
            ("kafka.sasl_mechanism", "SCRAM-SHA-512"),
            ("kafka.username", "me"),
            ("kafka.password", "secret"),
            ("kafka.ca_file", "/etc/ca.pem"),
        ]));
        let expected = [
            "sasl.mechanism=SCRAM-SHA-512",
            "sasl.password=secret",
            "sasl.username=me",
            "security.protocol=sasl_ssl",
            "ssl.ca.location=/etc/ca.pem",
        ];
        assert_eq!(told(&secured.unwrap()), expected);
    }

    #[test]
    fn what_could_never_publish_is_refused_with_its_key() {
        let cases = [
            (
                &[("kafka.security_protocol", "sasl_plaintext"), ("kafka.username", "me")][..],
                "kafka.password",
            ),
            (&[("kafka.password", "secret")], "kafka.security_protocol"),
            (&[("kafka.ca_file", "/no/such/file")], "kafka.ca_file"),
        ];
        for (values, key) in cases {
            let found = mistakes(&settings(values));
            let keys: Vec<&str> = found.iter().map(|mistake| mistake.key.as_str()).collect();
            assert_eq!(keys, [key], "{values:?}");
        }
        assert_eq!(mistakes(&settings(&[])), []);
    }

    #[test]
    fn tls_is_refused_with_the_build_command_unless_it_is_built_in() {
        let scram = [
            ("kafka.security_protocol", "sasl_ssl"),
            ("kafka.sasl_mechanism", "SCRAM-SHA-256"),
            ("kafka.username", "me"),
            ("kafka.password", "secret"),
        ];
        let found = mistakes(&settings(&scram));
        let expected = if cfg!(feature = "kafka-tls") { 0 } else { 2 };
        assert_eq!(found.len(), expected);
        assert!(found.iter().all(|mistake| mistake.problem.contains("--features kafka-tls")));
    }
}
