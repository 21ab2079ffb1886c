# chainrule train ... --verbose 2>&1 | awk -v reach=0.95 -f reach.awk: says in which epoch the accuracy on the rows held out
# first reached so much, and where it ended or in which epoch it diverged.
/^epoch / {
  split($2, place, "/")
  for (k = 3; k < NF; ++k) if ($k == "accuracy") accuracy = $(k + 1)
  if (first == "" && accuracy >= reach) first = place[1]
  seen = place[1]
}
/diverged in epoch/ {
  diverged = $0
  sub(/.*diverged in epoch /, "", diverged)
  sub(/,.*/, "", diverged)
}
END {
  printf "%s", (first == "" ? "never" : "epoch " first)
  print (diverged != "" ? ", diverged in epoch " diverged : ", in epoch " seen ": " accuracy)
}
