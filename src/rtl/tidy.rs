//! Layout of the generated Verilog: widths are known only when a template is filled, so columns are aligned here.
//!
//! In a run of declarations (no blank line, nothing else between) ranges end in one column, `=` and trailing comments
//! stand in one column; section rules (`// ---- Title ----`) reach column 120. Spaces change, nothing else.

/// Where a section's rule ends.
const COLUMNS: usize = 120;
const RULE: &str = "// ---- ";

/// A declaration in its columns.
#[derive(Debug, PartialEq)]
struct Declaration<'a> {
    indent: &'a str,
    /// `input`, `output` or nothing.
    direction: &'a str,
    /// `wire` or `reg`.
    kind: &'a str,
    signed: bool,
    /// `[7:0]` or nothing.
    range: &'a str,
    /// The name with what belongs to it: `,`, `;` or nothing before an `=`.
    name: &'a str,
    /// From the `=` on, or nothing.
    value: &'a str,
    /// From the `//` on, or nothing.
    comment: &'a str,
}

/// `text` with its columns aligned.
pub fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut tidied = String::with_capacity(text.len() + text.len() / 8);
    let mut at = 0;
    while at < lines.len() {
        let run = lines[at..].iter().take_while(|line| declaration(line).is_some() || is_attribute(line)).count();
        if run == 0 {
            tidied += &rule(lines[at]);
            tidied.push('\n');
            at += 1;
        } else {
            align(&lines[at..at + run], &mut tidied);
            at += run;
        }
    }
    tidied
}

fn is_attribute(line: &str) -> bool {
    line.trim_start().starts_with("(*")
}

/// A section's title with a rule up to the last column; any other line as it is.
fn rule(line: &str) -> String {
    if !line.trim_start().starts_with(RULE) {
        return line.to_string();
    }
    let title = line.trim_end_matches(['-', ' ']);
    format!("{title} {}", "-".repeat(COLUMNS.saturating_sub(title.chars().count() + 1).max(4)))
}

fn declaration(line: &str) -> Option<Declaration<'_>> {
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    let (code, comment) = body.split_at(body.find("//").unwrap_or(body.len()));
    let (direction, rest) = word(code.trim_end(), &["input", "output"]);
    let (kind, rest) = word(rest, &["wire", "reg"]);
    let (signed, rest) = word(rest, &["signed"]);
    let (range, rest) = if rest.starts_with('[') { rest.split_at(rest.find(']')? + 1) } else { ("", rest) };
    let (name, value) = rest.split_at(rest.find('=').unwrap_or(rest.len()));
    let (name, signed) = (name.trim(), !signed.is_empty());
    // A memory's second range, or a declaration that goes on in the next line, is left alone.
    let whole = code.trim_end().ends_with([',', ';']) || (!direction.is_empty() && value.is_empty());
    let plain = !kind.is_empty() && !name.is_empty() && !name.contains([' ', '[']) && whole;
    plain.then_some(Declaration { indent, direction, kind, signed, range, name, value, comment })
}

/// Splits one of `words` off the front, or nothing.
fn word<'a>(text: &'a str, words: &[&str]) -> (&'a str, &'a str) {
    let found = words.iter().find(|w| text.strip_prefix(**w).is_some_and(|rest| rest.starts_with([' ', '['])));
    let (word, rest) = text.split_at(found.map_or(0, |w| w.len()));
    (word, rest.trim_start())
}

fn align(run: &[&str], tidied: &mut String) {
    let all: Vec<Option<Declaration>> = run.iter().map(|line| declaration(line)).collect();
    let most = |width: fn(&Declaration) -> usize| all.iter().flatten().map(width).max().unwrap_or(0);
    let direction = most(|d| d.direction.len());
    let kind = most(|d| d.kind.len());
    let signed = most(|d| if d.signed { 6 } else { 0 });
    let range = most(|d| d.range.len());
    let name = most(|d| if d.value.is_empty() { 0 } else { d.name.len() });
    let code = |d: &Declaration| {
        let columns = [
            (format!("{:direction$}", d.direction), direction),
            (format!("{:kind$}", d.kind), kind),
            (format!("{:signed$}", if d.signed { "signed" } else { "" }), signed),
            (format!("{:>range$}", d.range), range),
            (if d.value.is_empty() { d.name.to_string() } else { format!("{:name$}", d.name) }, 1),
            (d.value.to_string(), d.value.len()),
        ];
        let used: Vec<String> = columns.into_iter().filter(|(_, width)| *width > 0).map(|(text, _)| text).collect();
        format!("{}{}", d.indent, used.join(" "))
    };
    let comments = all.iter().flatten().filter(|d| !d.comment.is_empty()).map(|d| code(d).len()).max().unwrap_or(0);
    for (line, declaration) in run.iter().zip(&all) {
        *tidied += &match declaration {
            None => line.to_string(),
            Some(d) if d.comment.is_empty() => code(d),
            Some(d) => format!("{:comments$}  {}", code(d), d.comment),
        };
        tidied.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_stand_in_columns() {
        let text = "    input  wire clk_i,\n    (* X = \"y\" *)\n    input  wire [7:0] in_data_i,  // a pixel\n    \
                    output wire [11:0] out_o // a sum\n);\n    reg  signed [4:0] y_q;\n    wire [10:0] a = b + c;\n    \
                    wire longer = d;\n    reg [3:0] mem [0:7];\n";
        let expected = "    input  wire        clk_i,\n    (* X = \"y\" *)\n    input  wire  [7:0] in_data_i,  // a pixel\n    \
                    output wire [11:0] out_o       // a sum\n);\n    reg  signed  [4:0] y_q;\n    \
                    wire        [10:0] a      = b + c;\n    wire               longer = d;\n    reg [3:0] mem [0:7];\n";
        assert_eq!(tidy(text), expected);
    }

    #[test]
    fn rules_reach_the_last_column_and_tidying_twice_changes_nothing() {
        let once = tidy("    // ---- Words: a, b ----\n    wire a;\n");
        let rule = once.lines().next().unwrap();
        assert_eq!(rule.len(), COLUMNS);
        assert!(rule.starts_with("    // ---- Words: a, b ----") && rule.ends_with("----"));
        assert_eq!(tidy(&once), once);
    }
}
