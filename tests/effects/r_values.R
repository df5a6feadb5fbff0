# The values that tests/effects/test_r_values.py compares with, worked out once:
#
#   Rscript tests/effects/r_values.R DATA > tests/effects/r_values.yaml
#
# DATA is a folder with framing/framing.csv, framing/patriot_act.csv and conjoint/HainmuellerHopkins.dta.
# R 4.2.2, estimatr 1.0.0, clubSandwich 0.5.8, haven 2.5.1 (Debian 12: r-base-core, r-cran-estimatr, r-cran-clubsandwich,
# r-cran-haven).

suppressMessages({library(estimatr); library(clubSandwich); library(haven)})
data <- commandArgs(trailingOnly = TRUE)[1]
number <- function(x) ifelse(is.na(x), ".nan", formatC(x, digits = 15, format = "g"))

values <- function(name, terms, estimate, se, df, p) {
  cat(name, ":\n", sep = "")
  for (i in seq_along(terms)) {
    cat("  '", terms[i], "': {estimate: ", number(estimate[i]), ", standard_error: ", number(se[i]), ", df: ",
        number(df[i]), ", p: ", number(p[i]), "}\n", sep = "")
  }
}
robust <- function(name, fit, match) {
  kept <- grep(match, fit$term)
  values(name, gsub("`", "", fit$term[kept]), fit$coefficients[kept], fit$std.error[kept], fit$df[kept],
         fit$p.value[kept])
}

f <- read.csv(file.path(data, "framing/framing.csv"))
f$arm <- relevel(factor(f$cond), ref = "3")
robust("framing_hc2", lm_robust(p_harm ~ arm, f), "^arm")
robust("framing_lin", lm_lin(p_harm ~ arm, ~ age + educ + gender + income, f), "^arm[0-9]$")
robust("framing_cr2", lm_robust(p_harm ~ arm, f, clusters = income), "^arm")
robust("framing_lin_cr2", lm_lin(p_harm ~ arm, ~ age, f, clusters = income), "^arm[0-9]$")
robust("framing_weighted_hc2", lm_robust(p_harm ~ arm, f, weights = age), "^arm")
robust("framing_weighted_lin", lm_lin(p_harm ~ arm, ~ educ + income, f, weights = age), "^arm[0-9]$")
robust("framing_weighted_cr2", lm_robust(p_harm ~ arm, f, weights = age, clusters = income), "^arm")
robust("framing_weighted_lin_cr2", lm_lin(p_harm ~ arm, ~ gender, f, weights = age, clusters = income), "^arm[0-9]$")

# clubSandwich, of another make, says the same of clusters: people are weighted, their variance is not told by it.
plain <- lm(p_harm ~ arm, f, weights = age)
by_cluster <- coef_test(plain, vcov = "CR2", cluster = f$income, test = "Satterthwaite")[2:4, ]
values("framing_weighted_clubsandwich", rownames(by_cluster), by_cluster$beta, by_cluster$SE, by_cluster$df,
       by_cluster$p_Satt)

a <- read.csv(file.path(data, "framing/patriot_act.csv"))
a$arm <- relevel(factor(a$T1_content), ref = "Control")
a$party <- factor(a$pid_3)
a$weight <- ifelse(a$sample_label == "Original Study", 2, 1)
robust("patriot_hc2", lm_robust(PA_support ~ arm, a), "^arm")
robust("patriot_weighted_hc2", lm_robust(PA_support ~ arm, a, weights = weight), "^arm")
robust("patriot_interaction", lm_robust(PA_support ~ arm * party, a), ":")
robust("patriot_democrats", lm_robust(PA_support ~ arm, a, subset = party == "Democrat"), "^arm")
robust("patriot_republicans", lm_robust(PA_support ~ arm, a, subset = party == "Republican"), "^arm")
adjusted <- lm_robust(PA_support ~ arm * party, a)$p.value[-1]
for (way in c("holm", "BH")) {
  cat("p_", way, ": [", paste(number(p.adjust(adjusted, way)), collapse = ", "), "]\n", sep = "")
}
cat("p_plain: [", paste(number(adjusted), collapse = ", "), "]\n", sep = "")

# Two one-sided tests against bounds of half a scale point.
fit <- lm_robust(PA_support ~ arm, a)
tost <- pmax(pt((fit$coefficients + 0.5) / fit$std.error, fit$df, lower.tail = FALSE),
             pt((fit$coefficients - 0.5) / fit$std.error, fit$df))[2:3]
cat("patriot_tost: {Con: ", number(tost[1]), ", Pro: ", number(tost[2]), "}\n", sep = "")

h <- read_dta(file.path(data, "conjoint/HainmuellerHopkins.dta"))
features <- c("FeatEd", "FeatGender", "FeatCountry", "FeatReason", "FeatJob", "FeatExp", "FeatPlans", "FeatTrips",
              "FeatLang")
for (name in features) h[[name]] <- factor(as.numeric(h[[name]]))
h$chosen <- as.numeric(h$Chosen_Immigrant)
everything <- reformulate(features, "chosen")
robust("amce", lm_robust(everything, h, clusters = CaseID), "^Feat")
for (name in c("FeatLang", "FeatGender")) {
  robust(paste0("means_", name), lm_robust(reformulate(c("0", name), "chosen"), h, clusters = CaseID), "^Feat")
}
# Professions that need a degree were never shown with less education: the mean over the levels of education that were
# shown with both professions, by how often these were shown with either.
h$both <- droplevels(interaction(h$FeatEd, h$FeatJob, sep = "."))
fit <- lm_robust(reformulate(c("both", setdiff(features, c("FeatEd", "FeatJob"))), "chosen"), h, clusters = CaseID)
# The level that R leaves out is 0.
weighted <- function(job, base) {
  shared <- Filter(function(e) all(paste(e, c(job, base), sep = ".") %in% levels(h$both)), levels(h$FeatEd))
  often <- sapply(shared, function(e) sum(h$FeatEd == e & h$FeatJob %in% c(job, base)))
  contrast <- setNames(rep(0, length(fit$term)), fit$term)
  for (e in shared) {
    for (one in list(c(job, 1), c(base, -1))) {
      term <- paste0("both", e, ".", one[1])
      if (term %in% fit$term) contrast[term] <- contrast[term] + as.numeric(one[2]) * often[e] / sum(often)
    }
  }
  c(sum(contrast * fit$coefficients), sqrt(drop(contrast %*% fit$vcov %*% contrast)))
}
both <- sapply(c("5", "11"), weighted, base = "1")
values("amce_restricted", paste0("FeatJob", colnames(both)), both[1, ], both[2, ], c(NA, NA), c(NA, NA))
