# awk -v label="α = " -f curves.awk 0.1.log 10.log ... > curves.svg: draws the training loss of each epoch, as
# `chainrule train --verbose` tells it, one curve per file; the file's name without .log says which it is.
FNR == 1 {
  ++curves
  name[curves] = FILENAME
  sub(/\.log$/, "", name[curves])
}
/^epoch / {
  epoch = substr($2, 1, index($2, "/") - 1) + 0
  for (k = 3; k < NF; ++k) if ($k == "loss") { loss[curves, epoch] = $(k + 1); break }
  last[curves] = epoch
  if (epoch > epochs) epochs = epoch
  if (loss[curves, epoch] > most) most = loss[curves, epoch]
}
function x(epoch) { return 60 + 560 * (epoch - 1) / (epochs - 1) }
function y(value) { return 320 - 290 * value / top }
END {
  step = 0.05
  while (most > 6 * step) step *= 2
  top = step * (int(most / step) + (most > step * int(most / step)))
  split("#0877bd #f59322 #2a9d5c #b03a8c", color, " ")
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 370\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#808080\">"
  print "<title>J, epoch after epoch</title>"
  for (value = 0; value <= top + step / 2; value += step) {
    printf "<path d=\"M60 %.1fH620\" stroke=\"#808080\" stroke-opacity=\".3\"/>", y(value)
    printf "<text x=\"52\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", y(value) + 4, value
  }
  for (part = 0; part <= 4; ++part) {
    epoch = 1 + int((epochs - 1) * part / 4 + 0.5)
    printf "<text x=\"%.1f\" y=\"340\" text-anchor=\"middle\">%d</text>\n", x(epoch), epoch
  }
  print "<text x=\"340\" y=\"362\" text-anchor=\"middle\">epoch</text><text x=\"14\" y=\"180\" font-style=\"italic\">J</text>"
  for (c = 1; c <= curves; ++c) {
    printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", color[c]
    for (epoch = 1; epoch <= last[c]; ++epoch) printf "%s%.1f,%.1f", (epoch > 1 ? " " : ""), x(epoch), y(loss[c, epoch])
    printf "\"/><text x=\"606\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s%s</text>\n", 30 + 18 * c, color[c], label, name[c]
  }
  print "</svg>"
}
