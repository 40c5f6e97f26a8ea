// @{ module }@: brings an image into the order of its features, channel by channel.
//
//   out[c*@{ pixel.count }@ + p] = in[p][c]
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Cycles   @{ page.count }@ an image
// Storage  two pages of @{ page.count }@ values: one is written while the other is read.
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire @{ range }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,
    output wire @{ range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);

    reg  [1:0] full_q;  // pages complete and not yet read
    reg  @{ addr.range }@ write_addr_q;
    reg  @{ page.range }@ written_q;
    wire take = in_valid_i && in_ready_o;
    wire page_written = take && (written_q == @{ page.last }@);
    wire page_read;

    assign in_ready_o = !full_q[1];

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            full_q       <= 2'd0;
            write_addr_q <= @{ addr.zero }@;
            written_q    <= @{ page.zero }@;
        end else begin
            if (take) begin
                write_addr_q <= (write_addr_q == @{ addr.last }@) ? @{ addr.zero }@ : write_addr_q + @{ addr.one }@;
                written_q    <= page_written ? @{ page.zero }@ : written_q + @{ page.one }@;
            end
            if (page_written != page_read) begin
                full_q <= page_written ? full_q + 2'd1 : full_q - 2'd1;
            end
        end
    end

    // ---- Read: all pixels of a channel, then the next ----
    reg  @{ pixel.range }@ pixel_q;
    reg  @{ channel.range }@ channel_q;
    reg  second_q;  // the page
    reg  @{ addr.range }@ first_addr_q;  // the channel in the first pixel
    reg  @{ addr.range }@ read_addr_q;
    wire grant;
    wire start = grant && (full_q != 2'd0);
    wire end_channel = (pixel_q == @{ pixel.last }@);
    wire @{ addr.range }@ next_first = (channel_q == @{ channel.last }@) ? (second_q ? @{ addr.zero }@ : @{ second_page }@) : first_addr_q + @{ addr.one }@;

    assign page_read = start && end_channel && (channel_q == @{ channel.last }@);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            pixel_q      <= @{ pixel.zero }@;
            channel_q    <= @{ channel.zero }@;
            second_q     <= 1'b0;
            first_addr_q <= @{ addr.zero }@;
            read_addr_q  <= @{ addr.zero }@;
        end else if (start) begin
            pixel_q     <= end_channel ? @{ pixel.zero }@ : pixel_q + @{ pixel.one }@;
            read_addr_q <= end_channel ? next_first : read_addr_q + @{ pixel_words }@;
            if (end_channel) begin
                channel_q    <= (channel_q == @{ channel.last }@) ? @{ channel.zero }@ : channel_q + @{ channel.one }@;
                first_addr_q <= next_first;
                second_q     <= second_q ^ page_read;
            end
        end
    end

    wire @{ range }@ queue_data;
    reg queue_valid;

    sg_ram #(
        .Width   (@{ bits }@),
        .Depth   (@{ addr.count }@),
        .AddrBits(@{ addr.bits }@),
        .Style   ("@{ style }@")
    ) u_pages (
        .clk_i       (clk_i),
        .write_en_i  (take),
        .write_addr_i(write_addr_q),
        .write_data_i(in_data_i),
        .read_en_i   (start),
        .read_addr_i (read_addr_q),
        .read_data_o (queue_data)
    );

    always @(posedge clk_i) begin
        queue_valid <= rst_ni && start;
    end

@{ queue }@

endmodule

`default_nettype wire
