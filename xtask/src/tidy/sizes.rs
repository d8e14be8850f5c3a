//! Ratchets for the sizes of files and functions: what is long already may only get shorter.

use super::Finding;
use super::repository::Repository;
use std::collections::BTreeMap;
use syn::visit::{self, Visit};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const EXCEPTIONS: &str = "xtask/sizes.toml";

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let exceptions = Exceptions::of(repository)?;
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".rs")) {
        let functions = functions(&file.text).map_err(|error| format!("{}: {error}", file.path))?;
        let lines = file.text.lines().count();
        let whole = Measured {
            key: file.path.clone(),
            what: "the file".into(),
            line: 1,
            lines,
            limit: FILE_LINES,
        };
        let parts = functions.into_iter().map(|function| Measured {
            key: format!("{} {}", file.path, function.name),
            what: format!("the function {}", function.name),
            line: function.line,
            lines: function.lines,
            limit: FUNCTION_LINES,
        });
        for measured in std::iter::once(whole).chain(parts) {
            let allowed = exceptions.0.get(&measured.key).copied();
            used.extend(allowed.map(|_| measured.key.clone()));
            findings.extend(
                measured
                    .judge(allowed)
                    .map(|message| Finding::new(&file.path, measured.line, message)),
            );
        }
    }
    let unused = exceptions.0.keys().filter(|key| !used.contains(key));
    findings.extend(unused.map(|key| {
        Finding::new(EXCEPTIONS, 1, format!("`{key}` does not exist any more; remove its entry"))
    }));
    Ok(findings)
}

/// A file or a function with its length.
struct Measured {
    key: String,
    what: String,
    line: usize,
    lines: usize,
    limit: usize,
}

impl Measured {
    fn judge(&self, allowed: Option<usize>) -> Option<String> {
        let Self { what, lines, limit, .. } = self;
        match allowed {
            None if lines > limit => {
                Some(format!("{what} has {lines} lines, {limit} are allowed; split it by ideas"))
            }
            Some(allowed) if *lines > allowed => Some(format!(
                "{what} has grown from {allowed} to {lines} lines; an exception may only shrink: split it by ideas"
            )),
            Some(_) if lines <= limit => Some(format!(
                "{what} has {lines} lines, within the {limit} allowed; remove its entry from {EXCEPTIONS}"
            )),
            Some(allowed) if *lines < allowed => Some(format!(
                "{what} has shrunk to {lines} lines; lower its entry in {EXCEPTIONS} from {allowed}"
            )),
            None | Some(_) => None,
        }
    }
}

/// The files and functions that were too long when the limit came, with their lengths.
struct Exceptions(BTreeMap<String, usize>);

impl Exceptions {
    fn of(repository: &Repository) -> Result<Self, String> {
        let Some(file) = repository.files.iter().find(|file| file.path == EXCEPTIONS) else {
            return Ok(Self(BTreeMap::new()));
        };
        toml::from_str(&file.text).map(Self).map_err(|error| {
            format!("{EXCEPTIONS} is not a list of `\"path\" = lines` and `\"path function\" = lines`: {error}")
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

fn functions(source: &str) -> Result<Vec<Function>, syn::Error> {
    let file = syn::parse_file(source)?;
    let mut functions = Functions(Vec::new());
    functions.visit_file(&file);
    Ok(functions.0)
}

struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let end = block.brace_token.span.close().end().line;
        self.0.push(Function { name: signature.ident.to_string(), line, lines: end - line + 1 });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(lines: usize) -> String {
        format!("/// Words.\nfn long() {{\n{}}}\n", "    f();\n".repeat(lines - 2))
    }

    fn messages(source: &str, exceptions: &str) -> Vec<String> {
        let repository = Repository::of([("a/src/a.rs", source), (EXCEPTIONS, exceptions)]);
        check(&repository).unwrap().into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn functions_are_measured_from_signature_to_brace() {
        let source = "struct A;\nimpl A {\n    /// Words.\n    fn a(\n        self,\n    ) {\n    }\n}\ntrait T { fn d(); fn e() {} }";
        let found: Vec<_> =
            functions(source).unwrap().into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("a".into(), 4, 4), ("e".into(), 9, 1)]);
    }

    #[test]
    fn what_is_too_long_is_told() {
        assert_eq!(messages(&function(FUNCTION_LINES), ""), [""; 0]);
        let long = messages(&function(FUNCTION_LINES + 1), "");
        assert_eq!(long, ["the function long has 71 lines, 70 are allowed; split it by ideas"]);
        let file = "// one\n".repeat(FILE_LINES + 1);
        assert_eq!(
            messages(&file, ""),
            ["the file has 501 lines, 500 are allowed; split it by ideas"]
        );
    }

    #[test]
    fn an_exception_may_only_shrink() {
        let at = |lines| messages(&function(lines), "\"a/src/a.rs long\" = 80");
        assert_eq!(at(80), [""; 0]);
        assert!(at(81)[0].contains("has grown from 80 to 81 lines"));
        assert!(at(79)[0].contains("lower its entry in xtask/sizes.toml from 80"));
        assert!(at(60)[0].contains("remove its entry"));
        let gone = messages("", "\"a/src/b.rs\" = 600");
        assert_eq!(gone, ["`a/src/b.rs` does not exist any more; remove its entry"]);
    }
}
