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
# For bench: which one (all without it), and on which guest.
BENCH ?=
GUEST ?=

KMOD := $(BUILD)/kmod
VERSION := $(shell sed -n 's/.*define MEMHP_VERSION "\(.*\)"/\1/p' include/memhp/version.h)
DKMS := $(DESTDIR)/usr/src/memhp-$(VERSION)
VM := selftests/vm/memhp-vm

all: kmod userspace

help:
	@echo 'On this machine:'
	@echo '  deps       install what the build needs (asks before it does)'
	@echo '  all        build module and userspace (kmod, userspace)'
	@echo '  install    install them; DESTDIR and KVER are honoured; loads nothing'
	@echo '  install-dkms  install the source of the module for dkms instead'
	@echo 'In virtual machines, which change nothing here:'
	@echo '  demo       memory comes, is onlined, and is given back, step by step'
	@echo '  vm-shell   a root shell in a machine whose memory can be plugged'
	@echo '  kselftest  every test; KERNELS=all: on every kernel; LONG=1: with full counts'
	@echo '  check      static checks; FUZZ=1: and a minute of each fuzz target'
	@echo '  bench      measures, BENCH=kmod only that; LONG=1 takes its time'
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

# The source, for `dkms add -m memhp -v VERSION` and what follows.
install-dkms:
	install -d $(DKMS)/kmod $(DKMS)/include/memhp
	install -m 644 kmod/Kbuild kmod/*.[ch] $(DKMS)/kmod/
	install -m 644 include/memhp/*.h $(DKMS)/include/memhp/
	sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf >$(DKMS)/dkms.conf

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

bench: vm-setup
	@$(VM) bench $(if $(GUEST),--guest $(GUEST)) $(BENCH)

vm-shell: vm-setup
	@$(VM) shell

clean:
	rm -rf $(BUILD)

.PHONY: all help deps kmod userspace install install-kmod install-dkms install-userspace vm-setup \
	check kselftest demo bench vm-shell clean
