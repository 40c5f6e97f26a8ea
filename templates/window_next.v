    // Row bookkeeping for the next row of windows<% if rows_ahead %>, a cycle ahead: it depends on the row alone<% endif %>.
    wire last_row = (oy_q == @{ oy.last }@);
    wire signed @{ y.range }@ below_y   = top_y_q + @{ stride_y }@;
    wire signed @{ y.range }@ after_y   = last_row ? @{ start_y }@ : below_y;
    wire signed @{ y.range }@ base_y    = top_y_q[@{ y.msb }@] ? @{ y.zero }@ : top_y_q;
    wire signed @{ y.range }@ next_base = after_y[@{ y.msb }@] ? @{ y.zero }@ : after_y;
    wire signed @{ y.range }@ reach_y   = after_y + @{ span_y }@;
    wire signed @{ y.range }@ reach_cut = (reach_y > @{ used_y }@) ? @{ used_y }@ : reach_y;
    wire signed @{ y.range }@ need      = reach_cut - next_base;
    wire signed @{ y.range }@ spare     = (last_row ? @{ used_y }@ : next_base) - base_y;

    wire @{ wide.range }@ below_sum = {1'b0, top_addr_q} + @{ stride_words }@;
    wire @{ wide.range }@ first_sum = {1'b0, first_addr_q} + @{ image_words }@;
    wire @{ wide.range }@ lead_sum  = {1'b0, first_addr_q} + @{ lead_words }@;
    wire @{ wide.range }@ below_cut = (below_sum >= @{ depth }@) ? below_sum - @{ depth }@ : below_sum;
    wire @{ wide.range }@ first_cut = (first_sum >= @{ depth }@) ? first_sum - @{ depth }@ : first_sum;
    wire @{ wide.range }@ lead_cut  = (lead_sum >= @{ depth }@) ? lead_sum - @{ depth }@ : lead_sum;
    wire @{ addr.range }@ after_top = last_row ? lead_cut[@{ addr.msb }@:0] : below_cut[@{ addr.msb }@:0];
    wire unused_carry = &{1'b0, below_cut[@{ addr.bits }@], first_cut[@{ addr.bits }@], lead_cut[@{ addr.bits }@], need, spare};

<%- if rows_ahead %>

    reg signed @{ y.range }@ next_y_q;
    reg @{ slots.range }@ next_need_q;
    reg @{ slots.range }@ free_rows_q;
    reg @{ addr.range }@ row_top_q;

    always @(posedge clk_i) begin
        next_y_q    <= after_y;
        next_need_q <= need[@{ slots.msb }@:0];
        free_rows_q <= spare[@{ slots.msb }@:0];
        row_top_q   <= after_top;
    end

    wire signed @{ y.range }@ next_y = next_y_q;
    wire @{ slots.range }@ next_need = next_need_q;
    wire @{ slots.range }@ free_rows = free_rows_q;
    wire @{ addr.range }@ row_top = row_top_q;
<%- else %>
    wire signed @{ y.range }@ next_y = after_y;
    wire @{ slots.range }@ next_need = need[@{ slots.msb }@:0];
    wire @{ slots.range }@ free_rows = spare[@{ slots.msb }@:0];
    wire @{ addr.range }@ row_top = after_top;
<%- endif %>
    wire @{ addr.range }@ next_top = end_row ? row_top : top_addr_q;
