# SPDX-License-Identifier: GPL-2.0-only
# A thin front for the parts: the module has its Kbuild, userspace its CMake, the tests lib.mk.

# Everything is built below BUILD, nothing in the source.
BUILD ?= build
override BUILD := $(abspath $(BUILD))
# The kernel that the module is built and installed for, and its headers.
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
# Options for `cmake --install`, such as --strip.
INSTALL_OPTIONS ?=
WERROR ?= OFF
# Build the unit tests too: needs libgtest-dev.
TESTS ?= OFF

KMOD := $(BUILD)/kmod
VM := selftests/vm/memhp-vm

all: kmod userspace

help:
	@echo 'On this machine:'
	@echo '  deps       install what the build needs (asks before it does)'
	@echo '  all        build module and userspace (kmod, userspace)'
	@echo '  install    install them; DESTDIR and KVER are honoured; loads nothing'
	@echo 'In virtual machines, which change nothing here:'
	@echo '  demo       memory comes, is onlined, and is given back, step by step'
	@echo '  vm-shell   a root shell in a machine whose memory can be plugged'
	@echo '  kselftest  every test'
	@echo '  check      static checks'
	@echo 'clean removes build/; MEMHP_CACHE names the directory of the images (~/.cache/memhp)'

deps:
	selftests/vm/setup.sh build

kmod:
	@if [ ! -e $(KDIR)/Makefile ]; then \
		echo "no kernel headers in $(KDIR): install the package linux-headers-$(KVER)" >&2; \
		exit 1; \
	fi
	@mkdir -p $(KMOD)/kmod $(KMOD)/include/memhp
	@cp -pu kmod/Kbuild kmod/*.[ch] $(KMOD)/kmod/
	@cp -pu include/memhp/*.h $(KMOD)/include/memhp/
	$(MAKE) -C $(KDIR) M=$(KMOD)/kmod modules

userspace:
	cmake -S userspace -B $(BUILD)/userspace -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		-DCMAKE_INSTALL_PREFIX=/usr -DMEMHP_WERROR=$(WERROR) -DMEMHP_TESTS=$(TESTS)
	$(MAKE) -C $(BUILD)/userspace

install: install-kmod install-userspace

# In a staging directory there is no complete tree of modules for depmod to read.
install-kmod:
	install -D -m 644 $(KMOD)/kmod/memhp.ko $(DESTDIR)/lib/modules/$(KVER)/updates/memhp.ko
	if [ -e $(DESTDIR)/lib/modules/$(KVER)/modules.order ]; then \
		depmod -b $(DESTDIR)/ $(KVER); \
	fi

install-userspace:
	DESTDIR=$(DESTDIR) cmake --install $(BUILD)/userspace $(INSTALL_OPTIONS)
	install -D -m 644 udev-rules/80-memhp.rules \
		$(DESTDIR)/usr/lib/udev/rules.d/80-memhp.rules
ifeq ($(DESTDIR),)
	systemd-sysusers
	systemd-tmpfiles --create
	if [ -d /run/systemd/system ]; then systemctl daemon-reload; udevadm control --reload; fi
endif

vm-setup:
	@selftests/vm/setup.sh vm

check kselftest demo: vm-setup
	@$(VM) $@

vm-shell: vm-setup
	@$(VM) shell

clean:
	rm -rf $(BUILD)

.PHONY: all help deps kmod userspace install install-kmod install-userspace vm-setup check \
	kselftest demo vm-shell clean
