# Synthesis, placement and routing of example_top for xc7z020clg400-1 at 100 MHz, out of context (no pins).
# Run in the design's folder: vivado -mode batch -source synth/vivado.tcl
# Reports: synth/vivado_*.rpt; checkpoint: synth/vivado.dcp.
read_verilog {
  rtl/example_conv1.v
  rtl/example_conv1_window.v
  rtl/example_conv2.v
  rtl/example_conv2_window.v
  rtl/example_fc1.v
  rtl/example_fc2.v
  rtl/example_fc2_window.v
  rtl/example_pool1.v
  rtl/example_pool2.v
  rtl/example_top.v
  rtl/sg_acc.v
  rtl/sg_booth.v
  rtl/sg_credit.v
  rtl/sg_delay.v
  rtl/sg_dot.v
  rtl/sg_fifo_a2.v
  rtl/sg_fifo_a3.v
  rtl/sg_fifo_a4.v
  rtl/sg_fifo_ctrl_a2.v
  rtl/sg_fifo_ctrl_a3.v
  rtl/sg_fifo_ctrl_a4.v
  rtl/sg_pixels.v
  rtl/sg_probe.v
  rtl/sg_product.v
  rtl/sg_ram.v
  rtl/sg_ram_async.v
  rtl/sg_reduce.v
  rtl/sg_reg.v
  rtl/sg_requant.v
  rtl/sg_rom.v
  rtl/sg_scores.v
  rtl/sg_serial.v
  rtl/sg_slice.v
  rtl/sg_slice_ctrl.v
  rtl/sg_sparse_bank.v
  rtl/sg_sparse_drain.v
  rtl/sg_sparse_front.v
  rtl/sg_times.v
}
read_xdc -mode out_of_context synth/clock.xdc

synth_design -top example_top -part xc7z020clg400-1 -mode out_of_context
opt_design
place_design
phys_opt_design
route_design

write_checkpoint -force synth/vivado.dcp
report_utilization -hierarchical -file synth/vivado_utilization.rpt
report_timing_summary -file synth/vivado_timing.rpt
report_power -file synth/vivado_power.rpt
