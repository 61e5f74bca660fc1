# Everything here runs on a machine that has only a Python 3 and make.
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The environment's own Python starts ten times faster than a version manager's shim.
PYTHON := $(shell for p in .venv/bin/python python3 python; do command -v $$p && break; done)
SETUP := $(PYTHON) -I -S tools/setup.py
UV := .tools/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --no-config --generate-hashes --no-header --universal
DEBIAN := chromium fonts-liberation poppler-utils
# Processes and pages that are watched against the clock: alone on the machine.
TIMED := tests/crash tests/browser tests/channels/test_telegram_at_limit.py
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile $(TIMED:%=--ignore=%)
PYTEST := .venv/bin/python -m pytest

ifndef KIENNGHI_RASA
KIENNGHI_RASA := $(shell sed -n "s/^KIENNGHI_RASA=[\"']*\([a-z]*\).*/\1/p" .env 2>/dev/null)
endif
ifneq ($(KIENNGHI_RASA),)
export KIENNGHI_RASA
endif

.PHONY: help setup model run test test-deps lint transcripts bench bench-full nlu-report lock clean clean-all python

help: ## liệt kê các lệnh
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: python ## cài những gì còn thiếu: môi trường của bot và của Rasa
	@$(SETUP) bot rasa

model: setup ## huấn luyện mô hình nếu dữ liệu huấn luyện đã đổi
	@[ "$$KIENNGHI_RASA" = off ] || .venv-rasa/bin/python nlu/train.py

run: setup model ## chạy chương trình; Ctrl-C để dừng
	@exec .venv/bin/kiennghi run

test: setup model ## chạy toàn bộ kiểm thử; ARGS="..." chuyển cho pytest
	@status=0; \
	if [ "$$KIENNGHI_RASA" != off ] && [ -d tests/nlu_rasa ]; then \
		.venv-rasa/bin/python -m unittest discover tests/nlu_rasa || status=1; \
	fi; \
	$(if $(ARGS),$(PYTEST) $(ARGS),$(PYTEST) $(SIDE_BY_SIDE) || status=1; \
	$(PYTEST) $(TIMED)) || status=1; \
	exit $$status

test-deps: ## cài Chromium và công cụ PDF cho kiểm thử (Debian, cần quyền root)
	@if dpkg -s $(DEBIAN) >/dev/null 2>&1; then \
		echo "Đã có đủ: $(DEBIAN)"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq -o Acquire::Retries=3 && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			-o Acquire::Retries=3 --no-install-recommends $(DEBIAN); \
	else \
		echo "Hãy gõ: sudo apt-get install -y $(DEBIAN)" >&2; exit 1; \
	fi

lint: python ## soát mã nguồn: ruff, mypy
	@$(SETUP) bot
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

transcripts: setup model ## diễn lại các cuộc trò chuyện mẫu, ghi vào docs/transcripts/
	@.venv/bin/python -m tests.transcripts $(ARGS)

bench: setup model ## đo tốc độ và chất lượng, ghi vào build/bench.json
	@.venv/bin/python -m tests.bench.run

bench-full: setup model ## như bench, và đo độ đúng của DIET sau EPOCHS vòng học (nhiều giờ)
	@BENCH=full .venv/bin/python -m tests.bench.run

nlu-report: setup model ## đo chương trình hiểu tin nhắn tới đâu, ghi vào build/nlu-report/
	@status=0; \
	.venv/bin/kiennghi nlu evaluate --answers build/nlu-report/answers.jsonl || status=$$?; \
	if [ $$status -gt 1 ]; then exit $$status; fi; \
	.venv-rasa/bin/python tools/nlu_report.py build/nlu-report && exit $$status

lock: python ## khoá lại phiên bản thư viện; UPGRADE=--upgrade để lấy bản mới
	@$(SETUP) uv
	$(COMPILE) $(UPGRADE) --python-version 3.11 --group dev pyproject.toml -o requirements/bot.txt
	$(COMPILE) $(UPGRADE) --python-version 3.10 --group rasa -o requirements/rasa.txt
	$(COMPILE) $(UPGRADE) --python-version 3.8 --group setup -o requirements/uv.txt

clean: ## xoá mô hình, bản dựng và bộ nhớ đệm; không đụng dữ liệu trong var/
	@rm -rf build models .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find bot nlu tests tools -name __pycache__ -prune -exec rm -rf {} +

clean-all: clean ## xoá thêm các môi trường đã cài; không đụng dữ liệu trong var/
	@rm -rf .venv .venv-rasa .tools

python:
	@test -n "$(PYTHON)" || { echo "Cần Python 3, ví dụ: sudo apt-get install -y python3-venv" >&2; exit 2; }
