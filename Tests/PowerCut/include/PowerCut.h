#ifndef POWER_CUT_H
#define POWER_CUT_H

#include <stdint.h>

/// A disk that loses power, between SQLite and the files of one folder.
///
/// The running store sees its files as usual. Beside each file an image is kept of what a disk is bound to have: only a sync brings the writes
/// before it there. At the cut the image keeps a random part of what was not synced, sector by sector, so writes survive whole, torn,
/// out of order or not at all; from then on every write and sync fails. One simulation at a time.

/// Starts for the files below `folder`.
///
/// `seed`: what survives follows from it. `operations`: how many writes, truncations and syncs until the cut. `survival`: of
/// 100 sectors that were not synced, how many survive.
void power_cut_begin(const char *folder, uint64_t seed, long operations, int survival);

/// Cuts the power now if it has not been cut yet.
void power_cut_now(void);

/// Whether the power is gone.
int power_cut_has_happened(void);

/// How many syncs reached the disk.
long power_cut_syncs(void);

/// Writes the surviving files into the folder `target`, which must exist, and ends the simulation. 0 when it could.
int power_cut_end(const char *target);

#endif
