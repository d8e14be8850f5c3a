#!/usr/bin/env bash
# The container files that nothing here can run: they are YAML, every image is pinned, and what is
# mounted exists.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! python3 -c 'import yaml' 2>/dev/null; then
  echo 'SKIPPED: container files: this machine has no python3 with PyYAML'
  exit 77
fi
python3 - <<'PYTHON'
import pathlib
import yaml

for name in pathlib.Path("dashboards").rglob("*.yml"):
    yaml.safe_load(name.read_text())

compose = yaml.safe_load(pathlib.Path("docker/compose.yaml").read_text())
for name, service in compose["services"].items():
    if "image" in service:
        tag = service["image"].partition(":")[2]
        assert tag[:1].strip("v").isdigit() or tag[1:2].isdigit(), f"{name}: {service['image']} is not pinned"
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (pathlib.Path("docker") / source).is_dir(), f"{name}: {source} is not there"
        else:
            assert source in compose["volumes"], f"{name}: volume {source} is not declared"
print(f"{len(compose['services'])} services")
PYTHON
