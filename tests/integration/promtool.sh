#!/usr/bin/env bash
# Prometheus' own checker on the scrape configuration and the alert rules, and the rules' unit tests;
# Alertmanager's on its routes where there is one.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../../dashboards"

if ! command -v promtool >/dev/null; then
  echo 'SKIPPED: alert rules: there is no promtool; install the package prometheus'
  exit 77
fi
promtool check config prometheus/prometheus.yml
promtool check rules prometheus/rules/*.yml
promtool test rules prometheus/tests/*.yml

if command -v amtool >/dev/null; then
  amtool check-config alertmanager/alertmanager.yml
else
  echo 'SKIPPED: alert routes: there is no amtool; install the package prometheus-alertmanager'
fi
