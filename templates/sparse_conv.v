// @{ module }@: @{ title }@
//
//   acc[o] = bias[o] + sum over i, ky, kx of weight[o][i][ky][kx] * x[i][y*Sh + ky - Ph][x*Sw + kx - Pw], weights of 0 left out
//   @{ formula }@
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Weights  @{ nonzeros }@ that are not 0, @{ weight_bits }@ bits
// Windows  @{ text::count(*slots, "slot") }@, each read by lanes of its own: @{ text::count(*column.count, "value") }@ a window and slot, one a cycle
// Lanes    @{ lanes }@ (multipliers of @{ act_bits }@ x @{ weight_bits }@ bits, @{ lut_products }@ of them in LUTs)
// Cycles   @{ cycles }@ an image = @{ windows }@ windows x @{ window_cycles }@
// Program  @{ window_cycles }@ words x @{ program_width }@ bits; entry of lane n in bits [n*@{ entry_bits }@ +: @{ entry_bits }@]: weight (@{ weight_bits }@ bits), column (@{ column.bits }@), last of its row (1)
// Results  leave @{ text::count(*step, "channel") }@ a cycle into a queue of @{ queue_beats }@ beats
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire @{ word_range }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,
    output wire @{ out_range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);

    // ---- Windows: one starts when the queue has room for its results, every @{ text::count(*window_cycles, "cycle") }@ at most --------------------
    wire grant;
    wire start;
    wire pausing;
    wire @{ taps_range }@ tap_data;
    wire tap_valid;
    wire tap_last;
    wire unused_step;
    wire unused_first;
    wire unused_pause_active;
    wire unused_pause_last;
    wire @{ program.range }@ unused_pause;

    sg_burst #(
        .Count    (@{ window_cycles }@),
        .IndexBits(@{ program.bits }@)
    ) u_pause (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .go_i    (start),
        .busy_o  (pausing),
        .active_o(unused_pause_active),
        .last_o  (unused_pause_last),
        .index_o (unused_pause)
    );
<%- let grant = "grant && !pausing" %><% let step_wire = "unused_step" %><% let first_wire = "unused_first" %>

<% include "window_instance.v" %>

    // Where a window's values lie in the lanes: one page is written while the program reads the other.
    reg @{ column.range }@ column_q;
    reg page_q;
    wire window_done = tap_valid && tap_last;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            column_q <= @{ column.zero }@;
            page_q   <= 1'b0;
        end else if (tap_valid) begin
            column_q <= tap_last ? @{ column.zero }@ : column_q + @{ column.one }@;
            page_q   <= tap_last ? !page_q : page_q;
        end
    end

    // They are written a cycle later, as the program's words are taken from its memory a cycle later.
    reg write_q;
    reg [@{ column.bits }@:0] write_place_q;
    reg @{ taps_range }@ write_data_q;
    wire unused_taps = &{1'b0, write_data_q};

    always @(posedge clk_i) begin
        write_q       <= rst_ni && tap_valid;
        write_place_q <= {column_q, page_q};
        write_data_q  <= tap_data;
    end

    // ---- Program: every window takes all of it ------------------------------------------------------------------------
    wire program_step;
    wire program_last;
    wire unused_program_busy;
    wire @{ program.range }@ program_addr;
    wire [@{ program_width - 1 }@:0] entries;
    reg  [@{ program_width - 1 }@:0] entries_q;
    reg  entry_page_q;
    reg  entry_page_q2;

    sg_burst #(
        .Count    (@{ window_cycles }@),
        .IndexBits(@{ program.bits }@)
    ) u_program_addr (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .go_i    (window_done),
        .busy_o  (unused_program_busy),
        .active_o(program_step),
        .last_o  (program_last),
        .index_o (program_addr)
    );

    sg_rom #(
        .Width   (@{ program_width }@),
        .Depth   (@{ window_cycles }@),
        .AddrBits(@{ program.bits }@),
        .File    ("mem/@{ module }@_program.hex"),
        .Style   ("@{ program_style }@")
    ) u_program (
        .clk_i (clk_i),
        .en_i  (program_step),
        .addr_i(program_addr),
        .data_o(entries)
    );

    always @(posedge clk_i) begin
        if (window_done) begin
            entry_page_q <= page_q;
        end
        entry_page_q2 <= entry_page_q;
        entries_q     <= entries;
    end

    // The stages behind the program: entry, multiply, add, store.
    wire entry_valid;
    wire mac;
    wire store;
    wire store_page;
    wire store_end;

    sg_delay #(
        .Width (1),
        .Cycles(2)
    ) u_entry (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(program_step),
        .data_o(entry_valid)
    );

    sg_delay #(
        .Width (1),
        .Cycles(2)
    ) u_mac (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(entry_valid),
        .data_o(mac)
    );

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_store (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(mac),
        .data_o(store)
    );

    sg_delay #(
        .Width (1),
        .Cycles(3)
    ) u_store_page (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(entry_page_q2),
        .data_o(store_page)
    );

    sg_delay #(
        .Width (1),
        .Cycles(5)
    ) u_store_end (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(program_last),
        .data_o(store_end)
    );

    // ---- Rows: the table says in which lane of each bank a row's sum lies, and where -----------------------------------
    wire table_step;
    wire unused_table_busy;
    wire unused_table_last;
    wire @{ beat.range }@ table_addr;
    wire [@{ table_width - 1 }@:0] table_word;
    wire row_read;
    reg  row_page_q;

    sg_burst #(
        .Count    (@{ steps }@),
        .IndexBits(@{ beat.bits }@)
    ) u_table_addr (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .go_i    (store_end),
        .busy_o  (unused_table_busy),
        .active_o(table_step),
        .last_o  (unused_table_last),
        .index_o (table_addr)
    );

    sg_rom #(
        .Width   (@{ table_width }@),
        .Depth   (@{ steps }@),
        .AddrBits(@{ beat.bits }@),
        .File    ("mem/@{ module }@_row.hex"),
        .Style   ("@{ table_style }@")
    ) u_table (
        .clk_i (clk_i),
        .en_i  (table_step),
        .addr_i(table_addr),
        .data_o(table_word)
    );

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_row_read (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(table_step),
        .data_o(row_read)
    );

    always @(posedge clk_i) begin
        if (store_end) begin
            row_page_q <= store_page;
        end
    end

    // ---- Lanes --------------------------------------------------------------------------------------------------------
