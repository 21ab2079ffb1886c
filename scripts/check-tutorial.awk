# awk -v blocks=FILE -v numbers=FILE -f check-tutorial.awk docs/tutorial/README.md PAGE PAGE: reports, by file and line,
# content of a tutorial page without a source:
#   * a fenced block that is not console (scripts/fill-tutorial runs it), cpp (its lines must be, in this order, in the file
#     of the last link before it, after the function that the link names) or math;
#   * a number in prose or in a formula that is not, digit by digit, in a console or cpp block of the page. A single digit
#     proves nothing, so prose outside of formulas must have none; inline code with digits must be in a block;
#   * (N), a formula of the article, in a chapter that the table of README.md does not list for it; a chapter number that
#     differs from its file's;
#   * a broken link; a $ or * that GitHub would display literally.
# The page is read twice, blocks first. Blocks and numbers of the prose are written to the two files, which must be equal
# in both languages.

function report(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
  bad = 1
}

# The numbers of `text`, from left to right, as "12.5 3 -1e-08". After a letter, digit or bracket, a minus may be a
# difference, a hyphen or a sign: then the number is listed with and without it.
function numbers_in(text, both,  found, token, before) {
  found = ""
  while (match(text, /-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?/)) {
    before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
    token = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    if (token ~ /^-/ && before ~ /[A-Za-z0-9)\]}]/) {
      if (both) found = found token " "
      token = substr(token, 2)
    }
    found = found token " "
  }
  return found
}

function check_numbers(text, in_formula,  list, count, k) {
  count = split(numbers_in(text), list, " ")
  for (k = 1; k <= count; ++k) {
    if (!in_formula && list[k] ~ /^-?[0-9]$/) report("the digit " list[k] " alone: expected a word, or inline code from a block")
    else if (!(list[k] in stands)) report("the number " list[k] " stands in no block of this page")
    if (list[k] !~ /^-?[0-9]$/) print list[k] | sorted
  }
}

