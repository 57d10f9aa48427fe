#ifndef SLABPROOF_DEFAULT_BACKING_H_
#define SLABPROOF_DEFAULT_BACKING_H_

#if __has_include(<sys/mman.h>)
#include "slabproof/mmap_backing.h"
#else
#include "slabproof/heap_backing.h"
#endif

namespace slabproof {

/// Where a segment's bytes come from unless a configuration says otherwise: pages of the kernel, or
/// the C heap on a platform that maps no pages.
#if __has_include(<sys/mman.h>)
using DefaultBacking = MmapBacking;
#else
using DefaultBacking = HeapBacking;
#endif

}  // namespace slabproof

#endif  // SLABPROOF_DEFAULT_BACKING_H_
