/* Certificates, keys and what is asked of the other side. See tls.h. */
#include "helpers/tls/tls.h"

#include <openssl/err.h>

int tls_error(struct err *e, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(e, ERR_INVALID, "%s: %s", what, reason ? reason : "unknown error");
}

static int file_error(struct err *e, const char *what, const char *path)
{
	char text[300];

	snprintf(text, sizeof(text), "could not load %s %s", what, path);
	return tls_error(e, text);
}

static int load_own(SSL_CTX *c, const struct tls_setup *s, struct err *e)
{
	if (!s->cert || !s->key)
		return s->client ? 0 : err_set(e, ERR_INVALID, "a server needs a certificate");
	if (SSL_CTX_use_certificate_chain_file(c, s->cert) != 1)
		return file_error(e, "X509 certificate", s->cert);
	if (SSL_CTX_use_PrivateKey_file(c, s->key, SSL_FILETYPE_PEM) != 1)
		return file_error(e, "X509 key", s->key);
	if (SSL_CTX_check_private_key(c) != 1)
		return file_error(e, "X509 key pair: it does not belong to the certificate",
		                  s->key);
	return 0;
}

static int load_ca(SSL_CTX *c, const struct tls_setup *s, struct err *e)
{
	if (!s->ca)
		return SSL_CTX_set_default_verify_paths(c) == 1
		               ? 0
		               : tls_error(e, "the system's certificates");
	if (SSL_CTX_load_verify_locations(c, s->ca, NULL) != 1)
		return file_error(e, "CA certificate", s->ca);
	if (!s->client)
		SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(s->ca));
	return 0;
}

static int set_up(SSL_CTX *c, const struct tls_setup *s, struct err *e)
{
	static const unsigned char session[] = "lighter";
	int mode = SSL_VERIFY_NONE;

	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                            SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_session_id_context(c, session, sizeof(session) - 1) != 1)
		return tls_error(e, "session context");
	if (s->verify)
		mode = SSL_VERIFY_PEER | (s->client ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
	SSL_CTX_set_verify(c, mode, NULL);
	return load_own(c, s, e) < 0 || (s->verify && load_ca(c, s, e) < 0) ? -1 : 0;
}

SSL_CTX *tls_context(const struct tls_setup *s, struct err *e)
{
	SSL_CTX *c = SSL_CTX_new(s->client ? TLS_client_method() : TLS_server_method());

	if (!c) {
		tls_error(e, "OpenSSL");
		return NULL;
	}
	if (set_up(c, s, e) == 0)
		return c;
	SSL_CTX_free(c);
	return NULL;
}