# Checks the characters around $`...`$.
function check_formula(before, formula) {
  if (before !~ /(^|[ (\[*|-])$/) report("expected a space before $`" formula "`$")
  if (formula ~ /\$|\\(operatorname|text)/) report("expected mathematics only in $`" formula "`$")
  check_numbers(formula, 1)
}

function check_code_span(code) {
  if (code !~ /[0-9]/) return
  if (index(all_blocks, code) == 0) report("`" code "` stands in no block of this page")
  print "`" code "`" | sorted
}

function file_of(link,  folder) {
  sub(/#.*/, "", link)
  folder = FILENAME
  sub(/[^\/]*$/, "", folder)
  return folder link
}

function exists(file,  line, there) {
  there = (getline line < file) >= 0
  close(file)
  return there
}

# Checks links: the target exists, and a chapter number is that of its file. Returns the text of the link.
function check_link(text, target,  count, list, k, chapter) {
  if (target ~ /^https?:/) return text
  if (!exists(file_of(target))) report("a link to " target ", which is not there")
  if (target ~ /\.(h|cpp)$/) {
    quoted_file = file_of(target)
    quoted_name = text
    gsub(/`/, "", quoted_name)
  }
  if (match(target, /[0-9][0-9]-[a-z-]*\.md/)) {
    chapter = substr(target, RSTART, 2) + 0
    count = split(numbers_in(text), list, " ")
    for (k = 1; k <= count; ++k)
      if (list[k] != chapter) report("chapter " list[k] " in a link to " target)
    gsub(/[0-9]+/, "", text)
  }
  return text
}

# *Emphasis,*like this does not close.
function check_emphasis(text,  count, pieces, k) {
  sub(/^ *\* /, "", text)
  count = split(text, pieces, /\*+/)
  for (k = 2; k < count; k += 2)
    if (pieces[k] ~ /(。|，|：|；|？|！|”|）|[.,:;?!")])$/ && pieces[k + 1] !~ /^($|[ .,:;?!)]|。|，|：|；|？|！|”|）)/)
      report("emphasis that ends in a punctuation mark: expected it behind the *")
}

function belongs(n, page) { return index(chapters_of[n] " ", " " page " ") > 0 }

# (N) outside of mathematics is the number of a formula in the article.
function check_article_number(n,  page) {
  page = FILENAME
  sub(/.*\//, "", page)
  if (!(n in chapters_of)) report("(" n "): the table in README.md has no such formula")
  else if (page ~ /^[0-9]/ && !belongs(n, page)) report("(" n ") belongs to" chapters_of[n])
  cited[n] = 1
  print "(" n ")" | sorted
}

function check_prose(text,  before, after, inner, bracket) {
  while (match(text, /\$`[^`]*`\$/)) {
    before = substr(text, 1, RSTART - 1)
    inner = substr(text, RSTART + 2, RLENGTH - 4)
    after = substr(text, RSTART + RLENGTH)
    check_formula(before, inner)
    text = before "" after
  }
  while (match(text, /!?\[[^]]*\]\([^) ]*\)/)) {
    before = substr(text, 1, RSTART - 1)
    inner = substr(text, RSTART, RLENGTH)
    after = substr(text, RSTART + RLENGTH)
    sub(/^!?\[/, "", inner)
    bracket = index(inner, "](")
    text = before check_link(substr(inner, 1, bracket - 1), substr(inner, bracket + 2, length(inner) - bracket - 2)) after
  }
  while (match(text, /`[^`]*`/)) {
    check_code_span(substr(text, RSTART + 1, RLENGTH - 2))
    text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
  }
  if (text ~ /[$`]/) report("a $ or ` without its partner")
  check_emphasis(text)
  while (match(text, /\([0-9]+\)/)) {
    check_article_number(substr(text, RSTART + 1, RLENGTH - 2))
    text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
  }
  check_numbers(text, 0)
}

function check_heading(  page) {
  page = FILENAME
  sub(/.*\//, "", page)
  if (page !~ /^[0-9]/) return check_prose($0)
  if (heading++ == 0 && $2 != (substr(page, 1, 2) + 0) ".") report("expected the chapter's number, " substr(page, 1, 2) + 0 ".")
  if (heading == 1) sub(/[0-9]+\./, "")
  check_prose($0)
}

# Whether this line of a cpp block is the next one in the quoted file.
function check_quoted(  line, wanted, found) {
  wanted = $0
  sub(/^ +/, "", wanted)
  if (quoted_file == "") return report("code without a link to its file before it")
  while (!found && (getline line < quoted_file) > 0) {
    if (!reached) reached = index(line, quoted_name) > 0
    sub(/^ +/, "", line)
    found = reached && line == wanted
  }
  if (!found) report("not in " quoted_file ", below " quoted_name ": " wanted)
}

BEGIN {
  sorted = "sort >" numbers
  printf "" | sorted
  printf "" > blocks
}

FNR == 1 { ++reading; inside = "" }

# First README.md: | (N) ... | [chapter](en/NN-name.md) ... |, one chapter or several.
reading == 1 {
  n = substr($2, 2, length($2) - 2)
  rest = /^\| \([0-9]+\)/ ? $0 : ""
  while (match(rest, /[0-9][0-9]-[a-z-]*\.md/)) {
    page = substr(rest, RSTART, RLENGTH)
    if (!belongs(n, page)) chapters_of[n] = chapters_of[n] " " page
    rest = substr(rest, RSTART + RLENGTH)
  }
  next
}

/^```/ {
  if (inside == "") {
    inside = substr($0, 4)
    if (reading == 3 && inside !~ /^(console|cpp|math)$/) report("a block of kind `" inside "`: expected console, cpp or math")
    if (inside == "cpp" && quoted_file != "") close(quoted_file)
    reached = 0
  } else {
    inside = ""
  }
  if (reading == 2) print >> blocks
  next
}

reading == 2 && inside != "" {
  print >> blocks
  if (inside == "math") next
  all_blocks = all_blocks $0 "\n"
  count = split(numbers_in($0, 1), list, " ")
  for (k = 1; k <= count; ++k) stands[list[k]] = 1
}
reading == 2 { next }

inside == "console" { next }
inside == "cpp" { check_quoted(); next }
inside == "math" {
  if ($0 ~ /\\(operatorname|text|newcommand|def)/) report("GitHub refuses this macro, or it has words in it: " $0)
  check_numbers($0, 1)
  next
}
/^# / { check_heading(); next }
{ check_prose($0) }

END {
  page = FILENAME
  sub(/.*\//, "", page)
  for (n in chapters_of)
    if (belongs(n, page) && !(n in cited)) report("(" n ") of the article is not named here, as README.md says")
  if (inside != "") report("a block without an end")
  close(sorted)
  exit bad
}
