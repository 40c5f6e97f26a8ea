    // ---- Row slots: the writer gets them back two cycles late, when their last word has been read ----------------
    wire @{ slots.range }@ freed = (step && end_row) ? free_rows : @{ slots.zero }@;
    reg  @{ slots.range }@ freed_q;
    reg  @{ slots.range }@ freed_q2;
    wire @{ slots.range }@ kept = row_kept ? @{ slots.one }@ : @{ slots.zero }@;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            ready_rows_q <= @{ slots.zero }@;
            held_q       <= @{ slots.zero }@;
            freed_q      <= @{ slots.zero }@;
            freed_q2     <= @{ slots.zero }@;
        end else begin
            ready_rows_q <= ready_rows_q + kept - freed;
            held_q       <= held_q + kept - freed_q2;
            freed_q      <= freed;
            freed_q2     <= freed_q;
        end
    end
