//! The synthesis script of a goal.

use super::{Goal, Target};

/// Before anything is optimized: names and places in the source go, which every pass would carry on, and lanes, which are many
/// and alike, stay modules, so that each kind of them is optimized once.
const KEEP_LANES: &str =
    "setattr -unset src w:* c:* %u\nrename -hide w:*\nsetattr -mod -set keep_hierarchy 1 *sg_dot*\n";
/// Before memories are mapped: what lies in block RAM changes no count, and cutting it into the blocks' parameters takes as
/// long as a third of the rest.
const EMPTY_BLOCKS: &str = "setparam -set INIT 1'bx t:$mem_v2 a:rom_style=block %i\n";
/// Before cells are mapped: lanes are flattened, and registers that several of them have are one.
const FLATTEN_LANES: &str = "setattr -mod -unset keep_hierarchy *sg_dot*\nflatten\nopt_merge\nopt_clean\n";

/// The files of a file list, without comments.
pub(super) fn listed(filelist: &str) -> Vec<&str> {
    let files = filelist.lines().map(|line| line.split("//").next().unwrap_or("").trim());
    files.filter(|file| !file.is_empty()).collect()
}

/// The script for the design `top` in the files `sources`: cells counted in `synth/<target>.stat.json`, netlist in
/// `synth/<target>.json`. Without DSPs it is for counting alone: it leaves no
/// netlist and takes shortcuts (for the 7 series).
pub(crate) fn of(sources: &[&str], top: &str, goal: Goal) -> String {
    // Yosys infers no more than bare products for UltraScale+ and ECP5: see sg_product. Lattice's blocks are narrow, and
    // none at all is a case of its own: see sg_times.
    let define = match goal {
        Goal::WithoutDsp(_) => " -D SG_MULT_ROWS",
        _ => match goal.target() {
            Target::Xc7 => "",
            Target::Xcup => " -D SG_DSP48E2",
            Target::Ecp5 => " -D SG_MULT18X18D -D SG_MULT_BITS=18",
            Target::Ice40 => " -D SG_MULT_BITS=16",
        },
    };
    let read: String = sources.iter().map(|file| format!("read_verilog -defer{define} {file}\n")).collect();
    let name = goal.target().name();
    let counting = matches!(goal, Goal::WithoutDsp(_));
    let no_dsp = if counting { "-nodsp " } else { "" };
    let no_buffer = if counting { "-noclkbuf " } else { "" };
    let synth = match goal.target() {
        Target::Xc7 => xc7(&format!("synth_xilinx -family xc7 {no_dsp}{no_buffer}-flatten -top {top}"), counting),
        Target::Xcup => format!("synth_xilinx -family xcup {no_dsp}-flatten -top {top}"),
        Target::Ecp5 => format!("synth_ecp5 {no_dsp}-top {top}"),
        Target::Ice40 => format!("synth_ice40 {}-top {top}", if goal.has_dsp() { "-dsp " } else { "" }),
    };
    // iCE40 has no LUT RAM: a design for another family asks for it.
    let prepare = match goal.target() {
        Target::Ice40 => format!("hierarchy -top {top}\nsetattr -unset ram_style a:ram_style=distributed\n"),
        _ => String::new(),
    };
    let netlist = if counting { String::new() } else { format!("write_json synth/{name}.json\n") };
    // nextpnr does not know the scope cells of newer versions.
    format!("{read}{prepare}{synth}\ndelete t:$scopeinfo\ntee -q -o synth/{name}.stat.json stat -json\n{netlist}")
}

/// `synth` in parts; the parts that only `counting` allows halve its time. Where a register behind a product repeats its sign,
/// Yosys 0.23 takes the rest of it into the DSP48E1 and leaves the repeated bits without a driver: they are cut off before, and
/// a wire that nothing drives is an error. (Of a ROM with a bit that never changes the output register is left for that bit
/// alone: opt_dff makes it the constant. Of a register that a memory took in a part the rest still reads what drove it: a copy,
/// checked with every bit a register, loses it.)
fn xc7(synth: &str, counting: bool) -> String {
    let [first, last] = match counting {
        true => [
            format!("{synth} -run :prepare\n{KEEP_LANES}{synth} -run prepare:map_dsp"),
            format!("{EMPTY_BLOCKS}{synth} -run map_memory:map_cells\n{FLATTEN_LANES}{synth} -run map_cells:"),
        ],
        false => [format!("{synth} -run :map_dsp"), format!("{synth} -run map_memory:")],
    };
    format!(
        "{first}\nwreduce\nopt_clean\n{synth} -run map_dsp:map_memory\nopt_dff\nopt_clean\n\
         design -push-copy\nsimplemap t:$*dff*\nopt_clean\ncheck -assert\ndesign -pop\n{last}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_reads_every_file_of_the_list() {
        let text = of(&listed("rtl/a.v\n\n// a comment\nrtl/b.v // the top\n"), "b", Goal::Family(Target::Xcup));
        assert!(text.starts_with(
            "read_verilog -defer -D SG_DSP48E2 rtl/a.v\nread_verilog -defer -D SG_DSP48E2 rtl/b.v\nsynth"
        ));
        assert!(text.contains("synth_xilinx -family xcup -flatten -top b\n"));
    }

    #[test]
    fn shortcuts_are_for_counting_alone() {
        let full = of(&["a.v"], "b", Goal::Family(Target::Xc7));
        assert!(full.contains("-flatten -top b -run :map_dsp\nwreduce\n") && full.contains("write_json"));
        let counting = of(&["a.v"], "b", Goal::WithoutDsp(Target::Xc7));
        for shortcut in [KEEP_LANES, EMPTY_BLOCKS, FLATTEN_LANES] {
            assert!(counting.contains(shortcut) && !full.contains(shortcut));
        }
        assert!(!counting.contains("write_json"));
    }
}
