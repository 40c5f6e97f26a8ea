    // Row bookkeeping for the next row of windows.
    wire signed @{ y.range }@ below_y   = top_y_q + @{ stride_y }@;
    wire signed @{ y.range }@ next_y    = end_image ? @{ start_y }@ : below_y;
    wire signed @{ y.range }@ base_y    = top_y_q[@{ y.msb }@] ? @{ y.zero }@ : top_y_q;
    wire signed @{ y.range }@ next_base = next_y[@{ y.msb }@] ? @{ y.zero }@ : next_y;
    wire signed @{ y.range }@ reach_y   = next_y + @{ span_y }@;
    wire signed @{ y.range }@ reach_cut = (reach_y > @{ used_y }@) ? @{ used_y }@ : reach_y;
    wire signed @{ y.range }@ next_need = reach_cut - next_base;
    wire signed @{ y.range }@ free_rows = (end_image ? @{ used_y }@ : next_base) - base_y;

    wire @{ wide.range }@ below_sum = {1'b0, top_addr_q} + @{ stride_words }@;
    wire @{ wide.range }@ first_sum = {1'b0, first_addr_q} + @{ image_words }@;
    wire @{ wide.range }@ lead_sum  = {1'b0, first_addr_q} + @{ lead_words }@;
    wire @{ wide.range }@ below_cut = (below_sum >= @{ depth }@) ? below_sum - @{ depth }@ : below_sum;
    wire @{ wide.range }@ first_cut = (first_sum >= @{ depth }@) ? first_sum - @{ depth }@ : first_sum;
    wire @{ wide.range }@ lead_cut  = (lead_sum >= @{ depth }@) ? lead_sum - @{ depth }@ : lead_sum;
    wire @{ addr.range }@ next_top  = end_image ? lead_cut[@{ addr.msb }@:0] : (end_row ? below_cut[@{ addr.msb }@:0] : top_addr_q);
    wire unused_carry = &{1'b0, below_cut[@{ addr.bits }@], first_cut[@{ addr.bits }@], lead_cut[@{ addr.bits }@]};
