// viz/scene/player.h - plays one replication of a scenario: forwards at a speed, to any time, one event at a time, and again.
// * What it shows is a pure function of (scenario, variant, seed, time): playing to a time and jumping there give the same bytes.
// * It shows replication 0 of `run --seed N`, from the empty system at time 0 to the scenario's duration, warm-up included.
// * Jumping back restores a mark (a copy of the world and of the watcher) and runs on from there; marks are laid on the way, and ahead
//   of the shown time while there is time for it. Their memory is bounded: when it is used up, every other mark goes.
// * Nothing here draws, and nothing here reads a clock except viz_player_work and viz_player_scout, to keep to their budgets.
#ifndef VIZ_PLAYER_H
#define VIZ_PLAYER_H

#include "viz/scene/watch.h"

typedef struct viz_player viz_player;

// Speeds are simulated time by viewing time; the last one is as fast as the machine can (its factor is 0).
typedef struct { double factor; const char *name; } viz_speed;
extern const viz_speed viz_speeds[];
extern const uint32_t  viz_speed_count;
// The row of `viz_speeds` written so ("1/100", "10", "max"), or UINT32_MAX.
uint32_t viz_speed_find(const char *text);

// Stands at time 0, paused. The model stays the caller's and must outlive the player.
viz_player *viz_player_open(const sim_model *model, uint64_t seed);
void        viz_player_close(viz_player *player);
// Memory for marks (at first 256 MiB); where it is used up, marks stand farther apart.
void        viz_player_limit(viz_player *player, size_t bytes);
// Back to time 0, perhaps with another seed.
void        viz_player_restart(viz_player *player, uint64_t seed);

const viz_graph *viz_player_graph(const viz_player *player);
const sim_world *viz_player_world(const viz_player *player);
const viz_watch *viz_player_watch(const viz_player *player);
hr_time     viz_player_now(const viz_player *player);
hr_time     viz_player_end(const viz_player *player);
uint64_t    viz_player_seed(const viz_player *player);

// Asks for another time (clamped to the run). viz_player_work gets there.
void        viz_player_seek(viz_player *player, hr_time at);
// Asks for `by` more: playing is a sequence of small advances.
void        viz_player_advance(viz_player *player, hr_time by);
// Runs towards the time that was asked for, for about `budget` of wall-clock time (HR_FOREVER: as long as it takes).
// True when it is reached.
bool        viz_player_work(viz_player *player, hr_time budget);
// Asks for the time of the next call or reply after now, or of the last one before.
void        viz_player_step(viz_player *player);
void        viz_player_step_back(viz_player *player);
// Lays marks ahead of the shown time, for about `budget`. True when the whole run is known.
bool        viz_player_scout(viz_player *player, hr_time budget);

#endif
