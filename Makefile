# Postage. "make help" lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED := 0

POSTAGE := bin/postage
# Every area has a time budget, so that a hanging one is named.
TEST_FLAGS ?= -count=1 -timeout 15m

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/postage
	go build -trimpath -o $(POSTAGE) ./cmd/postage

.PHONY: demo
demo: tools-npm build ## A month through the whole pipeline on the embedded engines
	$(POSTAGE) demo $(ARGS)

.PHONY: test
test: tools-npm tools-java tools-office tools-pdf ## All tests, against the embedded engines and Apache Kafka itself
	go test $(TEST_FLAGS) ./...

.PHONY: torture
torture: tools-npm tools-java ## A million events while everything is killed, paused and restarted; POSTAGE_TEST_SEED=N repeats one
	POSTAGE_TORTURE_MESSAGES=$${POSTAGE_TORTURE_MESSAGES:-330000} go test -count=1 -timeout 60m -v -run '^TestTorture$$' ./cmd/postage

.PHONY: lint
lint: ## Formatting and static checks
	go tool -modfile=tools.mod golangci-lint run ./...

.PHONY: check
check: lint test ## What CI runs: lint, then test

.PHONY: bench
bench: tools-npm ## Benchmarks of the hot paths (see README, "How fast")
	go test -run '^$$' -bench . -benchmem ./rating ./schemas/... ./reports/...

.PHONY: golden
golden: ## Write the expected output of golden tests anew; look at the diff
	go test ./rating ./reports/pdf ./reports/sheets ./schemas/events -update

.PHONY: clean
clean: ## Remove what was built and what demos left
	rm -rf bin postage-demo

# The engine library comes through npm, Apache Kafka's jars through Maven. On
# Debian what is missing is installed; elsewhere the error says what to install.
.PHONY: tools-npm tools-java tools-office tools-pdf
tools-npm:
	@command -v npm >/dev/null || command -v clickhouse >/dev/null || $(call install,npm)
tools-java:
	@command -v java >/dev/null && command -v mvn >/dev/null || $(call install,default-jre-headless maven)
tools-office:
	@command -v soffice >/dev/null || $(call install,libreoffice-calc-nogui)
	@python3 -c 'import openpyxl' 2>/dev/null || /usr/bin/python3 -c 'import openpyxl' 2>/dev/null || $(call install,python3-openpyxl)
tools-pdf:
	@command -v qpdf >/dev/null && command -v pdftotext >/dev/null || $(call install,qpdf poppler-utils)

define install
{ echo "Installing $(1)"; $(if $(filter 0,$(shell id -u)),,sudo) apt-get update -q && $(if $(filter 0,$(shell id -u)),,sudo) apt-get install -q -y --no-install-recommends $(1); } \
	|| { echo "Please install: $(1)"; exit 1; }
endef
