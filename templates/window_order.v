    // ---- Memories: every slot and bank at once ----------------------------------------------------------------
    reg  [2:0] tag_q;                     // valid, first, last
    wire @{ banked.slot_hot }@ write_slot = @{ banked.slot_one }@ << write_slot_q;
    wire @{ banked.bank_hot }@ write_bank = @{ banked.bank_one }@ << write_bank_q;
    wire @{ banked.bank_hot }@ behind = (@{ banked.bank_one }@ << left_bank_q) - @{ banked.bank_one }@;  // banks that the window enters a column later
    wire [@{ rows * kernel_w * word_bits - 1 }@:0] read_data;

    always @(posedge clk_i) begin
        tag_q <= rst_ni ? {step, start_q, end_fold} : 3'b000;
    end

    genvar s;
    genvar b;
    generate
        for (b = 0; b < @{ kernel_w }@; b = b + 1) begin : gen_bank
            reg @{ banked.place.range }@ read_addr_q;
            always @(posedge clk_i) begin
                read_addr_q <= behind[b] ? word_addr_q + @{ banked.pixel_words }@ : word_addr_q;
            end
            for (s = 0; s < @{ rows }@; s = s + 1) begin : gen_slot
                sg_ram #(
                    .Width   (@{ word_bits }@),
                    .Depth   (@{ banked.depth }@),
                    .AddrBits(@{ banked.place.bits }@),
                    .Style   ("@{ ram_style }@")
                ) u_rows (
                    .clk_i       (clk_i),
                    .write_en_i  (write_en && write_slot[s] && write_bank[b]),
                    .write_addr_i(write_addr_q),
                    .write_data_i(in_data_i),
                    .read_en_i   (tag_q[2]),
                    .read_addr_i (read_addr_q),
                    .read_data_o (read_data[(s*@{ kernel_w }@+b)*@{ word_bits }@+:@{ word_bits }@])
                );
            end
        end
    endgenerate

    // ---- Rows, then columns, into the window's order ----------------------------------------------------------
    wire @{ addr.range }@ picked_slot;
    wire @{ banked.bank.range }@ picked_bank;
    reg  [@{ kernel_h * kernel_w * word_bits - 1 }@:0] lines_q;  // row by row of the window, bank by bank
    wire [@{ banked.phase.count * plan.k_par * word_bits - 1 }@:0] taps;

    sg_delay #(
        .Width (@{ addr.bits }@),
        .Cycles(2)
    ) u_slot (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(top_addr_q),
        .data_o(picked_slot)
    );

    sg_delay #(
        .Width (@{ banked.bank.bits }@),
        .Cycles(3)
    ) u_bank (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(left_bank_q),
        .data_o(picked_bank)
    );
<%- if padded %>

    // Taps outside the image.
    wire @{ banked.line_hot }@ row_inside = {@{ banked.row_inside }@};
    wire @{ banked.bank_hot }@ col_inside = {@{ banked.col_inside }@};
    wire @{ banked.line_hot }@ row_shown;
    wire @{ banked.bank_hot }@ col_shown;

    sg_delay #(
        .Width (@{ kernel_h + kernel_w }@),
        .Cycles(3)
    ) u_inside (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i({row_inside, col_inside}),
        .data_o({row_shown, col_shown})
    );
<%- endif %>

    genvar ky;
    genvar kx;
    generate
        for (ky = 0; ky < @{ kernel_h }@; ky = ky + 1) begin : gen_line
            for (kx = 0; kx < @{ kernel_w }@; kx = kx + 1) begin : gen_tap
                wire [@{ rows * word_bits - 1 }@:0] ring;      // bank kx of the slots, from the top slot's place on
                wire [@{ kernel_w * word_bits - 1 }@:0] line;  // the line's banks, from bank kx on
                wire @{ word }@ ring_word;
                wire @{ word }@ line_word;
                for (s = 0; s < @{ rows }@; s = s + 1) begin : gen_turn_slot
                    assign ring[s*@{ word_bits }@+:@{ word_bits }@] = read_data[(((s+ky)%@{ rows }@)*@{ kernel_w }@+kx)*@{ word_bits }@+:@{ word_bits }@];
                end
                for (b = 0; b < @{ kernel_w }@; b = b + 1) begin : gen_turn_bank
                    assign line[b*@{ word_bits }@+:@{ word_bits }@] = lines_q[(ky*@{ kernel_w }@+(b+kx)%@{ kernel_w }@)*@{ word_bits }@+:@{ word_bits }@];
                end

                sg_pick #(
                    .Width  (@{ word_bits }@),
                    .Count  (@{ rows }@),
                    .SelBits(@{ addr.bits }@)
                ) u_slot (
                    .data_i(ring),
                    .sel_i (picked_slot),
                    .data_o(ring_word)
                );

                sg_pick #(
                    .Width  (@{ word_bits }@),
                    .Count  (@{ kernel_w }@),
                    .SelBits(@{ banked.bank.bits }@)
                ) u_bank (
                    .data_i(line),
                    .sel_i (picked_bank),
                    .data_o(line_word)
                );

                always @(posedge clk_i) begin
                    lines_q[(ky*@{ kernel_w }@+kx)*@{ word_bits }@+:@{ word_bits }@] <= ring_word;
                end
<%- if padded %>
                assign taps[(ky*@{ kernel_w }@+kx)*@{ word_bits }@+:@{ word_bits }@] = (row_shown[ky] && col_shown[kx]) ? line_word : @{ pad_word }@;
<%- else %>
                assign taps[(ky*@{ kernel_w }@+kx)*@{ word_bits }@+:@{ word_bits }@] = line_word;
<%- endif %>
            end
        end
    endgenerate
<%- if banked.spare_taps > 0 %>

    assign taps[@{ kernel_h * kernel_w * word_bits }@+:@{ banked.spare_taps * word_bits }@] = @{ banked.spare_taps * word_bits }@'d0;
<%- endif %>
<%- if banked.phase.count > 1 %>

    wire @{ banked.phase.range }@ picked_phase;
    wire @{ banked.taps_word }@ picked_taps;

    sg_delay #(
        .Width (@{ banked.phase.bits }@),
        .Cycles(3)
    ) u_phase (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(phase_q),
        .data_o(picked_phase)
    );

    sg_pick #(
        .Width  (@{ plan.k_par * word_bits }@),
        .Count  (@{ banked.phase.count }@),
        .SelBits(@{ banked.phase.bits }@)
    ) u_taps (
        .data_i(taps),
        .sel_i (picked_phase),
        .data_o(picked_taps)
    );
<%- endif %>

    always @(posedge clk_i) begin
        tap_data_o <= <% if banked.phase.count > 1 %>picked_taps<% else %>taps<% endif %>;
    end
