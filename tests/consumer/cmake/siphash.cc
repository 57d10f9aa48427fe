#include "slabproof/siphash_mac.h"

int main() {
  const auto mac = slabproof::SipHashMac::make();
  return mac.verify(1, 2, mac.seal(1, 2)) ? 0 : 1;
}
