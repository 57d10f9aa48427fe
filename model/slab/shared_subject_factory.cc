// The factory of a program that has shared slabs only: all else takes longer to compile than they
// do.

#include <cstdio>
#include <cstdlib>

#include "model/slab/shared_subject.h"
#include "model/slab/subject_factory.h"

namespace slabproof::model {

std::unique_ptr<AnySlab> make_subject(const SlabSetup& setup) {
  if (setup.family != SlabFamily::kShared) {
    std::fputs("this program is linked with shared slabs only\n", stderr);
    std::exit(2);
  }
  return make_shared_subject(setup);
}

}  // namespace slabproof::model
