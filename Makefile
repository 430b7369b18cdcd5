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
test: tools-test ## All tests, against the embedded engines and Apache Kafka itself
	go test $(TEST_FLAGS) ./...

.PHONY: torture
torture: tools-java ## A million events while everything is killed, paused and restarted; POSTAGE_TEST_SEED=N repeats one
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
	go test ./rating ./reports ./schemas/events -rewrite
	go test ./reports/pdf ./reports/sheets -update

.PHONY: clean
clean: ## Remove what was built and what demos left
	rm -rf bin postage-demo

# The engine library comes through npm, Apache Kafka's jars and the rules of e-invoices
# through Maven; LibreOffice, openpyxl, qpdf and poppler read what we write. On Debian what
# is missing is installed, all at once; elsewhere the error says what to install.
has-npm := command -v npm || command -v clickhouse
has-default-jre-headless := command -v java
has-maven := command -v mvn
has-libreoffice-calc-nogui := command -v soffice
has-python3-openpyxl := python3 -c 'import openpyxl' || /usr/bin/python3 -c 'import openpyxl'
has-qpdf := command -v qpdf
has-poppler-utils := command -v pdftotext

.PHONY: tools-npm tools-java tools-test
tools-npm:
	@$(call install,npm)
tools-java:
	@$(call install,npm default-jre-headless maven)
tools-test:
	@$(call install,npm default-jre-headless maven libreoffice-calc-nogui python3-openpyxl qpdf poppler-utils)

apt := $(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get -q
define install
missing=; $(foreach package,$(1),{ $(has-$(package)); } >/dev/null 2>&1 || missing="$$missing $(package)"; ) \
	[ -z "$$missing" ] || { echo "Installing$$missing"; $(apt) update && $(apt) install -y --no-install-recommends $$missing; } \
	|| { echo "Please install:$$missing"; exit 1; }
endef
