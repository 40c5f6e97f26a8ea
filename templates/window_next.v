    // need: rows that must be complete before the next row of windows starts, counted from the first that is kept for it;
    // spare: rows that are kept no longer when this one ends<% if rows_ahead %>. Made a cycle ahead: they depend on the row alone<% endif %>.
    wire last_row = (oy_q == @{ oy.last }@);
<%- if rows_moved.special.is_empty() %>
    wire @{ slots.range }@ need = @{ rows_moved.usual.need }@;
    wire @{ slots.range }@ spare = @{ rows_moved.usual.spare }@;
<%- else %>
    reg @{ slots.range }@ need;
    reg @{ slots.range }@ spare;

    always @* begin
        case (oy_q)
<%- for (row, moved) in rows_moved.special %>
            @{ row }@: begin
                need  = @{ moved.need }@;
                spare = @{ moved.spare }@;
            end
<%- endfor %>
            default: begin
                need  = @{ rows_moved.usual.need }@;
                spare = @{ rows_moved.usual.spare }@;
            end
        endcase
    end
<%- endif %>

    wire @{ addr.range }@ below_addr = @{ below_addr }@;
    wire @{ addr.range }@ first_addr = @{ first_addr }@;
    wire @{ addr.range }@ lead_addr  = @{ lead_addr }@;
    wire @{ addr.range }@ after_top  = last_row ? lead_addr : below_addr;
<%- if padded %>
    wire signed @{ y.range }@ after_y = last_row ? @{ start_y }@ : top_y_q + @{ stride_y }@;
<%- endif %>

<%- if rows_ahead %>

    reg @{ slots.range }@ next_need_q;
    reg @{ slots.range }@ free_rows_q;
    reg @{ addr.range }@ row_top_q;
<%- if padded %>
    reg signed @{ y.range }@ next_y_q;
<%- endif %>

    always @(posedge clk_i) begin
        next_need_q <= need;
        free_rows_q <= spare;
        row_top_q   <= after_top;
<%- if padded %>
        next_y_q    <= after_y;
<%- endif %>
    end

    wire @{ slots.range }@ next_need = next_need_q;
    wire @{ slots.range }@ free_rows = free_rows_q;
    wire @{ addr.range }@ row_top = row_top_q;
<%- if padded %>
    wire signed @{ y.range }@ next_y = next_y_q;
<%- endif %>
<%- else %>
    wire @{ slots.range }@ next_need = need;
    wire @{ slots.range }@ free_rows = spare;
    wire @{ addr.range }@ row_top = after_top;
<%- if padded %>
    wire signed @{ y.range }@ next_y = after_y;
<%- endif %>
<%- endif %>
    wire @{ addr.range }@ next_top = end_row ? row_top : top_addr_q;