<%- for bank in banks %>
    wire [@{ sum_bits - 1 }@:0] sum@{ bank.index }@;

    sg_gather_bank #(
        .Lanes     (@{ bank.lanes }@),
        .LutLanes  (@{ bank.lut_lanes }@),
        .Choices   (@{ bank.choices }@),
        .SelectBits(@{ bank.select_bits }@),
        .ActBits   (@{ act_bits }@),
        .ActSigned (@{ act_signed }@),
        .WeightBits(@{ weight_bits }@),
        .Columns   (@{ column.count }@),
        .ColumnBits(@{ column.bits }@),
        .Rows      (@{ bank.rows }@),
        .RowBits   (@{ bank.row_bits }@),
        .SumBits   (@{ sum_bits }@),
        .RamStyle  ("@{ lane_style }@")
    ) u_slot@{ bank.slot }@_exit@{ bank.exit }@ (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .write_i      (write_q),
        .write_place_i(write_place_q),
        .write_data_i (write_data_q[@{ bank.act_at }@+:@{ act_bits }@]),
        .entry_valid_i(entry_valid),
        .entry_page_i (entry_page_q2),
        .entries_i    (entries_q[@{ bank.entries_at }@+:@{ bank.entries_width }@]),
        .mac_i        (mac),
        .store_i      (store),
        .store_page_i (store_page),
        .store_end_i  (store_end),
        .read_i       (row_read),
        .read_place_i ({@{ bank.row }@, row_page_q}),
        .select_i     (@{ bank.select }@),
        .sum_o        (sum@{ bank.index }@)
    );
<% endfor %>
    // ---- Sums of the slots ----------------------------------------------------------------------------------------------
    wire result_next;
    wire result_valid;
    wire [@{ step * acc_bits - 1 }@:0] result_sums;
<%- for exit in exits %>

    sg_tree #(
        .Terms  (@{ exit.terms }@),
        .Levels (@{ tree_levels }@),
        .InBits (@{ sum_bits }@),
        .OutBits(@{ acc_bits }@)
    ) u_sum@{ exit.index }@ (
        .clk_i (clk_i),
        .data_i({@{ exit.sums }@}),
        .sum_o (result_sums[@{ exit.index * acc_bits }@+:@{ acc_bits }@])
    );
<%- endfor %>

    sg_delay #(
        .Width (1),
        .Cycles(@{ next_delay }@)
    ) u_result_next (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(table_step),
        .data_o(result_next)
    );

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_result_valid (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(result_next),
        .data_o(result_valid)
    );

@{ drain }@

endmodule

`default_nettype wire
