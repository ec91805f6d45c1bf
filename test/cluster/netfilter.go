package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
)

// These are removed through netlink, because iptables can create but not remove them: the
// empty tables of the nft back end, and kube-proxy's counters of dropped packets. The
// numbers are from linux/netfilter/nfnetlink.h, nf_tables.h and nfnetlink_acct.h.
const (
	netlinkNetfilter = 12

	subsystemAccounting = 7
	subsystemTables     = 10

	batchBegin = 0x10
	batchEnd   = 0x11

	messageDeleteTable      = subsystemTables<<8 | 2
	messageDeleteAccounting = subsystemAccounting<<8 | 3

	attributeName = 1 // of a table, and of a counter

	protocolIPv4 = 2  // NFPROTO_IPV4
	protocolIPv6 = 10 // NFPROTO_IPV6
)

// proxyAccounting are kube-proxy's counters.
var proxyAccounting = []string{"ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts"}

func deleteTable(protocol byte, name string) error {
	begin := message(batchBegin, syscall.NLM_F_REQUEST, 0, subsystemTables, nil)
	remove := message(messageDeleteTable, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK, protocol, 0, nameAttribute(name))
	end := message(batchEnd, syscall.NLM_F_REQUEST, 0, subsystemTables, nil)
	if err := netlink(append(append(begin, remove...), end...)); err != nil && !errors.Is(err, syscall.ENOENT) {
		return fmt.Errorf("delete empty table %s: %w", name, err)
	}
	return nil
}

func deleteAccounting(names []string) error {
	var failed []error
	for _, name := range names {
		remove := message(messageDeleteAccounting, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK, 0, 0, nameAttribute(name))
		err := netlink(remove)
		// They do not exist, or the kernel does not support such counters.
		if err != nil && !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EOPNOTSUPP) {
			failed = append(failed, fmt.Errorf("delete counter %s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// message returns a netlink header, a netfilter header and attributes.
func message(kind uint16, flags uint16, protocol byte, resource uint16, attributes []byte) []byte {
	out := make([]byte, syscall.NLMSG_HDRLEN+4, syscall.NLMSG_HDRLEN+4+len(attributes))
	binary.NativeEndian.PutUint32(out[0:], uint32(cap(out)))
	binary.NativeEndian.PutUint16(out[4:], kind)
	binary.NativeEndian.PutUint16(out[6:], flags)
	out[syscall.NLMSG_HDRLEN] = protocol
	binary.BigEndian.PutUint16(out[syscall.NLMSG_HDRLEN+2:], resource)
	return append(out, attributes...)
}

// nameAttribute is padded to a multiple of four, like every attribute.
func nameAttribute(name string) []byte {
	length := 4 + len(name) + 1
	out := make([]byte, (length+3)&^3)
	binary.NativeEndian.PutUint16(out[0:], uint16(length))
	binary.NativeEndian.PutUint16(out[2:], attributeName)
	copy(out[4:], name)
	return out
}

// netlink sends one request and returns the error of its acknowledgement.
func netlink(request []byte) error {
	socket, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkNetfilter)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(socket) }()
	if err := syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 5}); err != nil {
		return err
	}
	if err := syscall.Sendto(socket, request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 1<<16)
	n, _, err := syscall.Recvfrom(socket, answer, 0)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Header.Type == syscall.NLMSG_ERROR && len(m.Data) >= 4 {
			if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
				return syscall.Errno(-code)
			}
		}
	}
	return nil
}
