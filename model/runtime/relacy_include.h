#ifndef SLABPROOF_MODEL_RUNTIME_RELACY_INCLUDE_H_
#define SLABPROOF_MODEL_RUNTIME_RELACY_INCLUDE_H_

// Relacy, with what it does to the preprocessor undone. It turns the names of the C++ heap and of
// the memory orders into macros, and replaces two standard macros that other headers rely on.

// Relacy has no includes of its own for some of these, and must not be the first to include others.
#include <cassert>
#include <cerrno>
#include <cfloat>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Relacy's own fibers have stacks without a guard, and share what the C++ runtime knows of
// exceptions. Ours take their names and their place.
#define fiber_t RelacyFiber
#define create_main_fiber relacy_create_main_fiber
#define delete_main_fiber relacy_delete_main_fiber
#define create_fiber relacy_create_fiber
#define delete_fiber relacy_delete_fiber
#define switch_to_fiber relacy_switch_to_fiber
#include <relacy/platform.hpp>
#undef fiber_t
#undef create_main_fiber
#undef delete_main_fiber
#undef create_fiber
#undef delete_fiber
#undef switch_to_fiber

#include "model/runtime/fiber.h"

#pragma push_macro("errno")
#pragma push_macro("assert")
#include <relacy/relacy.hpp>
#undef errno
#undef assert
#pragma pop_macro("errno")
#pragma pop_macro("assert")

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef $
#undef VAR
#undef VAR_T
#undef TLS_T
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

#endif  // SLABPROOF_MODEL_RUNTIME_RELACY_INCLUDE_H_
