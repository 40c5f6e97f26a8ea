<%- if banks.len() > 1 %>

    // @{ data }@: memories of at most @{ bank_words }@ words, so that no block RAM has a deep multiplexer behind it.
    wire [@{ banks.len() * width - 1 }@:0] @{ name }@_banks;
    reg  @{ select_range }@ @{ name }@_bank_q;
<%- if registered %>
    reg  [@{ banks.len() * width - 1 }@:0] @{ name }@_banks_q;
    reg  @{ select_range }@ @{ name }@_bank_q2;
<%- endif %>

    always @(posedge clk_i) begin
<%- if read_always %>
        @{ name }@_bank_q <= @{ select }@;
<%- else %>
        if (@{ enable }@) begin
            @{ name }@_bank_q <= @{ select }@;
        end
<%- endif %>
<%- if registered %>
        @{ name }@_banks_q <= @{ name }@_banks;
        @{ name }@_bank_q2 <= @{ name }@_bank_q;
<%- endif %>
    end

    sg_pick #(
        .Width  (@{ width }@),
        .Count  (@{ banks.len() }@),
        .SelBits(@{ select_bits }@)
    ) u_@{ name }@_pick (
        .data_i(@{ name }@_banks<% if registered %>_q<% endif %>),
        .sel_i (@{ name }@_bank_q<% if registered %>2<% endif %>),
        .data_o(@{ data }@)
    );
<%- endif %>
<%- for bank in banks %>

    sg_rom #(
        .Width   (@{ width }@),
        .Depth   (@{ bank.depth }@),
        .AddrBits(@{ bank.addr_bits }@),
        .File    ("mem/@{ module }@_@{ bank.name }@.hex"),
        .Style   ("@{ style }@")
    ) u_@{ bank.name }@ (
        .clk_i (clk_i),
        .en_i  (@{ bank.enable }@),
        .addr_i(@{ bank.addr }@),
        .data_o(@{ bank.data }@)
    );
<%- endfor %>
