#ifndef SLABPROOF_VERSION_H_
#define SLABPROOF_VERSION_H_

#include "slabproof/language.h"

// The version of the library, as https://semver.org means it. This is the one place where it is
// kept: CMake reads it here, and tests/consumer/version_test.py compares the other files that must
// state it.

/// MAJOR changes where code must change that used the library as documented, MINOR where something
/// was added, PATCH where something was corrected. While MAJOR is 0, MINOR stands for both.
#define SLABPROOF_VERSION_MAJOR 0
#define SLABPROOF_VERSION_MINOR 1
#define SLABPROOF_VERSION_PATCH 0

/// In one number, for comparisons: 10203 is version 1.2.3.
#define SLABPROOF_VERSION \
  (SLABPROOF_VERSION_MAJOR * 10000 + SLABPROOF_VERSION_MINOR * 100 + SLABPROOF_VERSION_PATCH)

#endif  // SLABPROOF_VERSION_H_
