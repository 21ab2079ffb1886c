# awk -f scripts/draw-digits.awk: draws eight of the digits on standard input, wrong predictions last. Each line is a row
# of digits.csv (64 pixels of 0 ... 16, the digit) followed by a row of predictions (the digit, the probabilities).
# Variables: plain=1 draws in ASCII; color=1 colors the verdicts.
BEGIN {
  FS = ","
  split(plain ? ". + * #" : "░ ▒ ▓ █", shade, " ")
  shade[0] = " "
  red = color ? "\033[1;31m" : ""; green = color ? "\033[32m" : ""; back = color ? "\033[0m" : ""
}

{
  right = $65 == $66
  if (right && known[$65]++) next # one correct example of each digit is enough
  if (!right && ++wrong > 3) next
  probability = 0
  for (i = 67; i <= NF; ++i) if ($i > probability) probability = $i
  n = right ? "r" ++rights : "w" wrong
  for (row = 0; row < 8; ++row)
    for (column = 1; column <= 8; ++column) {
      i = int($(8 * row + column) / 4 + 0.5)
      picture[n, row] = picture[n, row] shade[i] shade[i]
    }
  text = sprintf("%s (%.0f %%)%s", $66, 100 * probability, right ? "" : ", not " $65)
  verdict[n] = (right ? green : red) sprintf("%-17s", text) back
}

END {
  if (wrong > 3) wrong = 3
  shown = 0
  for (i = 1; i <= rights && shown < 8 - wrong; ++i) order[++shown] = "r" i
  for (i = 1; i <= wrong; ++i) order[++shown] = "w" i
  for (first = 1; first <= shown; first += 4) {
    for (row = 0; row <= 8; ++row) {
      line = ""
      for (i = first; i < first + 4 && i <= shown; ++i)
        line = line "  " (row < 8 ? picture[order[i], row] " " : verdict[order[i]])
      sub(/ +$/, "", line)
      print line
    }
    print ""
  }
}
