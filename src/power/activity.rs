//! Toggle counts: how often each bit of each signal changed in a simulation, from its waveform (VCD).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::BufRead;

use anyhow::{Context, Result, bail, ensure};
use vcd::{Parser, ScopeItem, Var};

/// The clock, whose own changes are counted as cycles.
const CLOCK: &str = "clk_i";

/// One net: a signal, with all ports that it is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// The instance that it belongs to: the outermost that declares it as no port.
    pub scope: usize,
    /// Its name there.
    pub name: String,
    /// Bits.
    pub bits: u32,
    /// Changes between 0 and 1, over all bits.
    pub toggles: u64,
    /// For one bit: cycles in which it was 1.
    pub high: u64,
}

/// One instance, or a named block in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Names from the top module down, the top module's own first.
    pub path: Vec<String>,
    /// What is declared in it: ports and parameters too, to the index of the net.
    pub names: BTreeMap<String, usize>,
}

/// What a waveform says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Every net; the clock counts no toggles.
    pub nets: Vec<Net>,
    /// Every instance.
    pub scopes: Vec<Scope>,
    /// Clock cycles.
    pub cycles: u64,
}

/// A waveform while it is read.
#[derive(Default)]
struct Reader {
    nets: Vec<Net>,
    scopes: Vec<Scope>,
    /// By identifier code: the net.
    index: HashMap<Vec<u8>, usize>,
    /// By net: its value as it is written, most significant bit first, and since when.
    values: Vec<(Vec<u8>, u64)>,
    now: u64,
    next: Next,
    /// Of [`Next::Signal`].
    value: Vec<u8>,
}

/// What the next word of a waveform is.
#[derive(Default)]
enum Next {
    #[default]
    Command,
    /// Whose value came before.
    Signal,
    /// One that is no net.
    OtherSignal,
    CommentEnd,
}

/// Reads a waveform of a design whose clock is `clk_i`, and counts.
///
/// # Errors
/// A waveform that is none, or has no clock.
pub fn read(mut waveform: impl BufRead) -> Result<Activity> {
    let header = Parser::new(&mut waveform).parse_header().context("the waveform's header")?;
    let mut reader = Reader::default();
    reader.declare(&header.items, &[]);
    reader.values = reader.nets.iter().map(|net| (vec![b'x'; net.bits as usize], 0)).collect();
    // A waveform has gigabytes of changes, a line each; the parser takes several times as long for them as this loop.
    let mut line = Vec::new();
    while waveform.read_until(b'\n', &mut line).context("the waveform")? > 0 {
        reader.line(&line).with_context(|| format!("the waveform at time {}", reader.now))?;
        line.clear();
    }
    reader.finish()
}

/// True for what the project names as a module's port.
fn is_port(name: &str) -> bool {
    ["_i", "_o", "_ni"].iter().any(|end| name.ends_with(end))
}

/// Bits that change between 0 and 1: no other two characters of a value differ in the last bit alone.
fn toggles<'a>(old: &[u8], new: impl IntoIterator<Item = &'a u8>) -> u64 {
    old.iter().zip(new).map(|(old, new)| u64::from(old ^ new == 1)).sum()
}

impl Reader {
    fn declare(&mut self, items: &[ScopeItem], above: &[String]) {
        for item in items {
            let ScopeItem::Scope(inner) = item else { continue };
            let path: Vec<String> = above.iter().chain([&inner.identifier]).cloned().collect();
            let at = self.scopes.len();
            self.scopes.push(Scope { path: path.clone(), names: BTreeMap::new() });
            for item in &inner.items {
                if let ScopeItem::Var(var) = item {
                    let net = self.net(var, at);
                    self.scopes[at].names.insert(var.reference.clone(), net);
                }
            }
            self.declare(&inner.items, &path);
        }
    }

    /// The net of a variable in the scope `at`.
    fn net(&mut self, var: &Var, at: usize) -> usize {
        let net = Net { scope: at, name: var.reference.clone(), bits: var.size, toggles: 0, high: 0 };
        let index = *self.index.entry(var.code.to_string().into_bytes()).or_insert(self.nets.len());
        if index == self.nets.len() {
            self.nets.push(net);
        } else if is_port(&self.nets[index].name) && !is_port(&net.name) {
            self.nets[index] = net;
        }
        index
    }

