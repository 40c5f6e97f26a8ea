<% if plan.k_par > 1 %><% include "window_banks.v" %><% else %><% include "window_ring.v" %><% endif %>
