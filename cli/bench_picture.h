// cli/bench_picture.h - the rows of `bench` that draw: a frame, and a jump in time. Only in builds with pictures.
#ifndef CLI_BENCH_PICTURE_H
#define CLI_BENCH_PICTURE_H

// The 99th percentile of 300 frames of 1920 × 1080 with about 500 tokens while the caching scenario plays; milliseconds.
double cli_bench_frame(void);
// The longest of 20 jumps to times all over a ten-minute run whose marks are laid, drawn; milliseconds.
double cli_bench_scrub(void);

#endif