    /// Changes, as many as there are in `line`.
    fn line(&mut self, line: &[u8]) -> Result<()> {
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            match std::mem::take(&mut self.next) {
                Next::Command => self.next = self.command(word)?,
                Next::Signal => {
                    let value = std::mem::take(&mut self.value);
                    self.change(word, &value);
                    self.value = value;
                }
                Next::OtherSignal => {}
                Next::CommentEnd if word == b"$end" => {}
                Next::CommentEnd => self.next = Next::CommentEnd,
            }
        }
        Ok(())
    }

    /// What follows on the command that begins with `word`.
    fn command(&mut self, word: &[u8]) -> Result<Next> {
        let known = |value: &[u8]| value.iter().all(|v| matches!(v, b'0' | b'1' | b'x' | b'X' | b'z' | b'Z'));
        match (word[0], &word[1..]) {
            (_, id) if known(&word[..1]) => self.change(id, &word[..1]),
            (b'b' | b'B', value) if known(value) => {
                self.value.clear();
                self.value.extend_from_slice(value);
                return Ok(Next::Signal);
            }
            (b'#', time) => self.now = std::str::from_utf8(time)?.parse().context("a time")?,
            // Real numbers and strings are no nets.
            (b'r' | b'R' | b's' | b'S', _) => return Ok(Next::OtherSignal),
            (b'$', b"comment") => return Ok(Next::CommentEnd),
            (b'$', b"dumpvars" | b"dumpall" | b"dumpon" | b"dumpoff" | b"end") => {}
            _ => bail!("found {}; expected the change of a value", String::from_utf8_lossy(word)),
        }
        Ok(Next::Command)
    }

    fn change(&mut self, id: &[u8], value: &[u8]) {
        let Some(&at) = self.index.get(id) else { return };
        let (net, (bits, since)) = (&mut self.nets[at], &mut self.values[at]);
        if net.bits == 1 && bits == b"1" {
            net.high += self.now - *since;
        }
        *since = self.now;
        let value = &value[value.len().saturating_sub(bits.len())..];
        // Leading zeros, or the X or Z that all of them are, are not written.
        let missing = bits.len().saturating_sub(value.len());
        let (above, written) = bits.split_at_mut(missing);
        let fill = value.first().filter(|v| !matches!(v, b'0' | b'1')).copied().unwrap_or(b'0');
        net.toggles += toggles(above, std::iter::repeat(&fill)) + toggles(written, value);
        above.fill(fill);
        written.copy_from_slice(value);
    }

    /// Closes the time that nets are high, and takes the clock out.
    fn finish(mut self) -> Result<Activity> {
        // By all its names: where it enters a cell of a library it is called otherwise.
        let clocks: BTreeSet<usize> = self.scopes.iter().filter_map(|scope| scope.names.get(CLOCK).copied()).collect();
        let moves = clocks.iter().map(|clock| std::mem::take(&mut self.nets[*clock].toggles));
        let cycles = moves.max().unwrap_or(0) / 2;
        ensure!(cycles > 0, "the waveform has no clock {CLOCK} that moves");
        let end = self.now;
        let period = (end / cycles).max(1);
        for (net, (value, since)) in self.nets.iter_mut().zip(&self.values) {
            let open = if net.bits == 1 && value == b"1" { end - since } else { 0 };
            net.high = (net.high + open) / period;
        }
        Ok(Activity { nets: self.nets, scopes: self.scopes, cycles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two cycles; `a` 0 to 2 to 3, `en` high in the second, `d_i` and `a` one net.
    const VCD: &str = "$timescale 1ps $end $scope module t $end $var wire 1 ! clk_i $end $var wire 4 # en $end \
        $scope module u $end $var wire 4 % d_i $end $upscope $end $var wire 4 % a $end $var wire 1 & go $end \
        $upscope $end $enddefinitions $end\n#0\n0!\nb0 %\n0&\n#1\n1!\n#2\n0!\nb10 %\n1&\n#3\n1!\n#4\n0!\nb11 %\n";

    #[test]
    fn toggles_are_counted_bit_by_bit_and_nets_once() {
        let activity = read(VCD.as_bytes()).unwrap();
        assert_eq!(activity.cycles, 2);
        let found = |name: &str| activity.nets.iter().find(|net| net.name == name);
        let a = found("a").unwrap();
        assert_eq!((a.toggles, activity.scopes[a.scope].path.join(".").as_str()), (2, "t"));
        assert!(found("d_i").is_none());
        assert_eq!(activity.scopes[1].names["d_i"], activity.scopes[0].names["a"]);
        assert_eq!((found("go").unwrap().toggles, found("go").unwrap().high), (1, 1));
    }

    /// Toggles of `en`, of four bits, and cycles in which `go` is 1, behind `#0 0!` and before a cycle more.
    fn counted(changes: &str) -> Result<(u64, u64)> {
        let header = "$scope module t $end $var wire 1 ! clk_i $end $var wire 4 # en $end $var wire 1 & go $end \
            $upscope $end $enddefinitions $end\n#0 0!\n";
        let activity = read(format!("{header}{changes}\n#6\n1!\n#7\n0!\n#8\n").as_bytes())?;
        let net = |name: &str| activity.nets.iter().find(|net| net.name == name).unwrap();
        Ok((net("en").toggles, net("go").high))
    }

    #[test]
    fn every_form_of_a_change_is_read() {
        let of = |changes| counted(changes).unwrap();
        // From unknown to known is no change; leading zeros are left out; bits above the net are none of it.
        assert_eq!(of("b0000 #\nb11 #\nb1100 #"), (6, 0));
        assert_eq!(of("b0000 #\nb110001 #"), (1, 0));
        // So are X and Z, which are no values.
        assert_eq!(of("b1111 #\nbx #\nb1111 #\nbz #\nB1111 #\nb1xx0 #"), (1, 0));
        assert_eq!(of("$dumpvars b0 # 0& $end\n1&\r\n"), (0, 1));
        assert_eq!(of("b0\n#\n$comment b1111 #\nb1111 # $end b1\n#"), (1, 0));
        // The signal of a real number may look like a change.
        assert_eq!(of("b0 #\nr1.5\n1#\nsb1 1&\nb1 #"), (1, 0));
        for wrong in ["b12 #", "2&", "$dump", "#x"] {
            assert!(counted(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_clock_is_an_error() {
        assert!(read("$enddefinitions $end\n#0\n".as_bytes()).is_err());
    }
}
