//! Rust sources as a flat list of tokens with their lines, without unit tests.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub line: usize,
    pub kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of the program.
    Ident(String),
    /// A text in quotes, without them.
    Text(String),
    /// Any other literal.
    Literal,
    /// A sign; brackets included.
    Sign(char),
}

impl Token {
    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(super) fn ident(&self) -> Option<&str> {
        match &self.kind {
            Kind::Ident(word) => Some(word),
            Kind::Text(_) | Kind::Literal | Kind::Sign(_) => None,
        }
    }
}

/// The tokens of a source, but for what stands under `#[cfg(test)]`.
pub(super) fn of(source: &str) -> Result<Vec<Token>, String> {
    let stream: TokenStream = source.parse().map_err(|error| format!("not Rust: {error}"))?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_hash = matches!(&tree, TokenTree::Punct(sign) if sign.as_char() == '#');
        if is_hash && trees.peek().is_some_and(is_cfg_test) {
            // The item ends with its braces, or with a semicolon.
            trees.by_ref().skip(1).find(ends_item);
            continue;
        }
        push(tree, out);
    }
}

fn is_cfg_test(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(_)) && tree.to_string().replace(' ', "") == "[cfg(test)]"
}

fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

fn push(tree: TokenTree, out: &mut Vec<Token>) {
    let line = tree.span().start().line;
    let kind = match tree {
        TokenTree::Ident(word) => Kind::Ident(word.to_string()),
        TokenTree::Punct(sign) => Kind::Sign(sign.as_char()),
        TokenTree::Literal(literal) => match syn::parse_str::<syn::LitStr>(&literal.to_string()) {
            Ok(text) => Kind::Text(text.value()),
            Err(_) => Kind::Literal,
        },
        TokenTree::Group(group) => {
            let brackets = match group.delimiter() {
                Delimiter::Parenthesis => Some(('(', ')')),
                Delimiter::Brace => Some(('{', '}')),
                Delimiter::Bracket => Some(('[', ']')),
                Delimiter::None => None,
            };
            if let Some((open, _)) = brackets {
                out.push(Token { line, kind: Kind::Sign(open) });
            }
            let end = group.span_close().start().line;
            flatten(group.stream(), out);
            if let Some((_, close)) = brackets {
                out.push(Token { line: end, kind: Kind::Sign(close) });
            }
            return;
        }
    };
    out.push(Token { line, kind });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_carry_their_lines_and_texts_their_values() {
        let tokens = of("fn f() {\n  g(\"a\\\"b\", 1)\n}").unwrap();
        let text = tokens.iter().find(|token| matches!(token.kind, Kind::Text(_))).unwrap();
        assert_eq!(*text, Token { line: 2, kind: Kind::Text("a\"b".into()) });
        assert_eq!(tokens.last().unwrap().line, 3);
    }

    #[test]
    fn unit_tests_are_left_out() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests { fn hidden() {} }\nfn b() {}";
        let words: Vec<String> = of(source)
            .unwrap()
            .iter()
            .filter_map(|token| token.ident().map(String::from))
            .collect();
        assert_eq!(words, ["fn", "a", "fn", "b"]);
        assert_eq!(of("#[cfg(test)] mod tests;").unwrap(), []);
    }
}
