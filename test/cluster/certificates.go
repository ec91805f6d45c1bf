package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// An identity is one certificate: its user, and the addresses at which it may serve.
type identity struct {
	name         string // of the file
	user         string
	group        string
	servesNames  []string
	servesAt     []string
	authenticity x509.ExtKeyUsage
}

func client(name, user, group string) identity {
	return identity{name: name, user: user, group: group, authenticity: x509.ExtKeyUsageClientAuth}
}

var identities = []identity{
	{
		name: "kube-apiserver", user: "kube-apiserver", authenticity: x509.ExtKeyUsageServerAuth,
		servesNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		servesAt:    []string{hostAddress, kubernetesIP, "127.0.0.1"},
	},
	{
		name: "kubelet-serving", user: nodeName, authenticity: x509.ExtKeyUsageServerAuth,
		servesNames: []string{nodeName}, servesAt: []string{hostAddress},
	},
	client("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
	client("admin", "admin", "system:masters"),
	client("kube-controller-manager", "system:kube-controller-manager", ""),
	client("kube-scheduler", "system:kube-scheduler", ""),
	client("kube-proxy", "system:kube-proxy", ""),
	client("kubelet", "system:node:"+nodeName, "system:nodes"),
	client("build-default", "build-default", ""),
	client("build01", "build01", ""),
}

const certificateLife = 10 * 365 * 24 * time.Hour

// ensureCertificates creates the authority, every identity and the signing key of service
// account tokens. Existing files are kept, so that a second `up` does not lock out the
// clients of the first one.
func ensureCertificates(l layout) error {
	if err := os.MkdirAll(l.state+"/pki", 0o700); err != nil {
		return err
	}
	if err := ensureKey(l, "service-account"); err != nil {
		return err
	}
	authority, err := ensureAuthority(l)
	if err != nil {
		return err
	}
	for _, id := range identities {
		if exists(l.certificate(id.name)) {
			continue
		}
		if err := issue(l, id, authority); err != nil {
			return fmt.Errorf("certificate %s: %w", id.name, err)
		}
	}
	return nil
}

type signer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func ensureAuthority(l layout) (signer, error) {
	if exists(l.certificate("ca")) {
		return loadSigner(l, "ca")
	}
	if err := ensureKey(l, "ca"); err != nil {
		return signer{}, err
	}
	key, err := loadKey(l.key("ca"))
	if err != nil {
		return signer{}, err
	}
	template, err := certificateTemplate("rehearsal-cluster", "")
	if err != nil {
		return signer{}, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if err := sign(l.certificate("ca"), template, template, key, key); err != nil {
		return signer{}, err
	}
	return loadSigner(l, "ca")
}

func issue(l layout, id identity, authority signer) error {
	if err := ensureKey(l, id.name); err != nil {
		return err
	}
	key, err := loadKey(l.key(id.name))
	if err != nil {
		return err
	}
	template, err := certificateTemplate(id.user, id.group)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{id.authenticity}
	template.DNSNames = id.servesNames
	for _, address := range id.servesAt {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
	}
	return sign(l.certificate(id.name), template, authority.certificate, key, authority.key)
}

func certificateTemplate(user, group string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{CommonName: user}
	if group != "" {
		subject.Organization = []string{group}
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
	}, nil
}

func sign(path string, template, parent *x509.Certificate, key, parentKey crypto.Signer) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return err
	}
	return write(path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func ensureKey(l layout, name string) error {
	if exists(l.key(name)) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return write(l.key(name), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}

func loadKey(path string) (crypto.Signer, error) {
	block, err := loadPEM(path)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func loadSigner(l layout, name string) (signer, error) {
	block, err := loadPEM(l.certificate(name))
	if err != nil {
		return signer{}, err
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return signer{}, fmt.Errorf("%s: %w", l.certificate(name), err)
	}
	key, err := loadKey(l.key(name))
	return signer{certificate: certificate, key: key}, err
}

func loadPEM(path string) (*pem.Block, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block; remove it with `down`", path)
	}
	return block, nil
}
