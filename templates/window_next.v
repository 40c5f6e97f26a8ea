    // Row bookkeeping for the next row of windows<% if rows_ahead %>, a cycle ahead: it depends on the row alone<% endif %>.
    wire last_row = (oy_q == @{ oy.last }@);
    wire signed @{ y.range }@ below_y    = top_y_q + @{ stride_y }@;
    wire signed @{ y.range }@ after_y    = last_row ? @{ start_y }@ : below_y;
    wire above      = top_y_q[@{ y.msb }@];       // these windows begin above the image, the next ones too
    wire next_above = below_y[@{ y.msb }@];
    wire next_over  = (top_y_q > @{ full_y }@);  // the next windows end below the image
    wire signed @{ y.range }@ need_above = next_over ? @{ used_y }@ : top_y_q + @{ reach_y }@;
    wire signed @{ y.range }@ need_in    = next_over ? @{ left_y }@ - top_y_q : @{ span_y }@;
    wire signed @{ y.range }@ need_below = next_above ? need_above : need_in;
    wire @{ slots.range }@ need = last_row ? @{ first_need }@ : need_below[@{ slots.msb }@:0];
    // Rows that the next row of windows does not need any more.
    wire signed @{ y.range }@ rest_rows  = above ? @{ used_y }@ : @{ used_y }@ - top_y_q;
    wire signed @{ y.range }@ moved_rows = !above ? @{ stride_y }@ : (next_above ? @{ y.zero }@ : below_y);
    wire signed @{ y.range }@ spare      = last_row ? rest_rows : moved_rows;

    wire @{ addr.range }@ below_addr = @{ below_addr }@;
    wire @{ addr.range }@ first_addr = @{ first_addr }@;
    wire @{ addr.range }@ lead_addr  = @{ lead_addr }@;
    wire @{ addr.range }@ after_top  = last_row ? lead_addr : below_addr;
    wire unused_high = &{1'b0, need_below, spare};

<%- if rows_ahead %>

    reg signed @{ y.range }@ next_y_q;
    reg @{ slots.range }@ next_need_q;
    reg @{ slots.range }@ free_rows_q;
    reg @{ addr.range }@ row_top_q;

    always @(posedge clk_i) begin
        next_y_q    <= after_y;
        next_need_q <= need;
        free_rows_q <= spare[@{ slots.msb }@:0];
        row_top_q   <= after_top;
    end

    wire signed @{ y.range }@ next_y = next_y_q;
    wire @{ slots.range }@ next_need = next_need_q;
    wire @{ slots.range }@ free_rows = free_rows_q;
    wire @{ addr.range }@ row_top = row_top_q;
<%- else %>
    wire signed @{ y.range }@ next_y = after_y;
    wire @{ slots.range }@ next_need = need;
    wire @{ slots.range }@ free_rows = spare[@{ slots.msb }@:0];
    wire @{ addr.range }@ row_top = after_top;
<%- endif %>
    wire @{ addr.range }@ next_top = end_row ? row_top : top_addr_q;
