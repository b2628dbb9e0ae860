.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-long check bench bench-wan fmt gen build clean

MODULES := node_modules/.package-lock.json

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## show a tunnel at work until Ctrl-C; ONCE=1 ends by itself
	@scripts/demo.sh

test: ## run every test, with everything they need; FILES="test/…" for some
	@scripts/test.sh $(FILES)

test-long: ## run the long tests in their full size
	@scripts/test-long.sh $(FILES)

check: $(MODULES) ## types, lint, format, import arrows, generated files, duplicate code
	npm run --silent check:types
	npm run --silent check:lint
	npm run --silent check:format
	npm run --silent check:arrows
	scripts/check-generated.sh
	npm run --silent check:duplicates

bench: $(MODULES) ## measure against direct and the peers, write bench/RESULTS.md
	@bench/run.sh

bench-wan: $(MODULES) ## the same over an emulated path of 50 ms and 500 Mbit/s
	@bench/run-wan.sh

fmt: $(MODULES) ## format the sources
	npm run --silent fmt

gen: $(MODULES) ## write what is generated: protobuf code, docs/configuration.md, docs/errors.md
	scripts/gen-protocol.sh
	scripts/gen-docs.sh

build: $(MODULES) ## compile src/ to dist/
	npm run --silent build

clean: ## remove what was built
	rm -rf dist .tmp .tap coverage node_modules/.cache

$(MODULES): package-lock.json
	npm ci --no-audit --no-fund
	@touch $@
