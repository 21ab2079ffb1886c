// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/student.h"

#include <array>
#include <cstddef>

namespace chainrule {

double student_quantile(double degrees) {
  constexpr std::array kFew{12.706205, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041,
                            2.2621572, 2.2281389, 2.2009852, 2.1788128, 2.1603687, 2.1447867, 2.1314495, 2.1199053,
                            2.1098156, 2.100922,  2.0930241, 2.0859634, 2.0796138, 2.0738731, 2.0686576, 2.0638986,
                            2.0595386, 2.0555294, 2.0518305, 2.0484071, 2.0452296, 2.0422725};
  if (degrees < static_cast<double>(kFew.size())) {
    const auto below = static_cast<std::size_t>(degrees);
    const double whole = static_cast<double>(below);  // nearly linear in 1 / degrees
    const double part = (1 / whole - 1 / degrees) / (1 / whole - 1 / (whole + 1));
    return kFew[below - 1] + part * (kFew[below] - kFew[below - 1]);
  }
  // Fisher and Cornish's expansion around the normal quantile (Abramowitz and Stegun 1964, 26.7.5), exact to eight
  // digits here.
  constexpr double z = kNormalQuantile, z2 = z * z;
  const double first = (z2 + 1) * z / 4, second = ((5 * z2 + 16) * z2 + 3) * z / 96;
  const double third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
  return z + (first + (second + third / degrees) / degrees) / degrees;
}

}  // namespace chainrule
