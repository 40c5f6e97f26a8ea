// Resets, runs some cycles, resets in the middle of an image, then runs to the end.
#include "Vtop.h"
#include "verilated.h"
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const long limit = argc > 1 ? atol(argv[1]) : 100000;
    Vtop top;
    auto clock = [&] { top.clk_i = 0; top.eval(); top.clk_i = 1; top.eval(); };
    for (int pass = 0; pass < 2; ++pass) {
        top.rst_ni = 0;
        for (int i = 0; i < 3; ++i) clock();
        if (pass) puts("run");
        top.rst_ni = 1;
        for (long i = 0; i < (pass ? limit : 237) && !(pass && top.done_o); ++i) clock();
    }
    return top.done_o ? 0 : 1;
}
