# What a user types. `make` alone lists the targets. Arguments for the command behind a target go into ARGS,
# as in `make sim ARGS="--images 10000"`.
.DEFAULT_GOAL := help
.PHONY: help setup build run test lint formal sim synth report bench ref28 mutate study study-slurm

CONFIG ?= examples/fashion.toml
# The run that CONFIG names.
NAME    = $(shell sed -n 's/^name *= *"\(.*\)".*/\1/p' $(CONFIG))
ARGS   ?=
TARGET ?= xc7
SLIMGATE = target/debug/slimgate
# What a target needs of the set-up: its stamp, or the set-up itself where libtorch has gone since.
STAMP    = .deps/setup-stamp
READY    = $(if $(LIBTORCH)$(wildcard .deps/libtorch/build-version),$(STAMP),setup)

help: ## list the targets
	@echo "make run                    from Fashion-MNIST to verified Verilog (runs/fashion, rtl_out/fashion)"
	@echo "make run CONFIG=my.toml     the same for a run file of your own"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14

# Asks for root (through sudo) where packages are missing. The stamp makes later targets skip it.
setup: ## install libtorch, Verilator, Icarus, Yosys, z3 and Fashion-MNIST
	@scripts/setup.sh
	@mkdir -p $(dir $(STAMP)) && touch $(STAMP)

$(STAMP): scripts/setup.sh scripts/setup-libtorch.sh
	@$(MAKE) --no-print-directory setup

build: $(READY) ## build the binary, target/debug/slimgate (optimised: one profile serves all)
	cargo build

run: build ## the whole flow on CONFIG, resumable
	$(SLIMGATE) run $(CONFIG) $(ARGS)

test: $(READY) ## format, lints, all tests, with and without training
	scripts/test.sh

lint: $(READY) ## format and lints only
	scripts/lint.sh

formal: $(READY) ## prove the cells of formal/ with yosys-smtbmc and z3
	scripts/formal.sh

sim: build ## simulate the run's Verilog bit for bit, 1000 images
	$(SLIMGATE) sim rtl_out/$(NAME) --images 1000 $(ARGS)

synth: build ## resources from Yosys for TARGET (xc7, xcup, ecp5, ice40)
	$(SLIMGATE) synth rtl_out/$(NAME) --target $(TARGET) $(ARGS)

report: build ## report.md and report.json of the run
	$(SLIMGATE) report runs/$(NAME) $(ARGS)

bench: build ## the reference network against the project's bars; speeds of the run
	scripts/bench.sh $(CONFIG) $(ARGS)

mutate: ## single random changes of the example's Verilog: does its testbench notice? (ARGS="DESIGN COUNT SEED")
	scripts/mutate.sh $(or $(ARGS),rtl_out/example)

ref28: ## the reference network at three sizes, generated and simulated (no libtorch needed)
	scripts/ref28.sh $(ARGS)

study: build ## the six orders and the brute-force grid on CONFIG (examples/study.toml), resumable
	$(SLIMGATE) study $(if $(filter file,$(origin CONFIG)),examples/study.toml,$(CONFIG)) $(ARGS)

study-slurm: build ## a small study shared over Slurm, against the same alone (starts a one-node Slurm: root)
	scripts/study-slurm-test.sh
