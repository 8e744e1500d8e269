// sim/scenario/manifest.h - the manifest of a Kubernetes autoscaler (HorizontalPodAutoscaler, autoscaling/v2), read and checked.
// * A file may hold several documents; those of other kinds are passed over. Unknown fields and impossible values are mistakes.
// * What is absent is filled in as the API server does: minReplicas 1, one CPU metric at 80 %, the parts of `behavior`.
#ifndef SIM_MANIFEST_H
#define SIM_MANIFEST_H

#include "sim/policy/scale/hpa.h"
#include "sim/scenario/node.h"

typedef struct {
    const char *name;                          // metadata.name, or ""
    sim_hpa     hpa;
    void       *memory;                        // everything above lies here
} sim_manifest;

// Reads the autoscaler called `name` from a file; NULL: the only one in it. All mistakes are told in one pass, with file:line:column.
hr_status sim_manifest_read(const char *path, const char *name, const sim_hpa_controller *controller, sim_manifest **manifest, hr_error *e)
    HR_MUST_USE;
// The same from memory; `path` only names it in messages.
hr_status sim_manifest_parse(const char *path, const char *text, size_t size, const char *name, const sim_hpa_controller *controller,
                             sim_manifest **manifest, hr_error *e) HR_MUST_USE;
// `behavior` alone (NULL: absent), as a scenario has it, into the fields of *hpa that it is about; its tolerance is hpa->controller's.
bool      sim_behaviour_read(sim_pool *pool, sim_source *source, sim_node *behaviour, sim_hpa *hpa);
void      sim_manifest_free(sim_manifest *manifest);       // NULL is fine

#endif
