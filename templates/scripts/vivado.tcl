# Synthesis, placement and routing of @{ top }@ for @{ part }@ at @{ mhz }@ MHz, out of context (no pins).
# Run in the design's folder: vivado -mode batch -source synth/vivado.tcl
# Reports: synth/vivado_*.rpt; checkpoint: synth/vivado.dcp.
read_verilog {
<% for file in sources %>  @{ file }@
<% endfor %>}
read_xdc -mode out_of_context synth/clock.xdc

synth_design -top @{ top }@ -part @{ part }@ -mode out_of_context
opt_design
place_design
phys_opt_design
route_design

write_checkpoint -force synth/vivado.dcp
report_utilization -hierarchical -file synth/vivado_utilization.rpt
report_timing_summary -file synth/vivado_timing.rpt
report_power -file synth/vivado_power.rpt
