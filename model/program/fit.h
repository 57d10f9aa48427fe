#ifndef SLABPROOF_MODEL_PROGRAM_FIT_H_
#define SLABPROOF_MODEL_PROGRAM_FIT_H_

#include <cstddef>
#include <optional>
#include <string>

#include "model/program/operation.h"
#include "model/program/program.h"
#include "model/program/slab_setup.h"

namespace slabproof::model {

/// Whether a thread of a program can do `op` on slabs of that family. A shared slab has all
/// operations. Caches cannot tell a second free; and zeros would be written to a bad pointer that
/// one hands out, before anybody can tell it. The remotes of an owner only free, and pass on, what
/// they are given; an owner cannot say how large a block is, and looks at no pointer that comes
/// from a remote.
[[nodiscard]] bool has_operation(SlabFamily family, std::size_t thread, Op op);

/// Why `program` cannot run on such a slab, or why there is no such slab: a sentence, or nothing.
[[nodiscard]] std::optional<std::string> misfit_of(const Program& program, const SlabSetup& slab);

/// The program without the operations that its threads cannot do. A thread that has none left takes
/// a gift, since gifts name threads by number.
[[nodiscard]] Program fitted(Program program, SlabFamily family);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_PROGRAM_FIT_H_
