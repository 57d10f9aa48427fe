#ifndef SLABPROOF_BUILD_INSTRUMENTATION_H_
#define SLABPROOF_BUILD_INSTRUMENTATION_H_

// `BuildInstrumentation` is what a build asks for: AddressSanitizer or MemorySanitizer where it has
// one, else none. Valgrind works on any build, so it is not chosen by one. g++ says by a macro of
// its own which sanitizer a build has, clang by a feature.
#if defined(__SANITIZE_ADDRESS__)
#include "slabproof/address_sanitizer.h"
namespace slabproof {
using BuildInstrumentation = AddressSanitizer;
}
#elif !defined(__has_feature)
#include "slabproof/instrumentation.h"
namespace slabproof {
using BuildInstrumentation = NoInstrumentation;
}
#elif __has_feature(address_sanitizer)
#include "slabproof/address_sanitizer.h"
namespace slabproof {
using BuildInstrumentation = AddressSanitizer;
}
#elif __has_feature(memory_sanitizer)
#include "slabproof/memory_sanitizer.h"
namespace slabproof {
using BuildInstrumentation = MemorySanitizer;
}
#else
#include "slabproof/instrumentation.h"
namespace slabproof {
using BuildInstrumentation = NoInstrumentation;
}  // namespace slabproof
#endif

#endif  // SLABPROOF_BUILD_INSTRUMENTATION_H_
