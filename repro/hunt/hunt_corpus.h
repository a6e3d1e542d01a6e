/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a hunt keeps in a folder: plans of runs that showed context switches which no run of this
 * process had shown (core/engine/switches.h), each a file, named by its content, that the libFuzzer
 * targets read (fuzz/draft.h). The runs of a hunt begin with those that it finds there; then one in
 * eight of its programs is one of the last that were kept, changed a little (fuzz/mutate.h). Jobs and
 * later hunts take what the others have left.
 *
 * A hunt without such a folder draws all programs: children of what was new find a few bugs several
 * times sooner, which need a certain state, and most a little later.
 */
#ifndef REPRO_HUNT_CORPUS_H
#define REPRO_HUNT_CORPUS_H

#include "core/base/prng.h"
#include "core/engine/engine.h"

/* Nothing is kept, but what is in the folder. */
void corpus_forget(void);

/* The engine's last run showed something new. */
void corpus_keep(const struct wedge_subject *subject);

/* Whether the next program is to be a child of one that is kept: that is drawn, and so is *child,
 * without schedule and faults. */
bool corpus_draw(const struct wedge_subject *subject, struct prng *prng, struct plan *child);

/* Makes the folder if there is none, and reads what is in it; what is no plan of the kind is left
 * alone, and counted in *strange. False: errno says why. */
bool corpus_open(const char *folder, uint32_t *strange);
/* How many plans were in it when it was opened, and each of them, with its schedule. */
uint32_t corpus_size(void);
void corpus_plan(const struct wedge_subject *subject, uint32_t index, struct plan *plan);

/* With a folder: writes what was kept since, reads what others wrote. False: something could not be
 * written; errno says why. */
bool corpus_share(const struct wedge_subject *subject);

#endif
