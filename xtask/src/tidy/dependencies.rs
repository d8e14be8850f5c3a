//! Which crate may depend on which, as `cargo metadata` sees it.

use super::Finding;
use super::repository::Repository;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A crate of the workspace: its package, what it may use, and what its tests may use besides.
struct Rule {
    package: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

const KERNEL: &str = "tradewind-kernel";
const PROGRAM: &str = "tradewind";

/// Dependencies point towards the kernel.
const RULES: [Rule; 11] = [
    Rule { package: KERNEL, uses: &[], tests_use: &[] },
    Rule { package: "tradewind-journal", uses: &[KERNEL], tests_use: &[] },
    Rule { package: "tradewind-marketdata", uses: &[KERNEL], tests_use: &[] },
    Rule { package: "tradewind-strategies", uses: &[KERNEL], tests_use: &["tradewind-marketdata"] },
    Rule { package: "tradewind-exchange", uses: &[KERNEL, "tradewind-marketdata"], tests_use: &[] },
    Rule {
        package: "tradewind-model",
        uses: &[KERNEL, "tradewind-marketdata", "tradewind-strategies"],
        tests_use: &[],
    },
    Rule {
        package: "tradewind-backtest",
        uses: &[
            KERNEL,
            "tradewind-journal",
            "tradewind-marketdata",
            "tradewind-strategies",
            "tradewind-exchange",
        ],
        tests_use: &[],
    },
    Rule {
        package: "tradewind-simulation",
        uses: &[
            KERNEL,
            "tradewind-journal",
            "tradewind-marketdata",
            "tradewind-exchange",
            "tradewind-backtest",
        ],
        tests_use: &[],
    },
    Rule {
        package: "tradewind-runtime",
        uses: &[KERNEL, "tradewind-journal", "tradewind-marketdata", "tradewind-strategies"],
        tests_use: &["tradewind-exchange"],
    },
    Rule {
        package: PROGRAM,
        uses: &[
            KERNEL,
            "tradewind-journal",
            "tradewind-marketdata",
            "tradewind-strategies",
            "tradewind-exchange",
            "tradewind-backtest",
            "tradewind-runtime",
            "tradewind-model",
        ],
        tests_use: &[],
    },
    Rule { package: "xtask", uses: &["tradewind-marketdata"], tests_use: &[] },
];

/// The only libraries that the kernel may use.
const KERNEL_LIBRARIES: [&str; 2] = ["serde", "thiserror"];

/// Libraries so heavy that the default program must build without them.
const NOT_BY_DEFAULT: [&str; 2] = ["polars", "burn"];

const PLACE: &str = "Cargo.toml";

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(&repository.root)
        .output()
        .map_err(|error| format!("cargo metadata cannot be run ({error})"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo metadata failed: {}", said.trim()));
    }
    let metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    Ok(findings(&Metadata(metadata)))
}

fn findings(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |message: String| findings.push(Finding::new(PLACE, 1, message));
    let members: BTreeSet<&str> = metadata.members().map(|package| text(package, "name")).collect();
    for package in metadata.members() {
        let name = text(package, "name");
        let Some(rule) = RULES.iter().find(|rule| rule.package == name) else {
            say(format!(
                "crate {name} has no rule; add it to RULES in xtask/src/tidy/dependencies.rs with what it may use"
            ));
            continue;
        };
        for (used, is_test) in dependencies(package) {
            let inside = members.contains(used);
            let allowed = rule.uses.contains(&used) || (is_test && rule.tests_use.contains(&used));
            if inside && !allowed {
                say(format!(
                    "{name} depends on {used}, against the direction of docs/ARCHITECTURE.md; move the code to the crate that may hold it, or turn the dependency round"
                ));
            }
            if name == KERNEL && !is_test && !inside && !KERNEL_LIBRARIES.contains(&used) {
                say(format!(
                    "the kernel depends on {used}; it may use {} only, so that it stays small and deterministic",
                    KERNEL_LIBRARIES.join(" and ")
                ));
            }
        }
    }
    for library in metadata.reachable_from(PROGRAM) {
        let name = text(library, "name");
        if let Some(heavy) = NOT_BY_DEFAULT.iter().find(|heavy| name.starts_with(*heavy)) {
            say(format!(
                "the default build contains {name}; put {heavy} behind a cargo feature that is off by default"
            ));
        }
        if is_copyleft(text(library, "license")) {
            say(format!(
                "{name} is licensed {}; choose a library that MIT or Apache-2.0 may contain",
                text(library, "license")
            ));
        }
    }
    findings.sort_by(|one, other| one.message.cmp(&other.message));
    findings.dedup();
    findings
}

/// Whether every alternative of a licence expression is one of the GPL family.
fn is_copyleft(license: &str) -> bool {
    license.contains("GPL") && license.split(" OR ").all(|choice| choice.contains("GPL"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The names of what a package depends on, and whether only its tests do.
fn dependencies(package: &Value) -> impl Iterator<Item = (&str, bool)> {
    list(package, "dependencies").map(|used| (text(used, "name"), text(used, "kind") == "dev"))
}

struct Metadata(Value);

impl Metadata {
    fn packages(&self) -> impl Iterator<Item = &Value> {
        list(&self.0, "packages")
    }

    fn members(&self) -> impl Iterator<Item = &Value> {
        let ids: BTreeSet<&str> =
            list(&self.0, "workspace_members").filter_map(Value::as_str).collect();
        self.packages().filter(move |package| ids.contains(text(package, "id")))
    }

    /// Every package that the default build of a program contains, itself included.
    fn reachable_from(&self, program: &str) -> Vec<&Value> {
        let packages: BTreeMap<&str, &Value> =
            self.packages().map(|package| (text(package, "id"), package)).collect();
        let nodes: BTreeMap<&str, &Value> = self
            .0
            .get("resolve")
            .map(|resolve| list(resolve, "nodes").map(|node| (text(node, "id"), node)).collect())
            .unwrap_or_default();
        let start = self.members().find(|package| text(package, "name") == program);
        let mut waiting: Vec<&str> = start.map(|package| text(package, "id")).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(node) = nodes.get(id) {
                waiting.extend(list(node, "deps").filter(is_built).map(|dep| text(dep, "pkg")));
            }
        }
        seen.iter().filter_map(|id| packages.get(id).copied()).collect()
    }
}

/// Whether a dependency is more than one of tests.
fn is_built(dependency: &&Value) -> bool {
    list(dependency, "dep_kinds").any(|kind| text(kind, "kind") != "dev")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Name, licence, and what it uses in which way.
    type Package<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    /// What is found in a workspace of packages, all resolved.
    fn messages(packages: &[Package<'_>]) -> Vec<String> {
        let workspace = ["tradewind", "xtask", "stranger"];
        let member = |name: &str| workspace.iter().any(|start| name.starts_with(start));
        let described: Vec<Value> = packages
            .iter()
            .map(|(name, license, uses)| {
                let uses: Vec<Value> =
                    uses.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
                json!({"name": name, "id": name, "license": license, "dependencies": uses})
            })
            .collect();
        let nodes: Vec<Value> = packages
            .iter()
            .map(|(name, _, uses)| {
                let deps: Vec<Value> = uses
                    .iter()
                    .map(|(name, kind)| json!({"pkg": name, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                json!({"id": name, "deps": deps})
            })
            .collect();
        let members: Vec<&str> =
            packages.iter().map(|(name, ..)| *name).filter(|name| member(name)).collect();
        let metadata = json!({
            "packages": described, "workspace_members": members, "resolve": {"nodes": nodes}
        });
        findings(&Metadata(metadata)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_sound_workspace_has_no_findings() {
        let packages: [Package<'_>; 5] = [
            (KERNEL, "MIT", &[("serde", "normal"), ("proptest", "dev")]),
            ("tradewind-runtime", "MIT", &[(KERNEL, "normal"), ("tradewind-exchange", "dev")]),
            ("tradewind-exchange", "MIT", &[(KERNEL, "normal")]),
            (PROGRAM, "MIT", &[("tradewind-runtime", "normal")]),
            ("serde", "MIT OR Apache-2.0", &[]),
        ];
        assert_eq!(messages(&packages), [""; 0]);
    }

    #[test]
    fn a_dependency_against_the_direction_is_told() {
        let found = messages(&[
            ("tradewind-journal", "MIT", &[("tradewind-runtime", "normal")]),
            ("tradewind-runtime", "MIT", &[]),
        ]);
        assert!(
            found[0].starts_with("tradewind-journal depends on tradewind-runtime"),
            "{found:?}"
        );
        let found = messages(&[
            ("tradewind-runtime", "MIT", &[("tradewind-exchange", "normal")]),
            ("tradewind-exchange", "MIT", &[]),
        ]);
        assert!(
            found[0].starts_with("tradewind-runtime depends on tradewind-exchange"),
            "{found:?}"
        );
    }

    #[test]
    fn the_kernel_uses_two_libraries_only() {
        let found = messages(&[(KERNEL, "MIT", &[("chrono", "normal"), ("criterion", "dev")])]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("the kernel depends on chrono; it may use serde and thiserror")
        );
    }

    #[test]
    fn heavy_and_copyleft_libraries_in_the_program_are_told() {
        let found = messages(&[
            (PROGRAM, "MIT", &[("sink", "normal"), ("burn", "dev")]),
            ("sink", "GPL-3.0-only", &[("polars-core", "normal")]),
            ("polars-core", "MIT OR GPL-2.0", &[]),
            ("burn", "MIT", &[]),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("sink is licensed GPL-3.0-only"));
        assert!(found[1].starts_with("the default build contains polars-core"));
    }

    #[test]
    fn a_crate_without_a_rule_is_told() {
        assert!(messages(&[("stranger", "MIT", &[])])[0].starts_with("crate stranger has no rule"));
    }
}
